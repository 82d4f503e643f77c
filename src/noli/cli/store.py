# SPDX-License-Identifier: Apache-2.0
"""Single steps on an installation's banks, each a transaction of its own.

Running servers hear of changes through the change sequence; nothing has to be told to them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from noli.bank import service
from noli.bank.model import Bank, BankPolicy, Entry, EntryId, NewEntry
from noli.bank.ports import BankStore
from noli.cli.installation import COMMAND_LINE
from noli.hashing.model import PDQ_BYTES

if TYPE_CHECKING:
    from noli.app import App

# Items of one page.
_PAGE = 1000


def get_bank(app: "App", name: str) -> Bank:
    """Read a bank. Raises NotFound."""
    with app.store.transaction() as transaction:
        return transaction.bank(name)


def all_banks(banks: BankStore) -> list[Bank]:
    """List all banks by name."""
    found: list[Bank] = []
    with banks.transaction() as transaction:
        while page := transaction.banks(after=found[-1].name if found else "", limit=_PAGE):
            found += page
    return found


def create_bank(app: "App", name: str, policy: BankPolicy) -> Bank:
    """Create a bank. Raises Conflict."""
    with app.store.transaction(write=True) as transaction:
        return service.create_bank(transaction, name, policy, now=app.clock.now())


def change_policy(app: "App", name: str, change: Callable[[BankPolicy], BankPolicy], *, dry_run: bool) -> Bank:
    """Change a bank's policy and return the bank as it is then. Raises NotFound."""
    with app.store.transaction(write=not dry_run) as transaction:
        bank = transaction.bank(name)
        policy = change(bank.policy)
        if dry_run:
            return replace(bank, policy=policy)
        return service.set_policy(transaction, name, policy, now=app.clock.now())


def add_entries(app: "App", bank: str, entries: Sequence[NewEntry]) -> list[EntryId]:
    """Register entries, all or none, and return their ids in order. Raises InputError, NotFound for the bank."""
    with app.store.transaction(write=True) as transaction:
        made = service.register(transaction, bank, entries, now=app.clock.now(), secrets_of_regions=app.region_secrets)
        return [entry for entry, _ in made]


def active_values(app: "App", bank: str) -> set[bytes]:
    """Return the value of every hash that the bank matches. Raises NotFound."""
    with app.store.transaction() as transaction:
        blocks = transaction.active_hashes(transaction.bank(bank).id)
        return {hashes[at : at + PDQ_BYTES] for hashes, _ids in blocks for at in range(0, len(hashes), PDQ_BYTES)}


def get_entry(app: "App", bank: str, entry: EntryId) -> Entry:
    """Read an entry. Raises NotFound."""
    with app.store.transaction() as transaction:
        return transaction.entry(bank, entry)


def withdraw_entries(app: "App", bank: str, entries: Sequence[EntryId], *, dry_run: bool) -> list[tuple[Entry, Entry]]:
    """Withdraw entries, all or none; return each as it was and as it is. Raises NotFound."""
    with app.store.transaction(write=not dry_run) as transaction:
        before = [transaction.entry(bank, each) for each in entries]
        if dry_run:
            return [(entry, entry) for entry in before]
        now = app.clock.now()
        return [(entry, transaction.withdraw(bank, entry.id, by=COMMAND_LINE, now=now)) for entry in before]


def all_entries(app: "App", bank: str) -> Iterator[Entry]:
    """List a bank's entries in id order, withdrawn ones included. Raises NotFound."""
    after: EntryId | None = None
    while True:
        with app.store.transaction() as transaction:
            page = transaction.entries(bank, after=after, limit=_PAGE)
        if not page:
            return
        yield from page
        after = page[-1].id
