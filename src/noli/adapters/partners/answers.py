# SPDX-License-Identifier: Apache-2.0
"""What all fetchers do with an answer: say what its status means, read its JSON, read a hash."""

from typing import Any, TypeVar

import msgspec

from noli.base.errors import HashFormatError, PartnerUnreachable
from noli.exchange.model import Bad
from noli.exchange.ports import HttpAnswer
from noli.hashing.model import Hash

T = TypeVar("T")

_OK, _UNAUTHORIZED, _FORBIDDEN, _THROTTLED = 200, 401, 403, 429


def checked(answer: HttpAnswer) -> HttpAnswer:
    """Return an answer that is one. Raises PartnerUnreachable, with what the status means."""
    if _OK <= answer.status < _OK + 100:
        return answer
    match answer.status:
        case 401 | 403:
            msg = "The partner does not accept the key that we show; 'noli partner set --secret-file' keeps another."
        case 429:
            msg = "The partner asks us to come less often."
        case _:
            msg = f"The partner answered with status {answer.status}."
    raise PartnerUnreachable(msg)


def json_of(answer: HttpAnswer, form: type[T]) -> T:
    """Read the JSON of a good answer. Raises PartnerUnreachable."""
    try:
        return msgspec.json.decode(checked(answer).body, type=form)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        msg = "The partner's answer is not what its protocol says."
        raise PartnerUnreachable(msg, detail=str(error)[:100]) from error


def record(raw: msgspec.Raw, form: type[T]) -> T | Bad:
    """Read one record of an answer, or say why it cannot be read."""
    try:
        return msgspec.json.decode(raw, type=form)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        return Bad("", f"It cannot be read: {str(error)[:100]}.")


def pdq(reference: str, text: str, *, quality: int | None = None) -> Hash | Bad:
    """Read a PDQ hash, or say why it is none."""
    try:
        return Hash.from_hex(text.strip(), quality=quality)
    except HashFormatError as error:
        return Bad(reference, error.public)


def written(value: Any) -> bytes:  # noqa: ANN401 - whatever can be written as JSON
    """Write JSON."""
    return msgspec.json.encode(value)
