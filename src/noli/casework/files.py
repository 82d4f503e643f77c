# SPDX-License-Identifier: Apache-2.0
"""Load a case, decide, save: the one way in which a case changes.

Each change is one transaction: events, their ledger entries, the list of cases, and what they mean for banks. A case is
the unit of consistency: whoever changed it meanwhile makes the other one read it anew and decide again, once.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Provenance, Sharing
from noli.bank.service import create_bank, register
from noli.base.clock import Clock
from noli.base.errors import Conflict, NotFound
from noli.casework import rules
from noli.casework.commands import BankedItem, Command
from noli.casework.events import Event, Recorded, Withdrawn
from noli.casework.limits import check_items
from noli.casework.model import Case, CaseId, ItemId, NewItem, Recipient
from noli.casework.ports import CaseStore, CaseTransaction, CommonPictures
from noli.casework.receipts import random_id
from noli.hashing.model import Hash, SignalType

#: Who did it, in events and the ledger.
PERSON, SYSTEM = "person", "system"

#: Who added an entry, in a bank; it must not say more.
INTAKE = "intake"

#: Kind of the job that an erasure asks for: what is kept of the case outside of the database has to go (``custody``).
ERASED = "case-erased"

_TRIES = 2

Act = Callable[[CaseTransaction, Case], Iterable[Command]]


def staff_actor(staff: str) -> str:
    """Return how a member of staff is named in events and the ledger."""
    return f"staff:{staff}"


class CaseFiles:
    """Changes cases; safe to call from many threads."""

    def __init__(
        self,
        store: CaseStore,
        clock: Clock,
        *,
        common: CommonPictures,
        bank: str,
        on_change: Callable[[], None],
    ) -> None:
        """Keep the collaborators.

        Args:
            store: Keeps cases.
            clock: Tells the time.
            common: Looks at common pictures.
            bank: Name of the bank that items go to; held ones go to the bank ``held_bank``.
            on_change: Called after banks have changed, so that this process follows at once.
        """
        self.store, self.clock = store, clock
        self._common, self._bank, self._on_change = common, bank, on_change

    @property
    def held_bank(self) -> str:
        """Name of the disabled bank in which held items wait."""
        return f"{self._bank}-held"

    @property
    def bank(self) -> str:
        """Name of the bank that items go to."""
        return self._bank

    def load(self, case: CaseId) -> Case:
        """Read one case. Raises NotFound."""
        with self.store.transaction() as transaction:
            return rules.fold(case, transaction.history(case))

    def act(self, case: CaseId, act: Act, *, actor: str) -> Case:
        """Change one case.

        Args:
            case: Which.
            act: Returns commands, given the transaction and the case as it is; may be called twice.
            actor: Who does it.

        Returns:
            The case afterwards.

        Raises:
            NotFound: There is no such case.
            Conflict: It is in no state for this, or others keep changing it.
            InputError: What is asked cannot be done.
        """
        for last in range(_TRIES):
            try:
                with self.store.transaction(write=True) as transaction:
                    before = rules.fold(case, transaction.history(case))
                    after = self.apply(transaction, before, act(transaction, before), actor=actor)
            except _Overtaken as error:
                if last == _TRIES - 1:
                    msg = "Somebody else is changing this case; try again in a moment."
                    raise Conflict(msg) from error
                continue
            if _changed_banks(before, after):
                self._on_change()
            return after
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def apply(self, transaction: CaseTransaction, case: Case, commands: Iterable[Command], *, actor: str) -> Case:
        """Decide and append inside a transaction that the caller opened; entries of withdrawn items are withdrawn.

        Raises:
            Conflict: The case is in no state for this, or was changed meanwhile.
        """
        now = self.clock.now()
        before = case
        made: list[Event] = []
        for command in commands:
            for event in rules.decide(case, command, now):
                if isinstance(event, Withdrawn):
                    self._withdraw(transaction, case, now=now)
                case = rules.apply(case, Recorded(case.version + 1, now, actor, event))
                made.append(event)
        self._follow_consent(transaction, before, case, now=now)
        if made:
            try:
                transaction.append(case, made, version=before.version, actor=actor, now=now)
            except Conflict as error:
                raise _Overtaken(error.public) from error
        if case.erased_at is not None and before.erased_at is None:
            transaction.schedule(ERASED, case.id, due_at=now, urgent=True)
        return case

    def changed(self) -> None:
        """Let this process follow what has just been committed to banks."""
        self._on_change()

    def common(self, items: Iterable[NewItem]) -> list[bool]:
        """Tell of each item whether it is near a common picture. Raises Unavailable."""
        return [self._common.near(item.hashes) for item in items]

    def banked(
        self, transaction: CaseTransaction, case: Case, items: tuple[NewItem, ...], near: list[bool]
    ) -> tuple[BankedItem, ...]:
        """Register those items that the case does not have yet; an item's hashes are one entry.

        Held items take the same way into a bank that is never searched, so that time and answer are the same.

        Raises:
            InputError: They cannot be registered, or are too many.
        """
        known = {item.digest for item in case.protected}
        fresh: dict[str, tuple[NewItem, bool]] = {}
        for item, held in zip(items, near, strict=True):
            digest = item_digest(item.hashes)
            if digest not in known:
                fresh.setdefault(digest, (item, held))
        check_items(tuple(item for item, _ in fresh.values()), held=len(case.items))
        return tuple(
            self._bank_one(transaction, item, digest=digest, held=held) for digest, (item, held) in fresh.items()
        )

    def move(self, transaction: CaseTransaction, *, entry: EntryId) -> EntryId:
        """Register a held entry's hashes where they match, and withdraw it where it was held."""
        now = self.clock.now()
        held = transaction.banks.entry(self.held_bank, entry)
        transaction.banks.withdraw(self.held_bank, entry, by=INTAKE, now=now)
        self._ensure_banks(transaction)
        [(made, _)] = register(transaction.banks, self._bank, [_entry(held.hashes)], now=now)
        return made

    def _bank_one(self, transaction: CaseTransaction, item: NewItem, *, digest: str, held: bool) -> BankedItem:
        self._ensure_banks(transaction)
        bank = self.held_bank if held else self._bank
        [(entry, _)] = register(transaction.banks, bank, [_entry(_timed(item))], now=self.clock.now())
        return BankedItem(
            id=ItemId(random_id()),
            kind=item.kind,
            label=item.label.strip(),
            hashes=len(item.hashes),
            times_ms=item.times_ms,
            entry=entry,
            bank=bank,
            digest=digest,
            held=held,
        )

    def _ensure_banks(self, transaction: CaseTransaction) -> None:
        """Make both banks on first use; an operator may change their policies afterwards."""
        notes = {
            self._bank: BankPolicy(Action.REVIEW, note="Pictures that people protect through the intake pages."),
            self.held_bank: BankPolicy(
                Action.REVIEW, enabled=False, note="Intake near common pictures; matches nothing. Leave it disabled."
            ),
        }
        for name, policy in notes.items():
            try:
                transaction.banks.bank(name)
            except NotFound:
                create_bank(transaction.banks, name, policy, now=self.clock.now())

    def _follow_consent(self, transaction: CaseTransaction, before: Case, case: Case, *, now: datetime) -> None:
        """Let entries leave for partners exactly while the person consents; the bank of held ones is not shared.

        A held item takes the same steps as any other, so that their time tells nothing.
        """
        given = Recipient.PARTNERS in case.consents
        same = {item.entry for item in before.protected} if given == (Recipient.PARTNERS in before.consents) else set()
        for item in case.protected:
            if item.entry is not None and item.entry not in same:
                transaction.banks.set_sharing(item.bank, item.entry, given=given, now=now)

    def _withdraw(self, transaction: CaseTransaction, case: Case, *, now: datetime) -> None:
        for bank, entry in [(item.bank, item.entry) for item in case.protected if item.entry is not None]:
            transaction.banks.withdraw(bank, entry, by=INTAKE, now=now)


class _Overtaken(Exception):
    """Somebody else changed the case between reading and writing."""


def item_digest(hashes: tuple[Hash, ...]) -> str:
    """Return what tells items apart: the same hashes in any order are the same item."""
    return hashlib.sha256(b"".join(sorted({one.value for one in hashes}))).hexdigest()


def _timed(item: NewItem) -> tuple[Hash, ...]:
    """Return an item's hashes as a bank keeps them: those of a video with their times."""
    if not item.times_ms:
        return item.hashes
    pairs = zip(item.hashes, item.times_ms, strict=True)
    return tuple(replace(each, type=SignalType.VPDQ, at_ms=at_ms) for each, at_ms in pairs)


def _entry(hashes: tuple[Hash, ...]) -> NewEntry:
    return NewEntry(hashes, Provenance(added_by=INTAKE), sharing=Sharing.WITHHELD)


def _changed_banks(before: Case, after: Case) -> bool:
    return [(i.entry, i.state) for i in before.items] != [(i.entry, i.state) for i in after.items]
