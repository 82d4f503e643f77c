# SPDX-License-Identifier: Apache-2.0
"""Rows about casework: events a second; lists, queues and views over many open files; lost alarms; ledger.

Everything is measured in this process over the real services and repositories, on SQLite and on a PostgreSQL of its
own. How the large installation is made says ``filling.py``.
"""

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import filling
from benchmarks.measure import Row, faster, higher, percentile, seconds
from noli.access.model import Role, Staff
from noli.adapters.keyring import KeyFile, is_signed
from noli.adapters.noted_roots import RootsFile
from noli.adapters.sql import Database, open_database
from noli.adapters.sql import tables as t
from noli.adapters.sql.cases import SqlCases
from noli.adapters.sql.ledger import SqlLedger
from noli.base.clock import Clock, SystemClock
from noli.base.config import Config
from noli.casework import rules
from noli.casework.desk import Desk as CaseDesk
from noli.casework.events import PassphraseReplaced
from noli.casework.files import CaseFiles
from noli.casework.model import CaseFilter, CaseId, CaseState, StaffId
from noli.evidence.service import LedgerService
from noli.evidence.signing import RootService
from noli.notices.model import NoticeFilter, NoticeId, NoticeState
from noli.notices.ports import NoticeTransaction
from noli.notices.records import RecordList
from tests.conftest import Cluster, binaries
from tests.support.notices import START, Desk

#: What a query may take at most, in ms of server time. Source: issue of casework, "under 100 ms".
BAR_MS = 100

#: How soon a lost alarm is found at the latest, in s.
ALARM_BAR_S = 60

# Cases whose events are appended to in turn: each has some dozens at the end, as real ones have.
_CASES = 100

# Times that each query is asked.
_ROUNDS = 40


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


def events(kind: str) -> Row:
    """Measure events appended a second, each acknowledged after a completed fsync."""
    with installed(kind) as installation:
        made = (filling.case(installation.database.engine, installation.keys, number) for number in range(_CASES))
        cases = itertools.cycle(list(made))
        store = SqlCases(installation.database.engine, installation.keys)

        def append() -> None:
            with store.transaction(write=True) as transaction:
                case = next(cases)
                found = rules.fold(case, transaction.history(case))
                after = replace(found, version=found.version + 1)
                transaction.append(after, [PassphraseReplaced()], version=found.version, actor="system", now=START)

        bare = sa.Table("bare", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Text))
        bare.create(installation.database.engine)

        def insert() -> None:
            with installation.database.engine.begin() as connection:
                connection.execute(bare.insert().values(x="x" * 200))

        ours, theirs = (_rate(call) for call in (append, insert))
    return higher(
        f"events-{kind}", ours, theirs, peer_name="bare INSERT and commit", unit="events/s",
        what=f"cases read and events appended with ledger entry and outbox, one a transaction, one thread, on {kind}",
    )  # fmt: skip


def _rate(call: Callable[[], None], *, for_s: float = 4.0) -> float:
    for _ in range(20):
        call()
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < for_s:
        call()
        count += 1
    return count / passed


@contextmanager
def filled(kind: str) -> Iterator[tuple[Installation, int, float]]:
    """Make a large installation; yields it, how many entries its ledger has, and how long that took in seconds."""
    with installed(kind) as installation:
        start = time.perf_counter()
        entries = filling.fill(installation.database.engine, installation.keys)
        took = time.perf_counter() - start
        if entries < filling.ENTRIES:
            msg = f"the ledger has {entries} entries, less than {filling.ENTRIES}"
            raise RuntimeError(msg)
        yield installation, entries, took


def large(kind: str) -> list[Row]:
    """Fill a large installation, and measure lists, views, lost alarms, proofs and verification."""
    with filled(kind) as (installation, entries, filled_s):
        engine, keys = installation.database.engine, installation.keys
        desk = filling.desk(engine, keys)
        times = {name: _times_ms(call) for name, call in _queries(installation, desk).items()}
        slowest = max(times, key=lambda name: statistics.median(times[name]))
        lists = {f"{name}_ms": round(statistics.median(each), 2) for name, each in times.items()}
        tails = {name: percentile(each, 0.99) for name, each in times.items()}
        worst = max(tails, key=lambda name: tails[name])
        alarm_s = _lost_alarm_s(desk, engine)
        ledger = SqlLedger(engine, keys)
        roots = RootService(ledger, ledger, SystemClock(), signer=keys, notes=RootsFile(installation.folder / "roots"))
        signed_s = seconds(roots.sign)
        numbers = itertools.count(1)
        proofs = _times_ms(lambda: roots.prove(next(numbers) * 24_571 % entries + 1))
        verified_s = seconds(partial(_verified, LedgerService(ledger, check=is_signed, keys=keys.signing_keys())))
    files = filling.FILES
    what = f"with {files:,} open cases, as many open notices and {entries:,} ledger entries, on {kind}"
    return [
        faster(
            f"queue-{kind}", round(statistics.median(times[slowest]), 2), BAR_MS, peer_name="bar", unit="ms",
            what=f"slowest ({slowest}) of all lists, queues and views, 100 rows a page, median of server time, {what}",
            p99_of_all_ms=round(tails[worst], 2), p99_of=worst, filled_s=round(filled_s, 1), **lists,
        ),
        faster(
            f"alarm-{kind}", alarm_s, ALARM_BAR_S, peer_name="bar", unit="s",
            what=f"a round of the upkeep that finds an alarm that was lost and derives it anew, {what}",
        ),
        faster(
            f"proof-{kind}", round(statistics.median(proofs), 2), BAR_MS, peer_name="bar", unit="ms",
            what=f"inclusion proof of an entry, made and checked, median of server time, {what}",
            p99_ms=round(percentile(proofs, 0.99), 2),
        ),
        faster(
            f"verify-{kind}", verified_s, None, peer_name="", unit="s",
            what=f"'noli ledger verify' recomputing everything, events' commitments included, {what}",
            first_signature_s=round(signed_s, 1),
        ),
    ]  # fmt: skip


def _verified(service: LedgerService) -> None:
    found = service.verify()
    if not found.whole:
        raise RuntimeError(found.flaws[0].text)


def _queries(installation: Installation, desk: Desk) -> dict[str, Callable[[], object]]:
    """Return what pages and programs ask, each by a name."""
    engine, keys, notices = installation.database.engine, installation.keys, desk.service
    ledger, cases = SqlLedger(engine), CaseDesk(_case_files(engine, keys, desk.clock), keys)
    lead = Staff("bench", "bench", Role.LEAD, desk.clock.now(), desk.clock.now())
    case, notice = (partial(filling.file_id, kind) for kind in ("case", "notice"))
    numbers = itertools.count(1)

    def some(kind: Callable[[int], str]) -> str:
        return kind(next(numbers) * 7919 % filling.FILES)

    def queue(after: NoticeId | None = None, **wanted: Any) -> Callable[[], object]:  # noqa: ANN401 - fields of the filter
        return lambda: notices.queue(NoticeFilter(**wanted), after=after)

    def listed(after: CaseId | None = None, **wanted: Any) -> Callable[[], object]:  # noqa: ANN401 - fields of the filter
        return lambda: cases.cases(lead, CaseFilter(**wanted), after=after, limit=100)

    def read(call: Callable[[NoticeTransaction], object]) -> Callable[[], object]:
        def opened() -> object:
            with notices.store.transaction() as transaction:
                return call(transaction)

        return opened

    def records(transaction: NoticeTransaction) -> object:
        return transaction.records(RecordList.CONDUCT, now=notices.clock.now(), limit=100)

    return {
        "cases": listed(),
        "cases_deep": listed(CaseId(case(filling.FILES // 2))),
        "cases_state": listed(state=CaseState.OPEN),
        "cases_of_staff": listed(assigned_to=StaffId("staff7")),
        "cases_of_staff_waiting": listed(assigned_to=StaffId("staff7"), waits_for_staff=True),
        "cases_of_stranger": listed(assigned_to=StaffId("stranger"), state=CaseState.OPEN),
        "cases_unassigned": listed(unassigned=True),
        "cases_waiting": listed(waits_for_staff=True),
        "cases_waiting_state": listed(waits_for_staff=True, state=CaseState.OPEN),
        "cases_held": listed(held=True),
        "case": lambda: cases.view(lead, CaseId(some(case))),
        "queue": queue(waiting=True),
        "queue_deep": queue(NoticeId(notice(filling.FILES // 2)), waiting=True),
        "queue_all": queue(),
        "queue_state": queue(state=NoticeState.CONTESTED, waiting=True),
        "queue_of_none": queue(state=NoticeState.WITHDRAWN, waiting=True),
        "queue_of_staff": queue(assigned_to="staff7", waiting=True),
        "queue_of_nobody": queue(assigned_to="", waiting=True),
        "queue_of_stranger": queue(assigned_to="stranger", waiting=True),
        "queue_state_of_stranger": queue(assigned_to="stranger", state=NoticeState.OPEN),
        "queue_breached": queue(breached=True),
        "queue_breached_of_staff": queue(breached=True, assigned_to="staff7", state=NoticeState.OPEN),
        "notice": lambda: notices.view(NoticeId(some(notice)), actor="key:bench"),
        "notice_by_reference": lambda: notices.find(f"T-{next(numbers)}", actor="key:bench"),
        "records": read(records),
        "alarms_due": read(lambda transaction: transaction.alarmed(desk.clock.now() + timedelta(hours=1))),
        "alarms_lost": desk.upkeep.raise_alarms,
        "ledger": ledger.page,
        "ledger_deep": lambda: ledger.page(before=filling.ENTRIES // 2),
        "ledger_of_one": lambda: ledger.page(subject=some(notice)),
    }


def _case_files(engine: sa.Engine, keys: KeyFile, clock: Clock) -> CaseFiles:
    nothing: Any = None
    return CaseFiles(SqlCases(engine, keys), clock, common=nothing, bank="", on_change=lambda: None)


def _lost_alarm_s(desk: Desk, engine: sa.Engine) -> float:
    """Let an alarm be lost; return how long the round takes that finds it."""
    kept, lost = t.notice_file, filling.file_id("notice", filling.FILES // 3)
    with engine.begin() as connection:
        right = connection.execute(sa.select(kept.c.alarm_at).where(kept.c.id == lost)).scalar_one()
        connection.execute(kept.update().where(kept.c.id == lost).values(alarm_at=None))
    took = seconds(desk.upkeep.look_after)
    with engine.connect() as connection:
        if connection.execute(sa.select(kept.c.alarm_at).where(kept.c.id == lost)).scalar_one() != right:
            msg = "the lost alarm was not found"
            raise RuntimeError(msg)
    return took


def _times_ms(call: Callable[[], object]) -> list[float]:
    call()
    return [1000 * seconds(call) for _ in range(_ROUNDS)]


_KINDS = ("sqlite", "postgresql")

ROWS: dict[str, Callable[[], Row | list[Row]]] = {}
for _kind in _KINDS:
    ROWS[f"events-{_kind}"] = partial(events, _kind)
    _all = partial(large, _kind)
    ROWS |= {f"{_name}-{_kind}": _all for _name in ("queue", "alarm", "proof", "verify")}
