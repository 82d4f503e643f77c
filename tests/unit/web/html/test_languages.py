# SPDX-License-Identifier: Apache-2.0
"""Which language a page is in, and that no text of any page is missing in any language."""

import re
from collections.abc import Iterator

import pytest

from docs import messages
from noli.web.html.languages import LANGUAGES, catalogue, choose, country, direction, wished


@pytest.mark.parametrize(
    ("chosen", "header", "language"),
    [
        ("", "", "en"),
        ("", "de", "de"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "fr,en;q=0.5,de;q=0.7", "de"),
        ("", "fr;q=0.9", "en"),
        ("", "de;q=0", "en"),
        ("", "de;q=x, ;;,,", "en"),
        ("en", "de", "en"),
        ("xx", "de", "de"),
    ],
)
def test_the_language_is_chosen(chosen: str, header: str, language: str) -> None:
    """What the visitor chose wins, then the browser's best wish that we have, then English."""
    assert choose(chosen, header) == language


def test_a_long_header_costs_nothing() -> None:
    """Of an endless wish list only the beginning is read."""
    assert len(wished("a," * 100_000)) <= 20


@pytest.mark.parametrize(
    ("header", "code"), [("de-AT,de", "AT"), ("en, de-ch;q=0.1", "CH"), ("de", ""), ("zh-Hant", "")]
)
def test_the_country_is_guessed_from_the_browser(header: str, code: str) -> None:
    """A region in the browser's languages says whose helplines to show first."""
    assert country(header) == code


def test_right_to_left_is_known() -> None:
    """Arabic would be written from right to left, German is not."""
    assert (direction("ar"), direction("de")) == ("rtl", "ltr")


def _pairs(language: str) -> Iterator[tuple[str, str]]:
    for message in messages.read(language):
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            yield from zip(ids, strings, strict=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    """Each text of the pages is in the catalogue, translated and not only guessed; none is left over."""
    written = {message.id: message for message in messages.read(language) if message.id}
    assert set(written) == messages.collected(), "run 'make messages'"
    assert [id_ for id_, message in written.items() if message.fuzzy] == []
    assert [original for original, text in _pairs(language) if not text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_has_the_same_places(language: str) -> None:
    """What stands in braces or per cent signs in a text stands in its translation, too."""
    for original, text in _pairs(language):
        places = re.compile(r"%\(\w+\)s|\{\w+\}|https?://")
        assert sorted(places.findall(original)) == sorted(places.findall(text)), original


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_shipped_is_what_was_written(language: str) -> None:
    """The compiled catalogue says what the written one says."""
    for original, text in _pairs(language):
        assert text in catalogue(language)._catalog.values(), f"{original}: run 'make messages'"  # type: ignore[attr-defined]


def test_nobody_is_blamed() -> None:
    """No page calls it what those who do it call it; a service's own name is not a text of ours."""
    for language in LANGUAGES:
        for _, text in _pairs(language):
            assert not re.search(r"\b(revenge|rache|victim|opfer)\b", text, re.IGNORECASE), text


def test_german_is_easy_to_read() -> None:
    """German sentences have 22 words at most, and half of them have 12 or fewer."""
    lengths = [
        len(sentence.split()) for _, text in _pairs("de") for sentence in re.split(r"(?<=[.!?:])\s+", text) if sentence
    ]
    assert max(lengths) <= 22
    assert sorted(lengths)[len(lengths) // 2] <= 12


def test_a_missing_language_is_english() -> None:
    """Texts of a language without a catalogue are those of the sources."""
    assert catalogue("xx").gettext("Start now") == "Start now"
