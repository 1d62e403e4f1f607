"""The colours of every page, read from the style sheet itself: what is written can be read."""

import re
from pathlib import Path

import pytest

import opendcr.web.config as config

TOKENS = Path(config.__file__).parent / "static" / "site" / "tokens.css"
DECLARED = re.compile(r"--([a-z-]+):\s*(?:light-dark\((#\w{6}),\s*(#\w{6})\)|(#\w{6}));")
LEVELS = ("none", "watch", "rouse", "intervene", "emergency")


def tokens(theme: int) -> dict[str, str]:
    """Colours by name, by day (0) or by night (1)."""
    found = DECLARED.findall(TOKENS.read_text(encoding="utf-8"))
    return {name: (day or both, night or both)[theme] for name, day, night, both in found}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def written(theme: int) -> list[tuple[str, str]]:
    """Every pair of a ground and what is written on it."""
    known = tokens(theme)
    pairs = [(name.removeprefix("on-"), name) for name in known if name.startswith("on-")]
    grounds = ("page", "panel")
    inks = ("muted", "good", "caution", "action")
    return pairs + [(ground, ink) for ground in grounds for ink in inks] + [("good", "page")]


@pytest.mark.parametrize("theme", [0, 1], ids=["day", "night"])
def test_every_word_can_be_read_on_its_ground(theme: int) -> None:
    colours = tokens(theme)
    ratios = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in written(theme)}
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["day", "night"])
def test_what_can_be_touched_is_bounded_visibly(theme: int) -> None:
    colours = tokens(theme)
    for ground in ("page", "panel"):
        assert contrast(colours["edge"], colours[ground]) >= 3
        assert contrast(colours["focus"], colours[ground]) >= 3


@pytest.mark.parametrize("theme", [0, 1], ids=["day", "night"])
def test_every_level_has_its_colours(theme: int) -> None:
    colours = tokens(theme)
    assert {level for level in LEVELS if {level, f"on-{level}"} <= set(colours)} == set(LEVELS)
    assert len({colours[level] for level in LEVELS}) == len(LEVELS)


def test_the_ratio_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
