"""`opendcr plan`: what is compared, with whom, what is called smallest, and what is refused."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t

from opendcr.simulate.kernel.replications import rows
from opendcr.simulate.kernel.tables import assumed
from opendcr.simulate.plan import (
    Plan,
    Size,
    Staffing,
    _Rows,
    _smallest,
    _verdict,
    beside,
    compared,
    counted,
    plans,
    size_of,
    unstaffed,
)
from opendcr.simulate.results import COLUMNS, RATIOS
from opendcr.simulate.scenario_file import read_scenario
from opendcr.simulate.sweep import Kept
from opendcr.simulate.uncertain import read_assumptions

OPENDCR = Path(sys.executable).with_name("opendcr")
SCENARIO = """
name = "busy"
[room]
places = 3
days = 56
start = "2025-01-06"
[arrivals]
per_hour = 6.0
[episode]
distribution = "exponential"
mean = 25.0
[patience]
distribution = "exponential"
mean = 20.0
[staff]
on = 4
booths_per_staff = 1
[emergency]
per_1000_episodes = 20
minutes = 30
staff = 2
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "busy.toml"
    file.write_text(SCENARIO, encoding="utf-8")
    return file


def run(*arguments):
    return subprocess.run([OPENDCR, "plan", *map(str, arguments)], capture_output=True, text=True)


def test_every_combination_is_compared_once_after_the_room_as_it_is(path):
    found = plans(read_assumptions(path), [3, 4], closes=["21:00", "24:00"])
    assert found == [
        Plan(),
        Plan(3, None, "24:00"),
        Plan(4, None, "21:00"),
        Plan(4, None, "24:00"),
    ]


def test_sizes_are_hours_of_an_average_week(path):
    scenario = read_assumptions(path).expected
    assert size_of(scenario) == Size(7 * 12 * 4, 7 * 12 * 3)
    fewer = Plan(staff=Staffing(4, {6: 3})).of(scenario)
    assert size_of(fewer) == Size(7 * 12 * 4 - 12, 7 * 12 * 3)
    assert size_of(Plan(closes="24:00").of(scenario)).booth_hours == 7 * 15 * 3


def test_one_fewer_on_sundays_is_one_fewer_on_sundays_alone(path):
    """No booth can open without its own member of staff, so the Sunday shows in the queue."""
    read = read_assumptions(path)
    sunday = Plan(staff=Staffing(4, {6: 1}))
    found = compared(read, [Plan(), sunday], 0.5, 1, first=20)
    as_is, fewer = found.plans
    assert fewer.figures["probability_leave"].low > as_is.figures["probability_leave"].high
    assert fewer.size.staff_hours == as_is.size.staff_hours - 3 * 12


def test_all_plans_meet_the_same_people(path):
    """One more booth than is ever needed changes nothing at all, to the last person."""
    read = read_assumptions(path)
    found = compared(read, [Plan(40, staff=Staffing(60)), Plan(41, staff=Staffing(60))], 0.05, 1)
    assert found.plans[1].differences["probability_leave"].mean == 0
    assert found.plans[1].differences["mean_wait_minutes"].high == 0


def test_a_difference_is_known_better_than_either_of_the_two(path):
    read = read_assumptions(path)
    found = compared(read, [Plan(), Plan(places=4)], 0.05, 1, first=40)
    one, other = (plan.figures["mean_wait_minutes"] for plan in found.plans)
    apart = found.plans[1].differences["mean_wait_minutes"]
    independent = np.hypot(one.high - one.mean, other.high - other.mean)
    assert apart.high - apart.mean < 0.8 * independent
    assert apart.high < 0


def test_near_the_target_a_plan_gets_more_replications(path):
    read = read_assumptions(path)
    share = compared(read, [Plan(places=4)], 0.5, 1, first=320).plans[0]
    target = share.figures["probability_unserved"].mean
    roomy = Plan(places=9, staff=Staffing(20))
    found = compared(read, [Plan(places=4), roomy], target, 1, first=10, most=80)
    near, far = found.plans
    assert near.replications > 10 and far.replications == 10
    assert near.verdict == "undetermined" and found.open == (0,)


SIZES = [Size(10, 5), Size(20, 5), Size(20, 9), Size(30, 5)]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["under", "under", "over", "over"], (0, [])),
        (["over", "undetermined", "under", "under"], (2, [1])),
        (["over", "over", "over", "over"], (None, [])),
        (["undetermined", "over", "over", "undetermined"], (None, [0, 3])),
        (["over", "under", "undetermined", "undetermined"], (1, [])),
    ],
)
def test_the_smallest_has_the_fewest_staff_hours_and_what_might_be_smaller_is_said(
    verdicts, expected
):
    assert _smallest(SIZES, verdicts, [True] * 4) == expected


def test_a_plan_whose_staff_are_not_known_is_not_the_smallest():
    assert _smallest(SIZES, ["under"] * 4, [False, True, True, True]) == (1, [])


def test_a_number_of_staff_that_a_plan_says_is_not_the_one_that_is_not_known(path):
    """The scenario's own staff are 3, 4 or 5: a plan of 4 is another, and has nothing to draw."""
    unknown = 'on = {distribution = "empirical", values = [3, 4, 5]}'
    path.write_text(SCENARIO.replace("on = 4", unknown), encoding="utf-8")
    read = read_assumptions(path)
    found = compared(read, plans(read, staff=[Staffing(4), Staffing(5)]), 0.5, 1, first=20)
    assert [one.staff for one in found.plans] == ["not known", "4", "5"]
    assert [one.rostered for one in found.plans] == [False, True, True]
    _, four, five = (one.figures["probability_leave"].mean for one in found.plans)
    assert five < four
    assert found.smallest != 0 and "not known" in found.plans[0].notes[-1]
    path.write_text(SCENARIO, encoding="utf-8")
    known = compared(read_assumptions(path), [Plan()], 0.5, 1, first=20 * 4).plans[0]
    assert four == pytest.approx(known.figures["probability_leave"].mean, abs=0.02)


def test_nobody_seen_is_no_proof_of_nobody(path):
    roomy = Plan(places=40, staff=Staffing(60))
    (one,) = compared(read_assumptions(path), [roomy], 0.0, 1, most=10).plans
    leave = one.figures["probability_leave"]
    assert leave.mean == 0 and one.verdict == "undetermined"
    people = 10 * 56 * 12 * 6  # replications × days × hours × people an hour
    assert leave.high == pytest.approx(-math.log(0.025) / people, rel=0.05)


def test_with_fewer_places_a_wheelchair_booth_goes_last(path):
    text = SCENARIO.replace("places = 3", "places = {injecting = 3, accessible = 2}")
    path.write_text(text, encoding="utf-8")
    scenario = read_assumptions(path).expected
    kinds = [place.kind for place in Plan(places=2).of(scenario).booths]
    assert sorted(kinds) == ["accessible", "injecting"]
    assert len(Plan(places=9).of(scenario).booths) == 9


def test_hours_that_are_new_bring_more_people_and_say_whose_word_that_is(path):
    read = read_assumptions(path)
    as_is, longer = compared(read, [Plan(), Plan(closes="24:00")], 0.5, 1).plans
    more = longer.figures["arrivals_per_day"].mean / as_is.figures["arrivals_per_day"].mean
    assert more == pytest.approx(15 / 12, rel=0.02)
    assert longer.figures["served_per_day"].low > as_is.figures["served_per_day"].high
    assert any("nobody has seen how many would" in note for note in longer.notes)


def test_an_interrupted_comparison_goes_on(path, tmp_path):
    read = read_assumptions(path)
    whole = compared(read, [Plan(), Plan(places=5)], 0.2, 1)
    kept = Kept(tmp_path / "kept.jsonl", print)
    with pytest.raises(KeyboardInterrupt):
        compared(read, [Plan(), Plan(places=5)], 0.2, 1, kept=kept, progress=_interrupt)
    again = Kept(tmp_path / "kept.jsonl", print)
    assert len(again) >= 1
    assert compared(read, [Plan(), Plan(places=5)], 0.2, 1, kept=again) == whole


def _interrupt(done):
    raise KeyboardInterrupt


def test_the_command_answers_in_json(path):
    answer = run(path, "--places", "3,5", "--closes", "21:00,24:00", "--target", 0.1, "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    document = json.loads(answer.stdout)
    assert [(one["places"], one["closes"]) for one in document["plans"]] == [
        (3, "21:00"), (3, "24:00"), (5, "21:00"), (5, "24:00"),
    ]  # fmt: skip
    leave = [one["results"]["probability_leave"] for one in document["plans"]]
    assert all(one["low"] <= one["mean"] <= one["high"] for one in leave)
    assert document["plans"][document["smallest"]]["verdict"] == "under"
    served = [one["results"]["served_per_day"]["mean"] for one in document["plans"]]
    assert served[1] > served[0] and served[3] > served[2]
    assert run(path, "--places", "3,5", "--closes", "21:00,24:00", "--target", 0.1, "--json",
               "--workers", 1).stdout == answer.stdout  # fmt: skip


def test_people_get_a_table_and_sentences(path):
    answer = run(path, "--staff", "3,4/sun:2", "--target", "0.5")
    assert answer.returncode == 0
    assert "4/sun:2" in answer.stdout and "The smallest of the plans that" in answer.stdout


def test_a_full_queue_and_closing_leave_people_without_and_no_plan_is_small_for_them(path):
    """Nobody gives up where nobody may wait, or where all wait until closing."""
    for text in (
        SCENARIO.replace("places = 3", "places = 3\nqueue_capacity = 0"),
        SCENARIO.replace('[patience]\ndistribution = "exponential"\nmean = 20.0\n', "").replace(
            "per_hour = 6.0", "per_hour = 12.0"
        ),
    ):
        path.write_text(text, encoding="utf-8")
        found = compared(read_assumptions(path), [Plan()], 0.1, 1).plans[0]
        assert found.figures["probability_leave"].mean == 0
        assert found.verdict == "over"


def test_a_plan_that_closes_earlier_says_whom_it_does_not_see(path):
    found = compared(read_assumptions(path), [Plan(), Plan(opens="18:00")], 0.5, 1)
    assert any("It is closed when 54.0" in note or "closed when 5" in note
               for note in found.plans[1].notes)  # fmt: skip
    assert not any("closed when" in note for note in found.plans[0].notes)


def test_plans_under_the_target_whose_staff_are_not_known_are_not_called_over_it(path):
    text = SCENARIO.replace("on = 4", 'on = {distribution = "empirical", values = [4, 5]}')
    path.write_text(text, encoding="utf-8")
    answer = run(path, "--places", "6-8", "--target", "0.6")
    assert answer.returncode == 0, answer.stderr
    assert "--staff says it" in answer.stdout and "None of these plans" not in answer.stdout
    assert answer.stdout.count("under\n") == 4


def test_hours_without_staff_are_said(tmp_path, path):
    rota = SCENARIO.replace("on = 4\n", 'rota = [{from = "09:00", until = "21:00", staff = 4}]\n')
    path.write_text(rota, encoding="utf-8")
    answer = run(path, "--closes", "24:00", "--json")
    document = json.loads(answer.stdout)
    assert document["plans"][0]["notes"] == [] and document["plans"][1]["notes"]
    assert any("Plan 2: At some opening times" in line for line in document["reading"])


BAD = [
    (["--places", "0"], "--places: found '0'"),
    (["--places", "x"], "--places: found 'x'"),
    (["--places", "8,"], "--places: found ''"),
    (["--places", "9-5"], "--places: found '9-5'"),
    (["--places", "1-9999999"], "--places: found '1-9999999'"),
    (["--closes", "25:00"], "--closes: found '25:00'"),
    (["--closes", "08:00"], "--closes: found 08:00"),
    (["--opens", "nine"], "--opens: found 'nine'"),
    (["--staff", "0"], "--staff: found 0; expected 2 at least"),
    (["--staff", "4/sunday:3"], "--staff: found '4/sunday:3'"),
    (["--staff", "4/sun"], "--staff: found '4/sun'"),
    (["--target", "2"], "--target"),
    (["--target", "nan"], "--target: found nan"),
    (["--staff", "1"], "--staff: found 1; expected 2 at least, whom an emergency holds"),
    (["--replications", "50", "--most", "10"], "--most: found 10"),
    (["--replications", "1"], "--replications"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "says"), BAD, ids=[says for _, says in BAD])
def test_bad_input_is_one_line_and_status_two(path, arguments, says):
    answer = run(path, *arguments)
    assert answer.returncode == 2 and answer.stdout == ""
    assert says in answer.stderr and answer.stderr.count("\n") == 1


def test_a_need_that_no_place_would_fit_is_refused(path):
    needs = (
        SCENARIO.replace("places = 3", "places = {injecting = 2, accessible = 1}")
        + "\n[needs]\naccessible = 0.2\n"
    )
    path.write_text(needs, encoding="utf-8")
    answer = run(path, "--places", "1")
    assert answer.returncode == 2 and "the need 'accessible'" in answer.stderr


def test_staff_that_stop_nobody_are_not_compared(path):
    path.write_text(SCENARIO.replace("booths_per_staff = 1\n", ""), encoding="utf-8")
    answer = run(path, "--staff", "4,5")
    assert answer.returncode == 2 and "without, staff stop nobody" in answer.stderr


def test_unknown_inputs_are_drawn_alike_for_every_plan(path):
    text = SCENARIO.replace("mean = 25.0", 'mean = {distribution = "uniform", low = 15, high = 35}')
    path.write_text(text, encoding="utf-8")
    found = compared(read_assumptions(path), [Plan(), Plan(places=5)], 0.05, 1, first=40)
    as_is, more = found.plans
    assert as_is.chance_under is not None and as_is.chance_under < (more.chance_under or 0)
    assert as_is.replications == 40 * 4


def test_chance_is_no_doubt_about_the_inputs(path):
    """An input that is all but known: few replications of each draw differ by chance, and the plan
    is still under the target in every draw, or in none."""
    nearly = SCENARIO.replace(
        "per_hour = 6.0", 'per_hour = {distribution = "normal", mean = 6.0, sd = 0.001}'
    ).replace("days = 56", "days = 3")
    path.write_text(nearly, encoding="utf-8")
    known = read_assumptions(path)
    mean = compared(known, [Plan()], 1.0, seed=1, first=100, most=100).plans[0].figures
    share = mean["probability_leave"].mean
    for target, under in ((share * 1.1, 1.0), (share * 0.9, 0.0)):
        found = compared(known, [Plan()], target, seed=1, first=100, most=100).plans[0]
        assert found.chance_under == pytest.approx(under, abs=0.03)
        low, high = found.inputs
        assert high - low < 0.2 * share


# Replications that are added, paired and shared out as they should be.


def test_a_plan_that_is_looked_at_again_has_every_replication_once(path):
    read = read_assumptions(path)
    share = compared(read, [Plan()], 0.5, 1, first=320).plans[0].figures["probability_unserved"]
    heard = []
    roomy = Plan(places=9, staff=Staffing(20))
    found = compared(read, [Plan(), roomy], share.mean, 1, first=10, most=40, progress=heard.append)
    near, other = found.plans
    assert heard == [
        10,
        20,
        30,
        50,
    ]  # of both; then of the one that is near, twice as many each time
    assert (near.replications, other.replications) == (40, 10)
    done = [rows(assumed(one.plan.of(read.expected)), 1, 0, 40) for one in (near, other)]
    for one, each in zip((near, other), done, strict=True):
        of = each[: one.replications]
        wait, came = (of[:, COLUMNS.index(name)] for name in ("wait", "arrivals"))
        assert one.figures["mean_wait_minutes"].mean == pytest.approx(
            wait.sum() / came.sum() / 60_000
        )
    both = min(near.replications, other.replications)
    parts = []
    for each in reversed(done):
        wait, came = (each[:both, COLUMNS.index(name)] for name in ("wait", "arrivals"))
        parts.append((wait - wait.sum() / came.sum() * came) / came.mean() / 60_000)
    error = np.std(parts[0] - parts[1], ddof=1) / math.sqrt(both)
    apart = other.differences["mean_wait_minutes"]
    assert apart.high - apart.mean == pytest.approx(t(both - 1).ppf(0.975) * error)


def test_a_plan_does_not_differ_from_itself(path):
    found = compared(read_assumptions(path), [Plan(), Plan()], 0.5, 1).plans[1]
    for apart in found.differences.values():
        assert apart.mean == 0 and apart.low == apart.high == 0
    done = counted(read_assumptions(path).expected, 1, 12, Now())
    one = beside(done, done, {"wait": RATIOS["mean_wait_minutes"]}, 0.5)
    assert one.differences["wait"].low == one.differences["wait"].high == 0
    assert one.figures["wait"].low < one.figures["wait"].mean < one.figures["wait"].high


class Now:
    """Work done at once, by whoever asks."""

    count = 1

    def submit(self, piece):
        return piece.done()

    def result(self, begun):
        return begun


def test_each_draw_meets_people_of_its_own(path):
    nothing = '[people]\npeople = {distribution = "uniform", low = 300, high = 500}\n'
    path.write_text(SCENARIO + nothing, encoding="utf-8")
    held = _Rows(Plan(), read_assumptions(path), 1, 4, lambda n: read_assumptions(path).drawn(1, n))
    for piece in held.pieces(5):
        held.add(piece.done())
    assert len(set(held.done[:, COLUMNS.index("wait")].tolist())) == 5


def synthetic(share, spread, count=50, people=10_000):
    """Rows in which this share goes without, give or take: of so many that no event is rare."""
    gone = people * (share + spread * np.linspace(-1, 1, count))
    done = np.zeros((count, len(COLUMNS)))
    done[:, COLUMNS.index("arrivals")], done[:, COLUMNS.index("unserved")] = people, gone
    return done


@pytest.mark.parametrize(("upper", "verdict"), [(0.975, "under"), (0.995, "undetermined")])
def test_a_verdict_is_by_the_interval_that_it_is_asked_for(upper, verdict):
    done = synthetic(0.05, 0.01)
    error = done[:, COLUMNS.index("unserved")].std(ddof=1) / math.sqrt(50) / 10_000
    between = 0.05 + error * (t(49).ppf(0.975) + t(49).ppf(0.995)) / 2
    assert _verdict(done, between, upper) == verdict


@pytest.mark.parametrize("count", [1, 8])
def test_a_verdict_allows_for_how_many_plans_and_looks_there_are(path, monkeypatch, count):
    asked = []
    monkeypatch.setattr(
        "opendcr.simulate.plan._verdict", lambda done, target, upper: asked.append(upper) or "over"
    )
    compared(read_assumptions(path), [Plan()] * count, 0.5, 1, first=10, most=80)
    assert asked[0] == pytest.approx(1 - 0.025 / (4 * count))  # 10, 20, 40 and 80


def test_the_range_over_draws_is_that_of_95_in_100(path):
    text = SCENARIO.replace("mean = 25.0", 'mean = {distribution = "uniform", low = 15, high = 35}')
    path.write_text(text, encoding="utf-8")
    read = read_assumptions(path)
    found = compared(read, [Plan()], 0.5, 1, first=100, of_each_draw=10).plans[0]
    shares = [
        one.sum(axis=0)[COLUMNS.index("unserved")] / one.sum(axis=0)[COLUMNS.index("arrivals")]
        for one in (rows(assumed(read.drawn(1, n)), 1, 10 * n, 10) for n in range(100))
    ]
    assert found.inputs == pytest.approx(tuple(np.quantile(shares, [0.025, 0.975])), rel=0.05)


def test_opening_earlier_is_noted_too_and_exactly_enough_staff_is_enough(path):
    found = compared(read_assumptions(path), [Plan(), Plan(opens="07:00")], 0.5, 1)
    assert any("hours that are new" in note for note in found.plans[1].notes)
    one_booth = Plan(places=1, staff=Staffing(2)).of(read_assumptions(path).expected)
    assert not unstaffed(replace(one_booth, staff=1))


def test_places_to_rest_in_are_no_booth_hours():
    scenario = read_scenario(Path("examples/glasgow/room.toml"))
    assert size_of(scenario).booth_hours == pytest.approx(7 * 12 * 8)
