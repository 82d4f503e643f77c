# SPDX-License-Identifier: Apache-2.0
"""What ``evidence.ports`` promises of the ledger and its roots, held against memory, SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from noli.adapters.keyring import KeyFile, is_signed
from noli.adapters.noted_roots import RootsFile
from noli.adapters.sql.cases import SqlCases
from noli.adapters.sql.jobs import SqlJobs
from noli.adapters.sql.ledger import SqlLedger
from noli.base.errors import Conflict, NotFound, Unavailable
from noli.evidence import proofs
from noli.evidence.model import Fact, LedgerRoot, SignedRoot, TimestampToken
from noli.evidence.notes import parse_notes
from noli.evidence.ports import LedgerTransaction
from noli.evidence.service import LedgerService
from noli.evidence.signing import RootService
from noli.jobs.ports import LeaseLost
from tests.conftest import opened
from tests.support.cases import MemoryCases
from tests.support.casework import FakeClock
from tests.support.jobs import MemoryJobs
from tests.support.plans import planned
from tests.support.signing import FakeNotes

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


class Stores:
    """A ledger with its roots, jobs, and transactions that append."""

    def __init__(
        self, kept: Any, jobs: Any, transaction: Callable[..., AbstractContextManager[LedgerTransaction]]
    ) -> None:
        self.kept, self.jobs, self._transaction = kept, jobs, transaction
        self.engine: sa.Engine | None = None

    def grow(self, count: int) -> None:
        with self._transaction(write=True) as transaction:
            for number in range(count):
                transaction.record(
                    Fact("case.viewed", f"case-{number}", "staff:1", bytes([number % 256]) * 32), now=NOW
                )


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    """A key file, which signs."""
    return KeyFile.make(tmp_path / "keys.json")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path, keys: KeyFile) -> Iterator[Stores]:
    """Each implementation of the ports, empty."""
    if request.param == "memory":
        memory = MemoryCases()
        yield Stores(memory, MemoryJobs(lambda: memory.world.outbox.jobs), memory.transaction)
        return
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    database = opened(url, tmp_path)
    made = Stores(SqlLedger(database.engine), SqlJobs(database.engine), SqlCases(database.engine, keys).transaction)
    made.engine = database.engine
    yield made
    database.close()


def _service(stores: Stores, keys: KeyFile) -> RootService:
    return RootService(stores.kept, stores.kept, FakeClock(), signer=keys, notes=FakeNotes())


def _signed(size: int) -> SignedRoot:
    return SignedRoot(LedgerRoot(size, bytes([size]) * 32), NOW, "0123abcd", b"s" * 64)


def test_roots_are_signed_and_entries_proven(stores: Stores, keys: KeyFile) -> None:
    """Roots of a growing ledger verify with the key file's key; entries of all places are proven against them."""
    service = _service(stores, keys)
    for count in (1, 255, 100, 400):
        stores.grow(count)
        service.sign()
    assert [signed.root.size for signed in service.roots()] == [756, 356, 256, 1]
    assert LedgerService(stores.kept, check=is_signed, keys=keys.signing_keys()).verify().whole
    for sequence, size in ((1, None), (1, 1), (256, 256), (300, 356), (756, None)):
        proof = service.prove(sequence, size=size)
        root = proof.signed.root
        leaf = proof.entry.leaf
        assert proofs.is_included(leaf, sequence - 1, size=root.size, proof=proof.hashes, root=root.root)
    assert [each.root.size for each in (service.compare(1).first, service.compare(1).second)] == [1, 756]
    assert stores.kept.entry(5).fact.subject == "case-3"
    for sequence in (0, 757):
        with pytest.raises(NotFound):
            stores.kept.entry(sequence)


def test_roots_are_kept_once_and_for_good(stores: Stores) -> None:
    """The largest one is the last; pages follow each other; a second one of a size is refused."""
    assert stores.kept.last() is None
    for size in (3, 1, 2):
        stores.kept.keep(_signed(size), peaks=[b"p" * 32] * size, tiles={}, lease=None)
    assert stores.kept.last() == (_signed(3), (b"p" * 32,) * 3)
    assert stores.kept.at(2) == _signed(2)
    assert stores.kept.roots(limit=2) == [_signed(3), _signed(2)]
    assert stores.kept.roots(before=2) == [_signed(1)]
    with pytest.raises(Conflict):
        stores.kept.keep(_signed(2), peaks=[], tiles={}, lease=None)
    with pytest.raises(NotFound):
        stores.kept.at(4)
    stores.kept.keep(_signed(4), peaks=[], tiles={(1, 0): b"t" * 32, (1, 1): b"u" * 32}, lease=None)
    with stores.kept.nodes() as nodes:
        assert nodes(1, 0, 2) == [b"t" * 32, b"u" * 32]


def test_a_root_is_kept_under_a_lease(stores: Stores, keys: KeyFile) -> None:
    """Who was overtaken keeps nothing; who holds the lease does."""
    stores.grow(3)
    service = _service(stores, keys)
    [task] = service.tasks
    stores.jobs.ensure(task, now=NOW)
    lost = stores.jobs.claim([task], now=NOW)
    held = stores.jobs.claim([task], now=NOW + timedelta(hours=1))
    with pytest.raises(LeaseLost):
        service.sign(lease=lost)
    assert service.roots() == []
    assert service.sign(lease=held) is not None


def test_time_stamps_are_kept(stores: Stores) -> None:
    """Each authority's, oldest first."""
    stores.kept.keep(_signed(1), peaks=[], tiles={}, lease=None)
    later = TimestampToken(1, "https://b.example/", NOW + timedelta(seconds=1), b"later")
    first = TimestampToken(1, "https://a.example/", NOW, b"first")
    stores.kept.keep_token(later)
    stores.kept.keep_token(first)
    assert stores.kept.tokens(1) == [first, later]
    assert stores.kept.tokens(2) == []


def test_roots_and_time_stamps_cannot_be_changed(stores: Stores) -> None:
    """The database refuses to change, replace or remove them."""
    if stores.engine is None:
        return
    stores.kept.keep(_signed(1), peaks=[], tiles={}, lease=None)
    stores.kept.keep_token(TimestampToken(1, "https://a.example/", NOW, b"first"))
    changes = ["UPDATE ledger_root SET key = 'x'", "DELETE FROM ledger_root WHERE size = 1"]
    changes += ["UPDATE ledger_timestamp SET authority = 'x'", "DELETE FROM ledger_timestamp"]
    if stores.engine.dialect.name == "sqlite":
        again = "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"
        changes += [again.format("ledger_root"), again.format("ledger_timestamp")]
    else:
        changes += ["TRUNCATE ledger_root CASCADE", "TRUNCATE ledger_timestamp"]
    for change in changes:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), stores.engine.begin() as connection:
            connection.execute(sa.text(change))


def test_signed_roots_are_noted_in_a_file(stores: Stores, keys: KeyFile, tmp_path: Path) -> None:
    """What was noted beside the database is read back; a file that cannot be used is reported."""
    file = RootsFile(tmp_path / "roots.txt")
    assert file.read() == ""
    service = RootService(stores.kept, stores.kept, FakeClock(), signer=keys, notes=file)
    for _ in range(2):
        stores.grow(1)
        service.sign()
    assert parse_notes(file.read()) == service.roots()[::-1]
    folder = RootsFile(tmp_path)
    with pytest.raises(Unavailable):
        folder.note("x")
    with pytest.raises(Unavailable):
        folder.read()


def test_entries_are_listed_by_kind_and_day(stores: Stores) -> None:
    """Newest first and page by page; a day ends at midnight in UTC."""
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    with stores._transaction(write=True) as transaction:
        for number in range(6):
            kind = "case.viewed" if number % 2 else "case.opened"
            at = midnight + timedelta(microseconds=number - 3)
            transaction.record(Fact(kind, "case", "staff:1", bytes(32)), now=at)
    first, second = NOW.date(), midnight.date()

    def found(**wanted: Any) -> list[int]:
        return [each.sequence for each in stores.kept.page(**wanted)]

    assert found(day=first) == [3, 2, 1]
    assert found(day=second, limit=2) == [6, 5]
    assert found(day=second, before=5) == [4]
    assert found(kind="case.viewed") == [6, 4, 2]
    assert found(kind="case.viewed", day=first) == [2]
    assert found(kind="case.viewed", before=4) == [2]
    assert found(kind="case.viewed", before=99) == [6, 4, 2]
    assert found(kind="none") == []


def test_kinds_and_days_are_read_from_indexes(tmp_path: Path) -> None:
    """However long the ledger is, no page of it sorts or reads it through."""
    database = opened("", tmp_path)
    with database.engine.connect() as connection, planned(connection) as said:
        kept = SqlLedger(database.engine)
        for wanted in ({"kind": "x"}, {"day": NOW.date()}, {"kind": "x", "day": NOW.date()}):
            kept.page(**wanted, before=7)
    database.close()
    assert said
    assert [each for each in said if each.startswith("SCAN") or "TEMP B-TREE" in each] == []
