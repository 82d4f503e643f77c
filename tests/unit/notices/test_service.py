# SPDX-License-Identifier: Apache-2.0
"""Notices in, matches in, records, retention: the service and its upkeep with everything in memory."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Provenance
from noli.bank.service import create_bank, register
from noli.base.errors import Conflict, InputError, IntegrityError, NotFound
from noli.base.retention import ON_REQUEST
from noli.casework.model import AgeAnswer
from noli.moderation.service import SteppedAside
from noli.notices import commands as c
from noli.notices import records as r
from noli.notices import upkeep
from noli.notices.clocks import running
from noli.notices.model import (
    Because,
    Ground,
    Measure,
    NewContent,
    NewNotice,
    Notice,
    NoticeFilter,
    NoticeId,
    NoticeState,
    Opening,
    Order,
    Via,
)
from noli.notices.ports import SeenUpload
from noli.notices.summaries import summary
from noli.regimes.model import Duty, Facts, Field, Filer, Party
from tests.support.casework import made_up_item
from tests.support.notices import EVERYWHERE, NOTICE_TIME, RECORD_TIME, START, US, Desk, complete, content, ruling

WHY = Because(reason="Five notices about a rival's catalogue.", rule="Art. 23(2) DSA", author="ada")


def _entry(desk: Desk, bank: str = "intake", action: Action = Action.REVIEW) -> EntryId:
    with desk.service.writing() as transaction:
        if bank not in {each.name for each in transaction.banks.banks()}:
            create_bank(transaction.banks, bank, BankPolicy(action), now=START)
        new = NewEntry(made_up_item(77).hashes, Provenance("test"))
        [(entry, _)] = register(transaction.banks, bank, [new], now=START)
    return entry


def _seen(number: int, entry: EntryId, verdict: str = "review", *, ref: str = "", bank: str = "intake") -> SeenUpload:
    return SeenUpload(number, entry, bank, "platform", verdict, ref, START - timedelta(minutes=1))


def test_the_same_notice_sent_twice_is_one() -> None:
    """A caller's own number makes sending again harmless; another caller's same number is another notice."""
    desk = Desk()
    first = desk.receive(complete(reference="T-1"))
    assert desk.receive(complete(reference="T-1")).id == first.id
    assert desk.receive(complete(reference="T-1"), actor="key:other").id != first.id
    assert desk.receive().id != desk.receive().id


def test_nothing_is_stored_where_somebody_may_be_under_18() -> None:
    """The answer leads to who may take it; not even a ledger entry is left."""
    desk = Desk()
    for age in (AgeAnswer.UNDER_18, AgeAnswer.UNSURE):
        with desk.service.writing() as transaction, pytest.raises(InputError, match="Take It Down"):
            desk.service.receive(transaction, complete(), age=age, actor="person")
    assert not desk.memory.world.ledger
    assert not desk.memory.world.records


@pytest.mark.parametrize(
    "bad",
    [
        NewNotice(),
        complete(language="tlh"),
        complete(notifier="x" * 3000),
        complete(contents=(NewContent(uploader="u"),)),
        complete(contents=tuple(NewContent(ref=str(n)) for n in range(101))),
        NewNotice(opening=Opening.ORDER, order=Order("", "law"), contents=(NewContent(ref="a"),)),
    ],
    ids=["empty", "language", "long", "nameless", "many", "authority"],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(bad: NewNotice) -> None:
    """Nothing is kept of it."""
    desk = Desk()
    with pytest.raises(InputError):
        desk.receive(bad)
    assert not desk.memory.world.histories


def test_a_notice_is_looked_into_on_the_record() -> None:
    """The ledger says who opened it; the list opens nothing."""
    desk = Desk()
    notice = desk.receive()
    assert desk.service.view(notice.id, actor="key:platform") == notice
    assert desk.memory.world.ledger[-1].fact.kind == "notice.viewed"
    with pytest.raises(NotFound):
        desk.service.view(NoticeId("NOBODY"), actor="key:platform")
    with pytest.raises(IntegrityError):
        summary(Notice(NoticeId("X")), desk.service.law)


def test_a_receipt_proves_and_tells_nothing() -> None:
    """It follows from the notice's id with a key outside the database, and differs from notice to notice."""
    desk = Desk()
    one, two = desk.receive(), desk.receive()
    assert desk.service.receipt(one.id) == desk.service.receipt(one.id) != desk.service.receipt(two.id)


def test_trusted_flaggers_go_first_by_evidence() -> None:
    """Somebody looked at the status: the notice goes to the head of the queue; after it ends it does not."""
    desk = Desk()
    first = desk.receive()
    flagger = r.Flagger(
        "Bundesnetzagentur", date(2025, 6, 2), "ada", date(2026, 11, 1), "https://register.example", date(2027, 1, 1)
    )
    with desk.service.writing() as transaction:
        record = desk.service.keep_record(
            transaction, r.PartyRole.NOTIFIER, "helpline", r.CheckFlagger(flagger), actor="key:p"
        )
        again = desk.service.keep_record(
            transaction, r.PartyRole.NOTIFIER, "helpline", r.CheckFlagger(flagger), actor="key:p"
        )
    assert record.flagger == flagger
    assert again.version == record.version
    desk.clock.move(minutes=5)
    trusted = desk.receive(complete(filer=Filer.TRUSTED_FLAGGER, notifier="helpline"))
    assert trusted.evidence
    assert [each.id for each in desk.service.queue()] == [trusted.id, first.id]
    desk.clock.move(days=60)
    assert not desk.receive(complete(filer=Filer.TRUSTED_FLAGGER, notifier="helpline")).evidence
    with desk.service.writing() as transaction:
        with pytest.raises(InputError, match="Evidence"):
            desk.service.keep_record(
                transaction,
                r.PartyRole.NOTIFIER,
                "x",
                r.CheckFlagger(r.Flagger("", date(2025, 1, 1), "", date(2025, 1, 1), "")),
                actor="key:p",
            )
        with pytest.raises(Conflict, match="sends notices"):
            desk.service.keep_record(transaction, r.PartyRole.UPLOADER, "x", r.CheckFlagger(flagger), actor="key:p")


def test_nobody_is_suspended_without_due_process() -> None:
    """Conduct, a warning, a hearing, a term that fits; the person shown is never suspended from speaking."""
    desk = Desk()
    who = (r.PartyRole.NOTIFIER, "rival")

    def keep(command: r.Command) -> r.PartyRecord:
        with desk.service.writing() as transaction:
            return desk.service.keep_record(transaction, *who, command, actor="key:p")

    def until(days: int) -> r.SuspendParty:
        return r.SuspendParty(WHY, desk.clock.now() + timedelta(days=days))

    with pytest.raises(Conflict, match="Nothing is on record"):
        keep(r.WarnParty(WHY))
    notice = desk.rule(desk.receive(complete(notifier="rival", filer=Filer.ANYONE)), Measure.KEEP, Ground.MALICIOUS)
    with pytest.raises(Conflict, match="warn first"):
        keep(until(30))
    keep(r.WarnParty(WHY))
    with pytest.raises(Conflict, match="7 days"):
        keep(until(30))
    keep(r.HearParty("It was my cousin."))
    with pytest.raises(InputError, match="30 days"):
        keep(until(31))
    machine = Because(reason="score", rule="Art. 23", author="model", automated=True)
    with pytest.raises(Conflict, match="No machine"):
        keep(r.SuspendParty(machine, desk.clock.now() + timedelta(days=2)))
    record = keep(until(30))
    assert record.conduct[0].notice == notice.id
    assert record.suspended(desk.clock.now()) is not None
    with pytest.raises(Conflict, match="stands"):
        keep(until(10))
    assert desk.receive(complete(notifier="rival", filer=Filer.ANYONE)).suspended
    assert not desk.receive(complete(notifier="rival", filer=Filer.SELF)).suspended
    keep(r.LiftSuspension(WHY))
    assert keep(r.LiftSuspension(WHY)).suspended(desk.clock.now()) is None
    keep(r.WarnParty(WHY))
    desk.clock.move(days=8)
    assert keep(until(90)).suspended(desk.clock.now()) is not None, "a week is time enough to answer"
    desk.clock.move(days=91)
    assert keep(r.OpenRecord(*who)).suspended(desk.clock.now()) is None
    with pytest.raises(Conflict, match="no warning"):
        keep(r.HearParty("Again?"))
    assert not desk.receive(complete(notifier="rival", filer=Filer.ANYONE)).suspended


def test_a_decision_that_is_changed_takes_the_conduct_off_the_record() -> None:
    """Who was called malicious by mistake is not on record for it any more."""
    desk = Desk()
    notice = desk.rule(desk.receive(complete(notifier="me")), Measure.KEEP, Ground.FRAUDULENT)
    record = desk.service.party(r.PartyRole.NOTIFIER, "me")
    with desk.service.store.transaction() as transaction:
        assert desk.service.record_of(transaction, record).conduct
        assert [each.id for each in transaction.records(r.RecordList.CONDUCT, now=START)] == [record]
    desk.rule(notice, Measure.REMOVE)
    with desk.service.store.transaction() as transaction:
        found = desk.service.record_of(transaction, record)
        assert not found.conduct
        assert found.notices == 1
    with desk.service.writing() as transaction:
        assert desk.service.act_on_record(transaction, record, r.CountNotice(notice.id), actor="key:p").notices == 2
        with pytest.raises(NotFound):
            desk.service.act_on_record(
                transaction, desk.service.party(r.PartyRole.NOTIFIER, "nobody"), r.HearParty("Hi."), actor="key:p"
            )


def test_matches_that_ask_for_a_look_are_grouped_by_entry() -> None:
    """Repeated uploads of one picture are one notice; each match is taken in once; other verdicts are not."""
    desk = Desk()
    entry = _entry(desk)
    desk.memory.seen(
        _seen(1, entry, ref="a"),
        _seen(2, entry, ref="a"),
        _seen(3, entry, ref="b"),
        _seen(4, entry, "allow", ref="c"),
    )
    assert desk.upkeep.take_in() == 4
    assert desk.upkeep.take_in() == 0
    [listed] = desk.service.queue()
    assert (listed.opening, listed.contents, listed.seen) == (Opening.DETECTION, 2, 3)
    desk.memory.seen(_seen(5, entry, ref="d"))
    desk.upkeep.look_after()
    notice = desk.service.view(listed.id, actor="key:p")
    assert {each.via for each in notice.contents} == {Via.MATCH}
    assert len(notice.contents) == 3
    desk.rule(notice, Measure.REMOVE, Ground.MATCH)
    desk.memory.seen(_seen(6, entry, ref="e"))
    desk.upkeep.look_after()
    assert len(desk.service.queue()) == 2, "what is decided gathers nothing further"
    with desk.service.writing() as transaction, pytest.raises(InputError):
        desk.service.see(transaction, c.NamedContent(Via.MATCH), count=1, actor="system")


def test_matches_of_today_wait_until_they_are_settled() -> None:
    """A check that got its number earlier may be committed later; nothing is skipped."""
    desk = Desk()
    seen = SeenUpload(1, _entry(desk), "intake", "platform", "review", "a", START)
    desk.memory.seen(seen)
    assert desk.upkeep.take_in() == 0
    desk.clock.move(seconds=20)
    assert desk.upkeep.take_in() == 1


def test_a_blocked_upload_is_on_record_and_can_be_contested() -> None:
    """The bank's policy is author and rule; a complaint is decided by a person and says so to the bank."""
    desk = Desk()
    entry = _entry(desk, "blocked", Action.BLOCK)
    desk.memory.seen(_seen(1, entry, "block", ref="a", bank="blocked"))
    desk.upkeep.take_in()
    [listed] = desk.service.queue(NoticeFilter(state=NoticeState.DECIDED))
    notice = desk.service.view(listed.id, actor="key:p")
    assert notice.ruling is not None
    assert (notice.ruling.measure, notice.ruling.author, notice.ruling.automated) == (
        Measure.REFUSE_UPLOAD,
        "policy:blocked",
        True,
    )
    assert notice.ruling.reason
    notice = desk.act(notice, c.Complain(Party.UPLOADER, "It is a cat."))
    instead = c.Rule(Measure.KEEP, (Ground.FALSE_MATCH,), WHY)
    notice = desk.act(notice, c.DecideComplaint(notice.complaints[0].number, upheld=True, because=WHY, instead=instead))
    with desk.service.store.transaction() as transaction:
        opinion = transaction.banks.opinions("blocked", entry)[0]
        assert transaction.banks.entry("blocked", entry).withdrawn_at is None, "it was not ours to withdraw"
    assert opinion.author == "notices"
    assert opinion.kind == "false_positive"


def test_what_was_kept_long_enough_is_erased() -> None:
    """A year after nothing was left to do for a notice, two years after the last of a record; holds stop it."""
    desk = Desk()
    notice = desk.rule(desk.receive(complete(notifier="me")), Measure.KEEP)
    held = desk.act(desk.rule(desk.receive(), Measure.KEEP), c.PlaceHold(WHY))
    desk.clock.time += NOTICE_TIME - timedelta(days=1)
    assert desk.expire() == 0
    desk.clock.move(days=1)
    assert desk.expire() == 1
    assert desk.load(notice).erased_at is not None
    assert desk.load(held).erased_at is None
    desk.clock.time += RECORD_TIME
    assert desk.expire() > 0
    with desk.service.store.transaction() as transaction:
        assert not desk.service.record_of(transaction, desk.service.party(r.PartyRole.NOTIFIER, "me")).reference


def test_lists_are_filtered_and_paged_in_the_order_of_the_queue() -> None:
    """What is waiting, whose it is, in which state; the next page begins where the last one ended."""
    desk = Desk()
    notices = []
    for _ in range(3):
        notices.append(desk.receive())
        desk.clock.move(minutes=1)
    desk.rule(notices[0], Measure.KEEP)
    desk.act(notices[1], c.Take("ada"))
    waiting = desk.service.queue(NoticeFilter(waiting=True))
    assert {each.id for each in waiting} == {notices[1].id, notices[2].id}
    assert desk.service.queue(NoticeFilter(waiting=True), after=waiting[0].id) == waiting[1:]
    assert [each.id for each in desk.service.queue(NoticeFilter(assigned_to="ada"))] == [notices[1].id]
    assert not desk.service.queue(NoticeFilter(breached=True))


def test_what_a_caller_sent_is_found_by_their_own_number() -> None:
    """The number is the caller's: under another key it leads nowhere."""
    desk = Desk()
    notice = desk.receive(complete(reference="T-1"), actor="key:p")
    found = desk.service.find(" T-1", actor="key:p")
    assert found is not None
    assert found.id == notice.id
    assert desk.service.find("T-1", actor="key:other") is None
    assert desk.service.find("", actor="key:p") is None


def test_a_round_ends_though_there_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """One round takes so many portions; what is left waits for the next one, and nothing is lost."""
    monkeypatch.setattr(upkeep, "_PORTIONS", 1)
    monkeypatch.setattr(upkeep, "_NOTICES", 20)
    desk = Desk()
    for number in range(25):
        desk.receive(complete(reference=str(number)))
    desk.clock.move(days=1, hours=1)
    desk.upkeep.look_after()
    assert sum(bool(each.breaches) for each in desk.service.queue()) == 20
    desk.upkeep.look_after()
    assert all(each.breaches for each in desk.service.queue())


def test_the_clock_of_trusted_flaggers_runs_by_evidence() -> None:
    """What a law gives trusted flaggers runs for one whose status was looked at, not for who only says so."""
    desk = Desk(facts=Facts(jurisdictions=frozenset({"EU"})))
    flagger = r.Flagger(
        "Bundesnetzagentur", date(2025, 6, 2), "ada", date(2026, 11, 1), "https://register.example", date(2027, 1, 1)
    )
    with desk.service.writing() as transaction:
        check = r.CheckFlagger(flagger)
        desk.service.keep_record(transaction, r.PartyRole.NOTIFIER, "helpline", check, actor="key:p")
    for notifier, runs in (("helpline", True), ("somebody", False)):
        notice = desk.receive(complete(filer=Filer.TRUSTED_FLAGGER, notifier=notifier))
        clocks = {each.key.rpartition(".")[0] for each in running(notice, desk.service.law)}
        assert ("eu-dsa-platforms.triage" in clocks) is runs


def test_an_order_starts_the_clocks_of_its_own_place() -> None:
    """A court's order is under the law of where it has effect; where that is everywhere or not known, under all."""
    desk = Desk(facts=Facts(jurisdictions=frozenset({"EU", "IN", "AU"})))

    def regimes(territory: str) -> set[str]:
        order = Order("Regional Court", "§ 1004 BGB", territory)
        notice = desk.receive(NewNotice(opening=Opening.ORDER, order=order, contents=(content(1),)))
        return {str(each) for each in notice.regimes}

    assert {"in-it-rules", "au-online-safety-act"} & regimes("DE, AT") == set()
    assert {"de-intimate-images", "at-intimate-images", "eu-dsa-intermediaries"} <= regimes("DE, AT")
    assert {"in-it-rules", "eu-dsa-intermediaries"} <= regimes("") & regimes("BR") & regimes("DE,BR")


def test_copies_come_in_as_they_are_found() -> None:
    """A search that goes on leaves the duty open; content without hashes leaves the bank alone."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.REMOVE)
    with desk.service.writing() as transaction:
        found = desk.service.add_copies(transaction, notice.id, [content(5, hashes=False)], ended=False, actor="key:p")
    assert found.copies_open
    assert len(desk.rule(found, Measure.REMOVE).contents) == 2


def _planned(desk: Desk, notice: Notice, *, seconds: int = 20, measure: Measure = Measure.REMOVE) -> Notice:
    with desk.service.writing() as transaction:
        wait = timedelta(seconds=seconds)
        return desk.service.plan(transaction, notice.id, ruling(measure), wait=wait, actor="staff:ada")


def test_a_planned_decision_takes_effect_by_itself() -> None:
    """Until its time nothing is told and nothing banked; then the upkeep does both, and does it once."""
    desk = Desk()
    notice = _planned(desk, desk.receive())
    assert (notice.ruling, notice.state, notice.plan is not None) == (None, NoticeState.OPEN, True)
    assert desk.service.queue(NoticeFilter(undecided=True)) == []
    assert desk.service.queue(NoticeFilter(opening=Opening.REQUEST))[0].planned_at is not None
    desk.clock.move(seconds=19)
    desk.upkeep.look_after()
    assert desk.load(notice).ruling is None
    desk.clock.move(seconds=2)
    desk.upkeep.look_after()
    desk.upkeep.look_after()
    decided = desk.load(notice)
    assert [each.measure for each in decided.rulings] == [Measure.REMOVE]
    assert decided.plan is None
    assert decided.rulings[0].author == "ada"
    assert decided.contents[0].kept_down


def test_a_planned_decision_is_taken_back() -> None:
    """Nothing comes of it, another one can be planned, and taking back twice is harmless."""
    desk = Desk()
    notice = _planned(desk, desk.receive())
    with pytest.raises(Conflict, match="take it back first"):
        _planned(desk, notice)
    notice = desk.act(notice, c.DropPlan("ada"), c.DropPlan("ada"))
    desk.clock.move(minutes=1)
    desk.upkeep.look_after()
    assert (desk.load(notice).ruling, desk.load(notice).plan) == (None, None)
    assert _planned(desk, notice, measure=Measure.KEEP).plan is not None


def test_what_would_be_refused_later_is_refused_when_it_is_planned() -> None:
    """A decision without a fitting ground is never planned."""
    desk = Desk()
    notice = desk.receive()
    bad = ruling(Measure.REMOVE, Ground.NOT_INTIMATE)
    with desk.service.writing() as transaction, pytest.raises(InputError, match="ground"):
        desk.service.plan(transaction, notice.id, bad, wait=timedelta(seconds=9), actor="staff:ada")
    assert desk.load(notice).plan is None


def test_a_plan_gives_way_to_whatever_is_decided_first() -> None:
    """A ruling, a withdrawal and an erasure each end it; its time changes nothing afterwards."""
    desk = Desk()
    ruled = desk.rule(_planned(desk, desk.receive()), Measure.KEEP)
    withdrawn = desk.act(_planned(desk, desk.receive()), c.WithdrawNotice())
    erased = desk.act(_planned(desk, desk.receive()), c.WriteNote("ada", "Called."), c.Erase("request"))
    assert [each.plan for each in (ruled, withdrawn, erased)] == [None, None, None]
    assert erased.notes[0].text == ""
    desk.clock.move(minutes=1)
    desk.upkeep.look_after()
    assert [len(desk.load(each).rulings) for each in (ruled, withdrawn, erased)] == [1, 0, 0]


def test_a_plan_that_is_not_possible_any_more_is_dropped() -> None:
    """Somebody complained meanwhile: that is decided first, and the plan is gone with a trace."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.DISABLE)
    notice = _planned(desk, notice)
    with desk.service.writing() as transaction:
        desk.service.complain(transaction, notice.id, side=Party.NOTIFIER, text="No.", actor="person")
    desk.clock.move(minutes=1)
    desk.upkeep.look_after()
    found = desk.load(notice)
    assert (found.plan, len(found.rulings), found.state) == (None, 1, NoticeState.CONTESTED)


def test_nothing_waits_where_a_clock_would_end_meanwhile() -> None:
    """In the last seconds of a clock a decision takes effect at once; of a clock that ended, after the wait."""
    desk = Desk()
    notice = desk.receive()
    first = min(each.deadline.due_at for each in running(notice, desk.service.law))
    desk.clock.time = first - timedelta(seconds=25)
    assert len(_planned(desk, notice).rulings) == 1
    late = desk.receive()
    last = max(each.deadline.due_at for each in running(late, desk.service.law))
    desk.clock.time = last + timedelta(seconds=1)
    assert _planned(desk, late).plan is not None


def test_carrying_out_before_its_time_does_nothing() -> None:
    """Whoever looks too early leaves it; where nothing is planned there is nothing to do."""
    desk = Desk()
    plain = desk.receive()
    notice = _planned(desk, desk.receive())
    with desk.service.writing() as transaction:
        assert desk.service.carry_out(transaction, notice.id, actor="system").plan is not None
        assert desk.service.carry_out(transaction, plain.id, actor="system") == plain


def test_what_may_show_somebody_under_18_has_a_clock_of_its_own() -> None:
    """It is out of sight at once, leaves our bank, and its clock runs until it is reported, whatever else happens."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.REMOVE)
    assert notice.contents[0].kept_down
    with pytest.raises(Conflict, match="Nobody said"):
        desk.act(notice, c.ReportMinor("ada", "R-1"))
    notice = desk.act(notice, c.SuspectMinor("ada"), c.SuspectMinor("bea"))
    entry = notice.contents[0].entry
    assert entry is not None
    with desk.service.store.transaction() as transaction:
        assert transaction.banks.entry("removed", entry).withdrawn_at is not None
    assert notice.contents[0].restricted
    desk.act(notice, c.WithdrawNotice())
    duties = {each.deadline.duty for each in running(desk.load(notice), desk.service.law)}
    assert duties == {Duty.REPORT_POSSIBLE_MINOR}
    reported = desk.act(notice, c.ReportMinor("ada", "R-1"), c.ReportMinor("ada", "R-2"))
    assert reported.young_reported_at is not None
    assert not running(reported, desk.service.law)


def test_destroying_on_request_cites_the_law_that_applies() -> None:
    """What a regime says where there is one, else that somebody asked; no country stands in the code."""
    assert Desk(facts=EVERYWHERE).service.erasure_rule().endswith("Art. 17(1)")
    assert Desk(facts=US).service.erasure_rule() == ON_REQUEST


def test_a_change_has_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes: what is answered, stored and listed agree, with a clock that ticks on each reading."""
    desk = Desk()

    def tick() -> datetime:
        desk.clock.move(seconds=1)
        return desk.clock.time

    monkeypatch.setattr(desk.clock, "now", tick)
    made = desk.receive()
    given = desk.give(desk.receive(NewNotice(contents=(content(2),))), {Field.NAME: "N."}, content(3))
    removed = desk.rule(made, Measure.REMOVE)
    entry = _entry(desk)
    with desk.service.writing() as transaction:
        desk.service.see(transaction, c.NamedContent(Via.MATCH, ref="a", entry=entry), count=3, actor="key:p")
        desk.service.refused(transaction, c.NamedContent(Via.MATCH, ref="b", entry=entry), actor="key:p")
        planned = desk.service.plan(
            transaction, given.id, ruling(Measure.KEEP), wait=timedelta(seconds=9), actor="key:p"
        )
    desk.clock.move(minutes=1)
    with desk.service.writing() as transaction:
        carried = desk.service.carry_out(transaction, planned.id, actor="system")
        desk.service.add_copies(transaction, removed.id, [content(4)], ended=True, actor="key:p")
        complained = desk.service.complain(transaction, removed.id, side=Party.UPLOADER, text="No.", actor="key:p")
        upheld = c.DecideComplaint(
            complained.complaints[0].number,
            upheld=True,
            because=replace(WHY, author="bea"),
            instead=ruling(Measure.KEEP, author="bea"),
        )
        answered = desk.service.decide_complaint(transaction, removed.id, upheld, actor="key:p")
    for told in (carried, answered):
        assert told == desk.load(told)
    for id_, listed in desk.memory.world.listed.items():
        with desk.service.store.transaction() as transaction:
            assert summary(desk.service.load(transaction, id_), desk.service.law) == listed
    by_time: dict[str, set[object]] = {}
    for each in desk.memory.world.ledger:
        by_time.setdefault(each.at.isoformat(), set()).add(each.fact.actor)
    assert len(by_time) == 11, "one time a change"


def test_what_somebody_left_to_others_is_given_to_them_by_nobody() -> None:
    """Neither taken nor handed over, whatever asks; it can go to others, and be put back."""
    desk = Desk()
    notice, other = desk.receive(), desk.receive()
    desk.memory.world.left.add(("ada", notice.id))
    with pytest.raises(SteppedAside):
        desk.act(notice, c.Take("ada"))
    assert desk.act(notice, c.Take("bea")).assigned_to == "bea"
    assert desk.act(notice, c.Take("")).assigned_to == ""
    assert desk.act(other, c.Take("ada")).assigned_to == "ada"
