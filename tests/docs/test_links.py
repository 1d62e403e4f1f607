"""Links in the documents lead somewhere: to a file that exists, and to a heading in it."""

import re

import pytest

from tests.docs.texts import ROOT, markdown

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The headings of a document, as links name them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", markdown())
def test_links_resolve(document: str) -> None:
    text = (ROOT / document).read_text()
    for target in LINK.findall(FENCED.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / document).parent / path if path else ROOT / document
        assert there.exists(), f"{document} links to {target}, which is not there"
        if anchor:
            assert anchor in anchors(there.read_text()), f"{document}: no heading for {target}"
