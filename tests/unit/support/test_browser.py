"""The suite's browser: the system's Chromium, of a tablet's size, light or dark."""

from tests.support.browser import NewPage


def test_a_page_has_the_size_and_the_colours_that_it_was_asked_for(new_page: NewPage) -> None:
    dark = new_page(scheme="dark", width=1024, height=768)
    dark.set_content("<p>a board</p>")
    seen = dark.evaluate(
        "[innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches]"
    )
    assert seen == [1024, 768, True]
