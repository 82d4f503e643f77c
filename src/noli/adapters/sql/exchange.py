# SPDX-License-Identifier: Apache-2.0
"""Partners and what they may see in SQL: ``exchange.ports.ExchangeStore``."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import tables as t
from noli.adapters.sql.banks import SqlBankTransaction
from noli.adapters.sql.engine import exclusive, transaction
from noli.bank.model import Action, BankId, ChangeKind, EntryId, EntryState, OpinionKind, Sharing
from noli.bank.rules import PARTNER_PREFIX
from noli.base.errors import NotFound
from noli.base.secrecy import Keyring, Purpose
from noli.exchange.model import Import, NewPartner, Partner, PartnerId, PartnerState, Protocol, Source, Visible
from noli.hashing.model import Hash

# Kinds of change that say something about an entry.
_OF_ENTRIES = [kind.value for kind in ChangeKind if kind is not ChangeKind.BANK]

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
            "created_at": now,
            "source": _source_json(partner.source),
            "secret": self._sealed(partner.name, partner.secret),
        }
        made = self._connection.execute(t.partner.insert().values(values).returning(t.partner.c.id)).scalar_one()
        for bank in self._bank_ids(partner.shares).values():
            self._connection.execute(t.partner_share.insert().values(partner_id=made, bank_id=bank))
        self._set_imports(PartnerId(made), partner.imports)
        return self.partner(partner.name)

    def change_partner(self, partner: Partner, *, secret: str | None = None, now: datetime) -> Partner:
        """Keep what changed of a partner."""
        before = self.partner(partner.name)
        values: dict[str, object] = {
            "protocol": partner.protocol.value,
            "state": partner.state.value,
            "honours_withdrawal": partner.honours_withdrawal,
            "per_hour": partner.per_hour,
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
        return self.partner(partner.name)

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
        rows = self._steps(list(shares), after=after, until=until, limit=limit) if shares else []
        reached = rows[-1].sequence if len(rows) == limit else until
        known_at = self._time_of(known)
        # The last step of an entry says all that earlier ones say.
        steps = {row.entry_id: row for row in rows}
        hashes = self._hashes_of(rows)
        opinions = self._opinions([row.entry_id for row in rows if row.has_opinion])
        found = []
        for row in sorted(steps.values(), key=lambda row: row.sequence):
            sharing = Sharing(row.sharing)
            shared = shares[row.bank_id].ended_at is None
            withdrawn = not (shared and sharing.leaves and row.state == EntryState.ACTIVE.value)
            if sharing is Sharing.WITHHELD or (withdrawn and (known_at is None or row.since > known_at)):
                continue
            entry = EntryId(row.entry_id)
            found.append(
                Visible(
                    sequence=row.sequence,
                    at=row.at,
                    entry=entry,
                    bank=shares[row.bank_id].name,
                    created_at=row.created_at,
                    withdrawn=withdrawn,
                    hashes=hashes[entry],
                    opinions=opinions.get(entry, ()),
                    disputed=row.disputed,
                    labels=tuple(row.labels),
                    personal=sharing is not Sharing.OPEN,
                )
            )
        return found, reached

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

    def _steps(self, banks: Sequence[int], *, after: int, until: int, limit: int) -> Sequence[Row[*tuple[object, ...]]]:
        log, one = t.bank_change.c, t.entry.c
        query = (
            sa.select(
                log.sequence,
                log.at,
                log.entry_id,
                one.bank_id,
                one.state,
                one.sharing,
                one.disputed,
                one.labels,
                one.created_at,
                _SINCE.label("since"),
                sa.exists().where(t.opinion.c.entry_id == one.id).label("has_opinion"),
            )
            .join(t.entry, one.id == log.entry_id)
            .where(log.sequence > after, log.sequence <= until, log.bank_id.in_(banks), log.kind.in_(_OF_ENTRIES))
            .order_by(log.sequence)
            .limit(limit)
        )
        return self._connection.execute(query).all()

    def _hashes_of(self, rows: Sequence[Row[*tuple[object, ...]]]) -> dict[EntryId, tuple[Hash, ...]]:
        found: dict[EntryId, tuple[Hash, ...]] = {}
        by_bank: dict[int, list[EntryId]] = {}
        for row in rows:
            by_bank.setdefault(row.bank_id, []).append(EntryId(row.entry_id))
        for bank, ids in by_bank.items():
            found |= self.banks.hashes_in(BankId(bank), ids)
        return found

    def _opinions(self, entries: Sequence[int]) -> dict[EntryId, tuple[OpinionKind, ...]]:
        newest: dict[int, dict[str, OpinionKind]] = {}
        one = t.opinion.c
        for row in self._connection.execute(t.opinion.select().where(one.entry_id.in_(entries)).order_by(one.id)):
            if not row.author.startswith(PARTNER_PREFIX):
                newest.setdefault(row.entry_id, {})[row.author] = OpinionKind(row.kind)
        return {EntryId(entry): tuple(sorted(set(kinds.values()))) for entry, kinds in newest.items()}

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
        share, take, bank = t.partner_share.c, t.partner_import.c, t.bank.c
        found = []
        for row in rows:
            shares = sa.select(bank.name).join(t.partner_share, share.bank_id == bank.id)
            shares = shares.where(share.partner_id == row.id, share.ended_at.is_(None)).order_by(bank.name)
            imports = sa.select(take.remote, bank.name, take.at_most).join(t.bank, take.bank_id == bank.id)
            imports = imports.where(take.partner_id == row.id).order_by(take.remote)
            found.append(
                Partner(
                    id=PartnerId(row.id),
                    name=row.name,
                    protocol=Protocol(row.protocol),
                    created_at=row.created_at,
                    state=PartnerState(row.state),
                    honours_withdrawal=row.honours_withdrawal,
                    per_hour=row.per_hour,
                    shares=tuple(self._connection.execute(shares).scalars()),
                    imports=tuple(
                        Import(one.remote, one.name, Action(one.at_most)) for one in self._connection.execute(imports)
                    ),
                    source=None if row.source is None else Source(**row.source),
                )
            )
        return found

    def _sealed(self, name: str, secret: str) -> bytes | None:
        if not secret:
            return None
        key = self._keyring.digest(Purpose.PARTNER, b"secret")
        return self._keyring.seal(key, secret.encode(), place=_secret_place(name))


def _secret_place(partner: str) -> str:
    return f"partner|{partner}|secret"


def _source_json(source: Source | None) -> dict[str, str] | None:
    return None if source is None else asdict(source)
