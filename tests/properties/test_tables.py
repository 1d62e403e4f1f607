"""Tables over invented histories: equal to the ledger's own reading, and to the plain loop."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from opendcr.catalogue.substances import SUBSTANCES, published_class
from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.codec import encode
from opendcr.ledger.effective import effective
from opendcr.ledger.facts import Fact, Header, Origin
from opendcr.measures import measured
from opendcr.measures.plainly import Plainly
from opendcr.room.room import MemoryArchive, Room, advance, fold
from opendcr.tables import CONTRACTS, ledger_of, tables_of
from opendcr.tables.effective import effective as effective_frame
from opendcr.tables.frame import FACTS, row
from opendcr.tables.people import one_id_each

LONDON = Header("glasgow", "Europe/London", Origin("recorded"))
KINDS = ("Arrived", "Seated", "ConsumptionStarted", "ConsumptionEnded", "MovedToRecovery", "Queued",
         "SteppedOut", "EmergencyStarted", "Registered", "Linked", "Unlinked", "PolicyAdopted",
         "ServiceProvided")  # fmt: skip
KINDS_AND_AMENDMENTS = (*KINDS, "Corrected", "Retracted", "Retracted", "Seated")
THROUGH_BOOTHS = (*KINDS[1:7], "Seated", "ConsumptionStarted")
PLACES = ("booth-1", "booth-2", "pipe-1", "chair-1", "nowhere")
VISITS = (None, "v-1", "v-2", "v-3")
PERSONS = (None, "p-1", "p-2", "p-3")
SOME_SUBSTANCES = st.lists(st.sampled_from(("heroin", "cocaine", "crack", "declined")), max_size=3)

# The nights in which the clocks change, a month's end, and the days around them.
MOMENTS = st.sampled_from(
    [
        datetime(2025, 3, 30, 0, 30, tzinfo=UTC),
        datetime(2025, 3, 31, 22, 59, tzinfo=UTC),
        datetime(2025, 3, 31, 23, 1, tzinfo=UTC),
        datetime(2025, 2, 28, 23, 59, 59, tzinfo=UTC),
        datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
    ]
).flatmap(lambda start: st.integers(0, 180).map(lambda minutes: start + timedelta(minutes=minutes)))


def policies():
    kinds = st.sampled_from(("injecting", "accessible", "inhalation", "recovery_chair"))
    return st.dictionaries(st.sampled_from(PLACES[:4]), kinds, max_size=4).map(
        lambda places: {"places": [{"id": id, "kind": kind} for id, kind in places.items()]}
    )


def data_of(kind, targets):
    place = st.sampled_from(PLACES)
    return {
        "Seated": st.fixed_dictionaries({"place": place}),
        "ConsumptionStarted": st.fixed_dictionaries(
            {"place": place, "substances": SOME_SUBSTANCES, "route": st.just("intravenous")}
        ),
        "EmergencyStarted": st.fixed_dictionaries(
            {"emergency": st.sampled_from(("e-1", "e-2", "e-3"))}
        ),
        "Registered": st.fixed_dictionaries(
            {"tier": st.just("1")}, optional={"gender": st.sampled_from(("woman", "man"))}
        ),
        "Linked": st.fixed_dictionaries({"other": st.sampled_from(PERSONS[1:])}),
        "Unlinked": st.fixed_dictionaries({"other": st.sampled_from(PERSONS[1:])}),
        "ServiceProvided": st.just({"service": "shower"}),
        "PolicyAdopted": st.fixed_dictionaries({"policy": policies()}),
        "Retracted": st.fixed_dictionaries({"target": targets, "reason": st.just("mistake")}),
        "Corrected": st.fixed_dictionaries(
            {"target": targets, "reason": st.just("mistake"), "changes": changes()}
        ),
    }.get(kind, st.just({}))


def changes():
    return st.fixed_dictionaries(
        {},
        optional={
            "happened": st.one_of(MOMENTS.map(datetime.isoformat), st.just("not a time")),
            "person": st.sampled_from(PERSONS),
            "visit": st.sampled_from(VISITS),
            "data": st.fixed_dictionaries(
                {},
                optional={
                    "place": st.sampled_from((*PLACES, 7)),
                    "substances": st.one_of(SOME_SUBSTANCES, st.just("heroin")),
                    "gender": st.just("man"),
                    "unheard_of": st.just(1),
                },
            ),
        },
    )


@st.composite
def histories(draw, most=25, kinds=KINDS_AND_AMENDMENTS, visits=VISITS):
    """Sealed facts, some of which correct or retract others, before or after them in the ledger."""
    size = draw(st.integers(1, most))
    targets = st.sampled_from([f"f-{number}" for number in range(size + 1)])
    recorded = draw(MOMENTS)
    facts = []
    for number in range(size):
        kind = draw(st.sampled_from(kinds))
        recorded += timedelta(hours=draw(st.integers(0, 400)))
        facts.append(
            Fact(
                id=f"f-{number}",
                command=f"c-{number}",
                kind=kind,
                version=1,
                room="glasgow",
                visit=draw(st.sampled_from(visits)),
                person=draw(st.sampled_from(PERSONS)),
                happened=min(draw(MOMENTS), recorded),
                recorded=recorded,
                author="s-1",
                entered_by=None,
                role="nurse",
                device="t-1",
                source="tap",
                data=draw(data_of(kind, targets)),
            )
        )
    return seal(facts, 0, first_link(LONDON))


def read(facts):
    return ledger_of(LONDON, [encode(fact) for fact in facts])


@given(histories())
def test_effective_facts_are_the_ledgers_own(facts):
    frame = pl.DataFrame([row(fact) for fact in facts], FACTS, orient="row")
    ours = effective_frame(frame).sort("seq").drop("documents")
    theirs = pl.DataFrame([row(fact) for fact in effective(facts)], FACTS, orient="row")
    assert ours.rows() == theirs.drop("documents").rows()


@given(histories(most=12))
def test_a_visit_is_the_same_persons_in_the_room_and_in_the_tables(facts):
    room, as_counted = fold(facts, "glasgow", "Europe/London"), tables_of(read(facts)).visits
    of_visits = as_counted.drop_nulls("visit").select("visit", "person")
    one_id = one_id_each(
        pl.DataFrame([row(fact) for fact in effective(facts)], FACTS, orient="row")
    )
    for visit, person in of_visits.iter_rows():
        held = room.visits[visit].person
        assert one_id.get(held, held) == person


@given(histories(most=12))
def test_what_amends_a_fact_that_comes_later_has_no_effect_in_the_room_either(facts):
    """No room of ours writes such a ledger; an imported one may be so."""
    archive, room = MemoryArchive(), Room("glasgow", "Europe/London")
    for fact in facts:
        archive.add([fact])
        room = advance(room, [fact], archive)
    assert room == fold(facts, "glasgow", "Europe/London")


@given(histories(most=40))
def test_the_measures_are_those_of_the_plain_loop(facts):
    (room,) = measured([read(facts)]).rooms
    plain = Plainly(facts, "Europe/London")
    for found in room.rows:
        assert (found.numerator, found.denominator) == expected(plain, found), found
    assert sum_of(room, "injecting_episodes") == plain.episodes.total()
    assert sum_of(room, "medical_emergencies") == plain.emergencies.total()
    assert sum_of(room, "times_accessed") == plain.visits.total()


@given(histories(most=8, kinds=THROUGH_BOOTHS, visits=("v-1", "v-2")))
def test_a_walk_through_the_booths_has_the_episodes_of_the_plain_loop(facts):
    months = measured([read(facts)], ["injecting_episodes"]).rooms[0].rows
    plain = Plainly(facts, "Europe/London")
    assert {row.period: row.numerator for row in months if row.numerator} == plain.episodes


@given(histories(most=12, kinds=("Arrived", "Corrected", "Retracted", "Retracted")))
def test_chains_of_amendments_are_read_as_the_ledger_reads_them(facts):
    frame = pl.DataFrame([row(fact) for fact in facts], FACTS, orient="row")
    ours = effective_frame(frame).sort("seq").select("id", "happened", "visit", "person")
    assert ours.rows() == [(f.id, f.happened, f.visit, f.person) for f in effective(facts)]


def expected(plain, found):
    month, group = found.period, dict(found.group)
    match found.measure:
        case "times_accessed":
            return plain.visits[month], None
        case "injecting_episodes":
            return plain.episodes[month], None
        case "medical_emergencies":
            return plain.emergencies[month], None
        case "emergencies_per_1000_injections":
            return plain.emergencies[month], plain.episodes[month]
        case "substance_share":
            of_all = sum(n for (at, _), n in plain.substances.items() if at == month)
            return plain.substances[month, group["substance"]], of_all
    genders = plain.genders()
    months = {at for at in plain.users if at == month or ("span" in group and at < month)}
    people = set().union(*(plain.users[at] for at in months))
    wanted = group.get("gender")
    return len([one for one in people if wanted in (None, genders.get(one, "unknown"))]), None


def sum_of(room, measure):
    return sum(found.numerator for found in room.rows if found.measure == measure)


@given(histories(), st.integers(0, 400))
def test_what_is_recorded_later_changes_no_number_as_at_an_earlier_date(facts, days):
    day = local_day(facts[0]) + timedelta(days=days)
    known = [fact for fact in facts if local_day(fact) <= day]
    as_at_then = measured([read(known)], as_at=day).to_json()
    assert measured([read(facts)], as_at=day).to_json() == as_at_then


def local_day(fact) -> date:
    return fact.recorded.astimezone(ZoneInfo("Europe/London")).date()


@given(histories())
def test_every_table_keeps_its_contract(facts):
    tables = tables_of(read(facts))
    for contract in CONTRACTS:
        assert getattr(tables, contract.table).schema == contract.schema


@given(st.lists(st.lists(st.sampled_from(SUBSTANCES.codes), max_size=4), min_size=1, max_size=3))
@example([["heroin"], ["cocaine"]])
def test_an_episodes_class_is_the_catalogues(uses):
    start = datetime(2025, 2, 3, 10, tzinfo=UTC)
    seated = used_at(start, 0, "Seated", {"place": "booth-1"})
    used = [
        used_at(start + timedelta(minutes=number), number, "ConsumptionStarted",
                {"place": "booth-1", "substances": substances, "route": "intravenous"})
        for number, substances in enumerate(uses, 1)
    ]  # fmt: skip
    (found,) = tables_of(read(seal([seated, *used], 0, first_link(LONDON)))).episodes["substances"]
    together = {one for substances in uses for one in substances}
    assert found == (published_class(together) if together - {"declined"} else None)


def used_at(happened, number, kind, data):
    return Fact(
        id=f"f-{number}", command=f"c-{number}", kind=kind, version=1, room="glasgow", visit="v-1",
        person=None, happened=happened, recorded=happened, author="s-1", entered_by=None,
        role="nurse", device="t-1", source="tap", data=data,
    )  # fmt: skip
