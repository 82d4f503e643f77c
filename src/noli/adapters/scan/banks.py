# SPDX-License-Identifier: Apache-2.0
"""The banks of an installation as a scan needs them: read in one transaction, each index one ring."""

import sys
from collections.abc import Iterable, Iterator

from noli.bank.model import Bank, BankId, Change, ChangeKind, EntryId
from noli.bank.ports import BankTransaction
from noli.base.errors import IntegrityError
from noli.hashing.kernel import HammingIndex
from noli.hashing.model import PDQ_BYTES
from noli.scanning.model import ScanBank

_BANKS_A_PAGE = 100
_CHANGES_A_PAGE = 10_000
_ID_BYTES = 8


def enabled_banks(transaction: BankTransaction) -> Iterator[Bank]:
    """List the banks that are searched, by name."""
    after = ""
    while page := transaction.banks(after=after, limit=_BANKS_A_PAGE):
        yield from (bank for bank in page if bank.policy.enabled)
        after = page[-1].name


def indexed(blocks: Iterable[tuple[bytes, bytes]]) -> tuple[HammingIndex, bytes]:
    """Make one index of all hashes, in one step: it is then one ring, the form that joins fastest.

    Args:
        blocks: Pairs of n x 32 hash bytes and n x 8 id bytes.

    Returns:
        The index, and all hashes side by side.

    Raises:
        IntegrityError: A hash has another length.
    """
    hashes, ids = bytearray(), bytearray()
    for some, of in blocks:
        hashes += some
        ids += of
    index = HammingIndex()
    try:
        index.append(hashes, ids)
    except ValueError as error:
        msg = "The database holds a hash of the wrong length; restore it from a backup."
        raise IntegrityError(msg) from error
    return index, bytes(hashes)


def fresh_banks(transaction: BankTransaction, *, after: int) -> list[tuple[ScanBank, bytes]]:
    """Return each enabled bank with what is new in it since a change, and its new hashes side by side.

    Negative banks are returned whole, for what they clear does not depend on when it came; so are banks whose policy
    changed, for a wider threshold finds more of what is old.
    """
    added: set[EntryId] = set()
    whole: set[BankId] = set()
    for change in _changes(transaction, after):
        if change.kind is ChangeKind.BANK:
            whole.add(change.bank)
        elif change.kind is ChangeKind.ENTRY_ADDED and change.entry is not None:
            added.add(change.entry)
    blocks: dict[BankId, list[tuple[bytes, bytes]]] = {}
    for entry, bank_id, values in transaction.hashes_of_many(sorted(added)):
        ids = entry.to_bytes(_ID_BYTES, sys.byteorder) * (len(values) // PDQ_BYTES)
        blocks.setdefault(bank_id, []).append((values, ids))
    found = []
    for bank in list(enabled_banks(transaction)):
        all_of_it = bank.policy.negative or bank.id in whole
        index, hashes = indexed(transaction.active_hashes(bank.id) if all_of_it else blocks.get(bank.id, []))
        disputed = frozenset(transaction.disputed(bank.id))
        found.append((ScanBank(bank.name, bank.policy, index, disputed), hashes))
    return found


def _changes(transaction: BankTransaction, after: int) -> Iterator[Change]:
    while page := transaction.changes(after=after, limit=_CHANGES_A_PAGE):
        yield from page
        after = page[-1].sequence
