# SPDX-License-Identifier: Apache-2.0
"""Create banks and register entries: the rules every face of Noli shares, inside a transaction that the caller opened.

The caller opens the transaction so that it can keep its answer (idempotency) in the same one.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime

from noli.bank.model import MAX_THRESHOLD_BITS, Bank, BankPolicy, EntryId, NewEntry, RegionUse
from noli.bank.ports import BankTransaction
from noli.bank.regions import RegionSecrets
from noli.base.errors import InputError
from noli.base.names import check_name
from noli.hashing.model import MIN_QUALITY, Hash

#: Bits that a real PDQ hash has set, at least and at most. PDQ sets the bits above the median, so nearly every hash has
#: 128; far from that it is a placeholder (all zeros came over StopNCII: facebook/ThreatExchange issue 1609).
MIN_BITS_SET, MAX_BITS_SET = 64, 192

#: Most seconds of a video that a bank may ask for: nothing longer was ever protected.
MAX_VIDEO_SECONDS = 36_000

# Random bits of the first id of a call and of the step to the next; millions of entries a call stay below 2^63.
_START_BITS, _STEP_BITS = 62, 20


def create_bank(transaction: BankTransaction, name: str, policy: BankPolicy, *, now: datetime) -> Bank:
    """Create a bank.

    Raises:
        InputError: The name or the threshold cannot be used.
        Conflict: The name is taken.
    """
    check_name(name, of="bank")
    _check_policy(policy)
    return transaction.add_bank(name, policy, now=now)


def set_policy(transaction: BankTransaction, name: str, policy: BankPolicy, *, now: datetime) -> Bank:
    """Replace a bank's policy.

    Raises:
        InputError: The threshold cannot be used.
        NotFound: There is no such bank.
    """
    _check_policy(policy)
    return transaction.set_policy(name, policy, now=now)


def register(
    transaction: BankTransaction,
    bank: str,
    entries: Sequence[NewEntry],
    *,
    now: datetime,
    secrets_of_regions: RegionSecrets | None = None,
) -> list[tuple[EntryId, NewEntry]]:
    """Register entries of one bank, all or none.

    Args:
        transaction: Open, with ``write``.
        bank: Name of the bank.
        entries: What to register.
        now: The time.
        secrets_of_regions: Hashes the entries' regions, where the bank keeps them; without it none are kept.

    Returns:
        Each entry with its new random id, in the order given.

    Raises:
        InputError: An entry has no hash, or one that must not be matched on.
        NotFound: There is no such bank.
        ConfigError: There are regions to hash, and the key file cannot be used.
    """
    for entry in entries:
        check_hashes(entry.hashes)
    numbered = list(zip(_new_ids(len(entries)), entries, strict=True))
    transaction.add_entries(bank, numbered, now=now)
    if secrets_of_regions is not None and any(entry.regions for entry in entries):
        home = transaction.bank(bank)
        if home.policy.regions is not RegionUse.OFF and not home.policy.negative:
            for id_, entry in numbered:
                transaction.add_regions(id_, [secrets_of_regions.keyed(home, each) for each in entry.regions])
    return numbered


def _new_ids(count: int) -> Iterator[EntryId]:
    """Make ids that nobody guesses, close together: an import then fills a database page by page."""
    number = secrets.randbits(_START_BITS)
    for _ in range(count):
        yield EntryId(number)
        number += 1 + secrets.randbits(_STEP_BITS)


def check_hashes(hashes: Sequence[Hash]) -> None:
    """Refuse hashes that would match what nobody meant.

    Raises:
        InputError: None at all, one of low quality, or one that no picture can have.
    """
    if not hashes:
        msg = "An entry needs at least one hash."
        raise InputError(msg)
    for each in hashes:
        if not each.usable:
            msg = f"A hash of quality {each.quality} says too little to be registered; it takes {MIN_QUALITY}."
            raise InputError(msg)
        bits = int.from_bytes(each.value).bit_count()
        if not MIN_BITS_SET <= bits <= MAX_BITS_SET:
            msg = f"A hash with {bits} of 256 bits set is not that of a picture; real ones have about half."
            raise InputError(msg)


def _check_policy(policy: BankPolicy) -> None:
    if not 0 <= policy.threshold_bits <= MAX_THRESHOLD_BITS:
        msg = f"A threshold lies between 0 and {MAX_THRESHOLD_BITS} bits, this one is {policy.threshold_bits}."
        raise InputError(msg)
    if not 0 <= policy.video_seconds <= MAX_VIDEO_SECONDS or not 0 < policy.video_share <= 1:
        msg = f"A video is asked for 0 to {MAX_VIDEO_SECONDS} seconds and for a share above 0, up to 1."
        raise InputError(msg)
