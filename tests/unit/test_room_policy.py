"""A policy file with a mistake is told in one line that names the file and the key."""

from pathlib import Path

import pytest

from opendcr.errors import InputError
from opendcr.room.policy import DEFAULT, Policy, read_policy
from tests.world import World

ROOT = Path(__file__).parents[2]

MISTAKES = [
    ("[rooms]\n", "rooms"),
    ('[room]\ntitel = "x"\n', "room.titel"),
    ('[room]\ntitle = "a\\nb"\n', "room.title"),
    ('[room]\nopens = "9:00"\n', "room.opens"),
    ('[room]\ncloses = "25:00"\n', "room.closes"),
    ("[room]\nopens = 09:00:00\n", "room.opens"),
    ('[room]\nroutes = ["smoked"]\n', "room.routes"),
    ("[room]\nminimum_age = -1\n", "room.minimum_age"),
    ("[room]\nminimum_age = true\n", "room.minimum_age"),
    ("[stay]\nseat_limit = 2.5\n", "stay.seat_limit"),
    ("[turnover]\nblock = 1\n", "turnover.block"),
    ("room = 3\n", "room"),
    ("places = 8\n", "places"),
    ('[[places]]\nid = "a b"\nkind = "injecting"\n', "places[1].id"),
    ('[[places]]\nid = "b-1"\nkind = "sofa"\n', "places[1].kind"),
    ('[[places]]\nid = "b-1"\nkind = "injecting"\n\n' * 2, "places"),
    ('[[concern]]\nlevel = "worry"\nkey = "spo2"\nat_most = 90\n', "concern[1].level"),
    ('[[concern]]\nlevel = "watch"\nkey = "mood"\nvalue = "low"\n', "concern[1].key"),
    ('[[concern]]\nlevel = "watch"\nkey = "skin"\nvalue = "blu"\n', "concern[1].value"),
    ('[[concern]]\nlevel = "watch"\nkey = "skin"\nat_most = 3\n', "concern[1]"),
    ('[[concern]]\nlevel = "watch"\nkey = "spo2"\nvalue = "90"\n', "concern[1]"),
    ('[[concern]]\nlevel = "watch"\nkey = "spo2"\nat_most = 900\n', "concern[1].at_most"),
]


@pytest.mark.parametrize(("text", "key"), MISTAKES)
def test_a_mistake_names_the_file_and_the_key_in_one_line(tmp_path, text, key):
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(InputError) as problem:
        read_policy(path)
    assert problem.value.where == f"{path}, {key}"
    assert len(str(problem.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"[room\n", ""),
        (b"\xff\xfe", ", line 1"),
        (b"#\r\n\xe9", ", line 2"),
        (b" \n", ""),
        (None, ""),
    ],
)
def test_a_file_that_is_no_policy_is_named(tmp_path, content, line):
    path = tmp_path / "policy.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as problem:
        read_policy(path)
    assert problem.value.where == f"{path}{line}"


def test_a_policy_comes_back_from_what_its_fact_holds():
    policy = read_policy(ROOT / "examples/glasgow/policy.toml")
    assert Policy.from_data(policy.to_data(), "the fact") == policy
    assert Policy.from_data(DEFAULT.to_data(), "the fact") == DEFAULT


def test_a_policy_adopted_late_stands_from_when_it_was_adopted():
    world = World()
    world.wait(60)
    world.report("PolicyAdopted", ago=30, policy={"room": {"title": "Half past"}})
    titles = [world.room.standing.policy_at(moment).title for moment in
              (world.facts[0].happened, world.now)]  # fmt: skip
    assert titles == ["Small", "Half past"]


def test_a_policy_adopted_before_the_one_that_stands_does_not_replace_it():
    world = World()
    world.wait(60)
    world.report("PolicyAdopted", ago=90, policy={"room": {"title": "Before"}})
    assert world.room.policy.title == "Small"


def test_a_report_is_judged_by_the_policy_of_its_time():
    world = World()
    world.wait(60)
    world.ask("PolicyAdopted", policy={"room": {"title": "No places"}})
    world.report("PlaceBlocked", ago=30, place="booth-1", reason="repair")
    assert world.flags() == []
    world.report("PlaceReleased", place="booth-1")
    assert world.flags() == ["place_unknown"]
