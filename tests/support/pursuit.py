# SPDX-License-Identifier: Apache-2.0
"""Pursuits in memory: a complete small implementation of ``pursuit.ports.PursuitStore``, and services over it.

Cases, ledger and jobs are those of ``tests/support/cases.py``, in the same transaction. Nothing is sealed; what the
erasure of a case destroys reads as empty.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from noli.adapters import addressees, regimes
from noli.adapters.domains import PublicSuffixes
from noli.base.errors import Conflict, NotFound
from noli.casework import receipts
from noli.casework import rules as cases
from noli.casework.model import CaseId, NewLink
from noli.evidence import rules as ledger_rules
from noli.evidence.events import Opening
from noli.evidence.model import Fact, LedgerEntry
from noli.jobs.model import Lease, Task
from noli.pursuit.events import CODEC, Event, Recorded
from noli.pursuit.ladder import Ladder
from noli.pursuit.model import (
    Channel,
    ChannelKind,
    FoundBy,
    Letterhead,
    Names,
    Network,
    Pursuit,
    PursuitId,
    PursuitState,
    PursuitSummary,
    Registration,
    ReplyKind,
    Responsible,
    Rung,
    Traces,
    Wishes,
)
from noli.pursuit.ports import Incoming, Outgoing, PursuitStore
from noli.pursuit.post import Correspondence
from noli.pursuit.service import DECLARED, Known, PursuitService
from noli.regimes.model import Filer
from tests.support.cases import MemoryCases, MemoryCaseTransaction
from tests.support.casework import Casework, submission
from tests.support.jobs import MemoryJobs
from tests.support.secrecy import MemoryKeyring

#: When the tests begin: the laws that they are about are in force.
START = datetime(2026, 11, 26, 12, tzinfo=UTC)

#: What staff declare for a request that holds everything.
ALL = Wishes(declared=frozenset(DECLARED))

HEAD = Letterhead("Helpline Example", "requests@helpline.example", Filer.HELPLINE)

#: A made-up site: at a host, registered somewhere, both known by the registry alone.
SITE = "www.copies.example"
TRACES = Traces(
    Names(SITE, "copies.example", addresses=("192.0.2.10",), nameservers=("ns1.copies.example",), mail=("mx.example",)),
    Registration("copies.example", "Names Ltd", "9999", ("abuse@names.example",)),
    (Network("192.0.2.10", "Racks GmbH", "DE", ("abuse@racks.example",), 64500, "Racks", ("noc@racks.example",)),),
)


@dataclass
class World:
    """Everything there is of pursuits."""

    histories: dict[PursuitId, list[Recorded]] = field(default_factory=dict)
    listed: dict[PursuitId, PursuitSummary] = field(default_factory=dict)
    ties: dict[bytes, tuple[PursuitId, int]] = field(default_factory=dict)


class MemoryPursuits:
    """Opens transactions on a world in memory."""

    def __init__(self, cases: MemoryCases) -> None:
        self.world, self.cases = World(), cases

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator["MemoryPursuitTransaction"]:
        """Open one; what it changed is forgotten where it fails, and where it only reads."""
        with self.cases.transaction(write=write) as opened:
            # Events and summaries never change themselves.
            histories = {id_: list(history) for id_, history in self.world.histories.items()}
            changed = World(histories, dict(self.world.listed), dict(self.world.ties))
            yield MemoryPursuitTransaction(changed, opened)
            if write:
                self.world = changed


class MemoryPursuitTransaction:
    """One transaction; its methods are described in ``pursuit.ports.PursuitTransaction``."""

    def __init__(self, world: World, cases: MemoryCaseTransaction) -> None:
        self._world, self.cases = world, cases

    def record(self, fact: Fact, *, now: datetime) -> LedgerEntry:
        return self.cases.record(fact, now=now)

    def schedule(self, kind: str, subject: str = "", *, due_at: datetime, urgent: bool = False) -> None:
        self.cases.schedule(kind, subject, due_at=due_at, urgent=urgent)

    def fence(self, lease: Lease) -> None:
        self.cases.fence(lease)

    def open(self, listed: PursuitSummary) -> None:
        self._world.listed[listed.id] = listed
        self._world.histories[listed.id] = []

    def append(
        self, events: Sequence[Event], *, version: int, actor: str, now: datetime, listed: PursuitSummary
    ) -> None:
        history = self._world.histories[listed.id]
        if len(history) != version:
            msg = f"This pursuit was changed meanwhile: it has version {len(history)} by now."
            raise Conflict(msg)
        for event in events:
            history.append(Recorded(len(history) + 1, now, actor, event))
            commitment = ledger_rules.commitment(_salt(listed.id), CODEC.write(event).canonical())
            self.record(Fact(CODEC.names[type(event)], listed.id, actor, commitment), now=now)
        self._world.listed[listed.id] = listed

    def history(self, pursuit: PursuitId) -> list[Recorded]:
        if pursuit not in self._world.histories:
            msg = "There is no such pursuit."
            raise NotFound(msg)
        history = self._world.histories[pursuit]
        return [_without_texts(each) for each in history] if self._erased(pursuit) else history

    def openings(self, pursuit: PursuitId) -> list[Opening[Event]]:
        if self._erased(pursuit):
            return [Opening(each, CODEC.write(each.event), b"", 0) for each in self.history(pursuit)]
        entries = [entry for entry in self.cases.ledger if entry.fact.subject == pursuit and entry.fact.commitment]
        return [
            Opening(each, CODEC.write(each.event), _salt(pursuit), entry.sequence)
            for each, entry in zip(self.history(pursuit), entries, strict=True)
        ]

    def of_case(self, case: CaseId) -> list[PursuitSummary]:
        return sorted(
            (each for each in self._world.listed.values() if each.case == case), key=lambda each: each.opened_at
        )

    def page(
        self,
        state: PursuitState | None,
        *,
        owner: str | None = None,
        after: PursuitId | None = None,
        limit: int = 100,
    ) -> list[PursuitSummary]:
        everybody = sorted(self._world.listed.values(), key=_place)
        start = None if after is None else _place(self._world.listed[after])
        kept = [each for each in everybody if state in {None, each.state} and (start is None or _place(each) > start)]
        owners = self.cases.owners([each.case for each in kept])
        return [each for each in kept if owner in {None, owners[each.case]}][:limit]

    def ticking(
        self, *, owner: str | None = None, after: tuple[datetime, str] | None = None, limit: int = 100
    ) -> list[PursuitSummary]:
        placed = [
            ((each.due_at, str(each.id)), each) for each in self._world.listed.values() if each.due_at is not None
        ]
        placed.sort(key=lambda pair: pair[0])
        kept = [each for place, each in placed if after is None or place > after]
        owners = self.cases.owners([each.case for each in kept])
        return [each for each in kept if owner in {None, owners[each.case]}][:limit]

    def ending(self, edges: Sequence[datetime]) -> list[int]:
        places = [bisect_left(edges, each.due_at) for each in self._world.listed.values() if each.due_at is not None]
        return [places.count(number) for number in range(len(edges) + 1)]

    def outlines(self, pursuits: Sequence[PursuitId]) -> dict[PursuitId, list[Recorded]]:
        return {each: [_without_texts(one) for one in self._world.histories[each]] for each in pursuits}

    def tie(self, reference: bytes, pursuit: PursuitId, number: int) -> None:
        self._world.ties[reference] = pursuit, number

    def tied(self, reference: bytes) -> tuple[PursuitId, int] | None:
        found = self._world.ties.get(reference)
        return None if found is None or self._erased(found[0]) else found

    def position(self, name: str) -> int:
        return self.cases.position(name)

    def advance(self, name: str, position: int) -> None:
        self.cases.advance(name, position)

    def _erased(self, pursuit: PursuitId) -> bool:
        case = self._world.listed[pursuit].case
        return cases.fold(case, self.cases.history(case)).erased_at is not None


def _salt(pursuit: PursuitId) -> bytes:
    return pursuit.encode()


def _place(listed: PursuitSummary) -> tuple[datetime, PursuitId]:
    return listed.due_at or datetime.max.replace(tzinfo=UTC), listed.id


def _without_texts(recorded: Recorded) -> Recorded:
    written = CODEC.write(recorded.event)
    return Recorded(recorded.sequence, recorded.at, recorded.actor, CODEC.read(written.name, written.open, None))


class FakeTracer:
    """Answers as it was told."""

    def __init__(self) -> None:
        self.traces = TRACES
        self.asked: list[str] = []

    def trace(self, host: str) -> Traces:
        self.asked.append(host)
        return self.traces


class FakeMailer:
    """Keeps what was sent, or fails as it was told."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.failure: Exception | None = None
        self._made = 0

    def new_id(self) -> str:
        self._made += 1
        return f"<{self._made}@helpline.example>"

    def send(self, mail: Outgoing, *, at: datetime) -> str:
        if self.failure is not None:
            raise self.failure
        self.sent.append(mail)
        return f"To: {mail.to}\r\nDate: {at.isoformat()}\r\nSubject: {mail.subject}\r\n\r\n{mail.text}\r\n"


class FakeMailbox:
    """A mailbox of made-up mail."""

    def __init__(self) -> None:
        self.name = "mailbox:1"
        self.mails: list[Incoming] = []

    @contextmanager
    def opened(self) -> Iterator["FakeMailbox"]:
        yield self

    def after(self, number: int) -> Iterator[Incoming]:
        return (mail for mail in self.mails if mail.number > number)

    def receive(self, text: str = "We removed it.", **more: object) -> Incoming:
        """Let a mail come in."""
        given: dict[str, object] = {
            "number": len(self.mails) + 1,
            "message_id": f"<{len(self.mails) + 1}@racks.example>",
            "references": (),
            "sender": "Abuse desk <abuse@racks.example>",
            "subject": "Re: something",
            "text": text,
            "kind": ReplyKind.ANSWER,
            "attachments": 0,
            "cut": False,
        }
        mail = Incoming(**{**given, **more})  # type: ignore[arg-type] # tests name the fields
        self.mails.append(mail)
        return mail


class Pursuits:
    """All services around pursuits over one store, with one case that has links."""

    def __init__(
        self, store: PursuitStore | None = None, casework: Casework | None = None, *, sends: bool = False
    ) -> None:
        self.casework = casework or Casework()
        self.clock = self.casework.clock
        self.clock.time = START
        self.store = store or MemoryPursuits(self.casework.memory)
        self.tracer, self.mailer, self.mailbox = FakeTracer(), FakeMailer(), FakeMailbox()
        self.service = PursuitService(
            self.store,
            self.casework.files,
            self.clock,
            keyring=MemoryKeyring(),
            known=Known(regimes.law(), addressees.book(), HEAD),
            tracer=self.tracer,
            mailer=self.mailer,
        )
        self.post = Correspondence(self.service, PublicSuffixes(), mailer=self.mailer, mailbox=self.mailbox)
        self.ladder = Ladder(self.service, mailer=self.mailer, sends=sends)

    def case(self, *urls: str) -> CaseId:
        """Open a case with links."""
        links = tuple(NewLink(url) for url in urls or (f"https://{SITE}/1", f"https://{SITE}/2"))
        receipt = self.casework.submit(submission(links=links))
        digits = receipts.read_number(receipt.number)
        assert digits is not None
        with self.casework.store.transaction() as transaction:
            door = transaction.door(number=receipts.number_digest(self.casework.keyring, digits))
        assert door is not None
        return door.case

    def opened(self, *urls: str) -> Pursuit:
        """Open a pursuit and look up who is responsible."""
        [pursuit] = self.service.open(self.case(*urls), actor="staff:ada")
        return self.service.look_up(pursuit.id, actor="staff:ada")

    def sent(self, rung: Rung = Rung.HOST, wishes: Wishes = ALL) -> Pursuit:
        """Draft and send a request by mail."""
        drafted = self.service.draft(self.opened().id, rung, wishes=wishes, actor="staff:ada")
        queued = self.service.send(drafted.id, len(drafted.requests), actor="staff:ada")
        self.run("pursuit-mail", queued.id)
        return self.load(queued.id)

    def load(self, pursuit: PursuitId) -> Pursuit:
        """Read a pursuit."""
        with self.store.transaction() as transaction:
            return self.service.load(transaction, pursuit)

    def run(self, kind: str, pursuit: PursuitId) -> datetime | None:
        """Do a job of a pursuit now, under a lease as the caretaker takes one."""
        tasks: list[Task] = [self.ladder.task, *self.post.tasks]
        jobs = MemoryJobs(lambda: self.casework.memory.world.outbox.jobs)
        jobs.book.rows[kind, pursuit].due_at = self.clock.now()
        lease = jobs.claim([task for task in tasks if task.kind == kind], now=self.clock.now())
        assert lease is not None
        [task] = [task for task in tasks if task.kind == kind]
        due_at = task.run(lease)
        jobs.release(lease, due_at=due_at)
        return due_at


def party(rung: Rung, name: str, *, mail: str = "", by: FoundBy = FoundBy.RDAP, **more: object) -> Responsible:
    """Return somebody who is responsible."""
    channels = (Channel(ChannelKind.MAIL, mail),) if mail else ()
    return Responsible(rung=rung, name=name, channels=channels, found_by=by, **more)  # type: ignore[arg-type] # named
