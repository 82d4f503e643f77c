# SPDX-License-Identifier: Apache-2.0
"""Receive, decide, contest: what may be done to notices, inside a transaction that the caller opened.

The caller opens the transaction (``writing``) so that it can keep its answer (idempotency) in the same one. A writing
transaction is the only one of its kind, so what was read in it still holds when it is saved. Each change is one:
events, ledger, lists, and what it means for banks and records. It has one time: the clock is read once for all of it.
"""

from base64 import b32encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Opinion, OpinionKind, Provenance
from noli.bank.service import create_bank, register
from noli.base.clock import Clock
from noli.base.errors import Conflict, InputError, NotFound
from noli.base.retention import ON_REQUEST
from noli.base.secrecy import Keyring, Purpose
from noli.casework.limits import check_text
from noli.casework.model import AgeAnswer
from noli.casework.receipts import random_id
from noli.evidence.model import Fact
from noli.hashing.model import Hash
from noli.moderation.service import SteppedAside
from noli.notices import clocks, figures, letters, record_rules, records, rules
from noli.notices import commands as c
from noli.notices import events as e
from noli.notices.events import Recorded
from noli.notices.model import (
    Because,
    Ground,
    Measure,
    NewContent,
    NewNotice,
    Notice,
    NoticeFilter,
    NoticeId,
    NoticeSummary,
    Opening,
    PartyId,
    Plea,
    Running,
    Via,
)
from noli.notices.ports import NoticeStore, NoticeTransaction
from noli.notices.records import PartyRecord, PartyRole
from noli.notices.summaries import summary
from noli.regimes.model import ERASE_ON_REQUEST, Facts, Field, Filer, Law, Party, Regime, RegimeId
from noli.regimes.rules import applicable, obligation

#: Longest text of a field, complaint or reason, and longest address or reference, in characters.
MAX_TEXT, MAX_REFERENCE = 8000, 2000

#: The kind of job that searches for copies of what a notice removed.
COPIES = "notice-copies"
#: How long after its time a planned decision takes effect at the latest, where processes run.
EFFECT_TIME = timedelta(seconds=30)

#: Contents that one notice may name.
MAX_NAMED = 100

#: Who withdraws and registers entries, in a bank.
NOTICES = "notices"

# Of the bank that keeps removed content down, until an operator changes it.
_KEPT_DOWN = BankPolicy(Action.BLOCK, note="Content that was removed after a decision, so that it stays down.")

_YOUNG = (
    "Content that may show somebody under 18 is not taken here, and nothing was stored. Report it to a hotline "
    "(inhope.org), to Take It Down (takeitdown.ncmec.org) or to the police; platforms follow their reporting duty."
)


class NoticeService:
    """The use cases around notices; safe to call from many threads."""

    def __init__(
        self,
        store: NoticeStore,
        clock: Clock,
        *,
        keyring: Keyring,
        law: Law,
        facts: Facts,
        bank: str,
        on_change: Callable[[], None],
        searches: bool = False,
    ) -> None:
        """Keep the collaborators.

        Args:
            store: Keeps notices.
            clock: Tells the time.
            keyring: Makes ids of parties, sources and receipts.
            law: All regimes.
            facts: What the platform is and where: which regimes apply to it.
            bank: Name of the bank that keeps removed content down; made on first use.
            on_change: Called after banks have changed, so that this process follows at once.
            searches: Whether a catalogue is stored here in which copies are searched.
        """
        self.store, self.clock, self.law, self.facts = store, clock, law, facts
        self._keyring, self._bank, self._on_change = keyring, bank, on_change
        self._searches = searches

    @contextmanager
    def writing(self) -> Iterator[NoticeTransaction]:
        """Open a writing transaction; once it is committed, this process matches what it banked."""
        with self.store.transaction(write=True) as transaction:
            yield transaction
        self._on_change()

    # --- notices in ----------------------------------------------------------------------------------------------

    def receive(
        self, transaction: NoticeTransaction, new: NewNotice, *, age: AgeAnswer, actor: str
    ) -> tuple[Notice, bool]:
        """Take a notice in, with a receipt, and ask for what is missing.

        Args:
            transaction: A writing one.
            new: What came in; the same ``reference`` from the same actor is the same notice.
            age: Whether everybody shown is 18 or older; anything but ``ADULT`` is refused and leaves no trace.
            actor: Who sends it on: ``key:NAME`` or ``person``.

        Returns:
            The notice, and whether it is new.

        Raises:
            InputError: It cannot be taken; the text says why and what to do.
        """
        if age is not AgeAnswer.ADULT:
            raise InputError(_YOUNG)
        _check(new)
        source = self._source(actor, new.reference)
        known = None if source is None else transaction.by_source(source)
        if known is not None:
            return self.load(transaction, known), False
        now, id_ = self.clock.now(), NoticeId(random_id())
        notifier = self._party(transaction, PartyRole.NOTIFIER, new.notifier, id_, actor=actor, now=now)
        contents = self._named(transaction, new.contents, Via.NOTICE, id_, actor=actor, now=now)
        command = c.Receive(
            notice=new,
            regimes=self._regimes(new, now),
            contents=contents,
            notifier=None if notifier is None else notifier.id,
            evidence=notifier is not None and notifier.trusted(now) and new.filer is Filer.TRUSTED_FLAGGER,
            suspended=notifier is not None and notifier.suspended(now) is not None and new.filer is not Filer.SELF,
        )
        return self._begin(transaction, id_, command, source=source, actor=actor, now=now), True

    def give(
        self,
        transaction: NoticeTransaction,
        notice: NoticeId,
        fields: Mapping[Field, str],
        contents: Sequence[NewContent] = (),
        *,
        actor: str,
    ) -> Notice:
        """Give what was missing; what changes nothing is harmless. Raises InputError, Conflict, NotFound."""
        _check_fields(fields)
        _check_contents(contents)
        now = self.clock.now()
        named = self._named(transaction, contents, Via.NOTICE, notice, actor=actor, now=now)
        return self._act(transaction, notice, [c.GiveFields(fields, named)], actor=actor, now=now)

    def see(self, transaction: NoticeTransaction, content: c.NamedContent, *, count: int, actor: str) -> Notice:
        """Note that a check asked for a review: opens a notice, or joins the one that gathers the entry's uploads."""
        entry, now = content.entry, self.clock.now()
        if entry is None:
            msg = "What a check matched has an entry."
            raise InputError(msg)
        gathering = transaction.gathering(entry)
        if gathering is not None:
            return self._act(transaction, gathering, [c.AddContent(content, count)], actor=actor, now=now)
        made = self._detected(transaction, content, actor=actor, now=now)
        if count > 1:
            made = self._act(transaction, made.id, [c.AddContent(content, count - 1)], actor=actor, now=now)
        transaction.gather(entry, made.id)
        return made

    def refused(self, transaction: NoticeTransaction, content: c.NamedContent, *, actor: str) -> Notice:
        """Note that an upload was refused by the policy of a bank; it can be contested like everything else."""
        now = self.clock.now()
        made = self._detected(transaction, content, actor=actor, now=now)
        because = Because(
            reason=f"A check matched the bank {content.bank}, whose policy is to block.",
            rule=f"policy of the bank {content.bank}",
            author=f"policy:{content.bank}",
            automated=True,
        )
        rule = c.Rule(Measure.REFUSE_UPLOAD, (Ground.MATCH,), because, contractual=True)
        return self._act(transaction, made.id, [rule], actor=actor, now=now)

    # --- decisions -----------------------------------------------------------------------------------------------

    def rule(self, transaction: NoticeTransaction, notice: NoticeId, command: c.Rule, *, actor: str) -> Notice:
        """Decide: both sides are told, what is removed stays down. Raises InputError, Conflict, NotFound."""
        _check_rule(command)
        return self._rule(transaction, notice, command, actor=actor, now=self.clock.now())

    def plan(
        self, transaction: NoticeTransaction, notice: NoticeId, command: c.Rule, *, wait: timedelta, actor: str
    ) -> Notice:
        """Decide with effect after ``wait``, so that it can be taken back; at once where a clock would end meanwhile.

        Raises:
            InputError: What is asked makes no sense for this notice.
            Conflict: It is in no state for this.
            NotFound: There is no such notice.
        """
        _check_rule(command)
        now = self.clock.now()
        running_ = clocks.running(self.load(transaction, notice), self.law)
        ends = [each.deadline.due_at for each in running_ if each.deadline.due_at >= now]
        if ends and min(ends) <= now + wait + EFFECT_TIME:
            return self._rule(transaction, notice, command, actor=actor, now=now)
        return self._act(transaction, notice, [c.PlanRuling(command, now + wait)], actor=actor, now=now)

    def carry_out(self, transaction: NoticeTransaction, notice: NoticeId, *, actor: str) -> Notice:
        """Let a planned decision take effect where its time has come; dropped where it is not possible any more."""
        found, now = self.load(transaction, notice), self.clock.now()
        if found.plan is None or found.plan.effect_at > now:
            return found
        command = rules.planned(found.plan)
        try:
            rules.decide(found, command, self.law, now)
        except (Conflict, InputError):
            return self._act(transaction, notice, [c.DropPlan(actor)], actor=actor, now=now)
        return self._rule(transaction, notice, command, actor=actor, now=now)

    def preview(self, transaction: NoticeTransaction, notice: NoticeId, command: c.Rule) -> tuple[str, str]:
        """Build what would be written to who uploaded and to who sent the notice. Raises NotFound."""
        found = self.load(transaction, notice)
        ruling = rules.as_if(command, self.clock.now())
        bodies = rules.has_bodies(found, self.law)
        statement = letters.statement(found, ruling, bodies=bodies, disclose=command.disclose)
        return str(statement), letters.decision(found, ruling, bodies=bodies)

    def add_copies(
        self, transaction: NoticeTransaction, notice: NoticeId, copies: Sequence[NewContent], *, ended: bool, actor: str
    ) -> Notice:
        """Take in what a search for copies found; ``ended`` says that it is over. Raises InputError, Conflict."""
        _check_contents(copies)
        now = self.clock.now()
        named = self._named(transaction, copies, Via.COPY, notice, actor=actor, now=now)
        commands: list[c.Command] = [c.AddContent(each) for each in named]
        if ended:
            commands.append(c.EndCopySearch(_copies_of(self.load(transaction, notice)) + len(named)))
        return self._act(transaction, notice, commands, actor=actor, now=now)

    def take_found(
        self,
        transaction: NoticeTransaction,
        notice: NoticeId,
        *,
        same: Sequence[str],
        near: Sequence[str],
        ended: bool,
        actor: str,
    ) -> Notice:
        """Take in what a search here found, by the platform's own ids: what is the same, and what resembles it."""
        before = self.load(transaction, notice)
        known = {each.ref for each in before.contents}
        commands: list[c.Command] = [
            c.AddContent(c.NamedContent(Via.COPY, ref=ref)) for ref in same if ref not in known
        ]
        if ended:
            commands.append(c.EndCopySearch(_copies_of(before) + len(commands)))
        after = self.act(transaction, notice, commands, actor=actor)
        kept = [(each.entry, each.bank) for each in after.contents if each.entry is not None]
        for entry, bank in kept[:1]:
            for ref in near:
                if ref not in known:
                    self.see(
                        transaction, c.NamedContent(Via.MATCH, ref=ref, entry=entry, bank=bank), count=1, actor=actor
                    )
        return after

    def kept_within(self, transaction: NoticeTransaction) -> int:
        """Return how near, in bits, something is to what is kept down."""
        try:
            return transaction.banks.bank(self._bank).policy.threshold_bits
        except NotFound:
            return _KEPT_DOWN.threshold_bits

    # --- contesting ----------------------------------------------------------------------------------------------

    def complain(
        self,
        transaction: NoticeTransaction,
        notice: NoticeId,
        *,
        side: Party,
        text: str,
        plea: Plea = Plea.COMPLAINT,
        actor: str,
    ) -> Notice:
        """Complain, as the notifier or the uploader. Raises InputError, Conflict, NotFound."""
        check_text(text, MAX_TEXT, "complaint", least=1)
        if side not in {Party.NOTIFIER, Party.UPLOADER}:
            msg = "A complaint comes from the notifier or from the uploader."
            raise InputError(msg)
        return self.act(transaction, notice, [c.Complain(side, text.strip(), plea)], actor=actor)

    def decide_complaint(
        self, transaction: NoticeTransaction, notice: NoticeId, command: c.DecideComplaint, *, actor: str
    ) -> Notice:
        """Decide about a complaint, as somebody else than before. Raises InputError, Conflict, NotFound."""
        check_text(command.because.reason, MAX_TEXT, "reason")
        instead, now = command.instead, self.clock.now()
        if instead is not None:
            _check_rule(instead)
            banked = self._banked(transaction, self.load(transaction, notice), instead, now=now)
            command = replace(command, instead=replace(instead, banked=banked))
        return self._act(transaction, notice, [command], actor=actor, now=now)

    # --- reading -------------------------------------------------------------------------------------------------

    def load(self, transaction: NoticeTransaction, notice: NoticeId) -> Notice:
        """Read one notice. Raises NotFound."""
        return rules.fold(notice, transaction.history(notice))

    def view(self, notice: NoticeId, *, actor: str) -> Notice:
        """Open a notice with all that people wrote: the ledger says who and when. Raises NotFound."""
        with self.store.transaction(write=True) as transaction:
            found = self.load(transaction, notice)
            transaction.record(Fact("notice.viewed", notice, actor), now=self.clock.now())
        return found

    def queue(
        self, wanted: NoticeFilter | None = None, *, after: NoticeId | None = None, limit: int = 100
    ) -> list[NoticeSummary]:
        """List notices, the most urgent first; nothing personal. Raises NotFound for ``after``."""
        with self.store.transaction() as transaction:
            return transaction.page(wanted or NoticeFilter(), after=after, limit=limit)

    def ticking(
        self, *, owner: str | None = None, after: tuple[datetime, str] | None = None, limit: int = 100
    ) -> list[tuple[NoticeSummary, tuple[Running, ...]]]:
        """List notices by when their strictest clock ends, each with all that run on it, strictest first.

        Nothing personal is read, and it is two queries. See ``NoticeTransaction.ticking``.
        """
        with self.store.transaction() as transaction:
            found = transaction.ticking(owner=owner, after=after, limit=limit)
            told = transaction.outlines([each.id for each in found])
        return [(each, clocks.running(rules.fold(each.id, told[each.id]), self.law)) for each in found]

    def find(self, reference: str, *, actor: str) -> NoticeSummary | None:
        """Find what a caller sent under their own number; None where there is nothing."""
        source = self._source(actor, reference)
        with self.store.transaction() as transaction:
            known = None if source is None else transaction.by_source(source)
            return None if known is None else transaction.listed(known)

    def erasure_rule(self) -> str:
        """Return by which rule personal data are destroyed when somebody asks for it."""
        today = self.clock.now().date()
        found = obligation(applicable(self.law.regimes.values(), self.facts, today), ERASE_ON_REQUEST, today)
        return ON_REQUEST if found is None else str(found)

    def receipt(self, notice: NoticeId) -> str:
        """Return what shows that somebody sent this notice; it is stored nowhere."""
        return b32encode(self._keyring.digest(Purpose.NOTICE_RECEIPT, notice.encode("ascii"))[:10]).decode("ascii")

    def regimes(self, now: datetime) -> tuple[Regime, ...]:
        """Return the regimes that apply to the platform."""
        return applicable(self.law.regimes.values(), self.facts, now.date())

    # --- records -------------------------------------------------------------------------------------------------

    def party(self, role: PartyRole, reference: str) -> PartyId:
        """Return the id of somebody's record, whether there is one or not."""
        digest = self._keyring.digest(Purpose.PARTY, f"{role}|{reference.strip()}".encode())
        return PartyId(b32encode(digest[:10]).decode("ascii"))

    def record_of(self, transaction: NoticeTransaction, record: PartyId) -> PartyRecord:
        """Read a record; version 0 where there is none."""
        return record_rules.fold(record, transaction.record_history(record))

    def view_record(self, record: PartyId, *, actor: str) -> PartyRecord:
        """Open a record with all that people wrote: the ledger says who and when. Raises NotFound."""
        with self.store.transaction(write=True) as transaction:
            found = self.record_of(transaction, record)
            if not found.version:
                msg = "There is no such record."
                raise NotFound(msg)
            transaction.record(Fact("record.viewed", record, actor), now=self.clock.now())
        return found

    def keep_record(
        self, transaction: NoticeTransaction, role: PartyRole, reference: str, command: records.Command, *, actor: str
    ) -> PartyRecord:
        """Act on the record of somebody whom the platform names, opening it where there is none.

        Raises:
            InputError: It cannot be done so.
            Conflict: Due process does not allow it yet, or at all.
        """
        check_text(reference, MAX_REFERENCE, "reference", least=1)
        now = self.clock.now()
        id_ = self._opened(transaction, role, reference, actor=actor, now=now)
        return self._on_record(transaction, id_, [command], actor=actor, now=now)

    def act_on_record(
        self, transaction: NoticeTransaction, record: PartyId, command: records.Command, *, actor: str
    ) -> PartyRecord:
        """Act on a record that exists. Raises NotFound, InputError, Conflict."""
        if not transaction.record_history(record):
            msg = "There is no such record."
            raise NotFound(msg)
        return self._on_record(transaction, record, [command], actor=actor, now=self.clock.now())

    # --- the one way in which a notice changes ---------------------------------------------------------------------

    def act(
        self, transaction: NoticeTransaction, notice: NoticeId, commands: Iterable[c.Command], *, actor: str
    ) -> Notice:
        """Decide and append.

        Raises:
            NotFound: There is no such notice.
            Conflict: It is in no state for this.
            InputError: What is asked makes no sense for it.
        """
        return self._act(transaction, notice, commands, actor=actor, now=self.clock.now())

    def _rule(
        self, transaction: NoticeTransaction, notice: NoticeId, command: c.Rule, *, actor: str, now: datetime
    ) -> Notice:
        banked = self._banked(transaction, self.load(transaction, notice), command, now=now)
        return self._act(transaction, notice, [replace(command, banked=banked)], actor=actor, now=now)

    def _act(
        self,
        transaction: NoticeTransaction,
        notice: NoticeId,
        commands: Iterable[c.Command],
        *,
        actor: str,
        now: datetime,
    ) -> Notice:
        before = self.load(transaction, notice)
        after, made = self._decided(transaction, before, commands, actor=actor, now=now)
        if made:
            listed = summary(after, self.law)
            transaction.append(notice, made, version=before.version, actor=actor, now=now, listed=listed)
            self._count(transaction, after, made, first=not before.rulings, now=now)
            self._note_conduct(transaction, before, after, made, actor=actor, now=now)
            self._gather(transaction, after)
            if self._searches and any(isinstance(event, e.CopiesSought) for event in made):
                transaction.schedule(COPIES, notice, due_at=now)
        return after

    def _decided(
        self,
        transaction: NoticeTransaction,
        notice: Notice,
        commands: Iterable[c.Command],
        *,
        actor: str,
        now: datetime,
    ) -> tuple[Notice, list[e.Event]]:
        made: list[e.Event] = []
        for command in commands:
            if isinstance(command, c.Take) and command.by in transaction.left_by(notice.id):
                raise SteppedAside
            for event in rules.decide(notice, command, self.law, now):
                if isinstance(event, e.LetUp):
                    self._let_up(transaction, notice, event.content, now=now)
                notice = rules.apply(notice, Recorded(notice.version + 1, now, actor, event))
                made.append(event)
        return notice, made

    def _begin(
        self,
        transaction: NoticeTransaction,
        notice: NoticeId,
        command: c.Receive,
        *,
        source: bytes | None,
        actor: str,
        now: datetime,
    ) -> Notice:
        after, made = self._decided(transaction, Notice(notice), [command], actor=actor, now=now)
        listed = summary(after, self.law)
        transaction.open(listed, source=source)
        transaction.append(notice, made, version=0, actor=actor, now=now, listed=listed)
        self._count(transaction, after, made, first=True, now=now)
        return after

    @staticmethod
    def _count(
        transaction: NoticeTransaction, notice: Notice, made: Sequence[e.Event], *, first: bool, now: datetime
    ) -> None:
        added = figures.counts(made, opening=notice.opening, opened_at=notice.opened_at or now, first=first, now=now)
        if added:
            transaction.count(now.date(), added)

    def _detected(
        self, transaction: NoticeTransaction, content: c.NamedContent, *, actor: str, now: datetime
    ) -> Notice:
        new = NewNotice(opening=Opening.DETECTION)
        command = c.Receive(new, self._regimes(new, now), (content,))
        return self._begin(transaction, NoticeId(random_id()), command, source=None, actor=actor, now=now)

    def _regimes(self, new: NewNotice, now: datetime) -> tuple[RegimeId, ...]:
        facts = replace(self.facts, content=new.kind)
        if new.order is not None:
            facts = replace(facts, jurisdictions=self._reach(new.order.territory) or facts.jurisdictions)
        return tuple(each.id for each in applicable(self.law.regimes.values(), facts, now.date()))

    def _reach(self, territory: str) -> frozenset[str]:
        """Return where an order has effect; nowhere where the law of one place is not known, so that all clocks run."""
        codes = frozenset(part.strip() for part in territory.split(","))
        places = self.law.jurisdictions.values()
        return codes if codes <= {code for each in places for code in (each.code, *each.members)} else frozenset()

    def _source(self, actor: str, reference: str) -> bytes | None:
        if not reference.strip():
            return None
        return self._keyring.digest(Purpose.NOTICE_SOURCE, f"{actor}|{reference.strip()}".encode())

    # --- what a change means for banks -----------------------------------------------------------------------------

    def _banked(
        self, transaction: NoticeTransaction, notice: Notice, command: c.Rule, *, now: datetime
    ) -> tuple[c.BankedContent, ...]:
        """Register the hashes of what is removed, each content as one entry, so that it stays down."""
        if command.measure is not Measure.REMOVE:
            return ()
        fresh = [each for each in notice.contents if each.hashes and each.entry is None]
        if not fresh:
            return ()
        self._ensure_bank(transaction, now=now)
        entries = [
            NewEntry(tuple(Hash.from_hex(value) for value in each.hashes), Provenance(NOTICES, reference=notice.id))
            for each in fresh
        ]
        made = register(transaction.banks, self._bank, entries, now=now)
        return tuple(
            c.BankedContent(each.number, self._bank, entry) for each, (entry, _) in zip(fresh, made, strict=True)
        )

    def _ensure_bank(self, transaction: NoticeTransaction, *, now: datetime) -> None:
        """Make the bank on first use; an operator may change its policy afterwards."""
        try:
            transaction.banks.bank(self._bank)
        except NotFound:
            create_bank(transaction.banks, self._bank, _KEPT_DOWN, now=now)

    def _let_up(self, transaction: NoticeTransaction, notice: Notice, number: int, *, now: datetime) -> None:
        """Withdraw what we banked for a content; say of an entry that somebody else banked that it was wrong here."""
        which = (each for each in notice.contents if each.number == number)
        for bank, entry, ours in [(one.bank, one.entry, one.kept_down) for one in which if one.entry is not None]:
            if ours:
                transaction.banks.withdraw(bank, entry, by=NOTICES, now=now)
            else:
                opinion = Opinion(entry, NOTICES, OpinionKind.FALSE_POSITIVE, f"notice {notice.id}", now)
                transaction.banks.add_opinion(bank, opinion)

    def _gather(self, transaction: NoticeTransaction, notice: Notice) -> None:
        """A notice that is decided gathers no further uploads."""
        ruling = notice.ruling
        if notice.withdrawn_at is None and (ruling is None or not ruling.measure.final):
            return
        for entry in _entries(notice):
            if transaction.gathering(entry) == notice.id:
                transaction.gather(entry, None)

    # --- what a change means for records ---------------------------------------------------------------------------

    def _named(
        self,
        transaction: NoticeTransaction,
        contents: Iterable[NewContent],
        via: Via,
        notice: NoticeId,
        *,
        actor: str,
        now: datetime,
    ) -> tuple[c.NamedContent, ...]:
        named = []
        for each in contents:
            uploader = self._party(transaction, PartyRole.UPLOADER, each.uploader, notice, actor=actor, now=now)
            named.append(
                c.NamedContent(
                    via=via,
                    url=each.url.strip(),
                    ref=each.ref.strip(),
                    uploader=None if uploader is None else uploader.id,
                    hashes=tuple(one.hex for one in each.hashes),
                )
            )
        return tuple(named)

    def _party(
        self,
        transaction: NoticeTransaction,
        role: PartyRole,
        reference: str,
        notice: NoticeId,
        *,
        actor: str,
        now: datetime,
    ) -> PartyRecord | None:
        if not reference.strip():
            return None
        id_ = self._opened(transaction, role, reference, actor=actor, now=now)
        return self._on_record(transaction, id_, [records.CountNotice(notice)], actor=actor, now=now)

    def _opened(
        self, transaction: NoticeTransaction, role: PartyRole, reference: str, *, actor: str, now: datetime
    ) -> PartyId:
        id_ = self.party(role, reference)
        transaction.open_record(id_, role=role, now=now)
        self._on_record(transaction, id_, [records.OpenRecord(role, reference.strip())], actor=actor, now=now)
        return id_

    def _on_record(
        self,
        transaction: NoticeTransaction,
        record: PartyId,
        commands: Iterable[records.Command],
        *,
        actor: str,
        now: datetime,
    ) -> PartyRecord:
        before = after = self.record_of(transaction, record)
        regimes = self.regimes(now)
        made: list[records.Event] = []
        for command in commands:
            for event in record_rules.decide(after, command, regimes, now):
                after = record_rules.apply(after, records.Recorded(after.version + 1, now, actor, event))
                made.append(event)
        if made:
            transaction.append_record(after, made, version=before.version, actor=actor, now=now)
        return after

    def _note_conduct(
        self,
        transaction: NoticeTransaction,
        before: Notice,
        after: Notice,
        made: Sequence[e.Event],
        *,
        actor: str,
        now: datetime,
    ) -> None:
        """Put on record what a decision found, and take off what it reversed."""

        def note(record: PartyId, command: records.Command) -> None:
            self._on_record(transaction, record, [command], actor=actor, now=now)

        uploaders = sorted({each.uploader for each in after.contents if each.uploader is not None})
        ruling = after.ruling
        decided = ruling if ruling is not None and ruling != before.ruling and ruling.measure.final else None
        # Also a restriction that has ended may turn out to have been wrong.
        cleared = decided is not None and not decided.measure.restricts
        if cleared or any(isinstance(event, e.Reinstated) for event in made):
            for uploader in uploaders:
                note(uploader, records.ClearConduct(after.id))
        if decided is None:
            return
        if after.notifier is not None:
            note(after.notifier, records.ClearConduct(after.id))
        for ground in decided.grounds:
            if ground.abuses and after.notifier is not None:
                note(after.notifier, records.NoteConduct(after.id, ground))
            elif ground.restricts:
                for uploader in uploaders:
                    note(uploader, records.NoteConduct(after.id, ground))


def _copies_of(notice: Notice) -> int:
    return sum(each.via is Via.COPY for each in notice.contents)


def _entries(notice: Notice) -> set[EntryId]:
    return {each.entry for each in notice.contents if each.entry is not None}


def _check(new: NewNotice) -> None:
    for text, name in ((new.notifier, "notifier"), (new.reference, "reference")):
        check_text(text, MAX_REFERENCE, name)
    for language in (new.language, new.uploader_language):
        if language not in letters.LANGUAGES:
            msg = f"Letters are written in {', '.join(letters.LANGUAGES)}; name one of them as the language."
            raise InputError(msg)
    if not new.contents and not new.fields:
        msg = "A notice names content, or says something about it; this one is empty."
        raise InputError(msg)
    _check_fields(new.fields)
    _check_contents(new.contents)
    if new.order is not None:
        for text, name in ((new.order.authority, "authority"), (new.order.legal_basis, "legal basis")):
            check_text(text, MAX_REFERENCE, name, least=1)


def _check_fields(fields: Mapping[Field, str]) -> None:
    for name, text in fields.items():
        check_text(text, MAX_TEXT, name)


def _check_contents(contents: Sequence[NewContent]) -> None:
    if len(contents) > MAX_NAMED:
        msg = f"One notice names {MAX_NAMED} contents at most; send the rest as another one."
        raise InputError(msg)
    for each in contents:
        if not (each.url.strip() or each.ref.strip() or each.hashes):
            msg = "Each content has an address, a reference or hashes."
            raise InputError(msg)
        for text in (each.url, each.ref, each.uploader):
            check_text(text, MAX_REFERENCE, "content")


def _check_rule(command: c.Rule) -> None:
    because = command.because
    for text, name in ((because.reason, "reason"), (command.statement, "statement"), (command.answer, "answer")):
        check_text(text, MAX_TEXT, name)
    for text, name in ((because.rule, "rule"), (because.author, "author"), (command.territory, "territory")):
        check_text(text, MAX_REFERENCE, name)
