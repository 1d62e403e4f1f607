"""docs/measures.md says what the measures' own files say."""

from pathlib import Path

from opendcr.measures.page import page

PAGE = Path(__file__).parents[3] / "docs" / "measures.md"


def test_the_page_is_made_from_the_measures():
    advice = "run: python -m opendcr.measures.page > docs/measures.md"
    assert PAGE.read_text(encoding="utf-8") == page(), advice
