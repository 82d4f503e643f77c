# SPDX-License-Identifier: Apache-2.0
"""What a person does at their own case."""

import json
from dataclasses import replace

import pytest

from noli.bank.model import EntryState, Sharing
from noli.base.errors import Conflict, InputError, NotFound, Unavailable
from noli.casework.events import MessageSent
from noli.casework.limits import MAX_LINKS, MAX_MESSAGES
from noli.casework.model import Author, CaseId, ItemKind, MessageId, NewLink, Recipient, Recovery, WithdrawalDelay
from noli.hashing.model import SignalType
from tests.support.casework import CALLER, Casework, made_up_item, submission

LINK = NewLink("https://site.example/a")


class Entered(Casework):
    """Casework with one case of one item that its person has entered."""

    def __init__(self, delay: WithdrawalDelay = WithdrawalDelay.AT_ONCE) -> None:
        self.changes = 0
        super().__init__(on_change=self._changed)
        filled = submission(made_up_item(1), links=(LINK,), contact="a@example.org", delay=delay)
        receipt = self.submit(replace(filled, recovery=Recovery.CODE))
        self.case = self.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case
        self.number = receipt.number

    def _changed(self) -> None:
        self.changes += 1

    def active(self) -> int:
        """Count what matches."""
        with self.store.transaction() as transaction:
            return transaction.banks.bank("intake").entries


@pytest.fixture
def world() -> Entered:
    """Somebody at their case."""
    return Entered()


def test_more_is_protected_later(world: Entered) -> None:
    """New items are protected at once; what is there already is not doubled, however it is labelled."""
    before = world.changes
    case = world.cases.add_items(world.case, (made_up_item(1, label="same"), made_up_item(2)))
    assert (len(case.items), world.active(), world.changes) == (2, 2, before + 1)
    assert world.cases.add_items(world.case, (made_up_item(2),)).version == case.version
    assert world.changes == before + 1


def test_items_are_checked_before_anything_is_asked(world: Entered) -> None:
    """Hashes that no picture has are refused, and so is adding while the banks are not loaded."""
    with pytest.raises(InputError):
        world.cases.add_items(world.case, (replace(made_up_item(2), hashes=()),))
    world.common.ready = False
    with pytest.raises(Unavailable):
        world.cases.add_items(world.case, (made_up_item(2),))
    assert world.active() == 1


def test_links_are_added_up_to_a_bound(world: Entered) -> None:
    """Links can be added until the case is full; known ones change nothing."""
    assert len(world.cases.add_links(world.case, (LINK, NewLink("https://site.example/b"))).links) == 2
    for start in range(2, MAX_LINKS, 50):
        new = tuple(NewLink(f"https://site.example/{n}") for n in range(start, min(start + 50, MAX_LINKS)))
        world.cases.add_links(world.case, new)
    with pytest.raises(InputError, match="in one case"):
        world.cases.add_links(world.case, (NewLink("https://site.example/one-too-many"),))


def test_a_message_sent_twice_is_one(world: Entered) -> None:
    """With the same form id the second press changes nothing; without one each is a message."""
    world.cases.send_message(world.case, " hello ", id="form-1")
    case = world.cases.send_message(world.case, "hello", id="form-1")
    assert [message.text for message in case.messages] == ["hello"]
    assert len(world.cases.send_message(world.case, "hello").messages) == 2
    for wrong in ("", "x" * 4001):
        with pytest.raises(InputError):
            world.cases.send_message(world.case, wrong)


def test_messages_are_bounded(world: Entered) -> None:
    """Nobody can fill the disk with messages."""
    for _ in range(MAX_MESSAGES):
        world.memory.world.histories[world.case].append(
            replace(
                world.memory.world.histories[world.case][-1],
                sequence=len(world.memory.world.histories[world.case]) + 1,
                event=_message(len(world.memory.world.histories[world.case])),
            )
        )
    with pytest.raises(InputError, match="already"):
        world.cases.send_message(world.case, "one too many")


def _message(number: int) -> MessageSent:
    return MessageSent(message=MessageId(str(number)), author=Author.STAFF, staff="s", text="x")


def test_contact_and_consent_change(world: Entered) -> None:
    """The person may change how to be reached, and for whom they consent."""
    assert world.cases.change_contact(world.case, " b@example.org ").contact == "b@example.org"
    assert world.cases.change_contact(world.case, "").contact == ""
    case = world.cases.change_consent(world.case, Recipient.PARTNERS, given=False)
    assert Recipient.PARTNERS not in case.consents
    with pytest.raises(InputError):
        world.cases.change_contact(world.case, "x" * 400)


def test_withdrawing_stops_matching_at_once(world: Entered) -> None:
    """When it returns nothing is active any more and this process was told; twice is once."""
    before = world.changes
    case = world.cases.request_withdrawal(world.case, erase=False)
    assert case.ended_at is not None
    assert (world.active(), world.changes) == (0, before + 1)
    assert world.cases.request_withdrawal(world.case, erase=False).version == case.version
    with pytest.raises(Conflict):
        world.cases.add_items(world.case, (made_up_item(2),))
    assert world.active() == 0


def test_a_waiting_withdrawal_can_be_revoked() -> None:
    """With the delay everything stays protected until it is due; revoking leaves it so."""
    world = Entered(WithdrawalDelay.AFTER_72_HOURS)
    assert world.cases.request_withdrawal(world.case, erase=True).withdrawal is not None
    assert world.active() == 1
    assert world.cases.revoke_withdrawal(world.case).withdrawal is None
    world.clock.move(hours=80)
    assert world.upkeep.complete_withdrawals() == 0
    assert world.active() == 1


def test_everything_can_be_downloaded(world: Entered) -> None:
    """The file holds what the person gave and what happened, hashes included, and is JSON."""
    world.cases.send_message(world.case, "hello")
    found = json.loads(json.dumps(world.cases.download(world.case)))
    assert found["number"] == world.number
    assert found["contact"] == "a@example.org"
    assert found["links"][0]["url"] == LINK.url
    assert found["messages"][0]["text"] == "hello"
    assert len(found["items"][0]["hashes"]) == 8
    assert found["timeline"][0]["what"] == "case.opened"
    assert world.case not in json.dumps(found)


def test_after_erasing_only_what_happened_is_left(world: Entered) -> None:
    """Number and words still open the case, which says that and when; nothing personal is in the download."""
    world.cases.request_withdrawal(world.case, erase=True)
    found = json.dumps(world.cases.download(world.case))
    for gone in (world.number, "a@example.org", LINK.url, "holiday"):
        assert gone not in found
    assert "case.erased" in found


def test_an_unknown_case_is_not_found(world: Entered) -> None:
    """An id that no session can have leads nowhere."""
    with pytest.raises(NotFound):
        world.cases.view(CaseId("nobody"))
    with pytest.raises(NotFound):
        world.cases.add_links(CaseId("nobody"), (LINK,))


def test_hashes_leave_for_partners_only_while_the_person_consents(world: Entered) -> None:
    """What is added, what was there, and what is released follow the consent; a case without it keeps everything."""

    def sharing() -> set[Sharing]:
        with world.store.transaction() as transaction:
            entries = transaction.banks.entries("intake") + transaction.banks.entries("intake-held")
            return {entry.sharing for entry in entries if entry.state is EntryState.ACTIVE}

    assert sharing() == {Sharing.GRANTED}
    world.cases.change_consent(world.case, Recipient.PARTNERS, given=False)
    assert sharing() == {Sharing.ENDED}
    world.cases.add_items(world.case, (made_up_item(2),))
    assert sharing() == {Sharing.ENDED, Sharing.WITHHELD}
    world.cases.change_consent(world.case, Recipient.HELPLINES, given=False)
    world.cases.change_consent(world.case, Recipient.PARTNERS, given=True)
    assert sharing() == {Sharing.GRANTED}


def test_a_video_is_banked_frame_by_frame(world: Entered) -> None:
    """Each hash of a video is kept with the time at which it was seen."""
    world.cases.add_items(world.case, (made_up_item(2, kind=ItemKind.VIDEO),))
    with world.store.transaction() as transaction:
        kept = [entry.hashes for entry in transaction.banks.entries("intake")]
    times = [(one.type, one.at_ms) for hashes in kept for one in hashes if one.at_ms is not None]
    assert times == [(SignalType.VPDQ, at_ms) for at_ms in range(8)]
