"""What exists: each entry once, with a code that facts can hold."""

import importlib
import pkgutil

import pytest

import opendcr.catalogue
from opendcr.catalogue import Catalogue, Entry
from opendcr.catalogue.substances import SUBSTANCES, published_class
from opendcr.ledger.kinds import BODY_KINDS, COMMANDS, KINDS, kind_named
from opendcr.ledger.shapes import is_ident


def catalogues():
    for module in pkgutil.iter_modules(opendcr.catalogue.__path__, "opendcr.catalogue."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Catalogue):
                yield value


ALL = list({id(one): one for one in catalogues()}.values())


@pytest.mark.parametrize("catalogue", ALL, ids=lambda catalogue: catalogue.name)
def test_every_entry_has_words_and_a_code_that_a_fact_can_hold(catalogue):
    assert len(catalogue) > 0
    for entry in catalogue:
        # `65+` and its like are codes too: they stand in facts as texts, never as ids.
        assert entry.code and entry.code.isascii() and " " not in entry.code
        assert entry.words.strip()
        assert catalogue[entry.code] is entry and entry.code in catalogue
        assert catalogue.words(entry.code) == entry.words


@pytest.mark.parametrize("catalogue", ALL, ids=lambda catalogue: catalogue.name)
def test_codes_of_other_lists_look_like_theirs(catalogue):
    for entry in catalogue:
        for code in filter(None, [entry.maps.get("snomed")]):
            assert code.isdigit() and 6 <= len(code) <= 18 and _verhoeff(code)


def test_a_wrong_digit_of_a_code_is_told():
    assert _verhoeff("387341002") and not _verhoeff("387341003") and not _verhoeff("387314002")


def _verhoeff(number):
    """Whether the last digit is the check digit that SNOMED CT prescribes (Verhoeff, 1969)."""
    check = 0
    for place, digit in enumerate(map(int, reversed(number))):
        for _ in range(place % 8):
            digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
        check = _dihedral(check, digit)
    return check == 0


def _dihedral(one, other):
    """The product in the symmetries of a pentagon: 0 to 4 turn, 5 to 9 turn and mirror."""
    if one < 5:
        turned = (one + other) % 5
        return turned if other < 5 else 5 + turned
    turned = (one - other) % 5
    return 5 + turned if other < 5 else turned


def test_a_code_cannot_stand_twice():
    with pytest.raises(ValueError, match="holds a code twice"):
        Catalogue("doors", [Entry("front", "front door"), Entry("front", "the front door")])


def test_a_code_of_a_newer_ledger_is_its_own_words():
    assert SUBSTANCES.words("something_new") == "something_new"


@pytest.mark.parametrize(
    ("substances", "published"),
    [
        (["heroin"], "heroin"),
        (["cocaine"], "cocaine"),
        (["heroin", "cocaine"], "snowball"),
        (["cocaine", "benzodiazepine", "heroin"], "snowball"),
        (["crack"], "other"),
        (["heroin", "crack"], "heroin"),
        ([], "other"),
    ],
)
def test_the_published_class_of_an_episode(substances, published):
    assert published_class(substances) == published


def test_kinds_have_two_names_that_are_nobody_elses():
    assert not set(KINDS) & set(COMMANDS)
    for kind in KINDS.values():
        assert is_ident(kind.fact) and is_ident(kind.command)
        assert kind_named(kind.fact) is kind_named(kind.command) is kind
        assert not set(kind.required) & set(kind.optional)
        assert set(kind.upgrades) == set(range(1, kind.version))
    assert kind_named("Teleported") is None


def test_what_is_seen_of_or_done_for_a_body():
    assert {
        "Observed",
        "ConcernRaised",
        "EmergencyStarted",
        "InterventionGiven",
        "AmbulanceCalled",
        "AmbulanceArrived",
        "AmbulanceLeft",
        "EmergencyEnded",
        "MovedToRecovery",
    } == BODY_KINDS
