# SPDX-License-Identifier: Apache-2.0
"""What ``pursuit.ports.PursuitStore`` promises, held against memory, SQLite and PostgreSQL."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from noli.adapters.keyring import KeyFile
from noli.adapters.sql import Database
from noli.adapters.sql.cases import SqlCases
from noli.adapters.sql.ledger import SqlLedger
from noli.adapters.sql.pursuits import SqlPursuits
from noli.adapters.sql.rewrap import key_ids, rewrap
from noli.base.errors import Conflict, NotFound
from noli.evidence.events import Opening
from noli.evidence.rules import commitment
from noli.evidence.service import LedgerService
from noli.pursuit.commands import NoteReply, Settle
from noli.pursuit.events import RepliesRead
from noli.pursuit.model import Outcome, PursuitId, PursuitState, ReplyKind, Rung
from noli.pursuit.summaries import summary
from tests.conftest import opened
from tests.support.casework import Casework
from tests.support.pursuit import ALL, Pursuits

ADA = "staff:ada"


class Desk(Pursuits):
    """Services over one store, with what lies under it."""

    database: Database | None = None
    keys: KeyFile | None = None


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """Each implementation of the port, with a case."""
    if request.param == "memory":
        yield Desk()
        return
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    database = opened(url, tmp_path)
    keys = KeyFile.make(tmp_path / "keys.json")
    made = Desk(SqlPursuits(database.engine, keys), Casework(SqlCases(database.engine, keys)))
    made.database, made.keys = database, keys
    yield made
    database.close()


def _answered(desk: Desk) -> PursuitId:
    """Open a pursuit, send by hand, and let an answer come in."""
    pursuit = desk.opened()
    desk.service.draft(pursuit.id, Rung.HOST, wishes=ALL, actor=ADA)
    desk.service.sent_by_hand(pursuit.id, 1, actor=ADA)
    reply = NoteReply(
        number=1, kind=ReplyKind.ANSWER, expected=True, sender="abuse@racks.example", subject="Re",
        text="A secret answer.", message_id="<1@racks>", attachments=1, cut=False,
    )  # fmt: skip
    with desk.store.transaction(write=True) as transaction:
        desk.service.apply(transaction, desk.service.load(transaction, pursuit.id), [reply], actor=ADA)
    return pursuit.id


def test_each_event_can_be_opened_to_others(desk: Desk) -> None:
    """With its salt an event's content makes the very commitment that its ledger entry holds; not once erased."""
    id_ = _answered(desk)
    case = desk.load(id_).case
    engine = None if desk.database is None else desk.database.engine
    ledger = desk.casework.memory if engine is None else SqlLedger(engine)
    with desk.store.transaction() as transaction:
        openings: list[Opening[Any]] = [*transaction.openings(id_), *transaction.cases.openings(case)]
        assert [each.recorded for each in transaction.openings(id_)] == transaction.history(id_)
    for each in openings:
        fact = ledger.entry(each.ledger_sequence).fact
        assert fact.kind == each.written.name
        assert commitment(each.salt, each.written.canonical()) == fact.commitment
    desk.casework.cases.request_withdrawal(case, erase=True)
    with desk.store.transaction() as transaction:
        assert {each.salt for each in transaction.openings(id_)} == {b""}
        assert {each.salt for each in transaction.cases.openings(case)} == {b""}


def test_a_pursuit_is_read_back_as_it_was(desk: Desk) -> None:
    """Parties, letters, clocks and answers come back as they were; so does what lists show."""
    id_ = _answered(desk)
    pursuit = desk.load(id_)
    assert pursuit.requests[0].replies[0].text == "A secret answer."
    assert pursuit.requests[0].declared == tuple(sorted(ALL.declared))
    assert pursuit.parties[1].channels[0].address == "abuse@racks.example"
    assert pursuit.requests[0].due is not None
    assert desk.service.queue() == desk.service.of_case(pursuit.case) == [summary(pursuit)]
    with pytest.raises(NotFound), desk.store.transaction() as transaction:
        transaction.history(PursuitId("none"))


def test_lists_are_by_the_next_deadline(desk: Desk) -> None:
    """Who runs out first stands first, who has no clock last; page by page, and by state."""
    case = desk.case(*(f"https://{number}.copies.example/" for number in range(3)))
    first, second, third = desk.service.open(case, actor=ADA)
    for number, pursuit in enumerate((second, third)):
        desk.clock.move(hours=number)
        desk.service.look_up(pursuit.id, actor=ADA)
        desk.service.draft(pursuit.id, Rung.HOST, wishes=ALL, actor=ADA)
        desk.service.sent_by_hand(pursuit.id, 1, actor=ADA)
    everything = [each.id for each in desk.service.queue()]
    assert everything == [second.id, third.id, first.id]
    assert [each.id for each in desk.service.queue(limit=2)] == everything[:2]
    assert [each.id for each in desk.service.queue(after=everything[1])] == everything[2:]
    assert [each.id for each in desk.service.queue(PursuitState.OPEN)] == [first.id]


def test_a_list_says_whose_a_request_is_and_what_is_unread(desk: Desk) -> None:
    """An answer is unread until somebody reads it; a case of nobody's is listed as that, and as nobody else's."""
    id_ = _answered(desk)
    assert [(each.id, who, unread) for each, who, unread in desk.service.listed()] == [(id_, "", 1)]
    desk.service.read(id_, 1, actor=ADA)
    assert [unread for _, _, unread in desk.service.listed(owner="")] == [0]
    assert desk.service.listed(owner="somebody") == []


def test_every_clock_of_a_request_is_listed(desk: Desk) -> None:
    """By when it ends, with who has the case and with what was asked; counted by when it ends; by one's own or not."""
    case = desk.case(*(f"https://{number}.copies.example/" for number in range(3)))
    made = desk.service.open(case, actor=ADA)
    for number, pursuit in enumerate(made[1:]):
        desk.clock.move(hours=number)
        desk.service.look_up(pursuit.id, actor=ADA)
        for rung in (Rung.HOST, Rung.REGISTRAR)[: number + 1]:
            desk.service.draft(pursuit.id, rung, wishes=ALL, actor=ADA)
            desk.service.sent_by_hand(pursuit.id, len(desk.load(pursuit.id).requests), actor=ADA)
    found = desk.service.ticking()
    assert [each.id for each, _, _ in found] == [each.id for each in made[1:]]
    assert [[one.to.rung for one in running] for _, _, running in found] == [[Rung.HOST], [Rung.HOST, Rung.REGISTRAR]]
    assert {who for _, who, _ in found} == {""}
    first = found[0][0]
    assert first.due_at is not None
    assert [each.id for each, _, _ in desk.service.ticking(after=(first.due_at, first.id), limit=1)] == [made[2].id]
    assert (len(desk.service.ticking(owner="")), desk.service.ticking(owner="somebody")) == (2, [])
    with desk.store.transaction() as transaction:
        assert transaction.ending((first.due_at,)) == [1, 1]


def test_who_comes_second_decides_anew(desk: Desk) -> None:
    """Appending to a version that is gone fails, and keeps nothing."""
    id_ = _answered(desk)
    pursuit = desk.load(id_)
    with pytest.raises(Conflict), desk.store.transaction(write=True) as transaction:
        transaction.append([RepliesRead(number=1)], version=1, actor=ADA, now=desk.clock.now(), listed=summary(pursuit))
    assert desk.load(id_) == pursuit


def test_a_reference_leads_to_its_request(desk: Desk) -> None:
    """Digests of references and message ids lead there, others nowhere; how far a mailbox was read is kept."""
    id_ = _answered(desk)
    reference = desk.service.digest(desk.load(id_).requests[0].reference)
    with desk.store.transaction(write=True) as transaction:
        assert transaction.tied(reference) == (id_, 1)
        assert transaction.tied(bytes(32)) is None
        assert transaction.position("mailbox:1") == 0
        transaction.advance("mailbox:1", 7)
    with desk.store.transaction() as transaction:
        assert transaction.position("mailbox:1") == 7


def test_the_case_is_told_in_the_same_transaction(desk: Desk) -> None:
    """What the person sees of a request is written with it, or neither is."""
    id_ = _answered(desk)
    case = desk.load(id_).case
    assert [line.key for line in desk.casework.files.load(case).timeline][-2:] == ["request.sent", "request.answered"]
    with suppress(ZeroDivisionError), desk.store.transaction(write=True) as transaction:
        desk.service.apply(transaction, desk.service.load(transaction, id_), [Settle(1, Outcome.REMOVED)], actor=ADA)
        raise ZeroDivisionError
    assert desk.casework.files.load(case).timeline[-1].key == "request.answered"


def test_an_erased_case_takes_its_pursuits_with_it(desk: Desk) -> None:
    """Where copies are, who was asked and what they said is gone, and nothing leads there; the list stays."""
    id_ = _answered(desk)
    pursuit = desk.load(id_)
    desk.casework.cases.request_withdrawal(pursuit.case, erase=True)
    erased = desk.load(id_)
    assert (erased.site, erased.parties, erased.requests[0].replies[0].text) == ("", (), "")
    with desk.store.transaction() as transaction:
        assert transaction.tied(desk.service.digest(pursuit.requests[0].reference)) is None
    assert [each.id for each in desk.service.queue()] == [id_]


def test_the_database_alone_gives_nothing_away(desk: Desk, tmp_path: Path) -> None:
    """No address, letter or answer stands in the file; after an erasure not even sealed. Other keys open all of it."""
    if desk.database is None or desk.keys is None or not (tmp_path / "noli.db").exists():
        pytest.skip("looks into SQLite's file")
    id_ = _answered(desk)
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("noli.db*"))
    for secret in (
        b"copies.example",
        b"racks.example",
        b"secret answer",
        desk.load(id_).requests[0].reference.encode(),
    ):
        assert secret not in raw
    before = key_ids(desk.database.engine)
    current = desk.keys.rotate()
    while rewrap(desk.database.engine, desk.keys, current=current):
        pass
    assert key_ids(desk.database.engine) == {current} != before
    assert desk.load(id_).site == "www.copies.example"


def test_the_ledger_notices_a_changed_pursuit(desk: Desk) -> None:
    """Events of pursuits are committed to as those of cases: a changed one shows, also after an erasure."""
    if desk.database is None or desk.keys is None:
        pytest.skip("verifies a database")
    id_ = _answered(desk)
    service = LedgerService(SqlLedger(desk.database.engine, desk.keys))
    assert service.verify().flaws == ()
    with desk.database.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE pursuit_event SET actor = 'staff:eve' WHERE pursuit_id = :id AND sequence = 2"), {"id": id_}
        )
    assert service.verify().flaws != ()
