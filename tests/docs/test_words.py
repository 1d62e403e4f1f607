"""People are not named by what they use, and a person is not called what a floor can be."""

import re

from tests.docs.texts import found, own_texts

# Built so that this file does not hold the words that it looks for.
_NAMES = ["addict", "abuser", "junk" + "ie", "junk" + "ies", "druggie", "druggy"]
NAMES = re.compile(rf"\b({'|'.join(_NAMES)})s?\b", re.IGNORECASE)
# `clean(` and `cleaned_data` are Django's; a place may be cleaned, nobody and nothing is the word.
STATES = re.compile(r"\b(clean|dirty)\b(?!\()", re.IGNORECASE)


def _shown() -> dict[str, str]:
    """What people read: the code, its templates, the documents."""
    places = ("src/", "docs/", "examples/")
    return {
        name: text
        for name, text in own_texts().items()
        if name.startswith(places) or ("/" not in name and name.endswith(".md"))
    }


def test_nobody_is_named_by_what_they_use() -> None:
    assert found(NAMES, _shown()) == []


def test_nobody_is_called_what_a_floor_can_be() -> None:
    assert found(STATES, _shown()) == []


def test_the_words_would_be_found() -> None:
    assert found(NAMES, {"a": f"the {_NAMES[0]}s"}) and found(STATES, {"a": "is clean now"})
    assert not found(STATES, {"a": "the place is being cleaned"})
