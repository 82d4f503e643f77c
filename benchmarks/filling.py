# SPDX-License-Identifier: Apache-2.0
"""A large installation for the rows about casework, made in about two minutes.

A few cases, notices and records are made by the real services. Each is then copied many times: with an id and a data
key of its own, its events sealed and committed to under that key, and a ledger entry for each, chained by the real
rules. So the ledger verifies, every copy can be opened, and clocks, lists and alarms are those that the rules gave.
Only the way into the tables is shorter: rows go in by thousands (COPY on PostgreSQL), through the tables' own
constraints and triggers.
"""

import itertools
import json
from base64 import b32encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from benchmarks.inputs import random_hashes
from noli.adapters.keyring import KeyFile
from noli.adapters.sql import tables as t
from noli.adapters.sql.banks import SqlBanks
from noli.adapters.sql.cases import SqlCases
from noli.adapters.sql.engine import exclusive
from noli.adapters.sql.notices import SqlNotices
from noli.adapters.sql.pursuits import LAST, SqlPursuits
from noli.adapters.sql.sealed import event_commitment, event_place, key_place
from noli.adapters.sql.streams import overwrite
from noli.bank.model import Action, BankPolicy, NewEntry, Provenance, RegionUse
from noli.bank.service import create_bank, register
from noli.base.clock import SystemClock
from noli.base.secrecy import Purpose, WrappedKey
from noli.casework import rules as case_rules
from noli.casework.events import CaseOpened
from noli.casework.events import Recorded as RecordedOfCase
from noli.casework.model import CaseId, CaseState, LinkId, Recipient, Recovery, Reporter, Situation, WithdrawalDelay
from noli.casework.ports import Door
from noli.evidence.events import Written
from noli.evidence.model import Fact, LedgerEntry
from noli.evidence.rules import following
from noli.exchange.model import PartnerState, Protocol
from noli.hashing.model import Hash, Outcome
from noli.matching.model import Closeness, Verdict
from noli.moderation.finding import link_terms
from noli.moderation.model import FoundKind
from noli.notices import commands as c
from noli.notices.figures import DAYS, FALSE_MATCH, KINDS, MATCH, MEASURE, TOOK
from noli.notices.model import Ground, Measure, NewNotice, Notice, Opening, Order
from noli.pursuit.events import CopyAdded, PursuitOpened
from noli.pursuit.events import Event as PursuitEvent
from noli.pursuit.model import PursuitId, PursuitState, PursuitSummary, Rung
from noli.regimes.model import Field, Filer, Party
from tests.support.notices import EVERYWHERE, START, Desk, complete, content

#: Open cases, and open notices, of the large installation.
FILES = 100_000

#: Records of who sends notices or uploads, each with conduct.
RECORDED = 20_000

#: Entries of its ledger, at least: each event of each file has one.
ENTRIES = 1_000_000

#: Notices that are copied; staff among whom they are shared out.
_PATTERNS, _STAFF = 300, 50

#: The bank that has as many entries as there are files, and how many partners there are.
BANK, PARTNERS = "bench", 20

# What colleagues wrote about each notice.
_NOTES = ("Looked at the entry.", "Asked the platform when it was uploaded.", "No answer yet, look again tomorrow.")

# Files, or ledger entries, that one transaction writes.
_CHUNK = 5_000

_OPENED = CaseOpened(
    situation=Situation.FILES,
    language="en",
    reporter=Reporter.DEPICTED_PERSON,
    recovery=Recovery.NONE,
    delay=WithdrawalDelay.AT_ONCE,
    consents=(Recipient.HERE,),
)


def file_id(kind: str, number: int) -> str:
    """Return the id of a copy: looks random, as real ones are, and is known."""
    return b32encode(sha256(f"{kind}{number}".encode()).digest()[:10]).decode("ascii")


def case(engine: sa.Engine, keys: KeyFile, number: int) -> CaseId:
    """Open a case as the intake does."""
    made = CaseId(file_id("pattern", number))
    digest = number.to_bytes(32)
    with SqlCases(engine, keys).transaction(write=True) as transaction:
        transaction.open(Door(made, digest, "verifier", digest, "en", START), number="NUMBER")
        opened = case_rules.fold(made, [RecordedOfCase(1, START, "person", _OPENED)])
        transaction.append(opened, [_OPENED], version=0, actor="person", now=START)
    return made


def desk(engine: sa.Engine, keys: KeyFile) -> Desk:
    """Return the services for notices, under every law, at the time at which the copies were made."""
    made = Desk(SqlNotices(engine, keys), facts=EVERYWHERE)
    made.clock.time = START + timedelta(seconds=_PATTERNS)
    return made


def fill(engine: sa.Engine, keys: KeyFile) -> int:
    """Fill an empty installation; returns how many entries its ledger has."""
    _make_notices(desk(engine, keys))
    case(engine, keys, 1)
    filler = _Filler(engine, keys)
    filler.copy(_patterns(engine, keys, t.case_file, t.case_event), FILES, "case", _case_row)
    notices = _patterns(engine, keys, t.notice_file, t.notice_event)
    filler.copy(notices, FILES, "notice", partial(_notice_row, keys))
    records = _patterns(engine, keys, t.record_file, t.record_event)
    with_conduct = [each for each in records if each.row["conduct"]]
    filler.copy(with_conduct, RECORDED, "record", lambda row, _: row)
    _settle(engine)
    return filler.entries


def _settle(engine: sa.Engine) -> None:
    """Let the database do what it does some minutes after so many rows, so that no query that is measured waits for it.

    PostgreSQL counts rows and writes a checkpoint; SQLite, which never counts, brings its log into the file.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
                plain.exec_driver_sql(statement)
    else:
        overwrite(engine)


def fill_lists(engine: sa.Engine, keys: KeyFile) -> None:
    """Fill what else is listed, in a filled installation: pursuits, entries, checks that matched, partners."""
    _make_pursuit(engine, keys)
    filler = _Filler(engine, keys)
    filler.copy(_patterns(engine, keys, t.pursuit_file, t.pursuit_event), FILES, "pursuit", _pursuit_row)
    bank = _make_entries(engine)
    for start in range(0, FILES, _CHUNK):
        numbers = range(start + 1, min(start + _CHUNK, FILES) + 1)
        with exclusive(engine) as connection:
            _insert(connection, t.matched_check, (_check_row(number) for number in numbers))
            _insert(connection, t.check_match, (_match_row(number, bank) for number in numbers))
            for kind in (FoundKind.CASE, FoundKind.NOTICE):
                _insert(connection, t.found_by, (row for number in numbers for row in _found_rows(keys, kind, number)))
    with exclusive(engine) as connection:
        connection.execute(t.partner.insert(), [_partner_row(number) for number in range(PARTNERS)])
        connection.execute(t.notice_figure.delete())
        connection.execute(t.notice_figure.insert(), list(_figure_rows()))
    _settle(engine)


# --- what is copied ----------------------------------------------------------------------------------------------


def _make_notices(made: Desk) -> None:
    """Make open notices of each kind; the upkeep has looked at each, so that nothing is due yet."""
    for number, kind in zip(range(_PATTERNS), itertools.cycle(_KINDS), strict=False):
        made.clock.time = START + timedelta(seconds=number)
        notice = kind(made, number)
        for note in _NOTES:
            made.act(notice, c.WriteNote(f"staff{number % _STAFF}", note))
        if number % 3:
            made.act(notice, c.Take(f"staff{number % _STAFF}"))
    made.upkeep.look_after()


def _plain(made: Desk, number: int) -> Notice:
    return made.receive(complete(notifier="", contents=(replace(content(number), uploader=""),)))


def _incomplete(made: Desk, number: int) -> Notice:
    return made.receive(NewNotice(fields={Field.CONTACT: f"person{number}@example.org"}))


def _ordered(made: Desk, number: int) -> Notice:
    order = Order("Court", "Art. 9 DSA", due_at=made.clock.now() + timedelta(days=2))
    return made.receive(NewNotice(opening=Opening.ORDER, order=order, contents=(content(number),)))


def _hidden(made: Desk, number: int) -> Notice:
    return made.rule(_plain(made, number), Measure.PROVISIONAL_DISABLE, Ground.PRECAUTION)


def _contested(made: Desk, number: int) -> Notice:
    decided = made.rule(made.receive(complete(contents=(content(number),), filer=Filer.SELF)), Measure.DISABLE)
    with made.service.writing() as transaction:
        return made.service.complain(
            transaction, decided.id, side=Party.UPLOADER, text="It is mine.", actor="key:platform"
        )


_KINDS: tuple[Callable[[Desk, int], Notice], ...] = (_plain, _plain, _incomplete, _ordered, _hidden, _contested)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A file as it stands in the tables, its events opened.

    Attributes:
        row: Its own row.
        events: Rows of its events, without what is sealed.
        written: The same events, to be sealed and committed to.
    """

    file: sa.Table
    events_table: sa.Table
    row: Mapping[str, Any]
    events: Sequence[Mapping[str, Any]]
    written: Sequence[Written]


def _patterns(engine: sa.Engine, keys: KeyFile, file: sa.Table, events: sa.Table) -> list[_Pattern]:
    owner = events.primary_key.columns.values()[0]
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(file.select()).mappings()]
        found = []
        for row in rows:
            wrapped = WrappedKey(row["key_id"], bytes(row["wrapped_key"]))
            key = keys.unwrap(wrapped, place=key_place(file, row["id"]))
            of = events.select().where(owner == row["id"]).order_by(events.c.sequence)
            its = [dict(each) for each in connection.execute(of).mappings()]
            written = [_written(keys, events, key, each, row["id"]) for each in its]
            found.append(_Pattern(file, events, row, its, written))
    return found


def _written(keys: KeyFile, events: sa.Table, key: bytes, row: Mapping[str, Any], owner: str) -> Written:
    private = {}
    if row["private"] is not None:
        private = json.loads(keys.open(key, bytes(row["private"]), place=event_place(events, owner, row["sequence"])))
    return Written(row["kind"], row["content"], private)


def _case_row(row: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    """Many open cases, of which few wait for staff, hold something or are somebody's."""
    digest, opened = (1000 + number).to_bytes(32), START + timedelta(seconds=number)
    state = CaseState.OPEN if number % 2 else CaseState.IN_PROGRESS
    return {
        **row, "number_digest": digest, "submission": digest, "opened_at": opened, "updated_at": opened,
        "state": state.value, "waits_for_staff": number % 997 == 0, "held": int(number % 4999 == 0),
        "assigned_to": f"staff{number % _STAFF}" if number % 3 else None,
    }  # fmt: skip


def _notice_row(keys: KeyFile, row: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    """As the rules say, under a number of the platform's own; few are breached."""
    source = keys.digest(Purpose.NOTICE_SOURCE, f"key:bench|T-{number}".encode())
    return {**row, "source": source, "breaches": int(number % 4999 == 0)}


def _make_pursuit(engine: sa.Engine, keys: KeyFile) -> None:
    case_, id_ = CaseId(file_id("case", 0)), PursuitId(file_id("pattern", 2))
    listed = PursuitSummary(
        id=id_, case=case_, opened_at=START, updated_at=START, state=PursuitState.RUNNING, rung=Rung.HOST, copies=1,
        requests=1, due_at=START, lapsed=0,
    )  # fmt: skip
    events: list[PursuitEvent] = [
        PursuitOpened(case=case_, content=(), site="copies.example"),
        CopyAdded(link=LinkId("link"), url="https://copies.example/1"),
    ]
    with SqlPursuits(engine, keys).transaction(write=True) as transaction:
        transaction.open(listed)
        transaction.append(events, version=0, actor="staff7", now=START, listed=listed)


def _pursuit_row(row: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    """One for each case; some wait for staff, a tenth is done and has no clock."""
    due = START + timedelta(hours=24, seconds=number * 7919 % FILES)
    state = PursuitState.DONE if number % 10 == 0 else PursuitState.WAITING if number % 7 == 0 else PursuitState.RUNNING
    clock = {"due_at": None, "queue_at": LAST} if state is PursuitState.DONE else {"due_at": due, "queue_at": due}
    return {**row, "case_id": file_id("case", number), "state": state.value, **clock}


def _make_entries(engine: sa.Engine) -> int:
    hashes, now = random_hashes(FILES, seed=5), START
    banks = SqlBanks(engine)
    with banks.transaction(write=True) as transaction:
        bank = create_bank(transaction, BANK, BankPolicy(Action.REVIEW), now=now)
    for start in range(0, FILES, _CHUNK):
        some = [NewEntry((Hash(each.tobytes(), 90),), Provenance("bench")) for each in hashes[start : start + _CHUNK]]
        with banks.transaction(write=True) as transaction:
            register(transaction, BANK, some, now=now)
    return bank.id


def _check_row(number: int) -> Mapping[str, Any]:
    return {
        "number": number, "id": file_id("check", number), "content_ref": f"post-{number}", "key": "bench",
        "outcome": Outcome.HASHED.value, "verdict": Verdict.REVIEW.value, "reason": "Near an entry.", "capped": False,
        "hashes": [["0f" * 32, 90]], "checked_at": START + timedelta(seconds=number),
    }  # fmt: skip


def _match_row(number: int, bank: int) -> Mapping[str, Any]:
    policy = {
        "action": Action.REVIEW.value, "threshold_bits": 31, "negative": False, "enabled": True, "note": "",
        "video_seconds": 3.0, "video_share": 0.5, "regions": RegionUse.OFF.value,
    }  # fmt: skip
    return {
        "check_number": number, "position": 0, "bank_id": bank, "entry_id": number, "distance_bits": 8,
        "disputed": False, "closeness": Closeness.NEAR.value, "verdict": Verdict.REVIEW.value, "reason": "Near.",
        "query": 0, "policy": policy, "segment": None, "agreement": None, "looked_again": False,
    }  # fmt: skip


def _figure_rows() -> Iterator[Mapping[str, Any]]:
    """Two busy weeks until today: all measures, and decisions after each tenth of an hour of a day."""
    names = (*KINDS, *(f"{MEASURE}{each}" for each in Measure), MATCH, FALSE_MATCH, *(f"{TOOK}{n}" for n in range(241)))
    today = SystemClock().now().date()
    for back, name in itertools.product(range(DAYS), names):
        yield {"day": today - timedelta(days=back), "name": name, "count": 70}


def link(number: int) -> str:
    """Return the link that case and notice of a number name; some hundred of each are on one host."""
    return f"https://forum{number % 900}.example/{number}"


def _found_rows(keys: KeyFile, kind: FoundKind, number: int) -> Iterator[Mapping[str, Any]]:
    for term in link_terms(link(number)):
        digest = keys.digest(Purpose.FOUND_BY, term.encode())
        yield {"digest": digest, "subject": file_id(kind, number), "kind": kind.value, "at": START}


def _partner_row(number: int) -> Mapping[str, Any]:
    return {
        "name": f"partner-{number}", "protocol": Protocol.NOLI.value, "state": PartnerState.ACTIVE.value,
        "honours_withdrawal": True, "per_hour": 1000, "doubts_per_hour": 100, "created_at": START, "source": None,
        "secret": None,
    }  # fmt: skip


# --- how it gets into the tables ---------------------------------------------------------------------------------


class _Filler:
    """Copies patterns, and chains their ledger entries."""

    def __init__(self, engine: sa.Engine, keys: KeyFile) -> None:
        self._engine, self._keys = engine, keys
        with engine.connect() as connection:
            last = connection.execute(t.ledger_entry.select().order_by(t.ledger_entry.c.sequence.desc()).limit(1)).one()
        fact = Fact(last.kind, last.subject, last.actor, bytes(last.commitment))
        self._last = LedgerEntry(last.sequence, last.at, fact, bytes(last.leaf), bytes(last.link))

    @property
    def entries(self) -> int:
        """How many entries the ledger has."""
        return self._last.sequence

    def copy(
        self,
        patterns: Sequence[_Pattern],
        count: int,
        kind: str,
        row_of: Callable[[Mapping[str, Any], int], Mapping[str, Any]],
    ) -> None:
        """Copy patterns in turn, so many times together."""
        numbered = zip(range(count), itertools.cycle(patterns), strict=False)
        while some := list(itertools.islice(numbered, _CHUNK)):
            files: list[Mapping[str, Any]] = []
            events: list[Mapping[str, Any]] = []
            entries: list[Mapping[str, Any]] = []
            for number, pattern in some:
                self._copy(pattern, file_id(kind, number), row_of(pattern.row, number), files, events, entries)
            with exclusive(self._engine) as connection:
                _insert(connection, t.ledger_entry, entries)
                _insert(connection, patterns[0].file, files)
                _insert(connection, patterns[0].events_table, events)

    def _copy(
        self,
        pattern: _Pattern,
        id_: str,
        row: Mapping[str, Any],
        files: list[Mapping[str, Any]],
        events: list[Mapping[str, Any]],
        entries: list[Mapping[str, Any]],
    ) -> None:
        key = self._keys.new_key()
        wrapped = self._keys.wrap(key, place=key_place(pattern.file, id_))
        files.append({**row, "id": id_, "key_id": wrapped.key_id, "wrapped_key": wrapped.data})
        owner = pattern.events_table.primary_key.columns.values()[0].name
        for event, written in zip(pattern.events, pattern.written, strict=True):
            details = event_commitment(key, event["sequence"], written)
            entry = self._entry(Fact(written.name, id_, event["actor"], details), event["at"])
            entries.append(entry)
            sealed = None
            if written.private:
                plain = json.dumps(written.private, separators=(",", ":")).encode()
                sealed = self._keys.seal(key, plain, place=event_place(pattern.events_table, id_, event["sequence"]))
            events.append({**event, owner: id_, "private": sealed, "ledger_sequence": entry["sequence"]})

    def _entry(self, fact: Fact, at: datetime) -> Mapping[str, Any]:
        self._last = last = following(self._last, fact, now=at)
        return {
            "sequence": last.sequence, "at": at, "kind": fact.kind, "subject": fact.subject, "actor": fact.actor,
            "commitment": fact.commitment, "leaf": last.leaf, "link": last.link,
        }  # fmt: skip


def _insert(connection: Connection, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows by the driver's own way for many; SQLAlchemy's takes longer than all the rest."""
    names = [column.name for column in table.columns]
    into = f"{table.name} ({', '.join(names)})"
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in rows:
                copy.write_row([_as_text(row[name]) for name in names])
        return
    marks = ", ".join("?" * len(names))
    driver.executemany(f"INSERT INTO {into} VALUES ({marks})", _plain_rows(rows, names))  # noqa: S608 - our table


def _plain_rows(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> Iterator[list[Any]]:
    for row in rows:
        yield [_as_sqlite(row[name]) for name in names]


def _as_text(value: Any) -> Any:  # noqa: ANN401 - any column's
    return json.dumps(value) if isinstance(value, dict | list) else value


def _as_sqlite(value: Any) -> Any:  # noqa: ANN401 - any column's
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    return _as_text(value)
