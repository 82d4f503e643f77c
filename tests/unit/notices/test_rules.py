# SPDX-License-Identifier: Apache-2.0
"""What may happen to a notice, through the service with everything in memory."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from noli.bank.model import EntryId
from noli.base.errors import Conflict, InputError, NotFound
from noli.notices import commands as c
from noli.notices import events as e
from noli.notices import rules
from noli.notices.clocks import running
from noli.notices.model import (
    Because,
    Ground,
    Letter,
    Measure,
    NewContent,
    NewNotice,
    Notice,
    NoticeId,
    NoticeState,
    Opening,
    Order,
    Plea,
    Via,
)
from noli.regimes.model import Duty, Facts, Field, Filer, Party, RegimeId
from tests.support.notices import EVERYWHERE, START, Desk, complete, content, ruling

TIDA = RegimeId("us-take-it-down")
BEA = Because(reason="I looked at it anew.", rule="Art. 20", author="bea")


def _due(desk: Desk, notice: Notice) -> set[str]:
    return {f"{each.deadline.regime}.{each.deadline.duty}" for each in running(notice, desk.service.law)}


def _letters(notice: Notice) -> list[tuple[Party, Letter]]:
    return [(each.to, each.letter) for each in notice.messages]


def test_an_order_names_a_time_to_come_or_says_that_it_came_late() -> None:
    """What is over by mistake is refused; what came late is missed on the record, and passed on, as it comes in."""
    desk = Desk(facts=EVERYWHERE)

    def ordered(**more: Any) -> Notice:
        order = Order("Regional Court", "§ 1004 BGB", **more)
        return desk.receive(NewNotice(opening=Opening.ORDER, order=order, contents=(content(1),)))

    with pytest.raises(InputError, match="say so with 'late'"):
        ordered(due_at=START)
    for more in ({"late": True}, {"late": True, "due_at": START + timedelta(seconds=1)}):
        with pytest.raises(InputError, match="this one's is not"):
            ordered(**more)
    late = ordered(due_at=START - timedelta(days=2), late=True)
    assert late.order is not None
    assert (late.order.late, bool(late.breached), late.escalated_to) == (True, True, "admin")
    desk.clock.move(seconds=30)
    assert desk.upkeep.watch() == 0, "nothing is said twice"
    soon = ordered(due_at=START + timedelta(days=2))
    assert soon.order is not None
    assert (soon.order.late, soon.breached) == (False, frozenset())


def test_places_are_codes_of_countries() -> None:
    """Of an order and of a restriction alike; every country counts, also one whose law is not known."""
    desk = Desk()
    for territory in ("XX", "UK", "de", "DE,", "Bavaria"):
        order = NewNotice(opening=Opening.ORDER, order=Order("Court", "§ 1", territory), contents=(content(1),))
        with pytest.raises(InputError, match="ISO 3166-1"):
            desk.receive(order)
        with pytest.raises(InputError, match="ISO 3166-1"):
            desk.rule(desk.receive(), Measure.GEO_RESTRICT, territory=territory)
    assert desk.rule(desk.receive(), Measure.GEO_RESTRICT, territory="EU, BR").ruling


def test_nothing_is_decided_without_a_reason_a_rule_and_an_author() -> None:
    """Each of the three is refused where it is empty, before any notice is touched."""
    for reason, rule, author in ((" ", "r", "a"), ("r", "", "a"), ("r", "r", "\t")):
        with pytest.raises(InputError, match="Every decision needs"):
            Because(reason, rule, author)


def test_an_incomplete_notice_is_received_and_what_is_missing_asked_for() -> None:
    """It has a state and clocks of its own, is asked for what it lacks, and becomes valid when that comes."""
    desk = Desk()
    notice = desk.receive(NewNotice(fields={Field.CONTACT: "me@example.org"}, language="de", filer=Filer.SELF))
    assert notice.state is NoticeState.INCOMPLETE
    assert _letters(notice) == [(Party.NOTIFIER, Letter.RECEIPT), (Party.NOTIFIER, Letter.MISSING)]
    assert "brauchen wir noch" in notice.messages[1].text
    assert {each.field for each in notice.lacks if each.regime == "us-take-it-down"} >= {Field.LOCATION}
    assert "house-rules.triage" in _due(desk, notice)
    desk.clock.move(hours=3)
    again = desk.give(notice, {Field.CONTACT: "me@example.org"})
    assert again == notice, "the same once more changes nothing"
    notice = desk.give(notice, {each: "yes" for each in Field if each is not Field.LOCATION}, content(1))
    assert notice.state is NoticeState.OPEN
    assert notice.valid[TIDA] == START + timedelta(hours=3), "the clock of a regime begins when it is valid"
    unchanged = desk.give(notice, {}, content(1))
    assert unchanged == notice


def test_an_upload_that_was_removed_early_is_not_due_again() -> None:
    """What was done before a request became valid under a regime counts when it becomes so."""
    desk = Desk()
    notice = desk.receive(NewNotice(contents=(content(1),), filer=Filer.SELF))
    assert notice.state is NoticeState.OPEN, "the house rules ask for a location only"
    notice = desk.rule(notice, Measure.REMOVE)
    notice = desk.give(notice, dict.fromkeys(Field, "yes"))
    assert TIDA in notice.valid
    assert _due(desk, notice) == {"us-take-it-down.remove-copies"}


def test_both_sides_are_told_of_a_removal_and_it_stays_down() -> None:
    """The uploader gets a statement of reasons in every part, the notifier an answer; hashes are banked."""
    desk = Desk()
    notice = desk.receive(complete(uploader_language="de"))
    notice = desk.rule(notice, Measure.REMOVE, Ground.INTIMATE, contractual=True)
    assert _letters(notice)[-2:] == [(Party.NOTIFIER, Letter.DECISION), (Party.UPLOADER, Letter.STATEMENT)]
    statement = notice.messages[-1].text
    for part in ("entfernt", "Meldung", "Ein Mensch", "Nutzungsbedingungen: Terms 4.2", "sechs Monaten"):
        assert part in statement
    assert "person@example.org" not in statement
    [kept] = notice.contents
    assert (kept.bank, kept.kept_down, kept.restricted) == ("removed", True, True)
    assert kept.entry is not None
    assert notice.copies_open
    assert notice.state is NoticeState.DECIDED


def test_a_decision_needs_grounds_that_speak_for_it() -> None:
    """None at all, or one for the opposite, is refused; so is a territory without a geographic restriction."""
    desk = Desk()
    notice = desk.receive()
    for bad in (
        c.Rule(Measure.REMOVE, (), BEA),
        c.Rule(Measure.REMOVE, (Ground.MISTAKEN,), BEA),
        c.Rule(Measure.KEEP, (Ground.INTIMATE,), BEA),
        c.Rule(Measure.GEO_RESTRICT, (Ground.INTIMATE,), BEA),
        c.Rule(Measure.DISABLE, (Ground.INTIMATE,), BEA, territory="DE"),
    ):
        with pytest.raises(InputError):
            desk.act(notice, bad)
    notice = desk.rule(notice, Measure.GEO_RESTRICT, territory="DE", until=START + timedelta(days=30))
    assert "DE" in notice.messages[-1].text
    assert "2026-12-26" in notice.messages[-1].text


def test_a_provisional_measure_is_reversible_and_has_its_own_clock() -> None:
    """It meets no duty to decide; the decision takes its place, or restores the content."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.PROVISIONAL_DISABLE, Ground.PRECAUTION)
    assert notice.state is NoticeState.PROVISIONAL
    assert {"house-rules.review", "us-take-it-down.remove"} <= _due(desk, notice)
    notice = desk.rule(notice, Measure.KEEP)
    assert not any(each.restricted for each in notice.contents)
    assert (Party.UPLOADER, Letter.RESTORED) in _letters(notice)
    assert not _due(desk, notice)
    assert notice.rulings[0].reversed_at is not None


def test_texts_can_be_edited_and_the_notifier_named_where_necessary() -> None:
    """Who decides sees the built texts before, and what they write instead is what is sent."""
    desk = Desk()
    notice = desk.receive()
    with desk.service.store.transaction() as transaction:
        statement, answer = desk.service.preview(transaction, notice.id, ruling(Measure.REMOVE, disclose="Studio X"))
    assert "Studio X" in statement
    assert "Studio X" not in answer
    notice = desk.rule(notice, Measure.REMOVE, statement="To you.", answer="To me.")
    assert [each.text for each in notice.messages[-2:]] == ["To me.", "To you."]


def test_copies_that_a_search_finds_share_the_lot_of_what_they_copy() -> None:
    """They join the notice and are out of sight; the end of the search meets the duty."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.REMOVE)
    with desk.service.writing() as transaction:
        notice = desk.service.add_copies(transaction, notice.id, [content(8), content(8)], ended=True, actor="key:p")
    copies = [each for each in notice.contents if each.via is Via.COPY]
    assert [each.restricted for each in copies] == [True]
    assert copies[0].seen == 2
    assert not notice.copies_open
    assert not _due(desk, notice)
    with desk.service.writing() as transaction:
        again = desk.service.add_copies(transaction, notice.id, [], ended=True, actor="key:p")
    assert again == notice


def test_a_complaint_is_decided_by_somebody_else_and_undoes_everything() -> None:
    """An upheld complaint restores the content and withdraws what was banked; nobody judges their own decision."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.REMOVE)
    entry = notice.contents[0].entry
    with desk.service.writing() as transaction:
        notice = desk.service.complain(
            transaction, notice.id, side=Party.UPLOADER, text="I agreed.", plea=Plea.COUNTER_NOTICE, actor="key:p"
        )
    assert notice.state is NoticeState.CONTESTED
    number = notice.complaints[0].number
    keep = c.Rule(Measure.KEEP, (Ground.CONSENT_SHOWN,), BEA)
    ada = Because(reason="I was right.", rule="Art. 20", author="ada")
    machine = Because(reason="Score 0.1", rule="Art. 20", author="model", automated=True)
    scored = replace(keep, because=replace(BEA, automated=True))
    for bad in (
        c.DecideComplaint(number, upheld=False, because=ada),
        c.DecideComplaint(number, upheld=False, because=replace(ada, author="\tAda ")),
        c.DecideComplaint(number, upheld=False, because=machine),
        c.DecideComplaint(number, upheld=True, because=BEA, instead=scored),
        c.DecideComplaint(999, upheld=False, because=BEA),
    ):
        with pytest.raises(Conflict):
            desk.act(notice, bad)
    for wrong in (
        c.DecideComplaint(number, upheld=True, because=BEA),
        c.DecideComplaint(number, upheld=False, because=BEA, instead=keep),
        c.DecideComplaint(number, upheld=True, because=BEA, instead=ruling(Measure.KEEP, Ground.CONSENT_SHOWN)),
        c.DecideComplaint(number, True, BEA, c.Rule(Measure.REMOVE, (Ground.INTIMATE,), BEA)),  # noqa: FBT003 - its field
    ):
        with pytest.raises(InputError):
            desk.act(notice, wrong)
    with pytest.raises(Conflict, match="complaint waits"):
        desk.rule(notice, Measure.KEEP)
    with desk.service.writing() as transaction:
        decided = c.DecideComplaint(number, upheld=True, because=BEA, instead=keep)
        notice = desk.service.decide_complaint(transaction, notice.id, decided, actor="key:p")
    assert notice.state is NoticeState.DECIDED
    assert notice.complaints[0].upheld
    assert not notice.contents[0].restricted
    with desk.service.store.transaction() as transaction:
        assert transaction.banks.entry("removed", entry).withdrawn_at is not None  # type: ignore[arg-type] # it has one
        record = desk.service.record_of(transaction, notice.contents[0].uploader)  # type: ignore[arg-type] # known
    assert not record.conduct, "what was reversed is on nobody's record"


def test_a_refused_complaint_leaves_the_decision_and_says_what_is_left() -> None:
    """The side learns of bodies outside and of courts, and cannot complain about the same decision again."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.KEEP)
    notice = desk.act(notice, c.Complain(Party.NOTIFIER, "Look again."))
    with desk.service.writing() as transaction:
        decided = c.DecideComplaint(notice.complaints[0].number, upheld=False, because=BEA)
        notice = desk.service.decide_complaint(transaction, notice.id, decided, actor="key:p")
    assert "a court" in notice.messages[-1].text
    assert "dispute settlement" not in notice.messages[-1].text, "no law of this platform has such bodies"
    with pytest.raises(Conflict, match="has complained"):
        desk.act(notice, c.Complain(Party.NOTIFIER, "And again."))
    notice = desk.act(notice, c.TellDispute("Some body", "upheld"))
    assert notice.disputes[0].body == "Some body"


def test_an_upheld_complaint_of_the_notifier_removes_the_content() -> None:
    """What was kept is removed by the second person, with everything that belongs to a removal."""
    desk = Desk()
    notice = desk.act(desk.rule(desk.receive(), Measure.KEEP), c.Complain(Party.NOTIFIER, "It is me."))
    remove = c.Rule(Measure.REMOVE, (Ground.INTIMATE,), BEA)
    with desk.service.writing() as transaction:
        decided = c.DecideComplaint(notice.complaints[0].number, upheld=True, because=BEA, instead=remove)
        notice = desk.service.decide_complaint(transaction, notice.id, decided, actor="key:p")
    assert notice.contents[0].kept_down
    assert (Party.UPLOADER, Letter.STATEMENT) in _letters(notice)


def test_complaints_are_possible_for_six_months_and_about_a_decision() -> None:
    """Before a decision, after the time, or by a side that was not told, there is none."""
    desk = Desk()
    notice = desk.receive()
    with pytest.raises(Conflict, match="no decision"):
        desk.act(notice, c.Complain(Party.NOTIFIER, "Hurry."))
    notice = desk.rule(notice, Measure.KEEP)
    with pytest.raises(Conflict, match="no decision"):
        desk.act(notice, c.Complain(Party.UPLOADER, "What is it?"))
    desk.clock.move(days=180)
    desk.act(notice, c.Complain(Party.NOTIFIER, "In time."))
    late = desk.rule(desk.receive(), Measure.KEEP)
    desk.clock.move(days=190)
    with pytest.raises(Conflict, match="possible until"):
        desk.act(late, c.Complain(Party.NOTIFIER, "Too late."))
    with desk.service.writing() as transaction, pytest.raises(InputError, match="notifier or from the uploader"):
        desk.service.complain(transaction, late.id, side=Party.AUTHORITY, text="We object.", actor="key:p")


def test_an_order_is_given_effect_and_can_be_revoked() -> None:
    """Its own time counts; the authority learns of the effect; a revoked order restores what was restricted."""
    desk = Desk()
    order = Order("Regional Court", "§ 1004 BGB", "DE", START + timedelta(hours=5))
    notice = desk.receive(NewNotice(opening=Opening.ORDER, order=order, contents=(content(1),)))
    assert _letters(notice) == [(Party.AUTHORITY, Letter.RECEIPT)]
    due = {each.deadline.due_at for each in running(notice, desk.service.law) if each.deadline.duty is Duty.REMOVE}
    assert due == {START + timedelta(hours=5)}
    notice = desk.rule(notice, Measure.DISABLE, Ground.ORDERED)
    assert (Party.AUTHORITY, Letter.EFFECT) in _letters(notice)
    assert "Regional Court" in notice.messages[-1].text, "the uploader learns who ordered it"
    revoked = desk.act(notice, c.RevokeOrder(BEA))
    assert revoked.state is NoticeState.WITHDRAWN
    assert not revoked.contents[0].restricted
    assert not _due(desk, revoked)
    assert desk.act(revoked, c.RevokeOrder(BEA)) == revoked
    undone = desk.receive(NewNotice(opening=Opening.ORDER, order=order, contents=(content(2),)))
    assert not _due(desk, desk.act(undone, c.RevokeOrder(BEA))), "nothing was restricted, nothing is to be restored"
    with pytest.raises(Conflict, match="no order"):
        desk.act(desk.receive(), c.RevokeOrder(BEA))
    refused = desk.rule(
        desk.receive(NewNotice(opening=Opening.ORDER, order=order, contents=(content(3),))),
        Measure.KEEP,
        Ground.NOT_FOUND,
    )
    assert "could not be given effect" in refused.messages[-1].text
    with pytest.raises(InputError, match="names its authority"):
        desk.receive(NewNotice(opening=Opening.ORDER, contents=(content(4),)))


def test_whoever_sent_a_notice_may_take_it_back() -> None:
    """Nothing is due then, nothing can be added or restricted for it; what was decided stays."""
    desk = Desk()
    notice = desk.act(desk.receive(), c.WithdrawNotice())
    assert notice.state is NoticeState.WITHDRAWN
    assert not _due(desk, notice)
    assert desk.act(notice, c.WithdrawNotice()) == notice
    for late in (
        c.AddContent(c.NamedContent(Via.COPY, ref="x")),
        c.GiveFields({Field.NAME: "n"}),
        ruling(Measure.REMOVE),
    ):
        with pytest.raises(Conflict):
            desk.act(notice, late)
    with pytest.raises(Conflict, match="Only a request"):
        desk.act(desk.receive(NewNotice(opening=Opening.POLICY, contents=(content(1),))), c.WithdrawNotice())


def test_what_is_missing_says_where_a_law_asks_for_it() -> None:
    """Each lack has its provision and whether that was verified; none where the law was changed since."""
    desk = Desk()
    notice = desk.receive(NewNotice(fields={Field.CONTACT: "me"}))
    law = desk.service.law
    [signature] = [each for each in notice.lacks if (each.regime, each.field) == (TIDA, Field.SIGNATURE)]
    source = rules.lack_source(notice, signature, law)
    assert source is not None
    assert source.provision
    capacity = rules.lack_source(notice, replace(signature, field=Field.CAPACITY), law)
    assert capacity is not None
    assert rules.lack_source(notice, signature, replace(law, regimes={})) is None
    bare = replace(law.regimes[TIDA], fields=())
    assert rules.lack_source(notice, signature, replace(law, regimes={TIDA: bare})) is None


def test_what_is_erased_before_its_time_takes_two() -> None:
    """One proposes, another one confirms; a proposal alone destroys nothing and can be dropped; a hold stops both."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.KEEP)
    ada = Because(reason="She asked for it.", rule="Art. 17 GDPR", author="ada")
    with pytest.raises(Conflict, match="Nothing was proposed"):
        desk.act(notice, c.ConfirmErasure(BEA))
    notice = desk.act(notice, c.ProposeErasure(ada))
    assert notice.erasure is not None
    assert notice.fields
    for author in (ada, replace(ada, author="ADA"), replace(BEA, automated=True)):
        with pytest.raises(Conflict, match="Somebody else"):
            desk.act(notice, c.ConfirmErasure(author))
    with pytest.raises(Conflict, match="proposed already"):
        desk.act(notice, c.ProposeErasure(BEA))
    notice = desk.act(notice, c.DropErasure(BEA), c.DropErasure(BEA))
    assert notice.erasure is None
    held = desk.act(notice, c.ProposeErasure(ada), c.PlaceHold(BEA))
    with pytest.raises(Conflict, match="preserved"):
        desk.act(held, c.ConfirmErasure(BEA))
    with pytest.raises(Conflict, match="preserved"):
        desk.act(held, c.DropErasure(BEA), c.ProposeErasure(ada))
    notice = desk.act(held, c.LiftHold(held.holds[-1].number, "ada"), c.ConfirmErasure(BEA))
    assert notice.erased_at is not None
    [erased] = [each.event for each in desk.memory.world.histories[notice.id] if isinstance(each.event, e.NoticeErased)]
    assert (erased.rule, erased.author, erased.proposed_by) == ("Art. 17 GDPR", "bea", "ada")


def test_a_hold_keeps_everything_until_it_is_lifted() -> None:
    """Nothing is erased while one stands; afterwards everything personal is, and the file can only be read."""
    desk = Desk()
    notice = desk.act(desk.rule(desk.receive(), Measure.KEEP), c.PlaceHold(BEA))
    hold = notice.holds[0].number
    with pytest.raises(Conflict, match="preserved"):
        desk.act(notice, c.Erase("request"))
    notice = desk.act(notice, c.LiftHold(hold, "ada"), c.LiftHold(hold, "ada"), c.Erase("request"))
    assert notice.erased_at is not None
    assert notice.holds[0].lifted_at is not None
    assert not notice.fields
    assert not any(each.text for each in notice.messages)
    assert notice.rulings[0].grounds == (Ground.NOT_INTIMATE,), "why it was decided stays, as a ground"
    assert desk.act(notice, c.Erase("request"), c.WatchClocks()) == notice
    with pytest.raises(Conflict, match="erased"):
        desk.act(notice, c.Take("ada"))


def test_work_is_taken_put_back_and_reported() -> None:
    """Taking counts as having looked; a decision that was reported to the public database says so."""
    desk = Desk()
    notice = desk.receive()
    notice = desk.act(notice, c.Take("ada"), c.Take("ada"), c.ReportDecision("0198"))
    assert notice.assigned_to == "ada"
    assert "house-rules.triage" not in _due(desk, notice)
    assert Duty.REPORT_DECISION in {each.duty for each in notice.done}


def test_a_notice_begins_once_and_before_anything_else() -> None:
    """Nothing happens to what did not begin; beginning twice is refused."""
    desk = Desk()
    nobody = Notice(NoticeId("NOBODY"))
    with pytest.raises(NotFound):
        rules.decide(nobody, c.Take("ada"), desk.service.law, START)
    notice = desk.receive()
    with pytest.raises(Conflict, match="received before"):
        desk.act(notice, c.Receive(complete(), (), ()))


def test_a_trusted_flagger_is_one_by_evidence() -> None:
    """A claim alone is treated as anybody's notice."""
    desk = Desk()
    claimed = desk.receive(complete(filer=Filer.TRUSTED_FLAGGER))
    assert not claimed.evidence
    assert {each.field for each in claimed.lacks if each.regime == "us-take-it-down"} == {Field.CAPACITY}


def test_contents_without_a_name_are_counted_by_their_entry() -> None:
    """Uploads that the platform gave no reference are one content; there are only so many in one notice."""
    desk = Desk()
    notice = desk.receive(NewNotice(opening=Opening.POLICY, contents=(NewContent(ref="a"),)))
    entry = EntryId(5)
    nameless = c.NamedContent(Via.MATCH, entry=entry, bank="b")
    notice = desk.act(notice, c.AddContent(nameless, 2), c.AddContent(nameless))
    assert [each.seen for each in notice.contents] == [1, 3]
    named = (c.NamedContent(Via.MATCH, ref=f"r{n}", entry=entry, bank="b") for n in range(rules.MAX_CONTENTS))
    notice = desk.act(notice, *map(c.AddContent, named))
    assert len(notice.contents) == rules.MAX_CONTENTS
    assert sum(each.seen for each in notice.contents) == rules.MAX_CONTENTS + 4


def test_what_is_given_is_asked_for_no_more() -> None:
    """Something new that completes nothing changes what is asked; the same field put otherwise asks nothing again."""
    desk = Desk()
    notice = desk.receive(NewNotice(fields={Field.CONTACT: "me@example.org"}, filer=Filer.SELF))
    notice = desk.give(notice, {Field.SIGNATURE: "Me"})
    assert Field.SIGNATURE not in {each.field for each in notice.lacks}
    assert [each for _, each in _letters(notice)].count(Letter.MISSING) == 2
    after = desk.give(notice, {Field.SIGNATURE: "M. E."})
    assert after.fields[Field.SIGNATURE] == "M. E."
    assert _letters(after) == _letters(notice)


def test_without_a_duty_and_without_hashes_no_copies_are_sought() -> None:
    """A removal that no law extends to copies, of content that nobody hashed, is the end of it."""
    desk = Desk(facts=Facts(jurisdictions=frozenset()))
    notice = desk.receive(NewNotice(opening=Opening.POLICY, contents=(content(1, hashes=False),)))
    assert desk.rule(notice, Measure.REMOVE).copies_open, "the house rules want copies gone"
    bare = replace(desk.receive(complete(contents=(content(2, hashes=False),))), regimes=(RegimeId("gone"),))
    made = rules.decide(bare, ruling(Measure.REMOVE), desk.service.law, START)
    assert not [each for each in made if isinstance(each, e.CopiesSought)]
