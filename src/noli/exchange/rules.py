# SPDX-License-Identifier: Apache-2.0
"""What is made of what a partner tells: pure functions.

1. Of everything told of one entry the largest version counts; of equals, the withdrawal. So any order, any repetition
   and any interruption end in the same.
2. What no picture can have, what says too little, and what goes to a bank that is not agreed on is refused.
3. What is near a common picture is held, and so is what comes beyond the hour's agreement.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto

from noli.bank.service import check_hashes
from noli.base.errors import InputError
from noli.exchange.model import Bad, Import, Partner, Received, ReceivedState, SyncState, Told

#: A version and its generation share a signed 64-bit number; seconds since 1970 and sequence numbers fit below.
_GENERATION_BITS = 48

#: Characters of a partner's id, and of a label; ours have 13 and few.
MAX_REFERENCE = 200
MAX_LABEL = 64
MAX_LABELS = 16

#: Hashes of one entry: a video of two hours has 7,200 frames.
MAX_HASHES = 10_000

_HOUR = timedelta(hours=1)


class Step(Enum):
    """What to do with what was told."""

    NOTHING = auto()
    WITHDRAW = auto()
    ADD = auto()


def step(before: Received | None, told: Told) -> Step:
    """Decide by version alone; ``told`` has its whole version."""
    if before is not None:
        if told.version < before.version:
            return Step.NOTHING
        gone = before.state is ReceivedState.WITHDRAWN
        if told.version == before.version and (gone or not told.withdrawn):
            return Step.NOTHING
    return Step.WITHDRAW if told.withdrawn else Step.ADD


def newest(told: Iterable[Told]) -> dict[str, Told]:
    """Keep of each entry what counts, in the order in which entries came."""
    kept: dict[str, Told] = {}
    for each in told:
        known = kept.get(each.reference)
        if known is None or (each.version, each.withdrawn) > (known.version, known.withdrawn):
            kept[each.reference] = each
    return kept


def placed(told: Told, *, generation: int) -> Told | Bad:
    """Put what was told into its generation, or refuse what cannot be kept."""
    if not 0 < len(told.reference) <= MAX_REFERENCE or not told.reference.isprintable():
        return Bad(told.reference[:MAX_REFERENCE], f"Its id has not 1 to {MAX_REFERENCE} printable characters.")
    if not 0 <= told.version < 1 << _GENERATION_BITS:
        return Bad(told.reference, "Its time or number is out of range.")
    if not generation and not told.labels:
        return told
    labels = tuple(label[:MAX_LABEL] for label in told.labels[:MAX_LABELS])
    return replace(told, version=first_version(generation) + told.version, labels=labels)


def first_version(generation: int) -> int:
    """Return the smallest version of a generation."""
    return generation << _GENERATION_BITS


def import_for(partner: Partner, told: Told) -> Import | None:
    """Return what was agreed about the partner's bank, or None where nothing was."""
    by_name = {each.remote: each for each in partner.imports}
    return by_name.get(told.bank) or by_name.get("")


def fault(partner: Partner, told: Told) -> Bad | None:
    """Say why an entry is refused, or None."""
    if import_for(partner, told) is None:
        named = f"Bank {told.bank[:64]!r}" if told.bank else "What it sends"
        return Bad(told.reference, f"{named} is not taken from this partner; 'noli partner set --takes' agrees on it.")
    if len(told.hashes) > MAX_HASHES:
        return Bad(told.reference, f"It has {len(told.hashes)} hashes; at most {MAX_HASHES} stand for one entry.")
    try:
        check_hashes(told.hashes)
    except InputError as error:
        return Bad(told.reference, error.public)
    return None


def allowance(partner: Partner, state: SyncState, *, now: datetime) -> tuple[SyncState, int]:
    """Return the state with its hour begun anew if it is over, and how many entries may still be taken in it."""
    if _is_over(state.hour_at, now):
        state = replace(state, hour_at=now, hour_count=0)
    return state, max(0, partner.per_hour - state.hour_count)


def doubts_allowed(partner: Partner, state: SyncState, *, now: datetime) -> tuple[SyncState, int]:
    """Return the state with its hour of doubts begun anew if it is over, and how many may still be taken in it."""
    if _is_over(state.doubts_at, now):
        state = replace(state, doubts_at=now, doubts_count=0)
    return state, max(0, partner.doubts_per_hour - state.doubts_count)


def _is_over(hour_at: datetime | None, now: datetime) -> bool:
    # An hour that begins in our future was begun by a clock that has been set back since.
    return hour_at is None or not hour_at <= now < hour_at + _HOUR
