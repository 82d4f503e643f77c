# SPDX-License-Identifier: Apache-2.0
"""Any order of commands, leaps of the clock and crashes: no deadline passes unseen, no decision stands without its why.

Hypothesis drives the whole engine over memory, whose transactions are all or nothing as the database's. A crash is a
transaction that fails after everything was written in it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from noli.base.errors import Conflict, InputError
from noli.casework.model import AgeAnswer
from noli.evidence.rules import verify
from noli.notices import commands as c
from noli.notices import events as e
from noli.notices import record_rules, rules
from noli.notices import records as r
from noli.notices.clocks import clocks
from noli.notices.model import Because, Ground, Letter, Measure, NewNotice, NoticeId, Opening, Order, Plea
from noli.notices.summaries import summary
from noli.regimes.model import Field, Filer, Party
from tests.support.notices import EVERYWHERE, START, Desk, complete, content

AUTHORS = st.sampled_from(["ada", "bea"])
MEASURES = st.sampled_from([each for each in Measure if each is not Measure.GEO_RESTRICT])
FIELDS = st.dictionaries(st.sampled_from(list(Field)), st.just("yes"), max_size=9)


Step = Callable[[r.PartyRecord, Because, datetime], list[r.Command]]


def _answer(record: r.PartyRecord, why: Because, *, upheld: bool) -> list[r.Command]:
    return [r.DecideContest(each.number, upheld=upheld, because=why) for each in record.complaints[-1:]]


STEPS: st.SearchStrategy[Step] = st.sampled_from(
    [
        lambda _, why, __: [r.WarnParty(why), r.HearParty("Sorry.")],
        lambda _, why, now: [r.SuspendParty(why, now + timedelta(days=9))],
        lambda _, why, now: [r.SuspendParty(why, now + timedelta(days=1), r.AccountMeasure.RESTRICT)],
        lambda _, why, __: [r.ProposeTermination(why)],
        lambda _, why, __: [r.ConfirmTermination(why)],
        lambda _, why, __: [r.DropTermination(why)],
        lambda *_: [r.ContestMeasure("No.")],
        lambda record, why, _: _answer(record, why, upheld=True),
        lambda record, why, _: _answer(record, why, upheld=False),
        lambda _, why, __: [r.LiftSuspension(why)],
    ]
)


class _Crash(Exception):
    """The process died before its transaction was committed."""


def _why(author: str) -> Because:
    return Because(reason="because", rule="Terms 4.2", author=author)


def _ruling(measure: Measure, author: str) -> c.Rule:
    ground = Ground.INTIMATE if measure.restricts else Ground.NOT_INTIMATE
    return c.Rule(measure, (ground,), _why(author))


class Platform(RuleBasedStateMachine):
    """A platform's desk, its upkeep and its clock."""

    notices = Bundle("notices")

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(facts=EVERYWHERE)
        self.made = 0

    def _do(self, act: Callable[[Any], object], *, crash: bool) -> None:
        """Act in one transaction; where it crashes, nothing of it may be left."""
        before = self.desk.memory.world
        try:
            with self.desk.service.store.transaction(write=True) as transaction:
                act(transaction)
                if crash:
                    raise _Crash  # noqa: TRY301 - where a process would die
        except (_Crash, Conflict, InputError):
            assert self.desk.memory.world is before

    @initialize(target=notices)
    def begin(self) -> NoticeId:
        """There is one notice to begin with."""
        return self.desk.receive().id

    @rule(target=notices, fields=FIELDS, filer=st.sampled_from(list(Filer)), located=st.booleans())
    def request(self, fields: dict[Field, str], filer: Filer, located: bool) -> NoticeId:  # noqa: FBT001 - drawn
        """Somebody sends a notice, complete or not."""
        self.made += 1
        contents = (content(self.made),) if located or not fields else ()
        return self.desk.receive(NewNotice(fields=fields, filer=filer, contents=contents)).id

    @rule(target=notices, hours=st.integers(1, 100))
    def order(self, hours: int) -> NoticeId:
        """An authority orders something."""
        order = Order("Court", "§ 1", due_at=self.desk.clock.now() + timedelta(hours=hours))
        return self.desk.receive(NewNotice(opening=Opening.ORDER, order=order, contents=(content(1),))).id

    @rule(crash=st.booleans())
    def request_interrupted(self, crash: bool) -> None:  # noqa: FBT001 - drawn
        """A notice whose transaction may fail leaves all or nothing."""
        self._do(lambda t: self.desk.service.receive(t, complete(), age=AgeAnswer.ADULT, actor="key:p"), crash=crash)

    @rule(notice=notices, fields=FIELDS, crash=st.booleans())
    def give(self, notice: NoticeId, fields: dict[Field, str], crash: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody gives what was missing."""
        self._do(lambda t: self.desk.service.give(t, notice, fields, actor="key:p"), crash=crash)

    @rule(notice=notices, measure=MEASURES, author=AUTHORS, crash=st.booleans())
    def decide(self, notice: NoticeId, measure: Measure, author: str, crash: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody decides."""
        self._do(lambda t: self.desk.service.rule(t, notice, _ruling(measure, author), actor="key:p"), crash=crash)

    @rule(notice=notices, measure=MEASURES, author=AUTHORS, crash=st.booleans())
    def plan(self, notice: NoticeId, measure: Measure, author: str, crash: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody decides, with effect a little later."""
        wait = timedelta(seconds=20)
        self._do(
            lambda t: self.desk.service.plan(t, notice, _ruling(measure, author), wait=wait, actor="key:p"), crash=crash
        )

    @rule(notice=notices, side=st.sampled_from([Party.NOTIFIER, Party.UPLOADER]), plea=st.sampled_from(list(Plea)))
    def complain(self, notice: NoticeId, side: Party, plea: Plea) -> None:
        """One of the sides complains."""
        self._do(
            lambda t: self.desk.service.complain(t, notice, side=side, text="No.", plea=plea, actor="key:p"),
            crash=False,
        )

    @rule(notice=notices, upheld=st.booleans(), measure=MEASURES, author=AUTHORS, crash=st.booleans())
    def answer(self, notice: NoticeId, upheld: bool, measure: Measure, author: str, crash: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody decides about a complaint, if there is one and it is not their own decision."""

        def act(transaction: Any) -> None:
            found = self.desk.service.load(transaction, notice)
            number = found.open_complaints[0].number if found.open_complaints else 0
            instead = _ruling(measure, author) if upheld else None
            command = c.DecideComplaint(number, upheld=upheld, because=_why(author), instead=instead)
            self.desk.service.decide_complaint(transaction, notice, command, actor="key:p")

        self._do(act, crash=crash)

    @rule(
        notice=notices,
        command=st.sampled_from(
            [
                c.WithdrawNotice(),
                c.RevokeOrder(_why("ada")),
                c.EndCopySearch(0),
                c.Take("ada"),
                c.PlaceHold(_why("ada")),
                c.DropPlan("ada"),
                c.PlaceHold(_why("ada"), START + timedelta(hours=30)),
                c.ProposeErasure(_why("ada")),
                c.ConfirmErasure(_why("bea")),
                c.Erase("retention"),
            ]
        ),
    )
    def other(self, notice: NoticeId, command: c.Command) -> None:
        """Anything else happens."""
        self._do(lambda t: self.desk.service.act(t, notice, [command], actor="key:p"), crash=False)

    @rule(role=st.sampled_from(list(r.PartyRole)), step=STEPS, author=st.sampled_from(["ada", "bea", "cem"]))
    def account(self, role: r.PartyRole, step: Step, author: str) -> None:
        """Somebody takes a step against the account of who uploaded, or sent, most of it."""
        reference = "uploader-1" if role is r.PartyRole.UPLOADER else "person@example.org"

        def act(transaction: Any) -> None:
            record = self.desk.service.record_of(transaction, self.desk.service.party(role, reference))
            for command in step(record, _why(author), self.desk.clock.now()):
                self.desk.service.keep_record(transaction, role, reference, command, actor="key:p")

        self._do(act, crash=False)

    @rule(hours=st.sampled_from([-30, -1, 0.5, 1, 5, 18, 24, 47, 200]))
    def time(self, hours: float) -> None:
        """The clock goes on, leaps ahead or falls back."""
        self.desk.clock.move(hours=hours)

    @rule()
    def look_after(self) -> None:
        """One of the processes does a round; afterwards nothing that was missed is unrecorded."""
        self.desk.upkeep.look_after()
        now = self.desk.clock.now()
        for notice in self._all():
            for each in clocks(notice, self.desk.service.law):
                late = (each.met_at or now) > each.deadline.due_at
                assert not late or each.key in notice.breached
            assert notice.plan is None or notice.plan.effect_at > now

    @invariant()
    def alarms_are_what_follows_from_events(self) -> None:
        """Somebody will look at each clock in time: what is stored is what the events and the law say."""
        listed = self.desk.memory.world.listed
        for notice in self._all():
            assert listed[notice.id] == summary(notice, self.desk.service.law)

    @invariant()
    def whatever_was_met_late_is_recorded(self) -> None:
        """No decision hides that it came too late."""
        for notice in self._all():
            for each in clocks(notice, self.desk.service.law):
                assert each.met_at is None or each.met_at <= each.deadline.due_at or each.key in notice.breached

    @invariant()
    def every_decision_says_why(self) -> None:
        """Each has a rule, an author and a ground; a reason too, until it is erased; complaints another author."""
        for notice in self._all():
            by = {each.number: each.author for each in notice.rulings}
            for ruling in notice.rulings:
                assert ruling.rule
                assert ruling.author
                assert ruling.grounds
                assert ruling.reason or notice.erased_at is not None
            for complaint in notice.complaints:
                assert complaint.upheld is None or complaint.author not in {"", by[complaint.ruling]}

    @invariant()
    def every_measure_against_an_account_went_its_way(self) -> None:
        """Warned before, told why after, by two where it is for good, and a complaint decided by a third."""
        for id_, history in self.desk.memory.world.records.items():
            record = record_rules.fold(id_, history)
            warned = [each.sequence for each in history if isinstance(each.event, r.PartyWarned)]
            told = [each.number for each in record.letters if each.letter is Letter.STATEMENT]
            for ruling in record.rulings:
                assert ruling.rule
                assert ruling.author
                assert any(number < ruling.number for number in warned)
                assert any(number > ruling.number for number in told)
                assert (ruling.until is None) == (ruling.proposed_by not in {"", ruling.author})
            by = {each.number: {each.author, each.proposed_by} for each in record.rulings}
            for complaint in record.complaints:
                assert complaint.upheld is None or complaint.author not in by[complaint.ruling]

    @invariant()
    def who_is_restricted_was_told(self) -> None:
        """Whatever is out of sight, its uploader has a statement of reasons."""
        for notice in self._all():
            restricted = any(each.restricted for each in notice.contents)
            assert not restricted or any(each.to is Party.UPLOADER for each in notice.messages)

    @invariant()
    def no_ledger_entry_is_lost(self) -> None:
        """Every event has its entry, and the chain is whole."""
        world = self.desk.memory.world
        kinds = [entry.fact.kind for entry in world.ledger if entry.fact.subject in world.histories]
        events = [e.NAMES[type(one.event)] for history in world.histories.values() for one in history]
        assert sorted(kinds) == sorted(events)
        assert verify(world.ledger).whole

    def _all(self) -> list[Any]:
        return [rules.fold(id_, history) for id_, history in self.desk.memory.world.histories.items()]


TestPlatform = Platform.TestCase
TestPlatform.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
