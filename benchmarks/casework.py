# SPDX-License-Identifier: Apache-2.0
"""Rows about casework: events a second, lists and queues over many open files, proofs and verification of the ledger.

Everything is measured in this process over the real repositories, on SQLite and on a PostgreSQL of its own.
"""

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.measure import Row, faster, higher, percentile, seconds
from noli.adapters.keyring import KeyFile, is_signed
from noli.adapters.noted_roots import RootsFile
from noli.adapters.sql import Database, open_database
from noli.adapters.sql import tables as t
from noli.adapters.sql.cases import SqlCases
from noli.adapters.sql.ledger import SqlLedger
from noli.adapters.sql.notices import SqlNotices
from noli.base.clock import SystemClock
from noli.base.config import Config
from noli.casework import rules
from noli.casework.events import CaseOpened, PassphraseReplaced, Recorded
from noli.casework.model import (
    CaseFilter,
    CaseId,
    CaseState,
    Recipient,
    Recovery,
    Reporter,
    Situation,
    StaffId,
    WithdrawalDelay,
)
from noli.casework.ports import Door
from noli.evidence.model import Fact, LedgerEntry
from noli.evidence.rules import following
from noli.evidence.service import LedgerService
from noli.evidence.signing import RootService
from noli.notices.model import NoticeFilter, NoticeId
from noli.notices.service import NoticeService
from tests.conftest import Cluster, binaries
from tests.support.notices import Desk

#: Open cases, and open notices, of the large installation.
FILES = 100_000

#: Entries of its ledger.
ENTRIES = 1_000_000

#: What a query may take at most, in ms of server time. Source: issue of casework, "under 100 ms".
BAR_MS = 100

# Rows written at a time.
_CHUNK = 20_000

# Times that each query is asked.
_ROUNDS = 40

_START = datetime(2026, 6, 1, tzinfo=UTC)

_OPENED = CaseOpened(
    situation=Situation.FILES,
    language="en",
    reporter=Reporter.DEPICTED_PERSON,
    recovery=Recovery.NONE,
    delay=WithdrawalDelay.AT_ONCE,
    consents=(Recipient.HERE,),
)


@dataclass(frozen=True, slots=True)
class Installation:
    """A database with its keys, in a folder of its own."""

    database: Database
    keys: KeyFile
    folder: Path


@contextmanager
def installed(kind: str) -> Iterator[Installation]:
    """Make an empty installation on ``sqlite`` or ``postgresql``."""
    with tempfile.TemporaryDirectory(prefix="noli-bench-") as name:
        folder = Path(name)
        if kind == "sqlite":
            yield _opened(folder, "")
            return
        found = binaries()
        if found is None:
            msg = "PostgreSQL is missing; 'make system' installs it"
            raise RuntimeError(msg)
        with tempfile.TemporaryDirectory(prefix="noli-pg-") as own:
            cluster = Cluster(found, Path(own))
            try:
                yield _opened(folder, cluster.new())
            finally:
                cluster.stop()


def _opened(folder: Path, url: str) -> Installation:
    database = open_database(Config(data=folder, database_url=url))
    database.migrate()
    return Installation(database, KeyFile.make(folder / "keys.json"), folder)


def _case(installation: Installation, number: int) -> CaseId:
    case = CaseId(f"CASE{number:012}")
    digest = number.to_bytes(32)
    with SqlCases(installation.database.engine, installation.keys).transaction(write=True) as transaction:
        transaction.open(Door(case, digest, "verifier", digest, "en", _START), number="NUMBER")
        opened = rules.fold(case, [Recorded(1, _START, "person", _OPENED)])
        transaction.append(opened, [_OPENED], version=0, actor="person", now=_START)
    return case


def events(kind: str) -> Row:
    """Measure events appended a second, each acknowledged after a completed fsync."""
    with installed(kind) as installation:
        case = _case(installation, 1)
        store = SqlCases(installation.database.engine, installation.keys)

        def append() -> None:
            with store.transaction(write=True) as transaction:
                found = rules.fold(case, transaction.history(case)[:1])
                at = next(versions)
                after = replace(found, version=at + 1)
                transaction.append(after, [PassphraseReplaced()], version=at, actor="system", now=_START)

        versions = itertools.count(1)
        bare = sa.Table("bare", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Text))
        bare.create(installation.database.engine)

        def insert() -> None:
            with installation.database.engine.begin() as connection:
                connection.execute(bare.insert().values(x="x" * 200))

        ours, theirs = (_rate(call) for call in (append, insert))
    return higher(
        f"events-{kind}", ours, theirs, peer_name="bare INSERT and commit", unit="events/s",
        what=f"events appended with ledger entry and outbox, one a transaction, one thread, on {kind}",
    )  # fmt: skip


def _rate(call: Callable[[], None], *, for_s: float = 4.0) -> float:
    for _ in range(20):
        call()
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < for_s:
        call()
        count += 1
    return count / passed


def _ledger() -> Iterator[dict[str, Any]]:
    before: LedgerEntry | None = None
    for number in range(ENTRIES):
        fact = Fact("file.seen", f"FILE{number % FILES:012}", "staff:bench", number.to_bytes(32))
        before = following(before, fact, now=_START + timedelta(seconds=number))
        yield {
            "sequence": before.sequence, "at": before.at, "kind": fact.kind, "subject": fact.subject,
            "actor": fact.actor, "commitment": fact.commitment, "leaf": before.leaf, "link": before.link,
        }  # fmt: skip


def _fill(installation: Installation, table: sa.Table, rows: Iterator[Mapping[str, Any]]) -> None:
    while some := list(itertools.islice(rows, _CHUNK)):
        with installation.database.engine.begin() as connection:
            connection.execute(table.insert(), some)


def _like(installation: Installation, table: sa.Table) -> dict[str, Any]:
    with installation.database.engine.connect() as connection:
        return dict(connection.execute(table.select()).one()._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def _cases(installation: Installation) -> Iterator[dict[str, Any]]:
    """Many open cases, of which few wait for staff, hold something or are somebody's."""
    pattern = _like(installation, t.case_file)
    for number in range(2, FILES + 2):
        digest, opened = number.to_bytes(32), _START + timedelta(seconds=number)
        state = CaseState.OPEN if number % 2 else CaseState.IN_PROGRESS
        yield {
            **pattern, "id": f"CASE{number:012}", "number_digest": digest, "submission": digest,
            "opened_at": opened, "updated_at": opened, "state": state.value,
            "waits_for_staff": number % 997 == 0, "held": int(number % 4999 == 0),
            "assigned_to": f"staff{number % 50}" if number % 3 else None,
        }  # fmt: skip


def _notices(installation: Installation) -> Iterator[dict[str, Any]]:
    """Many open notices, due one after the other, of which few are breached and some are somebody's."""
    pattern = _like(installation, t.notice_file)
    for number in range(1, FILES + 1):
        due = _START + timedelta(seconds=number * 37 % (FILES * 10))
        yield {
            **pattern, "id": f"NOTICE{number:010}", "source": None, "queue_at": due, "due_at": due, "alarm_at": due,
            "breaches": int(number % 4999 == 0), "assigned_to": f"staff{number % 50}" if number % 3 else "",
        }  # fmt: skip


def large(kind: str) -> list[Row]:
    """Fill a large installation, and measure lists, queues, proofs and verification."""
    with installed(kind) as installation:
        engine, keys = installation.database.engine, installation.keys
        start = time.perf_counter()
        _fill(installation, t.ledger_entry, _ledger())
        _case(installation, 1)
        _fill(installation, t.case_file, _cases(installation))
        cases = SqlCases(engine, keys)
        desk = Desk(SqlNotices(engine, keys))
        desk.receive()
        _fill(installation, t.notice_file, _notices(installation))
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
        filled_s = time.perf_counter() - start
        lists = {f"{name}_ms": _worst_ms(call) for name, call in _queries(cases, desk.service, engine).items()}
        ledger = SqlLedger(engine, keys)
        roots = RootService(ledger, ledger, SystemClock(), signer=keys, notes=RootsFile(installation.folder / "roots"))
        signed_s = seconds(roots.sign)
        numbers = itertools.count(1)
        proof_ms = _worst_ms(lambda: roots.prove(next(numbers) * 24_571 % ENTRIES + 1))
        verified_s = seconds(partial(_verified, LedgerService(ledger, check=is_signed, keys=keys.signing_keys())))
    what = f"with {FILES:,} open cases, as many open notices and {ENTRIES:,} ledger entries, on {kind}"
    return [
        faster(
            f"queue-{kind}", max(lists.values()), BAR_MS, peer_name="bar", unit="ms",
            what=f"slowest of all lists and queues, 100 rows a page, 99th percentile of server time, {what}",
            filled_s=round(filled_s, 1), **lists,
        ),
        faster(
            f"proof-{kind}", proof_ms, BAR_MS, peer_name="bar", unit="ms",
            what=f"inclusion proof of an entry, checked, 99th percentile of server time, {what}",
        ),
        faster(
            f"verify-{kind}", verified_s, None, peer_name="", unit="s",
            what=f"'noli ledger verify' recomputing everything, {what}", first_signature_s=round(signed_s, 1),
        ),
    ]  # fmt: skip


def _verified(service: LedgerService) -> None:
    found = service.verify()
    if not found.whole:
        raise RuntimeError(found.flaws[0].text)


def _queries(cases: SqlCases, notices: NoticeService, engine: sa.Engine) -> dict[str, Callable[[], object]]:
    """Return what pages and programs ask, each by a name."""
    ledger = SqlLedger(engine)

    def case_page(wanted: CaseFilter, after: CaseId | None = None) -> object:
        with cases.transaction() as transaction:
            return transaction.page(wanted, after=after)

    def due() -> object:
        with notices.store.transaction() as transaction:
            return transaction.alarmed(_START + timedelta(days=1))

    middle, deep = CaseId(f"CASE{FILES // 2:012}"), NoticeId(f"NOTICE{FILES // 2:010}")
    return {
        "cases": lambda: case_page(CaseFilter()),
        "cases_deep": lambda: case_page(CaseFilter(), middle),
        "cases_state": lambda: case_page(CaseFilter(state=CaseState.OPEN)),
        "cases_of_staff": lambda: case_page(CaseFilter(assigned_to=StaffId("staff7"))),
        "cases_waiting": lambda: case_page(CaseFilter(waits_for_staff=True)),
        "cases_held": lambda: case_page(CaseFilter(held=True)),
        "queue": lambda: notices.queue(NoticeFilter(waiting=True)),
        "queue_deep": lambda: notices.queue(NoticeFilter(waiting=True), after=deep),
        "queue_of_staff": lambda: notices.queue(NoticeFilter(assigned_to="staff7", waiting=True)),
        "queue_breached": lambda: notices.queue(NoticeFilter(breached=True)),
        "alarms": due,
        "ledger": ledger.page,
        "ledger_of_one": lambda: ledger.page(subject=f"FILE{FILES // 2:012}"),
    }


def _worst_ms(call: Callable[[], object]) -> float:
    call()
    times = [seconds(call) for _ in range(_ROUNDS)]
    return round(1000 * max(percentile(times, 0.99), statistics.median(times)), 2)


_KINDS = ("sqlite", "postgresql")

ROWS: dict[str, Callable[[], Row | list[Row]]] = {}
for _kind in _KINDS:
    ROWS[f"events-{_kind}"] = partial(events, _kind)
    _all = partial(large, _kind)
    ROWS |= {f"{_name}-{_kind}": _all for _name in ("queue", "proof", "verify")}
