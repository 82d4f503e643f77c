# SPDX-License-Identifier: Apache-2.0
"""What exchange needs from outside. ``tests/contract/test_exchange_store.py`` holds the stores to this page."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from noli.bank.model import Entry, EntryId
from noli.bank.ports import BankTransaction
from noli.exchange.messages import Signer
from noli.exchange.model import (
    Bad,
    FeedIdentity,
    Fetched,
    Given,
    HeldDoubt,
    HeldReason,
    NewPartner,
    Partner,
    PartnerId,
    PartnerReceipt,
    Quarantined,
    Received,
    Standing,
    SyncState,
    Visible,
)
from noli.exchange.model import Protocol as Speaks

#: Kind of the jobs that fetch; their subject is a partner's name.
FETCH = "partner"


class ExchangeTransaction(Protocol):
    """Reads and writes of one transaction, banks included."""

    @property
    def banks(self) -> BankTransaction:
        """The banks, in the same transaction."""
        ...

    def add_partner(self, partner: NewPartner, *, honours_withdrawal: bool, now: datetime) -> Partner:
        """Keep a partner. Raises Conflict where the name is taken, NotFound for a bank."""
        ...

    def change_partner(self, partner: Partner, *, secret: str | None = None, now: datetime) -> Partner:
        """Keep what changed of a partner: all but name, id and time. ``secret`` None stays. Raises NotFound.

        What is no longer shared goes into the change sequence anew, so that the partner is told to drop it; so does
        what is shared from now on.
        """
        ...

    def partner(self, name: str) -> Partner:
        """Read one partner. Raises NotFound."""
        ...

    def partners(self) -> list[Partner]:
        """List partners by name."""
        ...

    def count_sources(self, protocol: Speaks) -> int:
        """Count the active partners that are fetched from in a protocol."""
        ...

    def secret(self, partner: PartnerId) -> str:
        """Return what we show the partner's server; empty where there is none."""
        ...

    def add_key(self, partner: PartnerId, key: str) -> None:
        """Note whose key it is, by the key's name."""
        ...

    def partner_of(self, key: str) -> Partner | None:
        """Return whose key it is, by the key's name."""
        ...

    def keys_of(self, partner: PartnerId) -> list[str]:
        """List the names of a partner's keys."""
        ...

    def visible(
        self, partner: PartnerId, *, after: int, until: int, known: int, limit: int
    ) -> tuple[list[Visible], int]:
        """Read what a partner may see of the change sequence, in order, each entry as it is now.

        Args:
            partner: Whose view.
            after: Sequence numbers up to this are passed over.
            until: Sequence numbers above this are not looked at.
            known: The partner has what came up to here: only what it can have is it told to drop.
            limit: Steps at most.

        Returns:
            The steps, and the sequence number up to which these are all.
        """
        ...

    def received(self, partner: PartnerId, references: Sequence[str]) -> dict[str, Received]:
        """Read what is known of a partner's entries; unknown ids are left out."""
        ...

    def received_below(self, partner: PartnerId, version: int) -> list[Received]:
        """List what a partner told last with a smaller version, and what is not withdrawn."""
        ...

    def keep_received(self, partner: PartnerId, received: Sequence[Received], *, now: datetime) -> None:
        """Keep what is known of a partner's entries, each id once."""
        ...

    def held(self, partner: PartnerId, *, reason: HeldReason | None = None, limit: int = 1000) -> list[Received]:
        """List what is held of a partner, oldest first; of one reason, or of any."""
        ...

    def count_held(self, partner: PartnerId) -> int:
        """Count what is held of a partner."""
        ...

    def hold_doubts(self, partner: PartnerId, doubts: Sequence[HeldDoubt]) -> None:
        """Keep doubts for somebody to look at; of each entry the newest, each entry once."""
        ...

    def drop_doubts(self, partner: PartnerId, entries: Sequence[EntryId]) -> None:
        """Forget what is held of a partner's doubts about entries."""
        ...

    def held_doubts(self, partner: PartnerId, *, limit: int = 1000) -> list[HeldDoubt]:
        """List doubts of a partner that wait for a look, oldest first."""
        ...

    def count_doubts(self, partner: PartnerId) -> int:
        """Count doubts of a partner that wait for a look."""
        ...

    def add_receipt(self, partner: PartnerId, receipt: PartnerReceipt) -> None:
        """Keep what a partner said that it has, where that is more than it ever said in this epoch; else nothing."""
        ...

    def receipts(
        self, partner: PartnerId, *, entry: EntryId | None = None, before: int | None = None, limit: int = 100
    ) -> list[PartnerReceipt]:
        """List what a partner said that it has.

        Args:
            partner: The partner.
            entry: Only the first one that covers the newest change of this entry of ours.
            before: Only those with a smaller number.
            limit: So many at most.

        Returns:
            The newest first.
        """
        ...

    def delivered(self, partner: PartnerId) -> int:
        """Return the step up to which a partner was given everything, in protocols that ask by time."""
        ...

    def keep_delivered(self, partner: PartnerId, position: int, *, after: int) -> None:
        """Keep that a partner is given what came after one step up to another; nothing if not all before was given."""
        ...

    def quarantine(self, partner: PartnerId, bad: Sequence[Bad], *, now: datetime) -> None:
        """Keep records that cannot be used; of each partner the newest thousand."""
        ...

    def quarantined(self, partner: PartnerId, *, limit: int = 100) -> list[Quarantined]:
        """List records that could not be used, newest first."""
        ...

    def sync_state(self, partner: PartnerId) -> SyncState:
        """Return how far we are with a partner."""
        ...

    def keep_sync_state(self, partner: PartnerId, state: SyncState) -> None:
        """Keep how far we are with a partner."""
        ...

    def fetch_soon(self, partner: Partner, *, now: datetime) -> None:
        """Ask for the job that fetches from a partner, if it is one that is fetched from."""
        ...

    def standings(self, partners: Collection[PartnerId]) -> dict[PartnerId, Standing]:
        """Return how it goes with each of these partners, however many they are, in a few reads."""
        ...

    def disputed(self, *, limit: int = 100) -> list[Entry]:
        """List active entries that somebody says are wrong, without hashes, newest first."""
        ...

    def opinions_on_received(self, partner: PartnerId, *, after: int, limit: int = 1000) -> tuple[list[Given], int]:
        """Read what people here came to think of a partner's entries since a step of the change sequence.

        Returns:
            Each entry's newest opinion, and the step up to which these are all.
        """
        ...

    def feed_identity(self, *, make: bool = False) -> FeedIdentity | None:
        """Return who we are on our feed; with ``make`` it is made where it is missing."""
        ...

    def renew_feed(self, *, key: bool = False, epoch: bool = False) -> FeedIdentity:
        """Count one key more, or begin a new epoch, in which no page that was given is known any more."""
        ...

    def came_back(self, partner: PartnerId, position: int, digest: str) -> bool | None:
        """Tell whether a partner has come back with a page before; None where it was never given that page."""
        ...

    def confirm_head(self, partner: PartnerId, position: int, digest: str) -> None:
        """Keep that a partner came back with a page: it has what was in it."""
        ...

    def keep_head(self, partner: PartnerId, position: int, digest: str, *, done: int) -> None:
        """Keep where a page ends that is given; those before ``done``, and all but the newest few, are forgotten."""
        ...

    def share_steps(self, partner: Partner, items: Sequence[Visible], *, confirmed: int, now: datetime) -> None:
        """Keep what happens to hashes that persons let leave: given now, and confirmed up to a checkpoint.

        Each step is kept once; where nothing is new, nothing is written.
        """
        ...

    def unconfirmed(self, partner: PartnerId, confirmed: int) -> bool:
        """Tell whether something was given up to a checkpoint of which nobody knows yet that it arrived."""
        ...

    def sequence_at(self, at: datetime) -> int:
        """Return the largest sequence number of what happened before a time; 0 where there is none."""
        ...


class ExchangeStore(Protocol):
    """Opens transactions; as ``bank.ports.BankStore``."""

    def transaction(self, *, write: bool = False) -> AbstractContextManager[ExchangeTransaction]:
        """Open one transaction; with ``write`` it commits at the end or rolls back on error. Raises StoreBusy."""
        ...


class Secrets(Protocol):
    """Draws what nobody else can draw, from the installation's own secret."""

    def draw(self, *parts: str | int) -> bytes:
        """Return 32 bytes that follow from the parts and look random to everybody else."""
        ...


class CommonPictures(Protocol):
    """Knows pictures that are everywhere: those of the negative banks."""

    def near(self, hashes: Sequence[bytes]) -> list[bool]:
        """Tell of each hash whether it is near one. Raises Unavailable."""
        ...


class Fetcher(Protocol):
    """Speaks one partner's protocol."""

    def pages(self, checkpoint: Mapping[str, Any], *, wait_s: float) -> Iterator[Fetched]:
        """Fetch what is new, part by part; the next part is asked for when the one before is stored.

        Args:
            checkpoint: Where to go on; empty for the beginning.
            wait_s: Seconds for which the partner may hold the answer back until there is something new.

        Raises:
            PartnerUnreachable: It did not answer, or not as its protocol says.
            PartnerDistrusted: What came cannot be from it, or contradicts what it said before.
        """
        ...

    def give(self, opinions: Sequence[Given]) -> Sequence[Bad]:
        """Send what we think of its entries.

        Returns:
            Those that it has no word for, for somebody to look at; none where a protocol has no opinions at all.

        Raises:
            PartnerUnreachable, PartnerDistrusted: As ``pages``.
        """
        ...


class Fetchers(Protocol):
    """Finds who speaks a partner's protocol."""

    def open(self, partner: Partner, *, secret: str) -> Fetcher:
        """Return what fetches from a partner. Raises InputError where nothing can."""
        ...


class SigningKeys(Protocol):
    """Holds the keys that sign our feed."""

    def signer(self, generation: int) -> Signer:
        """Return the key of a generation, 0 for the first."""
        ...


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a partner's server answered; headers by lower-case name."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Http(Protocol):
    """Calls partners' servers, and nothing inside our own network unless the operator named it."""

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        wait_s: float = 0,
        max_bytes: int = 64 * 1024 * 1024,
    ) -> HttpAnswer:
        """Call once, without following redirects.

        Args:
            method: GET, POST or PUT.
            url: With everything.
            headers: What we show.
            body: What is sent.
            wait_s: Seconds for which the server may hold its answer back, on top of the usual time.
            max_bytes: Bytes of the answer at most.

        Raises:
            PartnerUnreachable: There was no answer, or it may not be called; says why.
        """
        ...
