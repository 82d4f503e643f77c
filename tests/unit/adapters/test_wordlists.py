# SPDX-License-Identifier: Apache-2.0
"""The word lists that are shipped."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from noli.adapters.wordlists import PackagedWords
from noli.casework.limits import LANGUAGES
from noli.casework.receipts import MIN_LIST, check_words

HURTFUL = Path(__file__).parents[2] / "vectors" / "hurtful_words.toml"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_a_list_that_is_long_enough(language: str) -> None:
    """Six words of it carry more than 77 bits, and all can be typed on any keyboard."""
    words = PackagedWords().words(language)
    check_words(words)
    assert len(words) >= MIN_LIST
    assert list(words) == sorted(words)
    assert max(map(len, words)) <= 12


def test_an_unknown_language_gets_english_words() -> None:
    """Nobody is left without a passphrase."""
    assert PackagedWords().words("xx") == PackagedWords().words("en") != PackagedWords().words("de")


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_that_can_hurt_are_not_in_them(language: str) -> None:
    """Nobody is handed a passphrase that speaks of what was done to them."""
    beginnings = tomllib.loads(HURTFUL.read_text("utf-8"))[language]
    hurtful = re.compile("|".join(beginnings))
    assert not list(filter(hurtful.match, PackagedWords().words(language)))
    # The patterns find what they stand for.
    assert hurtful.match({"en": "violation", "de": "notlage"}[language])


def test_the_licence_lies_beside_them() -> None:
    """Where the lists come from, and under which licence, is shipped with them."""
    text = (files("noli.adapters") / "words" / "LICENCES.md").read_text("utf-8")
    assert "creativecommons.org/licenses/by/3.0" in text
    assert "CC0 1.0" in text
