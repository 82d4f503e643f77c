# SPDX-License-Identifier: Apache-2.0
"""Case numbers, words and codes: hard to guess, easy to type, the same for the same submission."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.base.errors import InputError
from noli.casework import receipts
from tests.support.casework import NumberedWords
from tests.support.secrecy import MemoryKeyring

KEYRING = MemoryKeyring()
WORDS = NumberedWords().words("en")

digits = st.text(receipts.ALPHABET, min_size=receipts.NUMBER_DIGITS, max_size=receipts.NUMBER_DIGITS)


def test_what_is_drawn_is_hard_to_guess() -> None:
    """A case number has at least 40 random bits, six words at least 77, a recovery code at least 120."""
    assert 5 * receipts.NUMBER_DIGITS >= 40
    assert receipts.WORDS * math.log2(receipts.MIN_LIST) >= 77
    assert 5 * receipts.RECOVERY_DIGITS >= 120


@given(st.binary(min_size=32, max_size=32))
def test_a_submission_always_draws_the_same(token: bytes) -> None:
    """The same token gives the same number, words and code, each in a form that is read back."""
    number = receipts.number_from(KEYRING, token)
    code = receipts.recovery_from(KEYRING, token)
    words = receipts.passphrase_from(KEYRING, token, WORDS)
    assert number == receipts.number_from(KEYRING, token)
    assert receipts.read_number(number) == number.replace("-", "")
    assert receipts.read_recovery(code) == code.replace("-", "")
    assert receipts.read_passphrase(words) == words == receipts.passphrase_from(KEYRING, token, WORDS)
    assert len(words.split()) == receipts.WORDS
    assert set(words.split()) <= set(WORDS)


def test_other_submissions_draw_other_things() -> None:
    """A thousand submissions have a thousand numbers and passphrases."""
    tokens = [number.to_bytes(32) for number in range(1000)]
    assert len({receipts.number_from(KEYRING, token) for token in tokens}) == 1000
    assert len({receipts.passphrase_from(KEYRING, token, WORDS) for token in tokens}) == 1000


@given(digits, st.integers(0, 11), st.sampled_from(receipts.ALPHABET))
def test_one_wrong_character_is_noticed(drawn: str, place: int, wrong: str) -> None:
    """A case number with any one character wrong is not taken for another one."""
    number = receipts.grouped_number(drawn).replace("-", "")
    typed = number[:place] + wrong + number[place + 1 :]
    assert receipts.read_number(typed) == (number if typed == number else None)


@given(digits, st.integers(0, 11), st.integers(0, 11))
def test_two_swapped_characters_are_noticed(drawn: str, one: int, other: int) -> None:
    """A case number with two characters in each other's place is not taken for another one."""
    number = list(receipts.grouped_number(drawn).replace("-", ""))
    swapped = number.copy()
    swapped[one], swapped[other] = swapped[other], swapped[one]
    assert receipts.read_number("".join(swapped)) == ("".join(number) if swapped == number else None)


def test_a_number_is_read_as_people_type_it() -> None:
    """Small letters, blanks, dashes of all kinds, O for zero and I or L for one are understood."""
    number = receipts.grouped_number("01Q2XRD9TB0")
    first, second, third = number.split("-")
    typed = f" {first.replace('0', 'o').replace('1', 'l').lower()} – {second}{third.replace('0', 'O')}"
    assert receipts.read_number(typed) == number.replace("-", "")
    assert receipts.read_number("") is None
    assert receipts.read_number("U" * 12) is None


@pytest.mark.parametrize(
    "typed",
    ["one two three", "  ONE\ttwo\nThree ", "one-two–three", "one, two; three.", "ｏｎｅ two three", "one_two_three!"],  # noqa: RUF001 - what phones put in
)
def test_words_are_read_as_people_type_them(typed: str) -> None:
    """Capitals, dashes, commas, line breaks and full-width letters make no difference."""
    assert receipts.read_passphrase(typed) == "one two three"


@pytest.mark.parametrize("token", ["", "x", "A" * 42, "A" * 44, "!" * 43, "é" * 43])
def test_what_is_no_token_is_refused(token: str) -> None:
    """A submission token has 32 bytes in URL-safe base 64, or the page is told to start anew."""
    with pytest.raises(InputError):
        receipts.token_bytes(token)


def test_a_fresh_token_is_read() -> None:
    """What is made can be read, and no two are the same."""
    one, other = receipts.new_token(), receipts.new_token()
    assert len(receipts.token_bytes(one)) == 32
    assert one != other


def test_random_words_come_from_the_list() -> None:
    """New words after a recovery are six words of the list."""
    words = receipts.new_passphrase(WORDS).split()
    assert len(words) == receipts.WORDS
    assert set(words) <= set(WORDS)


def test_a_list_that_is_too_short_is_refused() -> None:
    """Six words of a short list, or of one with words twice, would be guessed; such a list is not used."""
    receipts.check_words(WORDS)
    for words in (WORDS[:-1], [*WORDS[:-1], WORDS[0]]):
        with pytest.raises(InputError, match="7500"):
            receipts.check_words(words)


@pytest.mark.parametrize("word", ["ab", "Apfel", "äpfel", "two words", "a" * 21])
def test_a_list_that_cannot_be_typed_is_refused(word: str) -> None:
    """Words with other than small ASCII letters, too short or too long, are not used."""
    with pytest.raises(InputError, match="lower-case"):
        receipts.check_words([*WORDS, word])
