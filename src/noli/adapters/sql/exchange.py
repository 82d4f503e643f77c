# SPDX-License-Identifier: Apache-2.0
"""Partners and what they may see in SQL: ``exchange.ports.ExchangeStore``."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import datetime
from secrets import token_hex
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import bulk
from noli.adapters.sql import tables as t
from noli.adapters.sql.banks import SqlBankTransaction
from noli.adapters.sql.engine import exclusive, transaction
from noli.adapters.sql.jobs import schedule
from noli.bank.model import Action, BankId, ChangeKind, Entry, EntryId, EntryState, OpinionKind, Sharing
from noli.bank.rules import PARTNER_PREFIX
from noli.base.errors import NotFound
from noli.base.secrecy import Keyring, Purpose
from noli.exchange.model import (
    Bad,
    Counts,
    FeedIdentity,
    Given,
    HeldDoubt,
    HeldReason,
    Import,
    NewPartner,
    Partner,
    PartnerId,
    PartnerReceipt,
    PartnerState,
    Protocol,
    Quarantined,
    Received,
    ReceivedState,
    ShareStep,
    Source,
    Standing,
    SyncState,
    SyncStatus,
    Visible,
)
from noli.exchange.ports import FETCH
from noli.hashing.model import Hash, Pipeline, SignalType, Variant

T = TypeVar("T")

# Kinds of change that say something about an entry.
_OF_ENTRIES = [kind.value for kind in ChangeKind if kind is not ChangeKind.BANK]

# Bad records of one partner that are kept.
_QUARANTINED = 1000

# Pages of one partner that are remembered beyond the one it came back with.
_HEADS = 16

_ID_BYTES = 16

# Hashes of one page: those of 2,000 pictures with all their forms, 6 MB as they are sent. A video has thousands.
_HASHES_A_PAGE = 60_000

# SQLite takes 32,766 parameters.
_AT_ONCE = 1000

_NO_LABELS = "[]"

_SHARINGS = {each.value: each for each in Sharing}

# When an entry became something that a partner can have.
_SINCE = sa.func.coalesce(t.entry.c.shared_at, t.entry.c.created_at)


class SqlExchange:
    """Opens transactions."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        """Keep the engine, and what seals partners' secrets."""
        self._engine, self._keyring = engine, keyring

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator["SqlExchangeTransaction"]:
        """Open one transaction; see the port."""
        with (exclusive if write else transaction)(self._engine) as connection:
            yield SqlExchangeTransaction(connection, self._keyring)


class SqlExchangeTransaction:
    """One transaction; its methods are described in ``exchange.ports.ExchangeTransaction``."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        """Keep the open connection."""
        self._connection, self._keyring = connection, keyring
        self.banks = SqlBankTransaction(connection)

    def add_partner(self, partner: NewPartner, *, honours_withdrawal: bool, now: datetime) -> Partner:
        """Keep a partner."""
        values = {
            "name": partner.name,
            "protocol": partner.protocol.value,
            "state": PartnerState.ACTIVE.value,
            "honours_withdrawal": honours_withdrawal,
            "per_hour": partner.per_hour,
            "doubts_per_hour": partner.doubts_per_hour,
            "created_at": now,
            "source": _source_json(partner.source),
            "secret": self._sealed(partner.name, partner.secret),
        }
        made = self._connection.execute(t.partner.insert().values(values).returning(t.partner.c.id)).scalar_one()
        for bank in self._bank_ids(partner.shares).values():
            self._connection.execute(t.partner_share.insert().values(partner_id=made, bank_id=bank))
        self._set_imports(PartnerId(made), partner.imports)
        added = self.partner(partner.name)
        self.fetch_soon(added, now=now)
        return added

    def change_partner(self, partner: Partner, *, secret: str | None = None, now: datetime) -> Partner:
        """Keep what changed of a partner."""
        before = self.partner(partner.name)
        values: dict[str, object] = {
            "protocol": partner.protocol.value,
            "state": partner.state.value,
            "honours_withdrawal": partner.honours_withdrawal,
            "per_hour": partner.per_hour,
            "doubts_per_hour": partner.doubts_per_hour,
            "source": _source_json(partner.source),
        }
        if secret is not None:
            values["secret"] = self._sealed(partner.name, secret)
        self._connection.execute(t.partner.update().where(t.partner.c.id == before.id).values(values))
        self._set_imports(before.id, partner.imports)
        banks = self._bank_ids({*before.shares, *partner.shares})
        for name in sorted(set(partner.shares) - set(before.shares)):
            self._share(before.id, banks[name], ended_at=None)
            self.banks.offer(name, now=now)
        for name in sorted(set(before.shares) - set(partner.shares)):
            self._share(before.id, banks[name], ended_at=now)
            self.banks.offer(name, now=now)
        changed = self.partner(partner.name)
        self.fetch_soon(changed, now=now)
        return changed

    def partner(self, name: str) -> Partner:
        """Read one partner."""
        found = self._partners(t.partner.c.name == name)
        if not found:
            msg = f"There is no partner named {name!r}."
            raise NotFound(msg)
        return found[0]

    def partners(self) -> list[Partner]:
        """List partners by name."""
        return self._partners(sa.true())

    def count_sources(self, protocol: Protocol) -> int:
        """Count the active partners that are fetched from in a protocol."""
        one = t.partner.c
        active = one.protocol == protocol.value, one.state == PartnerState.ACTIVE.value, one.source.is_not(None)
        return self._connection.execute(sa.select(sa.func.count()).where(*active)).scalar_one()

    def secret(self, partner: PartnerId) -> str:
        """Return what we show the partner's server."""
        one = t.partner.c
        row = self._connection.execute(sa.select(one.name, one.secret).where(one.id == partner)).one()
        if row.secret is None:
            return ""
        key = self._keyring.digest(Purpose.PARTNER, b"secret")
        return self._keyring.open(key, bytes(row.secret), place=_secret_place(row.name)).decode()

    def add_key(self, partner: PartnerId, key: str) -> None:
        """Note whose key it is."""
        self._connection.execute(t.partner_key.insert().values(key_name=key, partner_id=partner))

    def partner_of(self, key: str) -> Partner | None:
        """Return whose key it is."""
        whose = sa.select(t.partner_key.c.partner_id).where(t.partner_key.c.key_name == key)
        found = self._partners(t.partner.c.id.in_(whose))
        return found[0] if found else None

    def keys_of(self, partner: PartnerId) -> list[str]:
        """List the names of a partner's keys."""
        one = t.partner_key.c
        query = sa.select(one.key_name).where(one.partner_id == partner).order_by(one.key_name)
        return list(self._connection.execute(query).scalars())

    def visible(
        self, partner: PartnerId, *, after: int, until: int, known: int, limit: int
    ) -> tuple[list[Visible], int]:
        """Read what a partner may see of the change sequence."""
        shares = self._shares(partner)
        steps = self._steps(list(shares), after=after, until=until, known=known, limit=limit) if shares else []
        rows = self._of_one_page(steps)
        reached = rows[-1].sequence if len(rows) < len(steps) or len(steps) == limit else until
        # The last step of an entry says all that earlier ones say.
        last = {row.entry_id: row.sequence for row in rows}
        hashes = self._hashes_of(rows)
        opinions = self._opinions([row.entry_id for row in rows if row.has_opinion])
        names = {bank: row.name for bank, row in shares.items()}
        open_banks = {bank for bank, row in shares.items() if row.ended_at is None}
        found = []
        for row in rows:
            sequence, at, entry, bank, state, sharing_text, disputed, labels, created_at, old, _ = row
            if last[entry] != sequence:
                continue
            sharing = _SHARINGS[sharing_text]
            withdrawn = not (bank in open_banks and sharing.leaves and state == EntryState.ACTIVE.value)
            if sharing is Sharing.WITHHELD or (withdrawn and not old):
                continue
            found.append(
                Visible(
                    sequence=sequence,
                    at=at,
                    entry=entry,
                    bank=names[bank],
                    created_at=created_at,
                    withdrawn=withdrawn,
                    hashes=hashes[entry],
                    opinions=opinions.get(entry, ()),
                    disputed=disputed,
                    labels=() if labels == _NO_LABELS else tuple(json.loads(labels)),
                    personal=sharing is not Sharing.OPEN,
                )
            )
        return found, reached

    def received(self, partner: PartnerId, references: Sequence[str]) -> dict[str, Received]:
        """Read what is known of a partner's entries."""
        one = t.received.c
        found: dict[str, Received] = {}
        for some in _portions(references):
            query = t.received.select().where(one.partner_id == partner, one.reference.in_(some))
            found |= {row.reference: _received(row) for row in self._connection.execute(query)}
        return found

    def received_below(self, partner: PartnerId, version: int) -> list[Received]:
        """List what a partner told last with a smaller version."""
        one = t.received.c
        there = one.state.not_in([ReceivedState.WITHDRAWN.value, ReceivedState.REFUSED.value])
        query = t.received.select().where(one.partner_id == partner, one.version < version, there)
        return [_received(row) for row in self._connection.execute(query.order_by(one.reference))]

    def keep_received(self, partner: PartnerId, received: Sequence[Received], *, now: datetime) -> None:
        """Keep what is known of a partner's entries."""
        columns = _received_columns(partner, received, now)
        bulk.insert(self._connection, t.received, columns, replace=("partner_id", "reference"))

    def held(self, partner: PartnerId, *, reason: HeldReason | None = None, limit: int = 1000) -> list[Received]:
        """List what is held of a partner."""
        one = t.received.c
        query = t.received.select().where(one.partner_id == partner, _is_held(reason))
        rows = self._connection.execute(query.order_by(one.changed_at, one.reference).limit(limit))
        return [_received(row) for row in rows]

    def count_held(self, partner: PartnerId) -> int:
        """Count what is held of a partner."""
        one = t.received.c
        query = sa.select(sa.func.count()).where(one.partner_id == partner, _is_held(None))
        return self._connection.execute(query).scalar_one()

    def hold_doubts(self, partner: PartnerId, doubts: Sequence[HeldDoubt]) -> None:
        """Keep doubts for somebody to look at."""
        columns: dict[str, Sequence[object]] = {
            "partner_id": [partner] * len(doubts),
            "entry_id": [one.entry for one in doubts],
            "kind": [str(one.kind) for one in doubts],
            "note": [one.note for one in doubts],
            "at": [one.at for one in doubts],
        }
        bulk.insert(self._connection, t.held_doubt, columns, replace=("partner_id", "entry_id"))

    def drop_doubts(self, partner: PartnerId, entries: Sequence[EntryId]) -> None:
        """Forget what is held of a partner's doubts."""
        one = t.held_doubt.c
        for some in _portions(entries):
            gone = t.held_doubt.delete().where(one.partner_id == partner, one.entry_id.in_(some))
            self._connection.execute(gone)

    def held_doubts(self, partner: PartnerId, *, limit: int = 1000) -> list[HeldDoubt]:
        """List doubts of a partner that wait for a look."""
        one = t.held_doubt.c
        query = sa.select(one.entry_id, t.bank.c.name, one.kind, one.note, one.at)
        query = query.join(t.entry, t.entry.c.id == one.entry_id).join(t.bank, t.bank.c.id == t.entry.c.bank_id)
        rows = self._connection.execute(
            query.where(one.partner_id == partner).order_by(one.at, one.entry_id).limit(limit)
        )
        return [HeldDoubt(EntryId(entry), bank, OpinionKind(kind), note, at) for entry, bank, kind, note, at in rows]

    def count_doubts(self, partner: PartnerId) -> int:
        """Count doubts of a partner that wait for a look."""
        query = sa.select(sa.func.count()).where(t.held_doubt.c.partner_id == partner)
        return self._connection.execute(query).scalar_one()

    def add_receipt(self, partner: PartnerId, receipt: PartnerReceipt) -> None:
        """Keep what a partner said that it has."""
        one = t.receipt.c
        known = one.partner_id == partner, one.epoch == receipt.epoch, one.position >= receipt.position
        if self._connection.execute(sa.select(one.number).where(*known).limit(1)).first() is not None:
            return
        values = {
            "partner_id": partner,
            "at": receipt.at,
            "position": receipt.position,
            "epoch": receipt.epoch,
            "digest": bytes.fromhex(receipt.digest) or None,
            "key": receipt.key,
            "signature": bytes.fromhex(receipt.signature) or None,
        }
        self._connection.execute(t.receipt.insert().values(values))

    def receipts(
        self, partner: PartnerId, *, entry: EntryId | None = None, before: int | None = None, limit: int = 100
    ) -> list[PartnerReceipt]:
        """List what a partner said that it has."""
        one, log = t.receipt.c, t.bank_change.c
        query = t.receipt.select().where(one.partner_id == partner).order_by(one.number.desc()).limit(limit)
        if before is not None:
            query = query.where(one.number < before)
        if entry is not None:
            bank = sa.select(t.entry.c.bank_id).where(t.entry.c.id == entry).scalar_subquery()
            newest = sa.select(sa.func.max(log.sequence)).where(log.bank_id == bank, log.entry_id == entry)
            covers = one.position >= newest.scalar_subquery()
            query = t.receipt.select().where(one.partner_id == partner, covers).order_by(one.number).limit(1)
        return [_receipt(row) for row in self._connection.execute(query)]

    def delivered(self, partner: PartnerId) -> int:
        """Return the step up to which a partner was given everything."""
        return int(
            self._connection.execute(sa.select(t.partner.c.delivered).where(t.partner.c.id == partner)).scalar_one()
        )

    def keep_delivered(self, partner: PartnerId, position: int, *, after: int) -> None:
        """Keep what a partner is given."""
        one = t.partner
        follows = one.c.delivered >= after, one.c.delivered < position
        self._connection.execute(one.update().where(one.c.id == partner, *follows).values(delivered=position))

    def quarantine(self, partner: PartnerId, bad: Sequence[Bad], *, now: datetime) -> None:
        """Keep records that cannot be used."""
        one = t.quarantined
        rows = [
            {"partner_id": partner, "at": now, "reference": each.reference, "reason": each.reason}
            for each in bad[-_QUARANTINED:]
        ]
        self._connection.execute(one.insert(), rows)
        last = sa.select(one.c.id).where(one.c.partner_id == partner).order_by(one.c.id.desc())
        oldest = self._connection.execute(last.offset(_QUARANTINED).limit(1)).scalar_one_or_none()
        if oldest is not None:
            self._connection.execute(one.delete().where(one.c.partner_id == partner, one.c.id <= oldest))

    def quarantined(self, partner: PartnerId, *, limit: int = 100) -> list[Quarantined]:
        """List records that could not be used, newest first."""
        one = t.quarantined.c
        query = t.quarantined.select().where(one.partner_id == partner).order_by(one.id.desc()).limit(limit)
        return [Quarantined(row.at, row.reference, row.reason) for row in self._connection.execute(query)]

    def sync_state(self, partner: PartnerId) -> SyncState:
        """Return how far we are with a partner."""
        query = t.sync_state.select().where(t.sync_state.c.partner_id == partner)
        row = self._connection.execute(query).one_or_none()
        return SyncState() if row is None else _sync_state(row)

    def keep_sync_state(self, partner: PartnerId, state: SyncState) -> None:
        """Keep how far we are with a partner."""
        plain = {field.name: getattr(state, field.name) for field in fields(state) if field.name != "counts"}
        values = {**plain, **asdict(state.counts), "status": state.status.value, "checkpoint": dict(state.checkpoint)}
        made = self._insert(t.sync_state).values(partner_id=partner, **values)
        self._connection.execute(made.on_conflict_do_update(index_elements=["partner_id"], set_=values))

    def fetch_soon(self, partner: Partner, *, now: datetime) -> None:
        """Ask for the job that fetches from a partner."""
        if partner.source is not None and partner.state is PartnerState.ACTIVE:
            schedule(self._connection, FETCH, partner.name, due_at=now, urgent=True)

    def standings(self, partners: Collection[PartnerId]) -> dict[PartnerId, Standing]:
        """Return how it goes with partners."""
        ids = list(partners)
        states = self._connection.execute(t.sync_state.select().where(t.sync_state.c.partner_id.in_(ids))).all()
        syncs = {row.partner_id: _sync_state(row) for row in states}
        count, of = sa.func.count(), t.partner.c.id
        newest = sa.select(sa.func.max(t.receipt.c.number)).where(t.receipt.c.partner_id == of)
        columns = {
            "held": sa.select(count).where(t.received.c.partner_id == of, _is_held(None)),
            "doubts": sa.select(count).where(t.held_doubt.c.partner_id == of),
            "confirmed": sa.select(sa.func.max(t.feed_head.c.position)).where(
                t.feed_head.c.partner_id == of, t.feed_head.c.came_back
            ),
            "newest": newest,
        }
        query = sa.select(
            of,
            *(each.scalar_subquery().label(name) for name, each in columns.items()),
            sa.exists().where(t.quarantined.c.partner_id == of).label("refused"),
        ).where(of.in_(ids))
        rows = self._connection.execute(query).all()
        numbers = [row.newest for row in rows if row.newest is not None]
        said = self._connection.execute(t.receipt.select().where(t.receipt.c.number.in_(numbers))).all()
        receipts = {row.partner_id: _receipt(row) for row in said}
        return {
            PartnerId(row.id): Standing(
                syncs.get(row.id, SyncState()),
                row.held,
                row.doubts,
                row.confirmed or 0,
                receipts.get(row.id),
                bool(row.refused),
            )
            for row in rows
        }

    def disputed(self, *, limit: int = 100) -> list[Entry]:
        """List active entries that somebody says are wrong."""
        one = t.entry.c
        newest = sa.select(sa.func.max(t.opinion.c.id)).where(t.opinion.c.entry_id == one.id).scalar_subquery()
        query = sa.select(one.id).where(one.disputed, one.state == EntryState.ACTIVE.value)
        ids = self._connection.execute(query.order_by(newest.desc()).limit(limit)).scalars().all()
        found = self.banks.entries_by_id([EntryId(id_) for id_ in ids])
        return [found[EntryId(id_)] for id_ in ids]

    def opinions_on_received(self, partner: PartnerId, *, after: int, limit: int = 1000) -> tuple[list[Given], int]:
        """Read what people here came to think of a partner's entries."""
        log, one = t.bank_change.c, t.received.c
        query = (
            sa.select(log.sequence, one.reference, one.entry_id, log.bank_id)
            .join(t.received, one.entry_id == log.entry_id)
            .where(log.sequence > after, log.kind == ChangeKind.ENTRY_OPINION.value, one.partner_id == partner)
            .order_by(log.sequence)
            .limit(limit)
        )
        last = self.banks.last_sequence()
        rows = self._connection.execute(query).all()
        opinions = self._newest_opinion([row.entry_id for row in rows])
        hashes: dict[EntryId, tuple[Hash, ...]] = {}
        for row in rows:
            hashes |= self.banks.hashes_in(BankId(row.bank_id), [EntryId(row.entry_id)])
        newest = {row.reference: row for row in rows if row.entry_id in opinions}
        entries = self.banks.entries_by_id([EntryId(row.entry_id) for row in newest.values()])
        given = [
            Given(
                row.sequence,
                row.reference,
                opinions[row.entry_id],
                hashes[EntryId(row.entry_id)],
                entries[EntryId(row.entry_id)].labels,
            )
            for row in sorted(newest.values(), key=lambda row: row.sequence)
        ]
        return given, rows[-1].sequence if len(rows) == limit else last

    def feed_identity(self, *, make: bool = False) -> FeedIdentity | None:
        """Return who we are on our feed."""
        row = self._connection.execute(t.feed_identity.select()).one_or_none()
        if row is None and make:
            values = {"installation": token_hex(_ID_BYTES), "epoch": token_hex(_ID_BYTES), "generation": 0}
            self._connection.execute(t.feed_identity.insert().values(values))
            return self.feed_identity()
        return None if row is None else FeedIdentity(row.installation, row.epoch, row.generation)

    def renew_feed(self, *, key: bool = False, epoch: bool = False) -> FeedIdentity:
        """Count one key more, or begin a new epoch."""
        values: dict[str, object] = {"generation": t.feed_identity.c.generation + int(key)}
        if epoch:
            values["epoch"] = token_hex(_ID_BYTES)
            self._connection.execute(t.feed_head.delete())
        self._connection.execute(t.feed_identity.update().values(values))
        found = self.feed_identity(make=True)
        assert found is not None  # noqa: S101 - it is made where it is missing
        return found

    def came_back(self, partner: PartnerId, position: int, digest: str) -> bool | None:
        """Tell whether a partner has come back with a page before."""
        query = sa.select(t.feed_head.c.came_back).where(*_head(partner, position, digest))
        return self._connection.execute(query).scalar_one_or_none()

    def confirm_head(self, partner: PartnerId, position: int, digest: str) -> None:
        """Keep that a partner came back with a page."""
        self._connection.execute(t.feed_head.update().where(*_head(partner, position, digest)).values(came_back=True))

    def keep_head(self, partner: PartnerId, position: int, digest: str, *, done: int) -> None:
        """Keep where a page ends."""
        one = t.feed_head
        mine = one.c.partner_id == partner
        self._connection.execute(one.delete().where(mine, one.c.position < done))
        newest = sa.select(one.c.issued).where(mine).order_by(one.c.issued.desc())
        issued = self._connection.execute(newest.limit(1)).scalar_one_or_none() or 0
        # The page that the partner came back with stays, whatever it asks for how often.
        self._connection.execute(one.delete().where(mine, one.c.position > done, one.c.issued <= issued - _HEADS))
        values = {"partner_id": partner, "digest": _digest(digest), "position": position, "issued": issued + 1}
        made = self._insert(one).values(**values, came_back=False)
        # Who asks twice with one nonce gets the same page twice.
        self._connection.execute(made.on_conflict_do_nothing())

    def unconfirmed(self, partner: PartnerId, confirmed: int) -> bool:
        """Tell whether something was given of which nobody knows that it arrived."""
        return self._connection.execute(_unconfirmed(partner, confirmed).limit(1)).first() is not None

    def share_steps(self, partner: Partner, items: Sequence[Visible], *, confirmed: int, now: datetime) -> None:
        """Keep what happens to hashes that persons let leave."""
        told = ShareStep.WITHDRAWN if partner.honours_withdrawal else ShareStep.REFUSED
        after = {ShareStep.SHARED.value: ShareStep.CONFIRMED, ShareStep.TOLD.value: told}
        steps = [
            (row.entry_id, after[row.step], row.position)
            for row in self._connection.execute(_unconfirmed(partner.id, confirmed))
        ]
        steps += [
            (item.entry, ShareStep.TOLD if item.withdrawn else ShareStep.SHARED, item.sequence)
            for item in items
            if item.personal
        ]
        rows = [
            {"partner_id": partner.id, "entry_id": entry, "step": step.value, "position": position, "at": now}
            for entry, step, position in steps
        ]
        if rows:
            made = self._insert(t.share_step).values({name: sa.bindparam(name) for name in rows[0]})
            self._connection.execute(made.on_conflict_do_nothing(), rows)

    def sequence_at(self, at: datetime) -> int:
        """Return the largest sequence number of what happened before a time."""
        # Times ascend with the numbers, so the place is found by halving, without an index over times.
        low, high = 0, self.banks.last_sequence()
        log = t.bank_change.c
        while low < high:
            middle = (low + high + 1) // 2
            below = sa.select(log.sequence, log.at).where(log.sequence <= middle).order_by(log.sequence.desc()).limit(1)
            row = self._connection.execute(below).one_or_none()
            if row is None or row.at < at:
                low = middle
            else:
                high = row.sequence - 1
        return low

    def _of_one_page(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return the first of these steps: so many that their hashes fit on a page, but one at least."""
        counts: dict[EntryId, int] = {}
        for bank, ids in _by_bank(rows).items():
            counts |= self.banks.hash_counts(BankId(bank), ids)
        left = _HASHES_A_PAGE
        for number, row in enumerate(rows):
            left -= counts.pop(EntryId(row.entry_id), 0)
            if left < 0 and number:
                return rows[:number]
        return rows

    def _steps(
        self, banks: Sequence[int], *, after: int, until: int, known: int, limit: int
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        log, one = t.bank_change.c, t.entry.c
        known_at = self._time_of(known)
        query = (
            sa.select(
                log.sequence,
                log.at,
                log.entry_id,
                one.bank_id,
                one.state,
                one.sharing,
                one.disputed,
                sa.cast(one.labels, sa.Text),
                one.created_at,
                (sa.false() if known_at is None else known_at >= _SINCE).label("old"),
                sa.exists().where(t.opinion.c.entry_id == one.id).label("has_opinion"),
            )
            .join(t.entry, one.id == log.entry_id)
            .where(log.sequence > after, log.sequence <= until, log.bank_id.in_(banks), log.kind.in_(_OF_ENTRIES))
            .order_by(log.sequence)
            .limit(limit)
        )
        return self._connection.execute(query).all()

    def _hashes_of(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[EntryId, tuple[Hash, ...]]:
        found: dict[EntryId, tuple[Hash, ...]] = {}
        for bank, ids in _by_bank(rows).items():
            found |= self.banks.hashes_in(BankId(bank), ids)
        return found

    def _opinions(self, entries: Sequence[int]) -> dict[EntryId, tuple[OpinionKind, ...]]:
        newest: dict[int, dict[str, OpinionKind]] = {}
        one = t.opinion.c
        for row in self._connection.execute(t.opinion.select().where(one.entry_id.in_(entries)).order_by(one.id)):
            if not row.author.startswith(PARTNER_PREFIX):
                newest.setdefault(row.entry_id, {})[row.author] = OpinionKind(row.kind)
        return {EntryId(entry): tuple(sorted(set(kinds.values()))) for entry, kinds in newest.items()}

    def _newest_opinion(self, entries: Sequence[int]) -> dict[int, OpinionKind]:
        """Return the newest opinion of people here on each entry."""
        one = t.opinion.c
        query = t.opinion.select().where(one.entry_id.in_(entries)).order_by(one.id)
        return {
            row.entry_id: OpinionKind(row.kind)
            for row in self._connection.execute(query)
            if not row.author.startswith(PARTNER_PREFIX)
        }

    def _insert(self, table: sa.Table) -> Any:  # noqa: ANN401 - two classes without a common one
        return (postgresql if self._connection.dialect.name == "postgresql" else sqlite).insert(table)

    def _time_of(self, sequence: int) -> datetime | None:
        log = t.bank_change.c
        query = sa.select(log.at).where(log.sequence <= sequence).order_by(log.sequence.desc()).limit(1)
        return self._connection.execute(query).scalar_one_or_none()

    def _shares(self, partner: PartnerId) -> dict[int, Row[*tuple[object, ...]]]:
        one = t.partner_share.c
        query = sa.select(one.bank_id, one.ended_at, t.bank.c.name).join(t.bank, t.bank.c.id == one.bank_id)
        return {row.bank_id: row for row in self._connection.execute(query.where(one.partner_id == partner))}

    def _share(self, partner: PartnerId, bank: int, *, ended_at: datetime | None) -> None:
        one = t.partner_share
        which = (one.c.partner_id == partner) & (one.c.bank_id == bank)
        if self._connection.execute(one.update().where(which).values(ended_at=ended_at)).rowcount == 0:
            self._connection.execute(one.insert().values(partner_id=partner, bank_id=bank, ended_at=ended_at))

    def _set_imports(self, partner: PartnerId, imports: Sequence[Import]) -> None:
        one = t.partner_import
        self._connection.execute(one.delete().where(one.c.partner_id == partner))
        banks = self._bank_ids([each.bank for each in imports])
        for each in imports:
            values = {"partner_id": partner, "remote": each.remote, "bank_id": banks[each.bank]}
            self._connection.execute(one.insert().values(**values, at_most=each.at_most.value))

    def _bank_ids(self, names: Sequence[str] | set[str]) -> dict[str, int]:
        return {name: self.banks.bank(name).id for name in sorted(set(names))}

    def _partners(self, which: sa.ColumnElement[bool]) -> list[Partner]:
        rows = self._connection.execute(t.partner.select().where(which).order_by(t.partner.c.name)).all()
        ids = [row.id for row in rows]
        share, take, bank = t.partner_share.c, t.partner_import.c, t.bank.c
        shares = sa.select(share.partner_id, bank.name).join(t.partner_share, share.bank_id == bank.id)
        shares = shares.where(share.partner_id.in_(ids), share.ended_at.is_(None)).order_by(bank.name)
        shared = defaultdict[int, list[str]](list)
        for one in self._connection.execute(shares):
            shared[one.partner_id].append(one.name)
        imports = sa.select(take.partner_id, take.remote, bank.name, take.at_most).join(t.bank, take.bank_id == bank.id)
        imports = imports.where(take.partner_id.in_(ids)).order_by(take.remote)
        taken = defaultdict[int, list[Import]](list)
        for each in self._connection.execute(imports):
            taken[each.partner_id].append(Import(each.remote, each.name, Action(each.at_most)))
        return [
            Partner(
                id=PartnerId(row.id),
                name=row.name,
                protocol=Protocol(row.protocol),
                created_at=row.created_at,
                state=PartnerState(row.state),
                honours_withdrawal=row.honours_withdrawal,
                per_hour=row.per_hour,
                doubts_per_hour=row.doubts_per_hour,
                shares=tuple(shared[row.id]),
                imports=tuple(taken[row.id]),
                source=None if row.source is None else Source(**row.source),
            )
            for row in rows
        ]

    def _sealed(self, name: str, secret: str) -> bytes | None:
        if not secret:
            return None
        key = self._keyring.digest(Purpose.PARTNER, b"secret")
        return self._keyring.seal(key, secret.encode(), place=_secret_place(name))


def _sync_state(row: Row[*tuple[Any, ...]]) -> SyncState:
    return SyncState(
        checkpoint=row.checkpoint,
        generation=row.generation,
        sweeping=row.sweeping,
        status=SyncStatus(row.status),
        reason=row.reason,
        attempted_at=row.attempted_at,
        succeeded_at=row.succeeded_at,
        failures=row.failures,
        next_at=row.next_at,
        hour_at=row.hour_at,
        hour_count=row.hour_count,
        doubts_at=row.doubts_at,
        doubts_count=row.doubts_count,
        counts=Counts(row.taken, row.withdrawn, row.held, row.refused, row.skipped),
        opinions_sent=row.opinions_sent,
    )


def _receipt(row: Row[*tuple[Any, ...]]) -> PartnerReceipt:
    digest, signature = bytes(row.digest or b"").hex(), bytes(row.signature or b"").hex()
    return PartnerReceipt(row.at, row.position, row.epoch, digest, row.key, signature, row.number)


def _secret_place(partner: str) -> str:
    return f"partner|{partner}|secret"


def _source_json(source: Source | None) -> dict[str, str] | None:
    return None if source is None else asdict(source)


def _unconfirmed(partner: PartnerId, confirmed: int) -> sa.Select[*tuple[Any, ...]]:
    one, later = t.share_step, t.share_step.alias()
    answers = [each.value for each in (ShareStep.CONFIRMED, ShareStep.WITHDRAWN, ShareStep.REFUSED)]
    answered = sa.exists().where(
        later.c.partner_id == partner,
        later.c.entry_id == one.c.entry_id,
        later.c.position == one.c.position,
        later.c.step.in_(answers),
    )
    return (
        sa.select(one.c.entry_id, one.c.step, one.c.position)
        .where(
            one.c.partner_id == partner,
            one.c.position <= confirmed,
            one.c.step.in_([ShareStep.SHARED.value, ShareStep.TOLD.value]),
            ~answered,
        )
        .order_by(one.c.number)
    )


def _head(partner: PartnerId, position: int, digest: str) -> tuple[sa.ColumnElement[bool], ...]:
    one = t.feed_head.c
    return one.partner_id == partner, one.digest == _digest(digest), one.position == position


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


class _HeldHash(msgspec.Struct, array_like=True):
    """A hash of a held entry."""

    type: str
    value: bytes
    quality: int | None
    pipeline: str
    variant: str
    at_ms: int | None = None


class _Content(msgspec.Struct, array_like=True):
    """What of a held entry waits to be registered."""

    hashes: list[_HeldHash]
    labels: list[str]


_decoder = msgspec.msgpack.Decoder(_Content)


def _received_columns(partner: PartnerId, some: Sequence[Received], now: datetime) -> dict[str, Sequence[object]]:
    return {
        "partner_id": [partner] * len(some),
        "reference": [one.reference for one in some],
        "version": [one.version for one in some],
        "state": [str(one.state) for one in some],
        "bank": [one.bank for one in some],
        "entry_id": [one.entry for one in some],
        "reason": [None if one.reason is None else str(one.reason) for one in some],
        "content": [None if one.reason is None else _content(one) for one in some],
        "changed_at": [now] * len(some),
    }


def _content(one: Received) -> bytes:
    hashes = [_HeldHash(h.type, h.value, h.quality, h.pipeline, h.variant, h.at_ms) for h in one.hashes]
    return msgspec.msgpack.encode(_Content(hashes, list(one.labels)))


def _received(row: Row[*tuple[object, ...]]) -> Received:
    content = _Content([], []) if row.content is None else _decoder.decode(bytes(row.content))
    return Received(
        reference=row.reference,
        version=row.version,
        state=ReceivedState(row.state),
        bank=row.bank,
        entry=None if row.entry_id is None else EntryId(row.entry_id),
        reason=None if row.reason is None else HeldReason(row.reason),
        hashes=tuple(
            Hash(h.value, h.quality, SignalType(h.type), Pipeline(h.pipeline), Variant(h.variant), h.at_ms)
            for h in content.hashes
        ),
        labels=tuple(content.labels),
    )


def _is_held(reason: HeldReason | None) -> sa.ColumnElement[bool]:
    one = t.received.c
    return one.reason.is_not(None) if reason is None else one.reason == reason.value


def _by_bank(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[int, list[EntryId]]:
    by_bank: dict[int, dict[EntryId, None]] = {}
    for row in rows:
        by_bank.setdefault(row.bank_id, {})[EntryId(row.entry_id)] = None
    return {bank: list(ids) for bank, ids in by_bank.items()}


def _portions(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
