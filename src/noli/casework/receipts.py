# SPDX-License-Identifier: Apache-2.0
"""Case numbers, passphrases and recovery codes: how they are drawn, written, and read back.

A case number has 55 random bits and one check character, a passphrase six words of at least 7,500 (77.2 bits), a
recovery code 125 random bits. All three are drawn from the submission token with a key outside the database
(``Purpose.RECEIPT``), so that the same submission, sent twice because the answer was lost, gets the same answer
although the passphrase was stored nowhere. Who holds a token for a quarter of an hour holds the case: a page must make
it freshly, in the browser, for one submission, and forget it when the receipt is shown.
"""

import hashlib
import re
import secrets
import unicodedata
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Sequence

from noli.base.errors import InputError
from noli.base.secrecy import Keyring, Purpose

#: Crockford's base 32: no I, L, O, U, so that nothing is read wrongly and few words are spelt.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

#: Random characters of a case number, 5 bits each; one check character follows.
NUMBER_DIGITS = 11

#: Characters of a recovery code.
RECOVERY_DIGITS = 25

#: Words of a passphrase, and the least that a list must have for six of them to carry 77 bits.
WORDS, MIN_LIST = 6, 7500

#: Bytes of a submission token.
TOKEN_BYTES = 32

_READ_AS = str.maketrans("OIL", "011")
_GROUP_OF_NUMBER, _GROUP_OF_CODE = 4, 5
_SEPARATORS = re.compile(r"[\s\-‐-―_.,;]+")  # noqa: RUF001 - the dashes that phones put in
_NOT_LETTERS = re.compile(r"[^a-z ]+")
_LONGEST = 400

# GF(32) by x^5 + x^2 + 1: a weighted sum with distinct non-zero weights finds every single wrong character and every
# swap of two.
_POLYNOMIAL = 0b100101


def new_token() -> str:
    """Return a fresh submission token."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_bytes(token: str) -> bytes:
    """Read a submission token: 32 bytes in URL-safe base 64 without padding. Raises InputError."""
    try:
        value = urlsafe_b64decode(token + "=" if len(token) == 43 else "")  # noqa: PLR2004 - 32 bytes in base 64
    except (Error, ValueError):
        value = b""
    if len(value) != TOKEN_BYTES:
        msg = "What was sent is incomplete; send it again from the page."
        raise InputError(msg)
    return value


def number_from(keyring: Keyring, token: bytes) -> str:
    """Draw the case number of a submission, grouped."""
    return grouped_number(_drawn(keyring, b"number", token, NUMBER_DIGITS))


def grouped_number(digits: str) -> str:
    """Add the check character and group by four."""
    return _grouped(digits + _check(digits), _GROUP_OF_NUMBER)


def recovery_from(keyring: Keyring, token: bytes) -> str:
    """Draw the recovery code of a submission, grouped."""
    return _grouped(_drawn(keyring, b"recovery", token, RECOVERY_DIGITS), _GROUP_OF_CODE)


def passphrase_from(keyring: Keyring, token: bytes, words: Sequence[str]) -> str:
    """Draw the words of a submission."""
    # 64 bits a word: what the modulus favours is below 2 to the power of -50.
    picks = (keyring.digest(Purpose.RECEIPT, b"word%d|" % at + token)[:8] for at in range(WORDS))
    return " ".join(words[int.from_bytes(pick) % len(words)] for pick in picks)


def new_passphrase(words: Sequence[str]) -> str:
    """Draw words at random."""
    return " ".join(secrets.choice(words) for _ in range(WORDS))


def check_words(words: Sequence[str]) -> None:
    """Refuse a list that is too short or that cannot be typed everywhere. Raises InputError."""
    if len(words) < MIN_LIST or len(set(words)) != len(words):
        msg = f"A word list needs {MIN_LIST} different words; this one has {len(set(words))}."
        raise InputError(msg)
    bad = next((word for word in words if not re.fullmatch("[a-z]{3,20}", word)), None)
    if bad is not None:
        msg = f"A word list holds lower-case ASCII words of 3 to 20 letters; {bad!r} is none."
        raise InputError(msg)


def read_number(text: str) -> str | None:
    """Read a case number as people type it: any case, dashes or blanks, O for 0, I and L for 1.

    Returns:
        The twelve characters, or None where the text cannot be one.
    """
    digits = _read_digits(text, NUMBER_DIGITS + 1)
    return digits if digits is not None and _check(digits[:-1]) == digits[-1] else None


def read_recovery(text: str) -> str | None:
    """Read a recovery code as people type it, or None where the text cannot be one."""
    return _read_digits(text, RECOVERY_DIGITS)


def read_passphrase(text: str) -> str:
    """Bring typed words into the form that is hashed: lower case, one blank between, no other characters."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold()
    return " ".join(_NOT_LETTERS.sub("", _SEPARATORS.sub(" ", plain)).split())


def number_digest(keyring: Keyring, digits: str) -> bytes:
    """Return what finds a case by its number."""
    return keyring.digest(Purpose.CASE_NUMBER, digits.encode("utf-8", "surrogatepass"))


def recovery_digest(keyring: Keyring, digits: str) -> bytes:
    """Return what finds a case by its recovery code."""
    return keyring.digest(Purpose.RECOVERY, digits.encode("utf-8", "surrogatepass"))


def submission_digest(token: bytes) -> bytes:
    """Return what finds the case that a submission made."""
    return hashlib.sha256(token).digest()


def peppered(keyring: Keyring, passphrase: str) -> str:
    """Return what is hashed slowly: the words after a keyed step, so that a stolen verifier cannot be tried alone."""
    return keyring.digest(Purpose.PEPPER, read_passphrase(passphrase).encode("utf-8")).hex()


def random_id(digits: int = 16) -> str:
    """Return a random opaque id of so many base-32 digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(digits))


def _read_digits(text: str, length: int) -> str | None:
    digits = _SEPARATORS.sub("", text[:_LONGEST]).upper().translate(_READ_AS)
    return digits if len(digits) == length and all(digit in ALPHABET for digit in digits) else None


def _drawn(keyring: Keyring, purpose: bytes, token: bytes, digits: int) -> str:
    value = int.from_bytes(keyring.digest(Purpose.RECEIPT, purpose + b"|" + token))
    return "".join(ALPHABET[value >> 5 * at & 31] for at in range(digits))


def _grouped(text: str, size: int) -> str:
    return "-".join(text[at : at + size] for at in range(0, len(text), size))


def _check(digits: str) -> str:
    total, weight = 0, 1
    for digit in digits:
        weight = _times_x(weight)
        total ^= _product(weight, ALPHABET.index(digit))
    return ALPHABET[total]


def _product(one: int, other: int) -> int:
    product = 0
    while other:
        product ^= one if other & 1 else 0
        one, other = _times_x(one), other >> 1
    return product


def _times_x(value: int) -> int:
    value <<= 1
    return value ^ _POLYNOMIAL if value & 32 else value
