# SPDX-License-Identifier: Apache-2.0
"""Banks, entries, opinions and their change sequence in SQL: ``bank.ports.BankStore``."""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from secrets import token_hex

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import bulk, outbox
from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import exclusive, transaction
from noli.bank.model import (
    Action,
    Bank,
    BankId,
    BankPolicy,
    Change,
    ChangeKind,
    Entry,
    EntryId,
    EntryState,
    KeyedRegions,
    NewEntry,
    Opinion,
    OpinionKind,
    Provenance,
    RegionUse,
    Sharing,
    entry_text,
)
from noli.bank.rules import standing
from noli.base.errors import Conflict, IntegrityError, NotFound
from noli.hashing.model import Hash, Pipeline, SignalType, Variant
from noli.outbox.model import DISPUTED, OutboxMessage

# Wakes the other processes of an installation; ``adapters.sql.listen`` hears it.
_NOTIFY = sa.text("NOTIFY noli_change")

# Rows fetched at a time while an index loads: 50,000 are 2 MB.
_LOAD_ROWS = 50_000

_MESSAGE_BYTES = 16

# Entries' regions fetched at a time while an index loads: 5,000 are 12 MB.
_REGION_ROWS = 5_000

# Ids in one IN list; SQLite takes 32,766 parameters.
_IDS_A_QUERY = 1000


# Looked up faster than an enumeration is called; a first load reads a million hashes.
_ACTIONS = {each.value: each for each in Action}
_TYPES = {each.value: each for each in SignalType}
_PIPELINES = {each.value: each for each in Pipeline}
_VARIANTS = {each.value: each for each in Variant}

# Hashes lie bank by bank, so one that is looked for by its entry alone is reached over the entry's bank.
_OF_ENTRY = (t.banked_hash.c.bank_id == t.entry.c.bank_id) & (t.banked_hash.c.entry_id == t.entry.c.id)


class SqlBanks:
    """Opens transactions on the banks."""

    def __init__(self, engine: Engine) -> None:
        """Keep the engine."""
        self._engine = engine

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator["SqlBankTransaction"]:
        """Open one transaction; see the port."""
        with (exclusive if write else transaction)(self._engine) as connection:
            yield SqlBankTransaction(connection)


class SqlBankTransaction:
    """One transaction; its methods are described in ``bank.ports.BankTransaction``."""

    def __init__(self, connection: Connection) -> None:
        """Keep the open connection."""
        self._connection = connection

    def add_bank(self, name: str, policy: BankPolicy, *, now: datetime) -> Bank:
        """Create a bank."""
        if self._one(sa.select(t.bank.c.id).where(t.bank.c.name == name)) is not None:
            msg = f"A bank named {name!r} exists already."
            raise Conflict(msg)
        values = {"name": name, "created_at": now, "entries": 0, "hashes": 0, "epoch": 1, **_policy_values(policy)}
        bank = self._connection.execute(t.bank.insert().values(values).returning(t.bank.c.id)).scalar_one()
        self._append(ChangeKind.BANK, bank, [None], now)
        return self.bank(name)

    def set_policy(self, name: str, policy: BankPolicy, *, now: datetime) -> Bank:
        """Replace a bank's policy."""
        bank = self._bank_id(name)
        values = _policy_values(policy)
        if policy.regions is RegionUse.OFF:
            self._connection.execute(t.banked_regions.delete().where(t.banked_regions.c.bank_id == bank))
            values["epoch"] = t.bank.c.epoch + 1
        self._connection.execute(t.bank.update().where(t.bank.c.id == bank).values(values))
        self._append(ChangeKind.BANK, bank, [None], now)
        return self.bank(name)

    def bank(self, name: str) -> Bank:
        """Read one bank."""
        row = self._one(t.bank.select().where(t.bank.c.name == name))
        if row is None:
            raise _no_bank(name)
        return _bank(row)

    def banks(self, *, after: str = "", limit: int = 100) -> list[Bank]:
        """List banks by name."""
        query = t.bank.select().where(t.bank.c.name > after).order_by(t.bank.c.name).limit(limit)
        return [_bank(row) for row in self._connection.execute(query)]

    def add_entry(self, bank: str, entry: NewEntry, *, id: EntryId, now: datetime) -> Entry:  # noqa: A002 - the port's name
        """Register an entry."""
        self.add_entries(bank, [(id, entry)], now=now)
        return self.entry(bank, id)

    def add_entries(self, bank: str, entries: Sequence[tuple[EntryId, NewEntry]], *, now: datetime) -> None:
        """Register many entries of one bank."""
        number = self._bank_id(bank)
        if not entries:
            return
        bulk.insert(self._connection, t.entry, _entry_columns(number, entries, now))
        hashes = _hash_columns(number, entries)
        bulk.insert(self._connection, t.banked_hash, hashes)
        self._count(number, entries=len(entries), hashes=len(hashes["value"]))
        self._append(ChangeKind.ENTRY_ADDED, number, [id_ for id_, _ in entries], now)

    def entry(self, bank: str, id: EntryId) -> Entry:  # noqa: A002 - the port's name
        """Read one entry with its hashes."""
        number = self._bank_id(bank)
        row = self._one(_entries().where(t.entry.c.id == id, t.entry.c.bank_id == number))
        if row is None:
            raise _no_entry(bank, id)
        return _entry(row, self.hashes_in(number, [id]).get(id, ()))

    def entries(
        self,
        bank: str,
        *,
        after: EntryId | None = None,
        limit: int = 100,
        withdrawn: bool = False,
        doubted: bool = False,
    ) -> list[Entry]:
        """List entries of a bank in id order."""
        number = self._bank_id(bank)
        query = _entries().where(t.entry.c.bank_id == number, t.entry.c.id > (-1 if after is None else after))
        if withdrawn:
            query = query.where(t.GONE)
        if doubted:
            query = query.where(t.entry.c.disputed, t.entry.c.state == EntryState.ACTIVE.value)
        rows = self._connection.execute(query.order_by(t.entry.c.id).limit(limit)).all()
        hashes = self.hashes_in(number, [row.id for row in rows])
        return [_entry(row, hashes.get(row.id, ())) for row in rows]

    def entries_by_id(self, ids: Sequence[EntryId]) -> dict[EntryId, Entry]:
        """Read entries of any bank, without hashes."""
        found = {}
        for some in _portions(ids):
            for row in self._connection.execute(_entries().where(t.entry.c.id.in_(some))):
                found[EntryId(row.id)] = _entry(row, ())
        return found

    def withdraw(self, bank: str, id: EntryId, *, by: str, now: datetime) -> Entry:  # noqa: A002 - the port's name
        """Withdraw an entry."""
        before = self.entry(bank, id)
        if before.state is EntryState.WITHDRAWN:
            return before
        number, one = self._bank_id(bank), t.banked_hash
        values = {"state": EntryState.WITHDRAWN.value, "withdrawn_at": now, "withdrawn_by": by}
        self._connection.execute(t.entry.update().where(t.entry.c.id == id).values(values))
        gone = one.update().where(one.c.bank_id == number, one.c.entry_id == id).values(active=False)
        self._count(number, entries=-1, hashes=-self._connection.execute(gone).rowcount)
        region = t.banked_regions
        self._connection.execute(region.delete().where(region.c.bank_id == number, region.c.entry_id == id))
        self._append(ChangeKind.ENTRY_WITHDRAWN, number, [id], now)
        return self.entry(bank, id)

    def set_sharing(self, bank: str, id: EntryId, *, given: bool, now: datetime) -> Entry:  # noqa: A002 - the port's name
        """Let an entry leave, or end that."""
        before = self.entry(bank, id)
        if given == before.sharing.leaves or (not given and before.sharing is Sharing.WITHHELD):
            return before
        values = {"sharing": Sharing.GRANTED.value, "shared_at": now} if given else {"sharing": Sharing.ENDED.value}
        self._connection.execute(t.entry.update().where(t.entry.c.id == id).values(values))
        kind = ChangeKind.ENTRY_SHARED if given else ChangeKind.ENTRY_UNSHARED
        self._append(kind, self._bank_id(bank), [id], now)
        return self.entry(bank, id)

    def offer(self, bank: str, *, now: datetime) -> None:
        """Put a bank's active entries into the change sequence anew."""
        number, one = self._bank_id(bank), t.entry.c
        query = sa.select(one.id).where(one.bank_id == number, one.state == EntryState.ACTIVE.value).order_by(one.id)
        ids = self._connection.execute(query).scalars().all()
        if ids:
            self._append(ChangeKind.ENTRY_SHARED, number, ids, now)

    def add_opinion(self, bank: str, opinion: Opinion) -> Entry:
        """Keep an opinion and what it makes of the entry."""
        before = self.entry(bank, opinion.entry)
        self._connection.execute(
            t.opinion.insert().values(
                entry_id=opinion.entry,
                author=opinion.author,
                kind=opinion.kind.value,
                note=opinion.note,
                created_at=opinion.created_at,
            )
        )
        stands = standing(self.opinions(bank, opinion.entry))
        at_most = None if stands.confirmed or before.at_most is None else before.at_most.value
        values = {"disputed": stands.disputed, "at_most": at_most}
        self._connection.execute(t.entry.update().where(t.entry.c.id == opinion.entry).values(values))
        self._append(ChangeKind.ENTRY_OPINION, self._bank_id(bank), [opinion.entry], opinion.created_at)
        if stands.disputed and not before.disputed:
            outbox.tell(self._connection, _disputed(before, opinion))
        return self.entry(bank, opinion.entry)

    def opinions(self, bank: str, id: EntryId) -> list[Opinion]:  # noqa: A002 - the port's name
        """List opinions on an entry, oldest first."""
        self.entry(bank, id)
        rows = self._connection.execute(t.opinion.select().where(t.opinion.c.entry_id == id).order_by(t.opinion.c.id))
        return [
            Opinion(EntryId(row.entry_id), row.author, OpinionKind(row.kind), row.note, row.created_at) for row in rows
        ]

    def opinions_by(self, author: str, *, limit: int = 100) -> list[tuple[str, Opinion]]:
        """Return what somebody thinks of entries, newest first."""
        one = t.opinion.c
        query = (
            sa.select(t.bank.c.name, one.entry_id, one.author, one.kind, one.note, one.created_at)
            .join_from(t.opinion, t.entry, t.entry.c.id == one.entry_id)
            .join(t.bank, t.bank.c.id == t.entry.c.bank_id)
            .where(one.author == author)
            .order_by(one.id.desc())
            .limit(limit)
        )
        return [
            (name, Opinion(EntryId(entry), by, OpinionKind(kind), note, at))
            for name, entry, by, kind, note, at in self._connection.execute(query)
        ]

    def disputed(self, bank: BankId) -> list[EntryId]:
        """List a bank's active, disputed entries."""
        one = t.entry.c
        query = sa.select(one.id).where(one.bank_id == bank, one.disputed, one.state == EntryState.ACTIVE.value)
        return [EntryId(id_) for id_ in self._connection.execute(query.order_by(one.id)).scalars()]

    def bounds(self, bank: BankId) -> set[Action]:
        """Return what a bank's unconfirmed entries ask for at most."""
        one = t.entry.c
        # Each asked for by itself, which an index answers at once; all of them together would be counted.
        wanted = {each: sa.select(one.id).where(one.bank_id == bank, one.at_most == each.value) for each in Action}
        return {each for each, query in wanted.items() if self._connection.execute(query.limit(1)).first() is not None}

    def marked(self, entries: Sequence[EntryId]) -> list[tuple[EntryId, BankId, bool, Action | None]]:
        """Return those entries that are disputed or unconfirmed."""
        one, found = t.entry.c, []
        for some in _portions(entries):
            query = sa.select(one.id, one.bank_id, one.disputed, one.at_most).where(one.id.in_(some))
            for id_, bank, disputed, bound in self._connection.execute(
                query.where(sa.or_(one.disputed, one.at_most.is_not(None)))
            ):
                found.append((EntryId(id_), BankId(bank), disputed, None if bound is None else _ACTIONS[bound]))
        return found

    def changes(self, *, after: int, limit: int = 1000) -> list[Change]:
        """Read the change sequence."""
        log = t.bank_change
        rows = self._connection.execute(
            log.select().where(log.c.sequence > after).order_by(log.c.sequence).limit(limit)
        )
        return [
            Change(row.sequence, ChangeKind(row.kind), BankId(row.bank_id), _optional_entry(row.entry_id), row.at)
            for row in rows
        ]

    def active_hashes(self, bank: BankId) -> Iterator[tuple[bytes, bytes]]:
        """Stream what a bank's index holds."""
        one = t.banked_hash.c
        query = sa.select(one.entry_id, one.value).where(one.bank_id == bank, one.active)
        wanted = self._connection.execute(sa.select(t.bank.c.hashes).where(t.bank.c.id == bank)).scalar_one_or_none()
        found = 0
        with self._connection.execute(query.execution_options(yield_per=_LOAD_ROWS)) as result:
            for rows in result.partitions():
                ids = array("Q", [row[0] for row in rows])
                found += len(rows)
                yield b"".join([row[1] for row in rows]), ids.tobytes()
        if found != (wanted or 0):
            msg = "The database lacks hashes of a bank; stop Noli and restore it from a backup."
            raise IntegrityError(msg, detail=f"bank {bank}: {found} of {wanted}")

    def active_counts(self) -> dict[BankId, int]:
        """Return how many active hashes each bank has."""
        return {BankId(row.id): row.hashes for row in self._connection.execute(sa.select(t.bank.c.id, t.bank.c.hashes))}

    def hashes_of(self, entry: EntryId) -> bytes:
        """Return an active entry's hashes."""
        return b"".join(value for _, _, value in self.hashes_of_many([entry]))

    def hashes_of_many(self, entries: Sequence[EntryId]) -> list[tuple[EntryId, BankId, bytes]]:
        """Return the hashes of active entries."""
        one = t.banked_hash.c
        found: dict[tuple[EntryId, BankId], list[bytes]] = {}
        for some in _portions(entries):
            query = sa.select(one.entry_id, one.bank_id, one.value).where(_OF_ENTRY, t.entry.c.id.in_(some), one.active)
            for row in self._connection.execute(query.order_by(one.entry_id, one.position)):
                found.setdefault((EntryId(row.entry_id), BankId(row.bank_id)), []).append(row.value)
        return [(entry, bank, b"".join(values)) for (entry, bank), values in found.items()]

    def timed_hashes(self, entries: Sequence[EntryId]) -> dict[EntryId, list[tuple[int, bytes]]]:
        """Return the hashes of active videos with their times."""
        one = t.banked_hash.c
        found: dict[EntryId, list[tuple[int, bytes]]] = {}
        for some in _portions(entries):
            query = sa.select(one.entry_id, one.at_ms, one.value).where(_OF_ENTRY, t.entry.c.id.in_(some), one.active)
            for row in self._connection.execute(query.where(one.at_ms.is_not(None)).order_by(one.position)):
                found.setdefault(EntryId(row.entry_id), []).append((row.at_ms, bytes(row.value)))
        return found

    def add_regions(self, entry: EntryId, regions: Sequence[KeyedRegions]) -> None:
        """Keep the regions of an entry."""
        bank = self._connection.execute(sa.select(t.entry.c.bank_id).where(t.entry.c.id == entry)).scalar_one()
        rows = [
            {
                "bank_id": bank,
                "entry_id": entry,
                "position": at,
                "width": each.size[0],
                "height": each.size[1],
                "places": each.places,
                "hashes": each.hashes,
                "at_ms": each.at_ms,
            }
            for at, each in enumerate(regions)
        ]
        if rows:
            self._connection.execute(t.banked_regions.insert(), rows)

    def active_regions(self, bank: BankId) -> Iterator[tuple[EntryId, KeyedRegions]]:
        """Stream the regions of a bank's entries."""
        one = t.banked_regions
        query = one.select().where(one.c.bank_id == bank).order_by(one.c.entry_id, one.c.position)
        with self._connection.execute(query.execution_options(yield_per=_REGION_ROWS)) as result:
            for row in result:
                yield EntryId(row.entry_id), _regions(row)

    def regions_of_many(self, entries: Sequence[EntryId]) -> list[tuple[EntryId, BankId, KeyedRegions]]:
        """Return the regions of active entries."""
        one, found = t.banked_regions, []
        for some in _portions(entries):
            query = one.select().join(t.entry, (t.entry.c.id == one.c.entry_id) & (t.entry.c.bank_id == one.c.bank_id))
            rows = self._connection.execute(query.where(t.entry.c.id.in_(some)).order_by(one.c.position))
            found += [(EntryId(row.entry_id), BankId(row.bank_id), _regions(row)) for row in rows]
        return found

    def last_sequence(self) -> int:
        """Return the newest sequence number."""
        return self._connection.execute(sa.select(sa.func.max(t.bank_change.c.sequence))).scalar_one() or 0

    def recall(self, scope: str, key: str) -> tuple[bytes, bytes] | None:
        """Return what is kept under an idempotency key."""
        kept = t.idempotency.c
        row = self._one(sa.select(kept.digest, kept.response).where(kept.scope == scope, kept.key == key))
        return None if row is None else (row.digest, row.response)

    def remember(self, scope: str, key: str, *, digest: bytes, response: bytes, now: datetime) -> None:
        """Keep a response under an idempotency key."""
        kept = t.idempotency
        values = {"scope": scope, "key": key, "digest": digest, "response": response, "created_at": now}
        self._connection.execute(kept.insert().values(values))

    def _one(self, query: sa.Select[*tuple[object, ...]]) -> Row[*tuple[object, ...]] | None:
        return self._connection.execute(query).one_or_none()

    def _bank_id(self, name: str) -> BankId:
        found = self._connection.execute(sa.select(t.bank.c.id).where(t.bank.c.name == name)).scalar_one_or_none()
        if found is None:
            raise _no_bank(name)
        return BankId(found)

    def hashes_in(self, bank: BankId, ids: Sequence[EntryId]) -> dict[EntryId, tuple[Hash, ...]]:
        """Return hashes of entries of one bank, withdrawn ones included; not of the port, for other repositories."""
        found: dict[EntryId, list[Hash]] = {}
        one = t.banked_hash
        columns = one.c.entry_id, one.c.value, one.c.quality, one.c.type, one.c.pipeline, one.c.variant, one.c.at_ms
        for some in _portions(ids):
            query = sa.select(*columns).where(one.c.bank_id == bank, one.c.entry_id.in_(some))
            rows = self._connection.execute(query.order_by(one.c.entry_id, one.c.position))
            for entry, value, quality, type_, pipeline, variant, at_ms in rows:
                found.setdefault(entry, []).append(
                    Hash(bytes(value), quality, _TYPES[type_], _PIPELINES[pipeline], _VARIANTS[variant], at_ms)
                )
        return {entry: tuple(hashes) for entry, hashes in found.items()}

    def hash_counts(self, bank: BankId, ids: Sequence[EntryId]) -> dict[EntryId, int]:
        """Count what ``hashes_in`` would return of each entry; not of the port, for other repositories."""
        found: Counter[EntryId] = Counter()
        one = t.banked_hash.c
        for some in _portions(ids):
            query = sa.select(one.entry_id, sa.func.count()).where(one.bank_id == bank, one.entry_id.in_(some))
            found.update({row[0]: row[1] for row in self._connection.execute(query.group_by(one.entry_id))})
        return found

    def _count(self, bank: BankId, *, entries: int, hashes: int) -> None:
        counts = {"entries": t.bank.c.entries + entries, "hashes": t.bank.c.hashes + hashes}
        self._connection.execute(t.bank.update().where(t.bank.c.id == bank).values(counts))

    def _append(self, kind: ChangeKind, bank: int, entries: Sequence[int | None], now: datetime) -> None:
        log = t.bank_change.c
        last = self._connection.execute(sa.select(log.at).order_by(log.sequence.desc()).limit(1)).scalar_one_or_none()
        at = now if last is None else max(now, last)
        count = len(entries)
        columns: dict[str, Sequence[object]]
        columns = {"kind": [kind.value] * count, "bank_id": [bank] * count, "entry_id": entries, "at": [at] * count}
        bulk.insert(self._connection, t.bank_change, columns)
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(_NOTIFY)


def has_regions(engine: Engine) -> bool:
    """Whether any regions are kept; without the key file they were hashed under they match nothing."""
    with transaction(engine) as connection:
        return connection.execute(sa.select(t.banked_regions.c.entry_id).limit(1)).first() is not None


def _bank(row: Row[*tuple[object, ...]]) -> Bank:
    policy = BankPolicy(
        Action(row.action),
        row.threshold_bits,
        negative=row.negative,
        enabled=row.enabled,
        note=row.note,
        video_seconds=row.video_seconds,
        video_share=row.video_share,
        regions=RegionUse(row.regions),
    )
    return Bank(BankId(row.id), row.name, policy, row.created_at, row.entries, row.epoch)


def _regions(row: Row[*tuple[object, ...]]) -> KeyedRegions:
    return KeyedRegions((row.width, row.height), bytes(row.places), bytes(row.hashes), row.at_ms)


def _policy_values(policy: BankPolicy) -> dict[str, object]:
    return {
        "action": policy.action.value,
        "threshold_bits": policy.threshold_bits,
        "negative": policy.negative,
        "enabled": policy.enabled,
        "note": policy.note,
        "video_seconds": policy.video_seconds,
        "video_share": policy.video_share,
        "regions": policy.regions.value,
    }


def _entries() -> sa.Select[*tuple[object, ...]]:
    return sa.select(*t.entry.c, t.bank.c.name.label("bank_name")).join(t.bank, t.bank.c.id == t.entry.c.bank_id)


def _entry(row: Row[*tuple[object, ...]], hashes: tuple[Hash, ...]) -> Entry:
    return Entry(
        id=EntryId(row.id),
        bank=row.bank_name,
        state=EntryState(row.state),
        provenance=Provenance(row.added_by, row.source, row.reference),
        labels=tuple(row.labels),
        note=row.note,
        created_at=row.created_at,
        hashes=hashes,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
        disputed=row.disputed,
        sharing=Sharing(row.sharing),
        shared_at=row.shared_at,
        at_most=None if row.at_most is None else Action(row.at_most),
    )


def _entry_columns(
    bank: BankId, entries: Sequence[tuple[EntryId, NewEntry]], now: datetime
) -> dict[str, Sequence[object]]:
    new, count = [new for _, new in entries], len(entries)
    return {
        "id": [id_ for id_, _ in entries],
        "bank_id": [bank] * count,
        "state": [EntryState.ACTIVE.value] * count,
        "added_by": [one.provenance.added_by for one in new],
        "source": [one.provenance.source for one in new],
        "reference": [one.provenance.reference for one in new],
        "labels": [list(one.labels) for one in new],
        "note": [one.note for one in new],
        "created_at": [now] * count,
        "withdrawn_by": [""] * count,
        "disputed": [False] * count,
        "sharing": [str(one.sharing) for one in new],
        "at_most": [None if one.at_most is None else str(one.at_most) for one in new],
    }


def _hash_columns(bank: BankId, entries: Sequence[tuple[EntryId, NewEntry]]) -> dict[str, Sequence[object]]:
    hashes = [one for _, new in entries for one in new.hashes]
    return {
        "bank_id": [bank] * len(hashes),
        "entry_id": [id_ for id_, new in entries for _ in new.hashes],
        "position": [at for _, new in entries for at in range(len(new.hashes))],
        "active": [True] * len(hashes),
        "type": [str(one.type) for one in hashes],
        "value": [one.value for one in hashes],
        "quality": [one.quality for one in hashes],
        "pipeline": [str(one.pipeline) for one in hashes],
        "variant": [str(one.variant) for one in hashes],
        "at_ms": [one.at_ms for one in hashes],
    }


def _disputed(entry: Entry, opinion: Opinion) -> OutboxMessage:
    """Return what other programs are told when an entry comes to be disputed: somebody has to look."""
    data = {"bank": entry.bank, "kind": opinion.kind.value, "author": opinion.author}
    return OutboxMessage(f"evt_{token_hex(_MESSAGE_BYTES)}", DISPUTED, entry_text(entry.id), opinion.created_at, data)


def _portions(ids: Sequence[EntryId]) -> Iterator[Sequence[EntryId]]:
    for start in range(0, len(ids), _IDS_A_QUERY):
        yield ids[start : start + _IDS_A_QUERY]


def _optional_entry(number: int | None) -> EntryId | None:
    return None if number is None else EntryId(number)


def _no_bank(name: str) -> NotFound:
    return NotFound(f"There is no bank named {name!r}.")


def _no_entry(bank: str, entry: EntryId) -> NotFound:
    return NotFound(f"There is no entry {entry_text(entry)} in bank {bank!r}.")
