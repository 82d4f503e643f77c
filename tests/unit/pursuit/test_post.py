# SPDX-License-Identifier: Apache-2.0
"""Mail out and in."""

import pytest

from noli.adapters.domains import PublicSuffixes
from noli.base.errors import Unavailable
from noli.jobs.model import Lease
from noli.pursuit.model import PursuitState, ReplyKind, RequestState, Rung
from noli.pursuit.ports import Undeliverable
from noli.pursuit.post import Correspondence
from tests.support.pursuit import ALL, Pursuits

ADA = "staff:ada"


@pytest.fixture
def desk() -> Pursuits:
    """Everything in memory."""
    return Pursuits()


def test_a_request_goes_out_once(desk: Pursuits) -> None:
    """It is sent with its reference in the subject; done again, the job finds nothing to do."""
    pursuit = desk.sent()
    [mail] = desk.mailer.sent
    assert mail.to == "abuse@racks.example"
    assert pursuit.requests[0].reference in mail.subject
    assert (mail.text, mail.references) == (pursuit.requests[0].text, ())
    desk.casework.memory.world.outbox.jobs.schedule("pursuit-mail", pursuit.id, due_at=desk.clock.now())
    desk.run("pursuit-mail", pursuit.id)
    assert len(desk.mailer.sent) == 1


def test_staff_may_edit_what_they_send(desk: Pursuits) -> None:
    """The text that goes out is the one that staff let go."""
    drafted = desk.service.draft(desk.opened().id, Rung.HOST, wishes=ALL, actor=ADA)
    desk.service.send(drafted.id, 1, text="Mine.", actor=ADA)
    desk.run("pursuit-mail", drafted.id)
    assert desk.mailer.sent[0].text == "Mine."


def test_a_mail_server_that_is_away_is_tried_again(desk: Pursuits) -> None:
    """Nothing is on record as sent, and the same message id is used the next time."""
    drafted = desk.service.draft(desk.opened().id, Rung.HOST, wishes=ALL, actor=ADA)
    queued = desk.service.send(drafted.id, 1, actor=ADA)
    desk.mailer.failure = Unavailable("Away.")
    with pytest.raises(Unavailable):
        desk.run("pursuit-mail", queued.id)
    assert desk.load(queued.id).requests[0].state is RequestState.QUEUED
    desk.mailer.failure = None
    lease_time = desk.clock.now()
    desk.clock.move(minutes=10)
    desk.run("pursuit-mail", queued.id)
    assert desk.mailer.sent[0].message_id == queued.requests[0].mails[0].message_id
    assert desk.load(queued.id).requests[0].sent_at != lease_time


def test_a_refused_mail_waits_for_staff(desk: Pursuits) -> None:
    """A refusal for good is no success and no endless trying: the request needs another address."""
    desk.mailer.failure = Undeliverable("No such box.")
    pursuit = desk.sent()
    assert pursuit.requests[0].state is RequestState.UNDELIVERED
    assert pursuit.requests[0].mails[0].failed == "No such box."


def test_a_withdrawal_stops_what_is_on_its_way(desk: Pursuits) -> None:
    """What was queued and not sent when the person withdrew is not sent."""
    drafted = desk.service.draft(desk.opened().id, Rung.HOST, wishes=ALL, actor=ADA)
    queued = desk.service.send(drafted.id, 1, actor=ADA)
    desk.casework.cases.request_withdrawal(queued.case, erase=False)
    desk.run("pursuit-mail", queued.id)
    assert desk.mailer.sent == []
    assert "withdrawn" in desk.load(queued.id).requests[0].mails[0].failed


def test_an_answer_lands_on_its_request(desk: Pursuits) -> None:
    """By the message id that it answers; the person is told, and staff have to read it. Read twice it is one."""
    pursuit = desk.sent()
    desk.mailbox.receive(references=(desk.mailer.sent[0].message_id,))
    assert desk.post.take_in() == (1, 0)
    assert desk.post.take_in() == (0, 0)
    answered = desk.load(pursuit.id)
    assert (answered.state, answered.requests[0].replies[0].text) == (PursuitState.WAITING, "We removed it.")
    assert desk.casework.files.load(pursuit.case).timeline[-1].key == "request.answered"


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("Abuse desk <abuse@racks.example>", True),
        ("ticket@mail.Racks.Example", True),
        ('"abuse@racks.example" <abuse@evil.example>', False),
        ("abuse@racks.example, abuse@evil.example", False),
        ("", False),
    ],
)
def test_an_answer_from_somewhere_else_shows(desk: Pursuits, sender: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """What counts is the domain of every address that a mail is from, not what its name pretends."""
    pursuit = desk.sent()
    desk.mailbox.receive(references=(desk.mailer.sent[0].message_id,), sender=sender)
    desk.post.take_in()
    assert desk.load(pursuit.id).requests[0].replies[0].expected is expected


def test_neighbours_in_a_country_are_strangers(desk: Pursuits) -> None:
    """Two names under co.uk belong to two people, though their last two labels are the same."""
    pursuit = desk.opened()
    named = desk.service.name_party(pursuit.id, Rung.CDN, name="Racks", address="abuse@racks.co.uk", actor=ADA)
    desk.service.draft(named.id, Rung.CDN, wishes=ALL, actor=ADA)
    desk.service.send(named.id, 1, actor=ADA)
    desk.run("pursuit-mail", named.id)
    for sender in ("desk@evil.co.uk", "desk@mail.racks.co.uk"):
        desk.mailbox.receive(references=(desk.mailer.sent[0].message_id,), sender=sender)
    desk.post.take_in()
    assert [reply.expected for reply in desk.load(named.id).requests[0].replies] == [False, True]


def test_who_was_asked_by_a_form_answers_from_its_site(desk: Pursuits) -> None:
    """An answer by mail to a request that went through a form is from where it stands on the form's site."""
    named = desk.service.name_party(
        desk.opened().id, Rung.CDN, name="Racks", address="https://www.racks.example/abuse", actor=ADA
    )
    drafted = desk.service.draft(named.id, Rung.CDN, wishes=ALL, actor=ADA)
    desk.service.sent_by_hand(named.id, 1, actor=ADA)
    desk.mailbox.receive(subject=f"Re: {drafted.requests[0].subject}")
    desk.post.take_in()
    assert desk.load(named.id).requests[0].replies[0].expected


def test_an_answer_in_a_new_thread_is_known_by_its_reference(desk: Pursuits) -> None:
    """Ticket systems answer from a thread of their own; the reference in the subject ties it."""
    pursuit = desk.sent()
    desk.mailbox.receive(subject=f"[Ticket 7] {pursuit.requests[0].subject}", kind=ReplyKind.AUTOMATIC)
    desk.post.collect(None)
    assert desk.load(pursuit.id).requests[0].replies[0].kind is ReplyKind.AUTOMATIC


def test_mail_of_nobody_stays_in_the_mailbox(desk: Pursuits) -> None:
    """Nothing of it is kept; it is counted, and not looked at again."""
    desk.sent()
    desk.mailbox.receive(subject="Buy now [AAAA-BBBB-CCCC-DDDD]", references=("<other@x>",))
    assert desk.post.take_in() == (0, 1)
    assert desk.post.take_in() == (0, 0)


def test_what_another_process_took_in_is_not_taken_again(desk: Pursuits) -> None:
    """Two processes that read the mailbox at once keep each mail once."""
    desk.sent()
    desk.mailbox.receive(references=(desk.mailer.sent[0].message_id,))
    mail = desk.mailbox.mails[0]
    desk.mailbox.mails.append(mail)
    assert desk.post.take_in() == (1, 0)


def test_a_full_mailbox_is_read_in_portions(desk: Pursuits) -> None:
    """One round takes a bounded number of mails, and the next goes on."""
    for _ in range(120):
        desk.mailbox.receive()
    assert desk.post.take_in() == (0, 100)
    assert desk.post.take_in() == (0, 20)


def test_an_added_mail_stays_in_the_thread(desk: Pursuits) -> None:
    """What staff add to a request that was answered refers to both, under the same subject."""
    pursuit = desk.sent()
    desk.mailbox.receive(references=(desk.mailer.sent[0].message_id,))
    desk.post.take_in()
    desk.clock.move(minutes=1)
    desk.service.send(pursuit.id, 1, text="Thank you.", actor=ADA)
    desk.run("pursuit-mail", pursuit.id)
    last = desk.mailer.sent[-1]
    assert last.references == (desk.mailer.sent[0].message_id, "<1@racks.example>")
    assert last.subject == f"Re: {pursuit.requests[0].subject}"


def test_what_an_installation_lacks_it_does_not_do(desk: Pursuits) -> None:
    """Without servers there are no jobs of mail; asked all the same, it says which setting is missing."""
    nothing = Correspondence(desk.service, PublicSuffixes(), mailer=None, mailbox=None)
    assert nothing.tasks == ()
    assert [task.kind for task in desk.post.tasks] == ["pursuit-mail", "mailbox"]
    with pytest.raises(Unavailable, match="imap_url"):
        nothing.take_in()
    drafted = desk.service.draft(desk.opened().id, Rung.HOST, wishes=ALL, actor=ADA)
    queued = desk.service.send(drafted.id, 1, actor=ADA)
    with pytest.raises(Unavailable, match="smtp_url"):
        nothing.deliver(Lease("pursuit-mail", queued.id, "", desk.clock.now(), 0, 1))
