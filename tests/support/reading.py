# SPDX-License-Identifier: Apache-2.0
"""How easily a text is read: Flesch's formula for English, Amstad's for German; 60 and more is plain language.

Flesch 1948: 206.835 - 1.015 words a sentence - 84.6 syllables a word; 60 to 70 is what 13 to 15 year olds read with
ease. Amstad 1978: 180 - words a sentence - 58.5 syllables a word, on the same scale. Both are rough: they say nothing
of one sentence, and something of a page.
"""

import re
from collections.abc import Iterable

_WORDS = re.compile(r"[^\W\d_]+(?:[\u2019'][^\W\d_]+)*")
_ENDS = re.compile(r"(?<=[.!?:…])[”“\")]*\s+")
# What a formula begins with, takes for each word of a sentence, and for each syllable of a word.
_FORMULAS = {"en": (206.835, 1.015, 84.6), "de": (180.0, 1.0, 58.5)}
_ENGLISH = re.compile(r"[aeiouy]+")
# German diphthongs are one syllable, other vowels beside one another are two, as in "Fami-li-e".
_GERMAN = re.compile(r"aa|ee|oo|ai|ei|au|äu|eu|ie|ay|ey|[aeiouyäöü]")


def sentences(text: str) -> list[list[str]]:
    """Return the words of each sentence; a heading or a label is a sentence."""
    found = (_WORDS.findall(each) for each in _ENDS.split(text))
    return [words for words in found if words]


def syllables(word: str, language: str) -> int:
    """Count a word's syllables, roughly."""
    small = word.lower()
    if language == "de":
        return max(1, len(_GERMAN.findall(small)))
    # An e at the end is silent, but for -le; so is that of -es and -ed after most letters.
    small = re.sub(r"(?<=[^aeiouyl])e$|(?<=[^aeiouysxzcght])es$|(?<=[^aeiouydt])ed$", "", small)
    return max(1, len(_ENGLISH.findall(small)))


def ease(texts: Iterable[str], language: str) -> float:
    """Return how easily texts are read together, 0 to 100: Flesch's index, in German Amstad's."""
    said = [words for text in texts for words in sentences(text)]
    words = [word for each in said for word in each]
    a_sentence = len(words) / len(said)
    a_word = sum(syllables(word, language) for word in words) / len(words)
    begin, for_words, for_syllables = _FORMULAS[language]
    return begin - for_words * a_sentence - for_syllables * a_word
