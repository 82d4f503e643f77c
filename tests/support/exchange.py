# SPDX-License-Identifier: Apache-2.0
"""One organisation's exchange over a real database, with a clock that tests move."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from noli.access.service import AccessService
from noli.adapters.secrets import DrawnSecrets
from noli.adapters.sql import Database
from noli.adapters.sql.exchange import SqlExchange
from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Provenance, Sharing
from noli.bank.service import create_bank, register
from noli.base.secrecy import Purpose
from noli.exchange.canaries import Canaries
from noli.exchange.model import NewPartner, Page, Partner
from noli.exchange.outgoing import Outgoing
from noli.exchange.partners import PartnerService
from noli.hashing.model import DIHEDRAL, Hash
from tests.conftest import opened
from tests.support.bits import some_hash
from tests.support.casework import FakeClock
from tests.support.secrecy import MemoryKeyring


class Hub:
    """An organisation with one bank, ``protected``."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.keyring = database, FakeClock(), MemoryKeyring()
        self.exchange = SqlExchange(database.engine, self.keyring)
        self.access = AccessService(database.keys, self.clock)
        self.partners = PartnerService(self.exchange, self.access, self.clock)
        self.canaries = Canaries(DrawnSecrets(self.keyring, Purpose.CANARY))
        self.outgoing = Outgoing(self.exchange, self.canaries)
        self.bank("protected")

    def bank(self, name: str, *, action: Action = Action.BLOCK, negative: bool = False) -> None:
        """Make a bank."""
        policy = BankPolicy(action, negative=negative)
        with self.exchange.transaction(write=True) as t:
            create_bank(t.banks, name, policy, now=self.clock.now())

    def partner(self, name: str = "platform", *shares: str) -> Partner:
        """Add a partner that sees some banks, ``protected`` if none is named."""
        return self.partners.add(NewPartner(name, shares=shares or ("protected",)))[0]

    def put(
        self, *seeds: int, bank: str = "protected", sharing: Sharing = Sharing.OPEN, forms: int = 1
    ) -> list[EntryId]:
        """Register made-up entries, one a seed."""
        entries = [
            NewEntry(
                tuple(Hash(made_up(seed + form), 90, variant=DIHEDRAL[form]) for form in range(forms)),
                Provenance("test"),
                sharing=sharing,
            )
            for seed in seeds
        ]
        with self.exchange.transaction(write=True) as t:
            return [made for made, _ in register(t.banks, bank, entries, now=self.clock.now())]

    def withdraw(self, entry: EntryId, *, bank: str = "protected") -> None:
        """Withdraw one."""
        with self.exchange.transaction(write=True) as t:
            t.banks.withdraw(bank, entry, by="test", now=self.clock.now())

    def consent(self, entry: EntryId, *, given: bool) -> None:
        """Let an entry leave, or not."""
        with self.exchange.transaction(write=True) as t:
            t.banks.set_sharing("protected", entry, given=given, now=self.clock.now())

    def pages(self, partner: Partner, *, after: int = 0, limit: int = 100) -> Iterator[Page]:
        """Read all there is, as a partner does."""
        while True:
            page = self.outgoing.page(partner, after=after, limit=limit)
            yield page
            if not page.more:
                return
            after = page.next

    def seen(self, partner: Partner, *, after: int = 0) -> dict[EntryId, bool]:
        """Return which of our entries a partner sees, and whether withdrawn; canaries are left out."""
        items = [item for page in self.pages(partner, after=after) for item in page.items]
        with self.exchange.transaction() as t:
            ours = t.banks.entries_by_id([item.entry for item in items])
        return {item.entry: item.withdrawn for item in items if item.entry in ours}

    def checkpoint(self, partner: Partner) -> int:
        """Return the checkpoint of who has read all."""
        return list(self.pages(partner))[-1].next


def made_up(seed: int) -> bytes:
    """Return a hash that could be a picture's."""
    return some_hash(seed)


@contextmanager
def hub(folder: Path, url: str = "") -> Iterator[Hub]:
    """Open an organisation in a folder."""
    database = opened(url, folder)
    yield Hub(database)
    database.close()
