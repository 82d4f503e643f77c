# SPDX-License-Identifier: Apache-2.0
"""Pursue the links of a case: look up who is responsible, draft, send, put on record what became of it.

Each change is one transaction: events, ledger, lists, jobs, and what the person's case says of it. Asking name servers
and registries happens between transactions. What time does is ``ladder.py``, what mail does is ``post.py``.
"""

import secrets
from base64 import b32encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self
from urllib.parse import urlsplit

from noli.base.clock import Clock
from noli.base.errors import Conflict, InputError, NotFound
from noli.base.secrecy import Keyring, Purpose
from noli.casework import rules as cases
from noli.casework.files import CaseFiles
from noli.casework.limits import check_text
from noli.casework.model import Case, CaseId, Link, LinkId
from noli.casework.receipts import random_id
from noli.evidence.model import Fact
from noli.pursuit import commands as c
from noli.pursuit import law as fit
from noli.pursuit import letters, rules
from noli.pursuit.commands import Command
from noli.pursuit.events import Event, MailQueued, Recorded, RequestSent
from noli.pursuit.model import (
    Book,
    Channel,
    ChannelKind,
    Copy,
    DueBy,
    FoundBy,
    Letterhead,
    Outcome,
    Pursuit,
    PursuitId,
    PursuitState,
    PursuitSummary,
    Request,
    RequestState,
    Responsible,
    Rung,
    Traces,
    Wishes,
)
from noli.pursuit.ports import Mailer, PursuitStore, PursuitTransaction, Tracer
from noli.pursuit.responsible import of_book, responsible
from noli.pursuit.summaries import summary
from noli.pursuit.telling import for_person
from noli.regimes.model import Content, Field, Filer, Law, RegimeId
from noli.regimes.rules import regime

#: Kinds of jobs: send what is queued, look whether clocks ran out. Their subject is the pursuit.
POST, WAKE = "pursuit-mail", "pursuit-clock"

#: Longest text of a letter or field, and longest name or address, in characters.
MAX_TEXT, MAX_NAME = 20_000, 300

#: Letters that staff declare, because no template may.
DECLARED = (Field.STATEMENT, Field.GOOD_FAITH, Field.ACCURACY)

# Random bytes of a reference: what guesses one may write into a case.
_REFERENCE_BYTES = 10

_GROUP = 4

Act = Callable[[PursuitTransaction, Pursuit], Iterable[Command]]


@dataclass(frozen=True, slots=True)
class Known:
    """What letters are made from: all regimes, the addressee book, who writes, and where we work (codes of places)."""

    law: Law
    book: Book
    head: Letterhead
    home: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Joined:
    """A store that opens nothing: all of its transactions are the one that is open already."""

    opened: PursuitTransaction

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[PursuitTransaction]:
        """Join the open transaction, whose opener commits it."""
        del write
        yield self.opened


class PursuitService:
    """The use cases around pursuits; safe to call from many threads."""

    def __init__(
        self,
        store: PursuitStore,
        files: CaseFiles,
        clock: Clock,
        *,
        keyring: Keyring,
        known: Known,
        tracer: Tracer,
        mailer: Mailer | None,
    ) -> None:
        """Keep the collaborators.

        Args:
            store: Keeps pursuits.
            files: Changes cases, inside the same transaction.
            clock: Tells the time.
            keyring: Makes digests of references.
            known: What letters are made from.
            tracer: Asks name servers and registries.
            mailer: Sends mail; None where the installation has no mail server.
        """
        self.store, self.files, self.clock = store, files, clock
        self.law, self.book, self.head, self._home = known.law, known.book, known.head, known.home
        self._keyring, self._tracer, self._mailer = keyring, tracer, mailer

    def within(self, transaction: PursuitTransaction) -> Self:
        """Return these use cases inside a transaction that the caller opened, so that it can keep its answer there."""
        inside = copy(self)
        inside.store = Joined(transaction)
        return inside

    @property
    def sends(self) -> bool:
        """Whether requests can be sent by mail from here."""
        return self._mailer is not None

    # --- begin ---------------------------------------------------------------------------------------------------

    def open(
        self,
        case: CaseId,
        *,
        content: frozenset[Content] = frozenset(),
        links: frozenset[LinkId] = frozenset(),
        actor: str,
    ) -> list[Pursuit]:
        """Begin to pursue links of a case, one pursuit a site; what is pursued already is added to, not begun again.

        Args:
            case: Whose.
            content: What the copies show.
            links: Which links; empty for all.
            actor: Who asks.

        Raises:
            NotFound: There is no such case, or link in it.
            InputError: The case has no links.
            Conflict: The case was withdrawn.
        """
        made = []
        with self.store.transaction(write=True) as transaction:
            found = working(transaction, case)
            for site, copies in _by_site(found.links, links).items():
                pursuit = self._at(transaction, case, site)
                commands: list[Command] = [] if pursuit.version else [c.OpenPursuit(case, site, content)]
                made.append(self.apply(transaction, pursuit, [*commands, c.AddCopies(copies)], actor=actor))
        return made

    def look_up(self, pursuit: PursuitId, *, actor: str) -> Pursuit:
        """Ask name servers and registries who is responsible, and keep what they say.

        Raises:
            NotFound: There is no such pursuit.
            Conflict: Its case was withdrawn.
        """
        return self.note(pursuit, self.trace(pursuit), actor=actor)

    def trace(self, pursuit: PursuitId) -> Traces:
        """Ask name servers and registries, outside of any transaction: they may be slow. Raises as ``look_up``."""
        with self.store.transaction() as transaction:
            current = self.load(transaction, pursuit)
            working(transaction, current.case)
        return self._tracer.trace(current.site)

    def note(self, pursuit: PursuitId, traces: Traces, *, actor: str) -> Pursuit:
        """Keep what name servers and registries said. Raises as ``look_up``."""
        noted = c.NoteParties(responsible(traces, self.book), traces.problems)
        return self.act(pursuit, lambda *_: [noted], actor=actor)

    def name_party(
        self, pursuit: PursuitId, rung: Rung, *, addressee: str = "", name: str = "", address: str = "", actor: str
    ) -> Pursuit:
        """Name somebody else who is responsible: an entry of the book, or a name with a mail or web address.

        Raises:
            InputError: Neither, or no address.
            NotFound: The book has no such entry.
        """
        if addressee:
            entry = self.book.get(addressee)
            if entry is None:
                msg = f"The addressee book has no entry {addressee!r}."
                raise NotFound(msg)
            party = replace(of_book(entry, rung, why="Named by staff."), found_by=FoundBy.STAFF)
        else:
            check_text(name, MAX_NAME, "name", least=1)
            party = Responsible(
                rung=rung,
                name=name.strip(),
                channels=(_channel(address),),
                found_by=FoundBy.STAFF,
                why="Named by staff.",
            )
        return self.act(pursuit, lambda *_: [c.AddParty(party)], actor=actor)

    # --- requests ------------------------------------------------------------------------------------------------

    def fitting(self, pursuit: Pursuit, to: Responsible, *, filer: Filer | None = None) -> tuple[RegimeId, ...]:
        """Return the laws under which somebody can be asked, the one that fits best first; our own rules last."""
        found = fit.fitting(
            self.law,
            to.rung,
            to.jurisdictions,
            content=pursuit.content,
            filer=filer or self.head.filer,
            at=self.clock.now(),
            home=self._home,
        )
        return tuple(each.id for each in found)

    def draft(
        self, pursuit: PursuitId, rung: Rung, *, name: str = "", wishes: Wishes | None = None, actor: str
    ) -> Pursuit:
        """Write a request to whoever is responsible as something; an unsent one to the same is replaced.

        Raises:
            NotFound: Nobody is known who can be asked as that, or there is no such law or channel.
            InputError: Something wished for cannot be.
            Conflict: The case was withdrawn.
        """

        def act(transaction: PursuitTransaction, current: Pursuit) -> list[Command]:
            to = rules.party(current, rung, name)
            return [self.written(transaction, current, to, wishes or Wishes())]

        return self.act(pursuit, act, actor=actor)

    def written(
        self, transaction: PursuitTransaction, pursuit: Pursuit, to: Responsible, wishes: Wishes
    ) -> c.DraftRequest:
        """Write a request; its reference leads to it from now on."""
        now = self.clock.now()
        filer = wishes.filer or self.head.filer
        invoked = wishes.regimes or self.fitting(pursuit, to, filer=filer)[:1]
        channel = _pick(to.channels, wishes.channel)
        language = wishes.language or next((one for one in channel.languages if one in letters.LANGUAGES), "en")
        _check(wishes, language)
        if wishes.person and not fit.names_person(self.law, invoked, to.rung, filer=filer, at=now):
            msg = "This request does not have to say who is shown; leave the name out."
            raise InputError(msg)
        said = _said(wishes, self.head, filer)
        reference = _reference()
        due = fit.due(self.law, invoked, filer=filer, at=now)
        clocks = [fit.clock(regime(self.law, due.regime), filer=filer, at=now)] if due else []
        matter = letters.Matter(
            rung=to.rung,
            copies=pursuit.copies,
            content=pursuit.content,
            regimes=[each for one in invoked if not fit.is_house(each := regime(self.law, one))],
            clock=clocks[0] if clocks else None,
            house=due is not None and due.regime not in invoked,
            filer=filer,
            head=self.head,
            fields=wishes.fields,
            said=said,
            person=wishes.person,
            earlier=_earlier(pursuit, to),
            language=language,
            reference=reference,
        )
        transaction.tie(self.digest(reference), pursuit.id, len(pursuit.requests) + 1)
        return c.DraftRequest(
            to=to,
            channel=channel,
            regimes=tuple(invoked),
            filer=filer,
            language=language,
            subject=letters.subject(matter),
            text=letters.letter(matter),
            reference=reference,
            lacks=fit.lacking(self.law, invoked, said, filer=filer, at=now),
            declared=tuple(sorted(wishes.declared)),
            fields=wishes.fields,
        )

    def send(self, pursuit: PursuitId, number: int, *, text: str = "", actor: str) -> Pursuit:
        """Let a request go by mail, or add something to one that was sent.

        Args:
            pursuit: Which.
            number: The request.
            text: In place of what was drafted; what to add, where it was sent.
            actor: Who lets it go.

        Raises:
            Conflict: It lacks what its law asks for, it is no mail, or a mail of it is on its way.
            NotFound: There is no such request.
        """
        check_text(text, MAX_TEXT, "text")

        def act(transaction: PursuitTransaction, current: Pursuit) -> list[Command]:
            request = rules.request_of(current, number)
            if self._mailer is None or request.channel.kind is not ChannelKind.MAIL:
                msg = "This request does not go by mail from here. Copy its text, send it, and note that it was sent."
                raise Conflict(msg)
            message_id = self._mailer.new_id()
            transaction.tie(self.digest(message_id), pursuit, number)
            return [c.QueueMail(number, message_id, text.strip())]

        return self.act(pursuit, act, actor=actor)

    def sent_by_hand(self, pursuit: PursuitId, number: int, *, actor: str) -> Pursuit:
        """Note that staff sent a request themselves; its clock starts now. Raises Conflict, NotFound."""

        def act(_: PursuitTransaction, current: Pursuit) -> list[Command]:
            return [c.NoteSentByHand(number, self.due(rules.request_of(current, number)))]

        return self.act(pursuit, act, actor=actor)

    def drop(self, pursuit: PursuitId, number: int, *, actor: str) -> Pursuit:
        """Throw a draft away. Raises Conflict, NotFound."""
        return self.act(pursuit, lambda *_: [c.DropDraft(number)], actor=actor)

    def read(self, pursuit: PursuitId, number: int, *, actor: str) -> Pursuit:
        """Say that an answer was read. Raises NotFound."""
        return self.act(pursuit, lambda *_: [c.MarkRead(number)], actor=actor)

    def settle(self, pursuit: PursuitId, number: int, outcome: Outcome, *, actor: str) -> Pursuit:
        """Put on record what became of a request. Raises Conflict, NotFound."""
        return self.act(pursuit, lambda *_: [c.Settle(number, outcome)], actor=actor)

    # --- look ----------------------------------------------------------------------------------------------------

    def view(self, pursuit: PursuitId, *, actor: str) -> Pursuit:
        """Open a pursuit: the ledger says who and when. Raises NotFound."""
        with self.store.transaction(write=True) as transaction:
            found = self.load(transaction, pursuit)
            transaction.record(Fact("pursuit.viewed", pursuit, actor), now=self.clock.now())
        return found

    def of_case(self, case: CaseId) -> list[PursuitSummary]:
        """List the pursuits of a case, oldest first."""
        with self.store.transaction() as transaction:
            return transaction.of_case(case)

    def queue(
        self, state: PursuitState | None = None, *, after: PursuitId | None = None, limit: int = 100
    ) -> list[PursuitSummary]:
        """List pursuits, the next deadline first."""
        with self.store.transaction() as transaction:
            return transaction.page(state, after=after, limit=limit)

    def listed(
        self,
        state: PursuitState | None = None,
        *,
        owner: str | None = None,
        after: PursuitId | None = None,
        limit: int = 100,
    ) -> list[tuple[PursuitSummary, str, int]]:
        """List pursuits, the next deadline first, each with who has its case, and how many answers nobody read.

        Nothing personal is read, and it is three queries. See ``PursuitTransaction.ticking`` for ``owner``.
        """
        with self.store.transaction() as transaction:
            found = transaction.page(state, owner=owner, after=after, limit=limit)
            told = transaction.outlines([each.id for each in found])
            owners = transaction.cases.owners([each.case for each in found])
        unread = {id_: sum(one.unread for one in rules.fold(id_, said).requests) for id_, said in told.items()}
        return [(each, owners[each.case], unread[each.id]) for each in found]

    def ticking(
        self, *, owner: str | None = None, after: tuple[datetime, str] | None = None, limit: int = 100
    ) -> list[tuple[PursuitSummary, str, tuple[Request, ...]]]:
        """List pursuits by when their next clock ends, each with who has its case, and the requests that clocks run on.

        Nothing personal is read, and it is three queries. See ``PursuitTransaction.ticking``.
        """
        with self.store.transaction() as transaction:
            found = transaction.ticking(owner=owner, after=after, limit=limit)
            told = transaction.outlines([each.id for each in found])
            owners = transaction.cases.owners([each.case for each in found])
        return [(each, owners[each.case], rules.fold(each.id, told[each.id]).running) for each in found]

    # --- shared --------------------------------------------------------------------------------------------------

    def load(self, transaction: PursuitTransaction, pursuit: PursuitId) -> Pursuit:
        """Read one pursuit. Raises NotFound."""
        return rules.fold(pursuit, transaction.history(pursuit))

    def due(self, request: Request) -> DueBy | None:
        """Return until when the addressee of a request has time, were it sent now."""
        return fit.due(self.law, request.regimes, filer=request.filer, at=self.clock.now())

    def digest(self, reference: str) -> bytes:
        """Return the digest under which a reference or message id is kept."""
        return self._keyring.digest(Purpose.REQUEST, reference.strip().encode())

    def act(self, pursuit: PursuitId, act: Act, *, actor: str) -> Pursuit:
        """Change one pursuit, whose case is worked on still.

        Raises:
            NotFound: There is no such pursuit, or what it is asked about.
            Conflict: It, or its case, is in no state for this.
        """
        with self.store.transaction(write=True) as transaction:
            current = self.load(transaction, pursuit)
            working(transaction, current.case)
            return self.apply(transaction, current, act(transaction, current), actor=actor)

    def _at(self, transaction: PursuitTransaction, case: CaseId, site: str) -> Pursuit:
        for listed in transaction.of_case(case):
            known = self.load(transaction, listed.id)
            if known.site == site:
                return known
        return Pursuit(PursuitId(random_id()))

    def apply(
        self, transaction: PursuitTransaction, pursuit: Pursuit, commands: Iterable[Command], *, actor: str
    ) -> Pursuit:
        """Decide and append inside a transaction that the caller opened, whatever became of the case."""
        now, before = self.clock.now(), pursuit
        made: list[Event] = []
        for command in commands:
            for event in rules.decide(pursuit, command, now):
                pursuit = rules.apply(pursuit, Recorded(pursuit.version + 1, now, actor, event))
                made.append(event)
        if not made:
            return pursuit
        listed = summary(pursuit)
        if not before.version:
            transaction.open(listed)
        transaction.append(made, version=before.version, actor=actor, now=now, listed=listed)
        self._ask_for_jobs(transaction, pursuit, made, now)
        told = list(for_person(pursuit, made))
        if told:
            case = cases.fold(pursuit.case, transaction.cases.history(pursuit.case))
            self.files.apply(transaction.cases, case, told, actor=actor)
        return pursuit

    def _ask_for_jobs(
        self, transaction: PursuitTransaction, pursuit: Pursuit, made: Sequence[Event], now: datetime
    ) -> None:
        for event in made:
            if isinstance(event, MailQueued):
                transaction.schedule(POST, pursuit.id, due_at=now, urgent=True)
            if isinstance(event, RequestSent) and event.due is not None:
                transaction.schedule(WAKE, pursuit.id, due_at=event.due.at)


def working(transaction: PursuitTransaction, case: CaseId) -> Case:
    """Return a case for which something may still be sent. Raises Conflict, NotFound."""
    found = cases.fold(case, transaction.cases.history(case))
    if found.ended_at is not None:
        msg = "Everything in this case was withdrawn; nothing more is sent for it."
        raise Conflict(msg)
    return found


def _by_site(links: Sequence[Link], wanted: frozenset[LinkId]) -> Mapping[str, tuple[Copy, ...]]:
    chosen = [link for link in links if not wanted or link.id in wanted]
    if wanted - {link.id for link in chosen}:
        msg = "The case has no such link."
        raise NotFound(msg)
    if not chosen:
        msg = "The case has no links. Add the addresses of copies to it first."
        raise InputError(msg)
    sites: dict[str, tuple[Copy, ...]] = {}
    for link in chosen:
        site = (urlsplit(link.url).hostname or "").rstrip(".").encode("idna").decode()
        sites[site] = (*sites.get(site, ()), Copy(link.id, link.url))
    return sites


def _channel(address: str) -> Channel:
    check_text(address, MAX_NAME, "address", least=1)
    plain = address.strip()
    if plain.startswith(("https://", "http://")):
        return Channel(ChannelKind.FORM, plain)
    local, at, domain = plain.partition("@")
    if local and at and "." in domain and not any(sign.isspace() or sign in ',;<>"' for sign in plain):
        return Channel(ChannelKind.MAIL, plain)
    msg = "The address is that of a mailbox (abuse@example.org) or of a form (https://…)."
    raise InputError(msg)


def _pick(channels: Sequence[Channel], address: str) -> Channel:
    for channel in channels:
        if address in {"", channel.address}:
            return channel
    msg = "This addressee has no such channel."
    raise NotFound(msg)


def _check(wishes: Wishes, language: str) -> None:
    if language not in letters.LANGUAGES:
        msg = f"Letters are written in {', '.join(letters.LANGUAGES)}."
        raise InputError(msg)
    for text in wishes.fields.values():
        check_text(text, MAX_TEXT, "field")
    check_text(wishes.person, MAX_NAME, "person")
    if not wishes.declared <= set(DECLARED):
        msg = f"What is declared is one of {', '.join(DECLARED)}."
        raise InputError(msg)


def _said(wishes: Wishes, head: Letterhead, filer: Filer) -> frozenset[Field]:
    """Return the fields that a letter holds."""
    given = {which for which, text in wishes.fields.items() if text.strip()}
    said = {Field.LOCATION, Field.REASONS, Field.CAPACITY, *wishes.declared, *given}
    if filer is Filer.SELF:
        own = {Field.NAME, Field.SIGNATURE} if wishes.person.strip() else set()
        return frozenset(said | own)
    named = {Field.NAME, Field.SIGNATURE} if head.organisation else set()
    reached = {Field.CONTACT} if head.contact else set()
    return frozenset(said | named | reached)


def _earlier(pursuit: Pursuit, to: Responsible) -> list[tuple[str, date]]:
    return [
        (request.to.name, request.sent_at.date())
        for request in pursuit.requests
        if request.sent_at is not None and request.to.key != to.key and request.state is not RequestState.DROPPED
    ]


def _reference() -> str:
    letters_ = b32encode(secrets.token_bytes(_REFERENCE_BYTES)).decode("ascii")
    return "-".join(letters_[at : at + _GROUP] for at in range(0, len(letters_), _GROUP))
