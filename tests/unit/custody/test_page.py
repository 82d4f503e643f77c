# SPDX-License-Identifier: Apache-2.0
"""The page of a package: readable without scripts, and nothing in it is obeyed by a browser."""

from html.parser import HTMLParser

import pytest

from tests.support.custody import ADA, Evidence, members


class _Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


@pytest.mark.parametrize(("language", "words"), [("en", "What happened"), ("de", "Was geschah")])
def test_the_page_is_text_and_tables(language: str, words: str) -> None:
    """It says what happened in its language; it has no script, link, picture or handler, and loads nothing."""
    world = Evidence()
    case = world.everything()
    page = members(world.desk.capture(case, language=language, actor=ADA)[1])["timeline.html"].decode()
    assert words in page
    assert f'lang="{language}"' in page
    assert "https://www.copies.example/1" in page
    assert "Helpline &lt;Example&gt;" in page
    read = _Read()
    read.feed(page)
    assert not {"script", "a", "img", "link", "iframe", "form", "object"} & set(read.tags)
    assert not {"href", "src", "style"} & set(read.attributes)
    assert "default-src 'none'" in page


def test_a_case_without_requests_says_so() -> None:
    """Empty tables are a sentence."""
    world = Evidence()
    case = world.case()
    world.desk._organisation = ""
    page = members(world.desk.capture(case, actor=ADA)[1])["timeline.html"].decode()
    assert "Nothing is on record." in page
    assert "Organisation:" not in page
