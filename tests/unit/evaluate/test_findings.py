"""What a plan that is run says: further outcomes, negative controls, reviews, late reports."""

import csv
import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from opendcr.errors import InputError
from opendcr.evaluate.designs import DESIGNS
from opendcr.evaluate.estimate import Estimate, PeriodEffect
from opendcr.evaluate.evalue import e_value_of_interval
from opendcr.evaluate.findings import Findings, confounding, run_study, settled, sources_of
from opendcr.evaluate.plan import read_plan
from opendcr.evaluate.reading import DATES, dates_check, study_from
from opendcr.evaluate.report.page import page_of
from opendcr.evaluate.reporting import report_of
from opendcr.streams import stream
from tests.support.planned import PLAN, RINGS, rows, written


def beside(made: Findings) -> str:
    """What stands beside the answer in the report."""
    return " ".join(report_of(made).caveats)


FURTHER = """
[outcomes.litter]
title = "Discarded needles"
outcome = "litter"
kind = "harm"
margin = 0.25

[outcomes.calls]
title = "Calls for other reasons"
outcome = "calls"
kind = "negative_control"

[outcomes.treatment]
outcome = "calls"
kind = "benefit"
"""


def with_more(litter: float = 1.0, calls: float = 1.0) -> list[dict]:
    """The panel with two more outcomes, which change in area 1 from the start on."""
    random, made = stream(8, "more"), []
    for row in rows(effect=-0.4):
        after = row["area"] == "area 1" and row["year"] >= 2020
        more = {"litter": litter if after else 1.0, "calls": calls if after else 1.0}
        made.append(
            row
            | {
                name: int(random.poisson(4e-3 * row["people"] * times))
                for name, times in more.items()
            }
        )
    return made


def found(folder: Path, data=None, plan: str = PLAN):
    return run_study(read_plan(written(folder, data, plan)))


CAVEAT = "A room of this size cannot do that by itself"
CAUTIONED = f'{PLAN}\n[success]\nrelative_effect_at_most = {{}}\ncaveat = "{CAVEAT}"\n'


def test_the_plan_s_caveat_is_said_wherever_success_is_shown(tmp_path: Path) -> None:
    made = found(tmp_path, with_more(), CAUTIONED.format(-0.1))
    said = made.to_data()
    assert (said["verdict"], said["caveat"]) == ("shown", f"{CAVEAT}.")
    assert said["sentence"].endswith(f"is shown. {CAVEAT}.")
    report = report_of(made)
    assert f"{report.sentence} {report.besides}" == said["sentence"]


def test_the_plan_s_caveat_stands_after_what_it_is_of_and_not_after_a_harm(
    tmp_path: Path,
) -> None:
    """ "cannot do that" would be read of the needles."""
    made = found(tmp_path, with_more(litter=2.0), CAUTIONED.format(-0.1) + FURTHER)
    said = made.leading.sentence
    assert f"10 % or more is shown. {CAVEAT}." in said and said.count(CAVEAT) == 1
    assert said.index(CAVEAT) < said.index("Discarded needles")


def test_figures_of_days_to_come_are_told_and_change_no_status(tmp_path: Path) -> None:
    """A clock may be wrong, and the same plan must not confirm by one and not by another."""
    ahead = [row | {"year": row["year"] + 500} for row in rows()]
    plan = PLAN.replace("2020", "2520").replace("2023", "2523")
    made = found(tmp_path, ahead, plan)
    (failed,) = [one for one in made.checks if one.passed is False]
    assert failed.name == DATES and "panel.csv has figures of 2509 to 2523, and" in failed.detail
    assert failed.detail[1:] in beside(made)
    assert made.standing.against == ("the plan was not locked",)
    said = plan.replace("[data]", "[data]\nsimulated = true")
    assert all(one.name != DATES for one in found(tmp_path, ahead, said).checks)
    (source,) = sources_of(read_plan(written(tmp_path))).values()
    assert dates_check(source, date(2023, 1, 1)) == ()
    assert (
        "of 2023, and this machine's date is 2022-12-31"
        in dates_check(source, date(2022, 12, 31))[0].detail
    )


def test_the_plan_s_caveat_stands_beside_published_effects_whatever_is_shown(
    tmp_path: Path,
) -> None:
    plan = CAUTIONED.format(-0.9) + '\n[published]\noutcomes = ["overdose deaths"]\n'
    made = report_of(found(tmp_path, with_more(), plan))
    told = f"is of events in area 1 as a whole, whatever else changed there. {CAVEAT}."
    assert made.effects_told.endswith(told)
    page = page_of(made)
    assert (
        page.index("Effects published elsewhere</h2>")
        < page.index(told)
        < page.index(">This room</text>")
    )
    assert ">events in area 1</text>" in page


def test_without_success_nothing_is_to_be_cautioned(tmp_path: Path) -> None:
    said = found(tmp_path, with_more(), CAUTIONED.format(-0.9)).to_data()
    assert (said["verdict"], said["caveat"]) == ("excluded", None)
    assert CAVEAT not in said["sentence"]


def test_further_outcomes_stand_beside_the_first(tmp_path: Path) -> None:
    made = found(tmp_path, with_more(), PLAN + FURTHER)
    further = {one.outcome.name: one for one in made.further}
    assert further["litter"].answer.verdict == "excluded"  # a rise of a quarter
    assert "a rise of 25 % or more is excluded" in further["litter"].answer.sentence
    assert (further["litter"].role, further["treatment"].role) == ("declared", "descriptive")
    assert further["treatment"].outcome.title == "treatment"
    assert "verdict" not in made.to_data()["outcomes"]["treatment"]
    assert further["treatment"].said == "descriptive"
    data = made.to_data()["outcomes"]["litter"]
    assert (
        data["kind"] == "harm"
        and data["level"] == 0.05
        and data["margin"] == 0.25
        and data["relative_interval"]
    )


def test_a_harm_that_happened_is_shown(tmp_path: Path) -> None:
    made = found(tmp_path, with_more(litter=1.8), PLAN + FURTHER)
    litter = made.further[0].answer
    assert litter.verdict == "shown" and "a rise of 25 % or more is shown" in litter.sentence
    said = "A harm is shown: a rise of 25 % or more in Discarded needles."
    assert said in made.to_data()["sentence"]
    page = page_of(report_of(made)).replace("\xa0", " ")
    assert "Harm: Discarded needles, a rise of 25 % or more shown" in page and said in page


@pytest.mark.parametrize(
    ("margin", "held"), [(0.8, "excluded"), (0.3, "neither shown nor excluded")]
)
def test_a_harm_that_rose_short_of_its_margin_is_in_the_sentence(
    tmp_path: Path, margin: float, held: str
) -> None:
    made = found(tmp_path, with_more(litter=1.3), PLAN + FURTHER.replace("0.25", str(margin)))
    said = made.to_data()["sentence"]
    told = said.partition(" A change for the worse is shown in Discarded needles (a rise")[2]
    rise = "a rise" if held.startswith("neither") else "a smaller rise"
    assert f"Harm: Discarded needles, {rise} shown" in page_of(report_of(made)).replace("\xa0", " ")
    assert f"; a rise of {100 * margin:g} % or more is {held})." in told
    assert "A harm is shown" not in said and "for the worse" not in beside(made)


def test_a_benefit_that_worsens_is_said_where_the_study_is_read_first(tmp_path: Path) -> None:
    data = with_more(calls=0.5)
    less = "Benefit without a margin was looked at in treatment (a fall of between"
    assert less in beside(found(tmp_path, data, PLAN + FURTHER))
    made = found(tmp_path, data, PLAN + FURTHER + "margin = 0.1\n")
    said = beside(made)
    assert "Benefit beyond its margin is ruled out for treatment" in said
    assert "But a fall is shown for treatment." in said
    assert made.further[-1].answer.sentence.endswith("is excluded, but a fall is shown.")


def test_rates_of_a_linked_exposure_say_how_they_differ_from_published_ones(tmp_path: Path) -> None:
    data = [row | {"people": round(row["people"] * 1.04)} if row["year"] >= 2016 else row for row in with_more()]  # fmt: skip
    made = found(tmp_path, data, PLAN.replace("breaks = []", "breaks = [2016, 2030]") + FURTHER)
    (check,) = made.checks[:1]
    printed = next(row for row in data if row["area"] == "area 1" and row["year"] == 2021)
    shown = next(one.observed for one in made.leading.estimate.effect if one.time == "2021")
    factor = float(check.detail.split("multiplied here by ")[1].split()[0])
    assert (check.name, check.passed) == ("linked exposure", None)
    assert shown * factor == pytest.approx(printed["events"] / printed["people"], rel=1e-4)
    assert "a break in people at 2016: that of area 1" in check.detail

    page = page_of(report_of(made)).replace("\xa0", " ")
    assert (
        page.count(check.detail) >= 6
    )  # figures, tables of rates, those of other outcomes, the check
    assert "at 2016, 2030; from there on each area&#x27;s is scaled" in page


def test_a_break_that_is_to_come_links_nothing_yet(tmp_path: Path) -> None:
    made = found(tmp_path, plan=PLAN.replace("breaks = []", "breaks = [2030]"))
    assert not [one for one in made.checks if one.name == "linked exposure"]
    assert ("Breaks in people", "at 2030") in report_of(made).declared


ITS = PLAN.replace("difference_in_differences", "interrupted_time_series") + 'family = "poisson"\n'
RATIOS = PLAN.replace("difference_in_differences", "ratio_of_ratios")


def test_areas_compared_with_are_named_where_the_plan_names_none(tmp_path: Path) -> None:
    near = '\n[outcomes.near]\noutcome = "events"\ntreated = ["area 3"]\n'
    made = found(tmp_path, rows(areas=5), RATIOS + near)
    assert made.to_data()["designs"]["ratio_of_ratios"]["compared_with"] == ["area 2", "area 4", "area 5"]  # fmt: skip
    said = "compared with 3 areas: area 2, area 4, area 5"
    report = report_of(made)
    assert any(said in line for name, line in report.declared if name == "Design")
    assert page_of(report).count(said[1:]) == 2  # where the design is described, and in the plan


def test_areas_are_named_once_where_designs_compare_with_the_same(tmp_path: Path) -> None:
    others = '[designs.difference_in_differences]\n[designs.event_study]\nexclude = ["area 2"]\n'
    report = report_of(found(tmp_path, rows(areas=5), RATIOS + others))
    assert [one.compared for one in report.designs] == [
        "compared with 4 areas: area 2, area 3, area 4, area 5",
        "compared with the same 4 areas as by ratio of ratios",
        "compared with 3 areas: area 3, area 4, area 5",
    ]


def test_one_area_compared_with_is_one(tmp_path: Path) -> None:
    report = report_of(found(tmp_path, rows(areas=2), RATIOS))
    assert report.leading.compared == "compared with 1 area: area 2"


@pytest.mark.parametrize("name", sorted(set(DESIGNS) - {"interrupted_time_series", "triple_difference"}))  # fmt: skip
def test_every_design_names_what_it_compares_with(tmp_path: Path, name: str) -> None:
    settings = 'exclude = ["area 3"]\n'
    plan = read_plan(written(tmp_path, rows(areas=5), PLAN.replace("difference_in_differences", name) + settings))  # fmt: skip
    study = study_from(sources_of(plan)["primary"], plan.designs[name])
    assert study.names(plan.designs[name].compared_with(study)) == ("area 2", "area 4", "area 5")


WILD = [
    row | {"events": row["events"] * (3 if row["area"] == "area 1" and row["year"] % 2 else 1)}
    for row in rows(areas=5)
]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (RATIOS, "varies from period to period with"),
        (RATIOS + "overdispersion = 100\n", ""),
        (ITS + 'covariance = "model"\n', "times the variance that it allows for"),
        (ITS, ""),  # errors that allow for it
    ],
)
def test_an_interval_that_is_surely_too_narrow_says_so_in_the_sentence(
    tmp_path: Path, plan: str, said: str
) -> None:
    made = found(tmp_path, WILD, plan)
    told = "This interval is too narrow, so that it excludes nothing: " in made.leading.sentence
    assert told == bool(said) and said in made.leading.sentence
    assert ("checks failed</p>" in page_of(report_of(made))) == bool(said)


def test_an_interval_that_is_surely_too_narrow_excludes_nothing_wherever_that_is_said(
    tmp_path: Path,
) -> None:
    """The same counts as a harm, a control and the plan's own outcome: their margins lie far out of
    the interval, and are excluded only by one that allows for the variance that the counts have."""
    far = 'outcome = "events"\nmargin = 9.0\ntitle = '
    plan = f"""{RATIOS}{{}}
[success]
relative_effect_at_most = -0.9
[outcomes.harm]
kind = "harm"
{far}"Needles"
[outcomes.still]
kind = "negative_control"
{far}"Calls"
"""
    made = found(tmp_path, WILD, plan.format(""))
    assert {made.leading.verdict, *(one.answer.verdict for one in made.further)} == {"undetermined"}
    assert "stayed still (Calls)." in made.leading.sentence and made.checks[-1].passed is None
    narrow = "the interval is too narrow"
    known = beside(made).partition(
        "Harm beyond its margin is neither shown nor ruled out for Needles"
    )
    assert f"; {narrow})" in known[2]
    assert f"undetermined; {narrow}" in made.leading.said
    page = page_of(report_of(made))
    assert page.count(f"undetermined; {narrow}") == 4  # three outcomes, and the design by itself
    sound = found(tmp_path, WILD, plan.format("overdispersion = 20\n"))
    assert {one.answer.verdict for one in sound.further} == {"excluded"}
    assert narrow not in page_of(report_of(sound))


@pytest.mark.parametrize(("p", "said"), [(0.01, "and 1.21 for the nearer end of the interval:"),
                                         (0.143, "and 1.00 for the nearer end of the interval, since the test leaves chance:")])  # fmt: skip
def test_the_e_value_of_the_interval_is_of_what_the_verdict_reads(p: float, said: str) -> None:
    effect = (PeriodEffect("2020", 1.5, 1.0, 0.5),)
    made = Estimate(effect, 0.5, 0.5, 0.5, "-", relative_interval=(0.031, 1.003), p_value=p)
    assert said in confounding(made, 0.1).detail


@pytest.mark.parametrize(
    ("design", "drawn"),
    [("synthetic_control", 4), ("augmented_synthetic_control", 0),
     ("augmented_synthetic_control]\nplacebos = \"space\"\n#", 4)],
)  # fmt: skip
def test_gaps_of_placebos_are_drawn_where_donors_are_treated_in_turn(
    tmp_path: Path, design: str, drawn: int
) -> None:
    made = found(tmp_path, rows(areas=5), PLAN.replace("difference_in_differences", design))
    gaps, placebos = made.gaps, made.leading.estimate.placebos
    assert len(gaps) == drawn
    for one in placebos if drawn else ():  # they are the gaps by which the design ranks
        gap, start = np.array(gaps[one.unit or ""]), made.study.start
        after, before = (np.sqrt(np.mean(part**2)) for part in (gap[start:], gap[:start]))
        assert one.ratio == pytest.approx(after / before)
    page = page_of(report_of(made))
    assert page.count('class="line placebo"') == drawn
    assert (">placebos</text>" in page) == (f"the same of {drawn} placebos" in page) == bool(drawn)


CONTROL = '\n[outcomes.calls]\ntitle = "Calls"\noutcome = "calls"\nkind = "negative_control"\n'
WANTED = "\n[success]\nrelative_effect_at_most = -0.1\n"


@pytest.mark.parametrize(
    ("calls", "plan", "still", "said"),
    [
        (1.0, CONTROL + "margin = 0.25\n", True, ""),
        (1.0, CONTROL + "margin = 0.01\n", None, "stayed still (Calls)."),
        (1.0, CONTROL, None, "stayed still (Calls)."),  # no margin, and none to take
        (1.0, CONTROL + WANTED, True, ""),  # by the 10 % that success is
        (1.5, CONTROL + WANTED, False, "But what should not have changed did (Calls)"),
    ],
)
def test_what_should_not_have_changed_must_be_shown_to_have_stayed(
    tmp_path: Path, calls: float, plan: str, still: bool | None, said: str
) -> None:
    made = found(tmp_path, with_more(calls=calls), PLAN + plan)
    (check,) = made.checks
    assert check.passed is still and "Calls" in check.name
    assert said in made.leading.sentence and ("(Calls)" in made.leading.sentence) == bool(said)
    assert ("Control: a change in Calls shown" in page_of(report_of(made))) is (still is False)


NEAR = """
[outcomes.near]
title = "Events next door"
outcome = "events"
kind = "displacement"
treated = ["area 2"]
"""


def test_an_outcome_may_look_at_neighbours_which_then_are_compared_with_nowhere(
    tmp_path: Path,
) -> None:
    made = found(tmp_path, plan=PLAN + NEAR)
    (near,) = made.further
    assert "“Events next door” in area 2" in near.answer.sentence
    assert made.to_data()["outcomes"]["near"]["treated"] == ["area 2"]
    both = (made.leading.estimate, near.answer.estimate)
    for estimate, own in zip(both, ("area 2", "area 1"), strict=True):
        assert len(estimate.placebos) == 22 and own not in {one.unit for one in estimate.placebos}
    counts = [row["events"] for row in rows() if row["area"] == "area 2"]
    assert [one.observed_count for one in near.answer.estimate.effect] == counts
    assert "Displacement without a margin was looked at in Events next door" in beside(made)


def test_a_neighbour_cannot_be_compared_with_and_may_be_left_out(tmp_path: Path) -> None:
    plan = f'{PLAN}{{}} = ["area 2", "area 3"]\n{NEAR}'
    with pytest.raises(InputError, match=r"'area 2', which outcomes.near looks at"):
        read_plan(written(tmp_path, plan=plan.format("donors")))
    read_plan(written(tmp_path, plan=plan.format("exclude")))


def test_simulated_data_are_said_in_the_sentence_itself(tmp_path: Path) -> None:
    plan = PLAN.replace("breaks = []", "breaks = []\nsimulated = true")
    made = found(tmp_path, plan=plan)
    assert made.leading.sentence.startswith("Simulated data, exploratory: by difference in")
    assert made.to_data()["simulated"] is True


def test_the_report_holds_what_was_found(tmp_path: Path) -> None:
    plan = PLAN + FURTHER + '\n[published]\noutcomes = ["overdose deaths"]\n'
    report = report_of(found(tmp_path, with_more(), plan))
    assert [one.kind for one in report.further] == ["harm", "negative_control", "benefit"]
    here, effects = report.effects
    assert here.title == "This room, on the same axis" and here.rows[1][2] == "This room"
    assert any("Marshall" in " ".join(row) for row in effects.rows)
    assert not report.status.confirmatory and report.lock is None
    said = dict(report.declared)
    assert said["Primary outcome"].endswith("95\N{NO-BREAK SPACE}%")
    assert "by chance alone" in said["More than one outcome"]
    assert said["Further outcome"].endswith("; outcome: calls")
    assert said["Periods"] == "2009 to 2023; the plan says to 2023"
    assert "(the verdict rests on it); the plan gives no settings; compared" in said["Design"]


def test_what_was_read_can_be_checked_by_anybody(tmp_path: Path) -> None:
    made = found(tmp_path)
    page = page_of(report_of(made))
    bytes_ = hashlib.sha256((tmp_path / "panel.csv").read_bytes()).hexdigest()
    said = made.sources["primary"].said
    used = sorted(repr((str(one.period), one.area, one.values)) for one in said)
    digest = hashlib.sha256("\n".join(used).encode()).hexdigest()
    told = f"panel.csv; SHA-256 of the file {bytes_}; hash of what was used {digest}"
    assert f"<dt>Data on events</dt><dd>{told}</dd>" in page
    assert "sha256sum FILE" in page and "sorted and joined by line feeds" in page
    assert f"Report of {report_of(made).made}; data to 2023." in page


def test_a_single_series_is_told_what_it_cannot_tell(tmp_path: Path) -> None:
    single = SINGLE.format(path=written(tmp_path).parent / "single.csv")
    made = [row for row in rows() if row["area"] == "area 1"]
    with (tmp_path / "single.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(made[0]))
        writer.writeheader()
        writer.writerows(made)
    (tmp_path / "single.toml").write_text(single)
    report = report_of(run_study(read_plan(tmp_path / "single.toml")))
    said = dict(report.declared)
    assert any("cannot tell the room from anything else" in one for one in report.limits)
    assert not any("descriptive" in one for one in report.limits)
    assert said["Design"].endswith("; terms: level; compared with its own past alone")
    assert said["Reviews"] == "after 2021, 2023; O'Brien–Fleming spending"
    assert report.origin.words == "Made for a test."


SINGLE = """
[question]
outcome = "events"
time = "year"
start = 2020
[data]
path = "{path}"
exposure = "people"
breaks = []
source = "Made for a test"
[designs.interrupted_time_series]
family = "quasi_poisson"
terms = ["level"]
[reviews]
after = [2021, 2023]
"""


def test_a_study_is_said_in_plain_words(tmp_path: Path) -> None:
    made = found(tmp_path, with_more(), PLAN + FURTHER + WANTED)
    counted = [one for one in made.leading.estimate.effect if one.time >= "2020"]
    had = sum(one.observed_count or 0 for one in counted)
    said = beside(made)
    assert said.startswith(f"{had:,.0f} were counted, where about ")
    assert "Why it changed is not in these figures" in said
    assert "Harm beyond its margin is ruled out for Discarded needles." in said
    for jargon in ("interval", "p-value", "estimate", "confidence", "significant", "level"):
        assert jargon not in said


def test_plain_words_say_what_was_not_looked_for_and_what_is_not_known(tmp_path: Path) -> None:
    few = [row for row in rows() if int(row["area"].split()[1]) <= 12]
    said = beside(found(tmp_path, few))
    assert "No harm was looked for." in said
    assert "Why it changed" not in said and "Whatever else happened there then" in said


def test_declared_outcomes_share_the_level(tmp_path: Path) -> None:
    two = FURTHER.replace('kind = "benefit"', 'kind = "harm"\nmargin = 0.5')
    alone = found(tmp_path, with_more(), PLAN + two).further
    shared = found(
        tmp_path, with_more(), PLAN + two + '\n[multiplicity]\nrule = "bonferroni"\n'
    ).further
    for one, other in zip(alone, shared, strict=True):
        interval, wider = (
            one.answer.estimate.relative_interval,
            other.answer.estimate.relative_interval,
        )
        assert interval is not None
        assert other.level == (one.level / 2 if one.role == "declared" else one.level)
        if one.role == "declared":  # of 23 placebos none can be extreme enough at half the level
            assert wider is None and other.answer.verdict == "undetermined"
        else:
            assert wider == interval


def test_one_further_outcome_is_told_as_one(tmp_path: Path) -> None:
    plan = PLAN + FURTHER + '\n[multiplicity]\nrule = "bonferroni"\n'
    told = dict(report_of(found(tmp_path, with_more(), plan)).declared)["More than one outcome"]
    assert told.endswith("to itself; the further one with a margin has another")


PROP99 = Path(__file__).parents[3] / "examples" / "studies" / "prop99" / "prop99.csv"
CALIFORNIA = f"""
[question]
outcome = "cigsale"
unit = "state"
time = "Year"
treated = ["California"]
start = 1989
[data]
path = "{PROP99}"
wide = true
[designs.synthetic_control]
"""


def test_a_sentence_says_that_it_is_exploratory_and_where_the_test_disagrees(
    tmp_path: Path,
) -> None:
    (tmp_path / "plan.toml").write_text(CALIFORNIA)
    whole = run_study(read_plan(tmp_path / "plan.toml"))
    made = whole.leading
    assert made.sentence.startswith("Exploratory: by synthetic control")
    assert made.sentence.endswith("The test does not rule out chance (p = 0.077).")
    (check,) = (one for one in made.estimate.checks if one.name == "interval and p-value agree")
    assert made.verdict == "undetermined" and check.passed is False
    assert made.estimate.relative_interval[1] < -0.1  # and yet nothing is shown
    assert "a fall is neither shown nor excluded" in made.sentence
    assert check.detail.startswith("the interval excludes zero, and p is 0.077")
    said = beside(whole)
    assert said.startswith("It was 60.4 on average, where about")


REVIEWED = PLAN + "\n[reviews]\nafter = [2021, 2023]\n"


def test_a_review_spends_its_part_of_the_level(tmp_path: Path) -> None:
    last = found(tmp_path, plan=REVIEWED)
    assert last.look is not None and 0.04 < last.study.level < 0.05
    first = found(tmp_path, [row for row in rows() if row["year"] <= 2021], REVIEWED)
    assert first.look is not None and first.study.level < 0.01
    # So early no rank among 23 areas could be extreme enough, and no interval is given.
    assert (
        first.leading.estimate.relative_interval is None and first.leading.verdict == "undetermined"
    )


def test_a_look_at_another_time_confirms_nothing(tmp_path: Path) -> None:
    made = found(tmp_path, [row for row in rows() if row["year"] <= 2022], REVIEWED)
    assert any(
        "no review" in one or "reviewed after 2021, 2023" in one for one in made.standing.against
    )


def test_an_interval_may_hold_at_every_look(tmp_path: Path) -> None:
    plan = REVIEWED + 'spending = "anytime"\n'
    data = [row for row in rows(effect=-0.4) if row["year"] <= 2022]
    made = found(tmp_path, data, plan)
    assert made.look is None and not any("reviewed after" in one for one in made.standing.against)
    at_one = found(tmp_path, data)
    given = [("p (floor)" in page, "The floor is" in page)
             for page in (page_of(report_of(one)) for one in (made, at_one))]  # fmt: skip
    assert given == [(False, False), (True, True)]
    wide, plain = made.leading.estimate, at_one.leading.estimate
    assert wide.relative_interval and plain.relative_interval
    assert (
        wide.relative_interval[0]
        < plain.relative_interval[0]
        < plain.relative_interval[1]
        < wide.relative_interval[1]
    )
    assert wide.relative_effect == plain.relative_effect and "at every look" in wide.inference
    assert (wide.p_value, wide.p_floor) == (None, None)  # they were of this look alone
    checks = {one.name: one.detail for one in wide.checks}
    assert "interval and p-value agree" not in checks
    low, high = (1 + one for one in wide.relative_interval)
    assert f"and {e_value_of_interval(low, high):.2f} for" in checks["unmeasured confounding"]


def triangle(folder: Path, late: float, without: str = "") -> None:
    """Editions of events: of area 1 first a share of each year, a year later the whole; of the
    others all at once."""
    with (folder / "editions.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["area", "period", "edition", "count"])
        for row in rows(effect=-0.4):
            if row["area"] != without:
                for edition in range(max(row["year"], 2012), min(row["year"] + 2, 2023) + 1):
                    half = row["area"] == "area 1" and edition == row["year"]
                    count = int((late if half else 1.0) * row["events"])
                    writer.writerow([row["area"], row["year"], edition, count])


def test_late_reports_are_carried_into_the_interval(tmp_path: Path) -> None:
    triangle(tmp_path, late=0.5)
    whole = found(tmp_path, rows(effect=-0.4)).leading.estimate
    without = found(tmp_path, HALVED).leading.estimate
    leading = found(tmp_path, HALVED, PLAN + NOWCAST).leading
    carried, told = leading.estimate, leading.sentence
    assert told.endswith(
        "Of the 4 periods from the start on 1 is a nowcast: reports are still to come."
    )
    assert without.relative_effect < whole.relative_effect - 0.05  # half of a year is missing
    assert carried.relative_effect == pytest.approx(whole.relative_effect, abs=0.05)
    assert carried.relative_interval and whole.relative_interval
    assert np.ptp(carried.relative_interval) > np.ptp(whole.relative_interval) * 0.98
    assert "nowcast" in carried.inference
    report = report_of(found(tmp_path, HALVED, PLAN + NOWCAST))
    short = " ".join(report.caveats)
    assert (
        dict(report.declared)["Late reports"] == "nowcast; path: editions.csv; most: 1; unit: area"
    )
    printed = sum(r["events"] for r in HALVED if r["area"] == "area 1" and r["year"] >= 2020)
    assert f"{printed} were counted so far, and " in short and "(a nowcast)" in short
    assert [one.time for one in carried.effect if one.nowcast] == ["2023"]
    assert "reporting delay" in {one.name for one in carried.checks}


NOWCAST = '\n[nowcast]\npath = "editions.csv"\nmost = 1\nunit = "area"\n'
OTHER = '\n[outcomes.other]\noutcome = "events"\nkind = "harm"\n'
TREATED_2023 = next(
    row["events"] for row in rows(effect=-0.4) if (row["area"], row["year"]) == ("area 1", 2023)
)
HALVED = [row | {"events": row["events"] // 2} if (row["area"], row["year"]) == ("area 1", 2023) else row
          for row in rows(effect=-0.4)]  # fmt: skip


def test_a_further_outcome_of_the_same_counts_is_nowcast_as_they_are(tmp_path: Path) -> None:
    triangle(tmp_path, late=0.5)
    made = found(tmp_path, HALVED, PLAN + NOWCAST + OTHER)
    assert made.further[0].answer.estimate.relative_effect == made.leading.estimate.relative_effect
    assert made.further[0].answer.estimate.effect[-1].nowcast
    assert made.further[0].answer.besides.endswith("1 is a nowcast: reports are still to come.")


NEXT_DOOR = '\n[outcomes.near]\noutcome = "events"\ntreated = ["area 2", "area 3"]\n'


def test_an_outcome_of_which_one_area_lacks_editions_is_refused_as_the_plan_s_own_is(
    tmp_path: Path,
) -> None:
    triangle(tmp_path, late=0.5, without="area 3")
    said = r"editions\.csv \(outcomes\.near\): found no edition of 'area 3', while other areas"
    with pytest.raises(InputError, match=said):
        found(tmp_path, HALVED, PLAN + NOWCAST + NEXT_DOOR)


def test_an_outcome_of_late_counts_without_editions_says_so_in_its_sentence(tmp_path: Path) -> None:
    triangle(tmp_path, late=0.5, without="area 3")
    near = NEXT_DOOR.replace('"area 2", ', "")
    (made,) = found(tmp_path, HALVED, PLAN + NOWCAST + near).further
    assert made.answer.besides.endswith(
        "Of the 4 periods from the start on 1 stands as printed, too low while reports are still to "
        "come: no reporting triangle has these areas."
    )
    assert "late reports may change it" in made.answer.estimate.doubts(shown=False)


def test_a_design_is_told_of_late_reports_of_the_areas_that_it_uses(tmp_path: Path) -> None:
    triangle(tmp_path, late=0.5)
    alone = "[designs.interrupted_time_series]\n"
    made = found(tmp_path, HALVED, PLAN + alone + NOWCAST).answers
    said = {
        name: next(c.detail for c in one.estimate.checks if c.name == "reporting delay")
        for name, one in made.items()
    }
    assert "'area 2'" in said["difference_in_differences"]
    assert "'area 1'" in said["interrupted_time_series"]
    assert "'area 2'" not in said["interrupted_time_series"]


def test_a_further_outcome_of_other_counts_names_its_own_triangle_or_is_said_to_have_none(
    tmp_path: Path,
) -> None:
    triangle(tmp_path, late=0.5)
    data = [row | {"calls": row["events"]} for row in HALVED]
    calls = OTHER.replace('"events"', '"calls"')
    (bare,) = found(tmp_path, data, PLAN + NOWCAST + calls).further
    said = {one.name: one.detail for one in bare.answer.estimate.checks}["reporting delay"]
    assert "stand as printed" in said and not bare.answer.estimate.effect[-1].nowcast
    own = NOWCAST.replace("[nowcast]", "[outcomes.other.nowcast]")
    (made,) = found(tmp_path, data, PLAN + calls + own).further
    assert made.answer.estimate.effect[-1].nowcast


def test_triangle_and_panel_are_of_the_same_counts(tmp_path: Path) -> None:
    count = next(r["events"] for r in HALVED if (r["area"], r["year"]) == ("area 1", 2016))
    changed = [
        r | {"events": count + 1} if (r["area"], r["year"]) == ("area 1", 2016) else r
        for r in HALVED
    ]
    triangle(tmp_path, late=0.5)
    with pytest.raises(InputError, match=r"editions\.csv") as caught:
        found(tmp_path, changed, PLAN + NOWCAST)
    said = str(caught.value)
    assert f"found {count} of 'area 1' in 2016, and {count + 1} in" in said


def test_a_panel_goes_on_no_longer_than_its_triangle(tmp_path: Path) -> None:
    data = [*HALVED, *(row | {"year": 2024} for row in HALVED if row["year"] == 2023)]
    triangle(tmp_path, late=0.5)
    with pytest.raises(InputError, match="a last edition of 2023, and data up to 2024"):
        found(tmp_path, data, PLAN.replace("to = 2023", "to = 2024") + NOWCAST)


def test_a_triangle_of_several_areas_names_them(tmp_path: Path) -> None:
    triangle(tmp_path, late=0.5)
    alone = NOWCAST.replace('unit = "area"', "")
    with pytest.raises(InputError, match=r"no column of areas, and 24 areas .* `unit` under"):
        found(tmp_path, HALVED, PLAN + alone)


@pytest.mark.parametrize("without", ["area 1", "area 7"])
def test_no_printed_count_is_compared_with_a_nowcast(tmp_path: Path, without: str) -> None:
    """A treated area, or one compared with, of which the triangle has no edition; of one that is
    not compared with it may have none."""
    triangle(tmp_path, late=0.5, without=without)
    no_edition = rf"editions\.csv: found no edition of '{without}', while other areas have theirs"
    with pytest.raises(InputError, match=no_edition) as caught:
        found(tmp_path, HALVED, PLAN + NOWCAST)
    assert ("`exclude`" in caught.value.expected) is (without == "area 7")
    if without == "area 7":
        made = found(tmp_path, HALVED, f'{PLAN}exclude = ["area 7"]\n{NOWCAST}')
        assert made.leading.estimate.effect[-1].nowcast


def test_a_period_is_a_nowcast_where_the_treated_area_is(tmp_path: Path) -> None:
    """Of the others alone it is not: what is shown of it was printed."""
    triangle(tmp_path, late=1.0)
    path = tmp_path / "editions.csv"
    path.write_text(f"{path.read_text()}area 1,2023,2024,{TREATED_2023}\n")
    data = rows(effect=-0.4)
    made = found(tmp_path, data, PLAN + NOWCAST).leading
    assert not any(one.nowcast for one in made.estimate.effect) and "nowcast" not in made.sentence


def test_a_count_that_can_still_change_is_in_the_last_edition(tmp_path: Path) -> None:
    """Of an area that has editions of its other years too: it would stand as printed."""
    triangle(tmp_path, late=0.5)
    path = tmp_path / "editions.csv"
    lines = [one for one in path.read_text().splitlines() if not one.startswith("area 1,2023,")]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(
        InputError, match=r"'area 1': found no count of 2023 in the edition of 2023"
    ):
        found(tmp_path, HALVED, PLAN + NOWCAST)


def test_an_area_that_the_triangle_alone_has_is_a_fault_of_its_file(tmp_path: Path) -> None:
    triangle(tmp_path, late=0.5)
    path = tmp_path / "editions.csv"
    path.write_text(path.read_text().replace("\narea 7,", "\narea7,"))
    said = r"editions\.csv, area: found 'area7', which .*panel\.csv does not have; .* 'area 7'\?"
    with pytest.raises(InputError, match=said):
        found(tmp_path, HALVED, PLAN + NOWCAST)


def test_a_mistake_in_a_triangle_is_told_with_its_area_and_its_line(tmp_path: Path) -> None:
    triangle(tmp_path, late=0.5)
    path = tmp_path / "editions.csv"
    lines = path.read_text().splitlines()
    at = max(at for at, one in enumerate(lines) if one.startswith("area 7,2016,2017"))
    path.write_text("\n".join([*lines[: at + 1], *lines[at:]]) + "\n")
    said = rf"editions\.csv, 'area 7', row {at + 2}: found 2016 in the edition of 2017 again"
    with pytest.raises(InputError, match=said):
        found(tmp_path, HALVED, PLAN + NOWCAST)


def test_a_plan_of_rings_is_told_with_its_cells_and_its_displacement() -> None:
    glasgow = PROP99.parents[2] / "glasgow" / "studies" / "calls_simulated.toml"
    report = report_of(run_study(read_plan(glasgow)))
    said = dict(report.declared)
    cells = "the cells near (ring 0-500m) and inside hours (hours inside)"
    assert said["Treated"] == cells and f"in {cells} change from" in report.question.sentence
    assert "near: ring == '0-500m'; inside hours: hours == 'inside'" in said["Design"]
    assert said["Periods"].startswith("20") and "the plan " in said["Periods"]
    assert said["Success"] == "shown is a fall: the whole interval lies there"
    assert "More than one outcome" not in said
    assert report.looked_for == {"displacement"}
    assert "500-1000m, inside hours" in report.displaced
    assert "0-500m, inside hours" not in report.displaced
    assert "into other rings is not shown in 500-1000m, inside hours: " in " ".join(report.caveats)
    assert "Displacement" not in report.besides  # a fall is shown, and may all have moved
    assert report.sentence.endswith("a fall is shown.")
    assert report.besides.startswith(
        "Whether what fell near the room went to other rings cannot be"
    )


LITTERED = (
    RINGS
    + """
[success]
relative_effect_at_most = 0.0
[outcomes.litter]
title = "Drug litter"
outcome = "litter"
kind = "harm"
margin = 0.5
"""
)


def test_displacement_that_is_shown_is_said_wherever_the_answer_is(tmp_path: Path) -> None:
    """Half as many more calls, and twice the litter, in the next ring in opening hours."""
    glasgow = PROP99.parents[2] / "glasgow" / "studies" / "calls_simulated.csv"
    with glasgow.open(encoding="utf-8") as file:
        made = [*csv.DictReader(file)]
    for row in made:
        calls = row["litter"] = int(row["calls"])
        moved = row["ring"] == "500-1000m" and row["hours"] == "inside" and row["month"] >= "2025"
        row |= {"calls": round(1.5 * calls), "litter": 2 * calls} if moved else {}
    run = found(tmp_path, made, LITTERED)
    said = run.leading.sentence
    assert "Displacement is shown: in 500-1000m, inside hours, a rise of between" in said
    assert "In all rings but the farthest together, inside hours:" in said
    assert "into which events may have moved; with the farthest ring alone" in said
    assert "Displacement of Drug litter is shown: in 500-1000m" in said
    assert "Displacement is shown: in 500-1000m" in run.further[0].answer.sentence
    assert "Displacement of calls into other rings is shown in 500-1000m" in beside(run)
    page = page_of(report_of(run))
    own = page[page.index("Displacement, by ring and hours") :]
    assert "net of displacement, inside hours" in own and "holds only if rings" in own
    assert page.count("Displacement: a rise in 500-1000m, inside hours shown") == 1
    assert "Drug litter: 500-1000m, inside hours" in page
    part = run.to_data()["designs"]["triple_difference"]["parts"]["500-1000m, inside hours"]
    assert part["low"] > 0 and part["level"] == 0.025


def test_families_of_published_effects_are_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="overdose deaths"):
        read_plan(written(tmp_path, plan=PLAN + '\n[published]\noutcomes = ["wonders"]\n'))


def test_what_is_shown_is_said_with_what_the_same_design_finds_where_nothing_began(
    tmp_path: Path,
) -> None:
    falling = [
        row | {"events": int(row["events"] * 0.85 ** (row["year"] - 2009))}
        if row["area"] == "area 1"
        else row
        for row in rows()
    ]
    made = found(tmp_path, falling)
    checks = {one.name: one for one in made.leading.estimate.checks}
    assert made.leading.verdict == "shown"
    assert checks["trend before"].passed is checks["earlier starts"].passed is False
    said = "The same design also finds a change where nothing began: "
    told = made.to_data()
    chance = "chance alone finds one in 5 % of studies"
    trend = f"a trend of its own before the start ({chance})"
    found_there = f"{trend}; at 2 of 3 earlier starts (at each {chance})"
    assert f" {said}{found_there}." in told["sentence"]
    assert set(told["designs"]["difference_in_differences"]["checks"][0]) == {
        "name", "passed", "detail"}  # fmt: skip
    assert "Events: a fall shown, checks failed" in page_of(report_of(made))

    still = found(tmp_path, rows(effect=-0.4))
    assert still.leading.verdict == "shown" and said not in still.leading.sentence
    assert "Events: a fall shown<" in page_of(report_of(still))


def test_a_further_outcome_that_is_shown_says_where_nothing_began_that_it_is_found_too(
    tmp_path: Path,
) -> None:
    """Litter that rises all along in area 1: a harm, a control that moved, and a benefit lost."""
    rising = [
        row | {"litter": int(row["events"] * 1.15 ** max(row["year"] - 2012, 0))}
        if row["area"] == "area 1"
        else row | {"litter": row["events"]}
        for row in rows(areas=4)
    ]
    kind = '\n[outcomes.{0}]\ntitle = "{0}"\noutcome = "litter"\nkind = "{1}"\nmargin = {2}\n'
    kinds = [("far", "harm", 0.01), ("near", "harm", 10.0), ("still", "negative_control", 0.01),
             ("lost", "benefit", -0.5), ("next", "displacement", 0.01)]  # fmt: skip
    made = found(tmp_path, rising, RATIOS + "overdispersion = 3\n" + "".join(kind.format(*one) for one in kinds))  # fmt: skip
    began = "a change is also found where nothing began"
    said = made.leading.sentence
    assert f"A harm is shown: a rise of 1 % or more in far ({began})." in said
    assert f"is excluded; {began})." in said.partition("for the worse is shown in near (")[2]
    assert f"what should not have changed did (still ({began}))" in said
    assert f"But a rise is shown for lost ({began})." in beside(made)
    moved = beside(made).partition("Displacement beyond its margin is shown for next (")[2]
    assert moved.startswith("1 of ") and f" checks on it did not hold; {began})." in moved
    for one in made.further:
        assert "The same design also finds a change where nothing began: " in one.answer.sentence
        assert one.said.endswith(f"; {began}")
    page = page_of(report_of(made)).replace("\xa0", " ")
    assert "Harm: far, a rise of 1 % or more shown, checks failed" in page
    assert began not in made.leading.said  # of which nothing is shown


def test_other_starts_and_donors_hold_where_what_is_decided_stays(tmp_path: Path) -> None:
    """Of what did not move estimates have either sign: it passes where that is shown."""
    kind = '\n[outcomes.{}]\noutcome = "{}"\nkind = "{}"\nmargin = {}\n'
    kinds = [("still", "litter", "negative_control", 0.5), ("out", "litter", "harm", 0.5),
             ("open", "litter", "harm", 0.02), ("risen", "calls", "harm", 1.55)]  # fmt: skip
    plan = RATIOS + "".join(kind.format(*one) for one in kinds)
    made = found(tmp_path, with_more(litter=1.0, calls=3.0), plan)
    for one, stays in zip(made.further, (True, True, None, True), strict=True):
        checks = {check.name: check for check in one.answer.estimate.checks}
        starts, donors = checks["other starts"], checks["donors left out"]
        assert starts.passed is donors.passed is stays
        risen = one.outcome.name == "risen"
        assert (min(starts.effects) < 0 < max(starts.effects)) != risen
        # Its starts take in years without it, and show less of it than its margin.
        assert (one.answer.verdict == "shown" and min(starts.effects) < 1.55) == risen
    sure = replace(made.further[-1].answer.estimate, relative_interval=(1.984, 2.0))
    lost = settled(sure, 0.05, (0.0, 1.982)).checks  # of which one donor takes some
    assert [one.name for one in lost if one.passed is False and one.effects] == ["donors left out"]
