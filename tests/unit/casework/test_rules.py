# SPDX-License-Identifier: Apache-2.0
"""What may happen to a case, command by command."""

from datetime import UTC, datetime, timedelta

import pytest

from noli.bank.model import EntryId
from noli.base.errors import Conflict, InputError, NotFound
from noli.casework import commands as c
from noli.casework import rules
from noli.casework.commands import Command
from noli.casework.events import CaseErased, Event, Recorded, WithdrawalRequested, Withdrawn
from noli.casework.model import (
    Author,
    Case,
    CaseId,
    CaseState,
    ItemId,
    ItemKind,
    ItemState,
    LinkId,
    MessageId,
    Recipient,
    StaffId,
    WithdrawalDelay,
)
from tests.support.casework import made_up_item, submission

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EMPTY = Case(CaseId("case"))
ITEM = ItemId("item")
HELD = ItemId("held")


def _does(case: Case, *commands: Command, now: datetime = NOW) -> Case:
    for command in commands:
        for event in rules.decide(case, command, now):
            case = rules.apply(case, Recorded(case.version + 1, now, "person", event))
    return case


def _item(id_: ItemId, *, held: bool = False) -> c.BankedItem:
    entry = EntryId(2 if held else 1)
    return c.BankedItem(id_, ItemKind.IMAGE, "beach", 8, (), entry, "intake-held" if held else "intake", id_, held)


def _opened(delay: WithdrawalDelay = WithdrawalDelay.AT_ONCE) -> Case:
    opened = c.OpenCase(submission(made_up_item(1), contact="a@example.org", delay=delay))
    link = c.NumberedLink(LinkId("link"), "https://site.example/a", "profile")
    return _does(EMPTY, opened, c.AddItems((_item(ITEM), _item(HELD, held=True))), c.AddLinks((link,)))


LATE = WithdrawalDelay.AFTER_72_HOURS


def test_a_case_is_opened_once() -> None:
    """Opening twice is refused, and nothing else comes before the opening."""
    case = _opened()
    assert case.opened_at == NOW
    assert (len(case.items), len(case.links), case.contact) == (2, 1, "a@example.org")
    with pytest.raises(Conflict):
        _does(case, c.OpenCase(submission()))
    with pytest.raises(NotFound):
        _does(EMPTY, c.ChangeContact("x"))


def test_links_are_not_doubled() -> None:
    """An address that is known, or comes twice at once, is one link."""
    new = tuple(c.NumberedLink(LinkId(str(n)), f"https://site.example/{'ab'[n % 2]}", "") for n in range(4))
    assert [link.url for link in _does(_opened(), c.AddLinks(new)).links] == [
        "https://site.example/a",
        "https://site.example/b",
    ]


def test_both_sides_write() -> None:
    """Who wrote last decides whether the case waits for staff; contact and notes are kept."""
    case = _does(_opened(), c.SendMessage(MessageId("1"), Author.PERSON, "hello"))
    assert case.waits_for_staff
    case = _does(case, c.SendMessage(MessageId("2"), Author.STAFF, "hi", "staff-1"), c.AddNote(StaffId("s"), "call"))
    assert not case.waits_for_staff
    assert [m.text for m in case.messages] == ["hello", "hi"]
    assert case.notes[0].text == "call"
    assert _does(case, c.ChangeContact("b@example.org")).contact == "b@example.org"
    assert _does(case, c.ChangeContact("a@example.org")).version == case.version


def test_consent_is_given_and_taken_back() -> None:
    """Each kind of recipient by itself; the same answer again changes nothing."""
    case = _does(_opened(), c.ChangeConsent(Recipient.PARTNERS, given=False))
    assert case.consents == {Recipient.HERE, Recipient.HELPLINES}
    assert _does(case, c.ChangeConsent(Recipient.PARTNERS, given=False)).version == case.version
    assert Recipient.PARTNERS in _does(case, c.ChangeConsent(Recipient.PARTNERS, given=True)).consents


def test_matching_here_ends_by_withdrawing() -> None:
    """Consent to matching here cannot slip away while something is protected by it."""
    with pytest.raises(InputError, match="withdraw"):
        _does(_opened(), c.ChangeConsent(Recipient.HERE, given=False))
    ended = _does(_opened(), c.RequestWithdrawal(erase=False), c.ChangeConsent(Recipient.HERE, given=False))
    assert Recipient.HERE not in ended.consents
    with pytest.raises(Conflict):
        _does(ended, c.ChangeConsent(Recipient.HERE, given=True))


def test_a_withdrawal_at_once_takes_effect_at_once() -> None:
    """Every item is withdrawn; a second request changes nothing, and nothing can be added any more."""
    case = _does(_opened(), c.RequestWithdrawal(erase=False))
    assert case.ended_at == NOW
    assert case.withdrawal is None
    assert {item.state for item in case.items} == {ItemState.WITHDRAWN}
    assert case.protected == ()
    assert case.contact == "a@example.org"
    assert _does(case, c.RequestWithdrawal(erase=False), c.RevokeWithdrawal()).version == case.version
    for command in (c.AddItems((_item(ItemId("new")),)), c.AddLinks(()), c.RecordShare("p", "shared")):
        with pytest.raises(Conflict):
            _does(case, command)
    assert _does(case, c.SendMessage(MessageId("1"), Author.PERSON, "thank you")).messages


def test_a_withdrawal_may_wait_and_be_revoked() -> None:
    """With the delay nothing changes for 72 hours, in which it can be revoked and nothing can be added."""
    waiting = _does(_opened(LATE), c.RequestWithdrawal(erase=True))
    assert waiting.withdrawal is not None
    assert waiting.withdrawal.due_at == NOW + timedelta(hours=72)
    assert len(waiting.protected) == 2
    just_before = NOW + timedelta(hours=72, seconds=-1)
    assert _does(waiting, c.CompleteWithdrawal(), now=just_before).ended_at is None
    with pytest.raises(Conflict, match="revoke"):
        _does(waiting, c.AddItems((_item(ItemId("new")),)))
    revoked = _does(waiting, c.RevokeWithdrawal())
    assert revoked.withdrawal is None
    assert _does(revoked, c.CompleteWithdrawal(), now=NOW + timedelta(days=9)).ended_at is None
    assert len(_does(revoked, c.AddItems((_item(ItemId("new")),))).items) == 3


def test_a_waiting_withdrawal_takes_effect_in_time() -> None:
    """At the due time everything is withdrawn and, if wished, erased."""
    waiting = _does(_opened(LATE), c.RequestWithdrawal(erase=True))
    ended = _does(waiting, c.CompleteWithdrawal(), now=NOW + timedelta(hours=72))
    assert ended.ended_at == ended.erased_at == NOW + timedelta(hours=72)
    assert _does(ended, c.CompleteWithdrawal(), now=NOW + timedelta(hours=73)).version == ended.version


def test_asking_again_may_change_whether_to_erase_but_not_when() -> None:
    """While it waits, erasing can be added or dropped; the time stays."""
    waiting = _does(_opened(LATE), c.RequestWithdrawal(erase=False))
    later = NOW + timedelta(hours=10)
    changed = _does(waiting, c.RequestWithdrawal(erase=True), now=later)
    assert changed.withdrawal is not None
    assert (changed.withdrawal.erase, changed.withdrawal.due_at) == (True, NOW + timedelta(hours=72))
    assert _does(changed, c.RequestWithdrawal(erase=True), now=later).version == changed.version


def test_erasing_leaves_nothing_personal() -> None:
    """After it no text is left in the case or its timeline, and nobody can write to it."""
    case = _does(
        _opened(),
        c.SendMessage(MessageId("1"), Author.PERSON, "hello"),
        c.AddNote(StaffId("s"), "call"),
        c.RecordMatches(ITEM, "site", "block", 1, NOW),
        c.RequestWithdrawal(erase=True),
    )
    assert case.erased_at == NOW
    texts = [case.contact, case.narrative, case.representative, *(m.text for m in case.messages)]
    texts += [*(n.text for n in case.notes), *(link.url + link.note for link in case.links)]
    texts += [item.label + item.digest for item in case.items]
    assert set(texts) == {""}
    assert {item.entry for item in case.items} == {None}
    told = [str(entry.data) for entry in case.timeline]
    assert not [text for text in told if "beach" in text or "https" in text]
    for command in (
        c.SendMessage(MessageId("2"), Author.STAFF, "x"),
        c.ChangeContact("x"),
        c.AddNote(StaffId("s"), "x"),
    ):
        with pytest.raises(Conflict, match="erased"):
            _does(case, command)


def test_erasing_may_come_later() -> None:
    """Who withdrew first may have it erased afterwards, once; with the delay after another delay."""
    ended = _does(_opened(), c.RequestWithdrawal(erase=False))
    erased = _does(ended, c.RequestWithdrawal(erase=True))
    assert erased.erased_at == NOW
    assert _does(erased, c.RequestWithdrawal(erase=True)).version == erased.version
    slow = _does(_opened(LATE), c.RequestWithdrawal(erase=False))
    slow = _does(slow, c.CompleteWithdrawal(), now=NOW + timedelta(hours=72))
    slow = _does(slow, c.RequestWithdrawal(erase=True), now=NOW + timedelta(hours=80))
    assert slow.erased_at is None
    assert _does(slow, c.CompleteWithdrawal(), now=NOW + timedelta(hours=152)).erased_at is not None


def test_matches_are_counted_for_what_is_protected() -> None:
    """Matches are told and counted; of a withdrawn or unknown item nothing is recorded."""
    case = _does(_opened(), c.RecordMatches(ITEM, "site", "block", 2, NOW), c.RecordMatches(ITEM, "x", "allow", 1, NOW))
    assert (case.matches, case.items[0].matches, case.items[1].matches) == (3, 3, 0)
    unknown = c.RecordMatches(ItemId("other"), "site", "block", 1, NOW)
    assert rules.decide(case, unknown, NOW) == ()
    ended = _does(case, c.RequestWithdrawal(erase=False))
    assert rules.decide(ended, c.RecordMatches(ITEM, "site", "block", 1, NOW), NOW) == ()


def test_recipients_are_followed_step_by_step() -> None:
    """Shared, confirmed, told of the withdrawal, confirmed or refused: each step with its time."""
    case = _does(_opened(), c.RecordShare("p", "shared", items=2), c.RecordShare("q", "shared", items=2))
    case = _does(case, c.RecordShare("p", "confirmed"), c.RequestWithdrawal(erase=False))
    case = _does(case, c.RecordShare("p", "told"), c.RecordShare("p", "withdrawn"))
    case = _does(case, c.RecordShare("q", "refused", reason="no-protocol"))
    p, q = case.shares
    assert p.recipient == "p"
    assert None not in {p.shared_at, p.confirmed_at, p.told_at, p.withdrawn_at}
    assert (q.confirmed_at, q.refused) == (None, "no-protocol")
    with pytest.raises(Conflict, match="shared"):
        _does(case, c.RecordShare("r", "told"))
    with pytest.raises(InputError, match="steps"):
        _does(case, c.RecordShare("p", "lost"))


def test_a_held_item_is_released_once() -> None:
    """Releasing lets a held item match; what is not held, withdrawn or waiting to be cannot be released."""
    release = c.ReleaseItem(HELD, EntryId(9), "intake")
    case = _does(_opened(LATE), release)
    assert [(i.held, i.bank, i.entry) for i in case.items] == [
        (False, "intake", EntryId(1)),
        (False, "intake", EntryId(9)),
    ]
    for before in (
        case,
        _does(_opened(LATE), c.RequestWithdrawal(erase=False)),
        _does(_opened(), c.RequestWithdrawal(erase=False)),
    ):
        with pytest.raises(Conflict):
            _does(before, release)


def test_work_on_a_case_goes_on() -> None:
    """State and who has it change; the same again changes nothing; new words are noted."""
    case = _does(_opened(), c.ChangeState(CaseState.WAITING), c.AssignCase(StaffId("s")), c.ReplacePassphrase())
    assert (case.state, case.assigned_to) == (CaseState.WAITING, "s")
    assert _does(case, c.ChangeState(CaseState.WAITING), c.AssignCase(StaffId("s"))).version == case.version
    assert _does(case, c.AssignCase(None)).assigned_to is None


def test_a_case_is_what_its_history_makes() -> None:
    """Folding the same events gives the same case."""
    history: list[Recorded] = []
    case = EMPTY
    for command in (c.OpenCase(submission()), c.RequestWithdrawal(erase=True)):
        for event in rules.decide(case, command, NOW):
            history.append(Recorded(len(history) + 1, NOW, "person", event))
            case = rules.apply(case, history[-1])
    assert rules.fold(EMPTY.id, history) == case
    made: list[type[Event]] = [type(recorded.event) for recorded in history[1:]]
    assert made == [WithdrawalRequested, Withdrawn, CaseErased]


def test_what_becomes_of_a_request_is_told_by_known_steps() -> None:
    """Each step is one event with its rung; a step that nobody knows is refused."""
    case = _does(_opened(), c.RecordRequest("sent", "host", "Racks"))
    line, what = case.timeline[-1], {"addressee": "Racks", "rung": "host"}
    assert (line.key, dict(line.data)) == ("request.sent", what | {"due_at": "", "by_law": 0})
    case = _does(case, c.RecordRequest("sent", "host", "Racks", NOW, by_law=True))
    assert dict(case.timeline[-1].data) == what | {"due_at": NOW.isoformat(), "by_law": 1}
    case = _does(case, c.RecordRequest("lapsed", "host", "Racks"))
    assert dict(case.timeline[-1].data) == what
    with pytest.raises(InputError, match="steps sent, answered"):
        _does(case, c.RecordRequest("lost", "host", "Racks"))
