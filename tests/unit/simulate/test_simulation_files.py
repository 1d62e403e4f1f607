"""Scenario files: what is read, and for everything that cannot be one an error naming file and key."""

from datetime import date

import pytest

from opendcr.errors import InputError
from opendcr.simulate.live import training_scenario
from opendcr.simulate.scenario_file import read_scenario

PLAIN = """
[room]
places = 2

[arrivals]
per_hour = 4.0

[episode]
distribution = "exponential"
mean = 30.0
"""


def read(tmp_path, text):
    path = tmp_path / "room.toml"
    path.write_text(text, encoding="utf-8")
    return read_scenario(path)


def test_what_is_left_out_takes_the_plain_queues_value(tmp_path):
    scenario = read(tmp_path, PLAIN)
    assert (scenario.name, scenario.days, scenario.timezone) == ("room", 365, "Europe/London")
    assert (scenario.policy.opens, scenario.policy.closes) == ("09:00", "21:00")
    assert (scenario.patience, scenario.turnover, scenario.recovery) == (None, None, None)
    assert (scenario.queue_capacity, scenario.chairs) == (None, None)
    assert scenario.emergencies.probability("2025-01") == 0
    assert scenario.arrivals.consuming("2025-01") == 1
    assert len(scenario.booths) == 2 and not scenario.policy.block_after_use
    assert scenario.policy.needed_staff(8) == 0


def test_tables_that_say_nothing_are_as_those_that_are_left_out(tmp_path):
    plain = """
        [room]
        places = 8
        [arrivals]
        per_hour = 4.0
        [episode]
        distribution = "exponential"
        mean = 35.0
        """
    headings = """
        [turnover]                  # optional: minutes to clean a place
        [recovery]                  # optional: minutes after the episode, and chairs
        [staff]                     # optional: rota, minimum per open booth
        [emergency]                 # optional: per_1000_episodes, minutes of care, staff held
        """
    assert read(tmp_path, plain + headings) == read(tmp_path, plain)


def test_every_key_of_the_interface_is_read(tmp_path):
    scenario = read(
        tmp_path,
        """
        [room]
        places = {injecting = 6, accessible = 2, inhalation = 1}
        opens = "00:00"
        closes = "24:00"
        days = 10
        start = "2025-01-13"
        queue_capacity = 0
        [arrivals]
        per_hour = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
        by_weekday = [2, 1, 1, 1, 1, 1, 1]
        by_month = {"2025-01" = 0.5}
        share_consuming = 0.5
        [episode]
        distribution = "empirical"
        values = [10, 20, 60]
        [patience]
        distribution = "gamma"
        mean = 20
        sd = 5
        [turnover]
        distribution = "deterministic"
        mean = 3
        [recovery]
        distribution = "lognormal"
        mean = 20
        cv = 0.25
        chairs = 3
        [staff]
        on = 6
        minimum = 2
        booths_per_staff = 2
        [emergency]
        per_1000_episodes = 14
        minutes = 25
        staff = 2
        """,
    )
    assert scenario.start == date(2025, 1, 13)
    assert scenario.arrivals.rate(date(2025, 1, 13), 8) == 8 * 2 * 0.5  # a Monday in January
    assert scenario.arrivals.rate(date(2025, 2, 4), 8) == 8
    assert scenario.episode.mean == 30
    assert scenario.recovery.sd == 5
    assert (scenario.chairs, scenario.queue_capacity, scenario.staff) == (3, 0, 6)
    assert scenario.policy.needed_staff(8) == 4 and scenario.policy.block_after_use
    assert (scenario.emergencies.staff, scenario.emergencies.minutes.mean) == (2, 25)
    assert [place.kind for place in scenario.booths].count("accessible") == 2


def test_the_training_rooms_scenario_ships():
    assert len(training_scenario().booths) == 8


BAD = [
    ("places = 2", "places = 0", "room.places: found 0"),
    ("places = 2", "places = -1", "room.places: found -1"),
    ("places = 2", "places = 2.5", "room.places: found 2.5"),
    ("places = 2", 'places = "two"', "room.places: found 'two'"),
    ("places = 2", "places = true", "room.places: found True"),
    ("places = 2", "", "room.places: found nothing"),
    ("places = 2", "places = {injecting = 0}", "room.places"),
    ("places = 2", "places = {sofa = 2}", "room.places.sofa"),
    ("places = 2", "places = {recovery_chair = 2}", "room.places.recovery_chair"),
    ("places = 2", "places = 2\nplaecs = 3", "room.plaecs: found a key that is not known"),
    ("places = 2", 'places = 2\nopens = "21:00"\ncloses = "09:00"', "room.closes: found '09:00'"),
    ("places = 2", 'places = 2\nopens = "9 am"', "room.opens: found '9 am'"),
    ("places = 2", 'places = 2\nopens = "25:00"', "room.opens"),
    ("places = 2", "places = 2\ndays = 0", "room.days: found 0"),
    ("places = 2", "places = 2\ndays = 1.5", "room.days: found 1.5"),
    ("places = 2", 'places = 2\nstart = "2025-02-30"', "room.start: found '2025-02-30'"),
    ("places = 2", 'places = 2\nstart = "13 January"', "room.start"),
    ("places = 2", "places = 2\nstart = 20250113", "room.start: found 20250113"),
    ("places = 2", "places = 2\nstart = 9999-12-31", "room.start"),
    ("places = 2", "places = 2\nqueue_capacity = -1", "room.queue_capacity: found -1"),
    ("places = 2", 'policy = "none.toml"', "none.toml"),
    ("places = 2", 'places = 2\npolicy = "none.toml"', "room.places"),
    ("per_hour = 4.0", "", "arrivals.per_hour: found nothing"),
    ("per_hour = 4.0", "per_hour = -4", "arrivals.per_hour: found -4"),
    ("per_hour = 4.0", "per_hour = nan", "arrivals.per_hour: found nan"),
    ("per_hour = 4.0", "per_hour = inf", "arrivals.per_hour: found inf"),
    ("per_hour = 4.0", 'per_hour = "four"', "arrivals.per_hour: found 'four'"),
    ("per_hour = 4.0", "per_hour = [1, 2]", "arrivals.per_hour"),
    ("per_hour = 4.0", "per_hour = 1e5\nby_month = {\"2025-01\" = 900}", "arrivals.per_hour"),
    ("per_hour = 4.0", "per_hour = 4\nby_weekday = [1, 1]", "arrivals.by_weekday"),
    ("per_hour = 4.0", "per_hour = 4\nby_weekday = 3", "arrivals.by_weekday"),
    ("per_hour = 4.0", "per_hour = 4\nby_month = {\"2025-13\" = 1}", "arrivals.by_month.2025-13"),
    ("per_hour = 4.0", "per_hour = 4\nby_month = {\"2025-01\" = -1}", "arrivals.by_month.2025-01"),
    ("per_hour = 4.0", "per_hour = 4\nby_month = 2", "arrivals.by_month"),
    ("per_hour = 4.0", "per_hour = 4\nshare_consuming = 1.2", "arrivals.share_consuming"),
    ("per_hour = 4.0", "per_hour = 4\nper_day = 4", "arrivals.per_day"),
    ("mean = 30.0", "", "episode.mean: found nothing"),
    ("mean = 30.0", "mean = 0", "episode.mean: found 0"),
    ("mean = 30.0", "mean = -1", "episode.mean: found -1"),
    ('"exponential"', '"normal"', "episode.distribution: found 'normal'"),
    ('"exponential"', "[1]", "episode.distribution"),
    ('"exponential"', '"lognormal"', "episode.sd: found nothing"),
    ('"exponential"', '"gamma"\nsd = 0', "episode.sd: found 0"),
    ('"exponential"', '"gamma"\nsd = 3\ncv = 0.1', "episode.cv: found 0.1; expected one of sd and cv"),
    ('"exponential"', '"gamma"\ncv = 0', "episode.cv: found 0"),
    ("mean = 30.0", "mean = 30.0\ncv = 0.5", "episode.cv: found 0.5"),
    ('"exponential"', '"empirical"', "episode.values: found nothing"),
    ('"exponential"', '"empirical"\nvalues = []', "episode.values: found []"),
    ('"exponential"', '"empirical"\nvalues = [3, "x"]', "episode.values"),
    ('"exponential"', '"empirical"\nvalues = [3, nan]', "episode.values"),
    ("[episode]", "[episodes]", "episodes: found a key that is not known"),
    ("[room]", 'timezone = "Europe/Glasgow"\n[room]', "timezone: found 'Europe/Glasgow'"),
    ("[room]", 'timezone = "/etc/passwd"\n[room]', "timezone"),
    ("[room]", "name = 7\n[room]", "name: found 7"),
    ("[room]", "room = 3\n[rooms]", "rooms"),
    ("[room]", "[patience]\n[room]", "patience.distribution: found nothing"),
    ("[room]", "[recovery]\ndistribution = \"exponential\"\nmean = 5\nchairs = 0\n[room]", "recovery.chairs"),
    ("[room]", "[staff]\non = 0\n[room]", "staff.on: found 0"),
    ("[room]", "[emergency]\nper_1000_episodes = 1001\n[room]", "emergency.per_1000_episodes"),
    ("[room]", "[staff]\nrota = []\n[room]", "staff.rota: found []"),
    ("[room]", "[staff]\non = 2\nminimum = 3\n[room]", "staff.on: found 2 at most"),
    ("[room]", "[staff]\nminimum = 1\nrota = [{from = \"22:00\", until = \"23:00\", staff = 3}]\n[room]", "staff.rota: found shifts that leave"),
    ("[room]", "[staff]\nrota = [{staff = 3}]\n[room]", "staff.rota: found a rota alone"),
    ("[room]", "[staff]\non = 3\nminimum = 1\nrota = [{staff = 3}]\n[room]", "staff.rota: found it beside on"),
    ("[room]", "[staff]\nminimum = 1\nrota = [{staff = 3, days = [\"sunday\"]}]\n[room]", "staff.rota[1].days"),
    ("[room]", "[staff]\non = 2\n[emergency]\nstaff = 3\n[room]", "emergency.staff: found 3"),
    ("[room]", "[emergency]\nminutes = {distribution = \"gamma\", mean = 9}\n[room]", "emergency.minutes.sd"),
    ("[room]", "[emergency]\npauses_seating = 1\n[room]", "emergency.pauses_seating: found 1"),
    ("[room]", "[needs]\naccessible = 0.2\n[room]", "needs.accessible: found no place for it"),
    ("[room]", "[needs]\ninjecting = 0.8\nleft = 0.4\n[room]", "needs: found shares that add up to 1.2"),
    ("[room]", "[needs]\ntall = 0.8\n[room]", "needs.tall: found a key that is not known"),
    ("mean = 30.0", "mean = 30.0\nsd = 3", "episode.sd: found 3"),
    ("mean = 30.0", "mean = 30.0\n[episode.by_substance.cocaine]\ndistribution = \"exponential\"\nmean = 9", "episode.by_substance.cocaine: found 'cocaine'"),
    ("places = 2", "places = 2\nopens = 9", "room.opens: found 9; expected a local time"),
    ("[room]", "[people]\ngrowth = 2\n[room]", "people.growth: found 2"),
    ("[room]", "[substances]\nheroin = 0.5\n[room]", "substances: found shares that add up to 0.5"),
    ("[room]", "[substances]\nheroine = 1\n[room]", "substances.heroine: found 'heroine'"),
    ("[room]", "[substances]\nheroin = -1\n[room]", "substances.heroin: found -1"),
    ("[room]", "[substances]\nheroin = 1\nby_month = {May = {}}\n[room]", "substances.by_month.May"),
    ("[room]", "[room", "in TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "says"), BAD, ids=[bad for _, bad, _ in BAD])
def test_what_cannot_be_a_scenario_is_named_by_file_and_key(tmp_path, good, bad, says):
    assert good in PLAIN
    with pytest.raises(InputError) as raised:
        read(tmp_path, PLAIN.replace(good, bad, 1))
    told = str(raised.value)
    assert says in told and str(tmp_path) in told and "; expected " in told
    assert "\n" not in told


def test_a_missing_file_and_bytes_that_are_no_text_are_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml: found No such file"):
        read_scenario(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"bytes\.toml"):
        read_scenario(tmp_path / "bytes.toml")


def test_a_policy_in_which_nobody_could_use_is_no_policy_for_a_scenario(tmp_path):
    places = '[[places]]\nid = "x"\nkind = "{}"\n[room]\nroutes = ["{}"]\n'
    for kind, route in (("recovery_chair", "intravenous"), ("injecting", "inhaled")):
        (tmp_path / "policy.toml").write_text(places.format(kind, route))
        with pytest.raises(InputError, match=r"room\.policy: found 'policy\.toml'"):
            read(tmp_path, PLAIN.replace("places = 2", 'policy = "policy.toml"'))
