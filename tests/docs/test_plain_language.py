# SPDX-License-Identifier: Apache-2.0
"""The texts of the pages for people are plain: short sentences, everyday words, in English and in German."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

from docs.messages import KEYWORDS, OPTIONS, SOURCES, read
from noli.web.html.languages import LANGUAGES
from tests.support.reading import ease, sentences

#: What 13 to 15 year olds read with ease is 60 to 70 in either formula; no page is harder, all together are easier.
A_PAGE, TOGETHER = 60, 70

#: Words of a sentence at most.
LONGEST = 18

#: Words from which on a formula says something.
ENOUGH = 20


def _sources() -> Iterator[tuple[Path, str]]:
    web = SOURCES / "web"
    for pattern in ("person/**/*.html", "notice/*.html", "problem.html"):
        yield from ((path, "jinja2") for path in sorted((web / "templates").glob(pattern)))
    for package in ("pages", "notice"):
        yield from ((path, "python") for path in sorted((web / package).glob("*.py")))


def _texts(language: str) -> dict[str, list[str]]:
    """Return what the pages for people say in a language, by the files in which it stands."""
    catalogue = read(language)
    found: dict[str, list[str]] = {}
    for path, method in _sources():
        for _, said, _, _ in extract_from_file(method, path, keywords=KEYWORDS, options=OPTIONS):
            known = catalogue.get(said if isinstance(said, str) else said[0])
            assert known is not None, said
            strings = known.string or ""
            found.setdefault(path.name, []).extend([strings] if isinstance(strings, str) else strings)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_for_people_are_read_with_ease(language: str) -> None:
    """No page is harder than what 13 to 15 year olds read with ease, and no sentence is long."""
    texts = _texts(language)
    hard = {
        name: round(ease(said, language))
        for name, said in texts.items()
        if sum(len(words) for text in said for words in sentences(text)) >= ENOUGH and ease(said, language) < A_PAGE
    }
    long = [
        " ".join(words) for said in texts.values() for text in said for words in sentences(text) if len(words) > LONGEST
    ]
    assert (hard, long) == ({}, [])
    assert ease([text for said in texts.values() for text in said], language) >= TOGETHER


def test_what_lawyers_write_is_found_hard() -> None:
    """Texts from statutes and terms of use fall below the bar in both languages."""
    english = "Pursuant to the foregoing provisions, notification constitutes acknowledgement of obligations."
    german = "Die Inanspruchnahme der Löschungsmöglichkeit unterliegt den datenschutzrechtlichen Voraussetzungen."
    assert ease([english], "en") < A_PAGE
    assert ease([german], "de") < A_PAGE
