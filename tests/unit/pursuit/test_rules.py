# SPDX-License-Identifier: Apache-2.0
"""What may happen to a pursuit, command by command."""

from dataclasses import replace
from datetime import timedelta

import pytest

from noli.base.errors import Conflict, NotFound
from noli.casework.model import CaseId, LinkId
from noli.pursuit import commands as c
from noli.pursuit import events as e
from noli.pursuit import rules
from noli.pursuit.commands import Command
from noli.pursuit.events import Recorded
from noli.pursuit.model import (
    Channel,
    ChannelKind,
    Copy,
    DueBy,
    FoundBy,
    Outcome,
    Pursuit,
    PursuitId,
    PursuitState,
    ReplyKind,
    RequestState,
    Responsible,
    Rung,
)
from noli.regimes.model import Content, Field, Filer, RegimeId, SetBy
from tests.support.pursuit import START, party

EMPTY = Pursuit(PursuitId("pursuit"))
HOST = party(Rung.HOST, "Racks", mail="abuse@racks.example")
REGISTRAR = party(Rung.REGISTRAR, "Names", mail="abuse@names.example")
SITE = party(Rung.SITE, "copies.example")
DUE = DueBy(START + timedelta(hours=48), RegimeId("us-take-it-down"), SetBy.LAW, "48 hours", "Act, § 3", verified=True)


def _does(pursuit: Pursuit, *commands: Command, hours: float = 0) -> Pursuit:
    now = START + timedelta(hours=hours)
    for command in commands:
        for event in rules.decide(pursuit, command, now):
            pursuit = rules.apply(pursuit, Recorded(pursuit.version + 1, now, "staff:ada", event))
    return pursuit


def _opened(*parties: Responsible) -> Pursuit:
    copies = (Copy(LinkId("link"), "https://copies.example/1"),)
    begun = c.OpenPursuit(CaseId("case"), "copies.example", frozenset({Content.AUTHENTIC}))
    return _does(EMPTY, begun, c.AddCopies(copies), c.NoteParties(parties, ("One registry was silent.",)))


def _draft(to: Responsible, lacks: tuple[Field, ...] = ()) -> c.DraftRequest:
    return c.DraftRequest(
        to=to,
        channel=to.channels[0] if to.channels else Channel(ChannelKind.FORM, "https://form.example/"),
        regimes=(RegimeId("us-take-it-down"),),
        filer=Filer.HELPLINE,
        language="en",
        subject="Request [AAAA]",
        text="Please remove it.",
        reference="AAAA",
        lacks=lacks,
        declared=(),
        fields={},
    )


def _sent(*parties: Responsible) -> Pursuit:
    return _does(_opened(*parties), _draft(parties[0]), c.QueueMail(1, "<1@us>"), c.NoteMailSent(1, "<1@us>", DUE))


def _reply(kind: ReplyKind = ReplyKind.ANSWER, *, id_: str = "<a@racks>", number: int = 1) -> c.NoteReply:
    return c.NoteReply(
        number=number,
        kind=kind,
        expected=True,
        sender="Desk <abuse@mail.racks.example>",
        subject="Re: Request [AAAA]",
        text="We look at it.",
        message_id=id_,
        attachments=0,
        cut=False,
    )


def test_a_pursuit_is_opened_once_and_first() -> None:
    """Opening twice is refused, and nothing else comes before the opening."""
    pursuit = _opened(HOST)
    assert (pursuit.state, pursuit.site, pursuit.problems) == (
        PursuitState.OPEN,
        "copies.example",
        ("One registry was silent.",),
    )
    with pytest.raises(Conflict):
        _does(pursuit, c.OpenPursuit(CaseId("case"), "copies.example", frozenset()))
    with pytest.raises(NotFound):
        _does(EMPTY, c.Wake())


def test_a_link_is_pursued_once() -> None:
    """A link that is pursued already changes nothing."""
    again = c.AddCopies(
        (Copy(LinkId("link"), "https://copies.example/1"), Copy(LinkId("new"), "https://copies.example/2"))
    )
    assert [copy.link for copy in _does(_opened(), again, again).copies] == ["link", "new"]


def test_whom_staff_named_outlives_a_look_up() -> None:
    """A new look-up replaces what the last one found, and keeps whom staff named; naming twice is once."""
    named = replace(REGISTRAR, found_by=FoundBy.STAFF)
    pursuit = _does(_opened(HOST), c.AddParty(named), c.AddParty(named), c.NoteParties((SITE,), ()))
    assert [each.name for each in pursuit.parties] == ["copies.example", "Names"]


def test_who_is_asked_is_known_and_can_be_reached() -> None:
    """Somebody is found by rung and name; whom nothing leads to, and whom nobody knows, is refused."""
    pursuit = _opened(SITE, HOST)
    assert rules.party(pursuit, Rung.HOST) == rules.party(pursuit, Rung.HOST, "Racks") == HOST
    for rung, name in ((Rung.HOST, "Other"), (Rung.SITE, ""), (Rung.CDN, "")):
        with pytest.raises(NotFound, match="Nobody is known"):
            rules.party(pursuit, rung, name)


def test_a_request_goes_by_mail_and_starts_its_clock() -> None:
    """Drafted, queued, sent: only then the clock runs, once, and the deadline stands in the pursuit."""
    pursuit = _does(_opened(HOST), _draft(HOST))
    assert (pursuit.state, pursuit.requests[0].state) == (PursuitState.WAITING, RequestState.DRAFTED)
    pursuit = _does(pursuit, c.QueueMail(1, "<1@us>"))
    assert (pursuit.state, pursuit.requests[0].state) == (PursuitState.RUNNING, RequestState.QUEUED)
    with pytest.raises(Conflict, match="on its way"):
        _does(pursuit, c.QueueMail(1, "<2@us>"))
    pursuit = _does(pursuit, c.NoteMailSent(1, "<1@us>", DUE), c.NoteMailSent(1, "<1@us>", DUE), hours=1)
    [request] = pursuit.requests
    assert (request.state, request.due, request.sent_at) == (RequestState.SENT, DUE, START + timedelta(hours=1))
    assert pursuit.running == (request,)


def test_a_request_that_lacks_something_is_not_sent() -> None:
    """What a law asks for has to be in it, by mail or by hand; the refusal names it."""
    pursuit = _does(_opened(HOST), _draft(HOST, (Field.STATEMENT,)))
    for command in (c.QueueMail(1, "<1@us>"), c.NoteSentByHand(1, DUE)):
        with pytest.raises(Conflict, match="statement"):
            _does(pursuit, command)


def test_a_draft_is_replaced_or_thrown_away() -> None:
    """Drafting to the same again replaces it; a dropped one cannot be sent, and one that was sent not be dropped."""
    pursuit = _does(_opened(HOST), _draft(HOST), _draft(HOST))
    assert [each.state for each in pursuit.requests] == [RequestState.DROPPED, RequestState.DRAFTED]
    pursuit = _does(pursuit, c.DropDraft(2))
    for command in (c.DropDraft(2), c.QueueMail(2, "<1@us>"), c.NoteSentByHand(2, DUE)):
        with pytest.raises(Conflict):
            _does(pursuit, command)
    with pytest.raises(Conflict):
        _does(_sent(HOST), c.DropDraft(1))
    with pytest.raises(NotFound):
        _does(pursuit, c.DropDraft(3))


def test_what_staff_send_by_hand_starts_the_clock_too() -> None:
    """A form that staff filled in counts as sent, once."""
    pursuit = _does(_opened(HOST), _draft(HOST), c.NoteSentByHand(1, DUE))
    assert pursuit.running[0].due == DUE
    with pytest.raises(Conflict):
        _does(pursuit, c.NoteSentByHand(1, DUE))


def test_mail_that_cannot_be_sent_waits_for_another_address() -> None:
    """A refused mail is on record with its reason; it can be queued anew, and only the last mail is meant."""
    pursuit = _does(
        _opened(HOST), _draft(HOST), c.QueueMail(1, "<1@us>"), c.NoteMailFailed(1, "<1@us>", "No such box.")
    )
    assert (pursuit.state, pursuit.requests[0].state) == (PursuitState.WAITING, RequestState.UNDELIVERED)
    assert pursuit.requests[0].mails[0].failed == "No such box."
    assert _does(pursuit, c.NoteMailFailed(1, "<1@us>", "Again."), c.NoteMailSent(1, "<1@us>", DUE)) == pursuit
    assert _does(pursuit, c.NoteMailSent(1, "<other@us>", DUE)) == pursuit
    pursuit = _does(pursuit, c.QueueMail(1, "<2@us>"), c.NoteMailSent(1, "<2@us>", DUE))
    assert pursuit.requests[0].state is RequestState.SENT


def test_an_answer_waits_to_be_read_and_stops_no_clock() -> None:
    """An answer asks staff to look; read or answered, the request waits for its addressee again."""
    pursuit = _does(_sent(HOST), _reply(), _reply(), hours=2)
    [request] = pursuit.requests
    assert (pursuit.state, request.state, len(request.replies)) == (PursuitState.WAITING, RequestState.ANSWERED, 1)
    assert request.replies[0].expected
    assert pursuit.running == (request,)
    read = _does(pursuit, c.MarkRead(1), c.MarkRead(1))
    assert read.requests[0].state is RequestState.SENT
    with pytest.raises(Conflict, match="write what to add"):
        _does(pursuit, c.QueueMail(1, "<2@us>"))
    answered = _does(pursuit, c.QueueMail(1, "<2@us>", "Thank you."), c.NoteMailSent(1, "<2@us>", DUE), hours=3)
    assert answered.requests[0].due == DUE
    assert answered.requests[0].thread == ("<1@us>", "<a@racks>", "<2@us>")
    assert answered.requests[0].state is RequestState.SENT


def test_machines_and_strangers_are_told_apart() -> None:
    """A machine's receipt asks nothing of staff, a bounce asks for another address, a stranger shows."""
    assert _does(_sent(HOST), _reply(ReplyKind.AUTOMATIC)).state is PursuitState.RUNNING
    bounced = _does(_sent(HOST), _reply(ReplyKind.BOUNCE))
    assert (bounced.state, bounced.requests[0].state) == (PursuitState.WAITING, RequestState.UNDELIVERED)
    stranger = _does(_sent(HOST), replace(_reply(), expected=False, message_id=""))
    assert not stranger.requests[0].replies[0].expected
    assert stranger.requests[0].thread == ("<1@us>",)
    again = _does(bounced, _draft(HOST))
    assert [each.state for each in again.requests] == [RequestState.DROPPED, RequestState.DRAFTED]


def test_a_flood_of_mail_is_bounded() -> None:
    """Beyond a number of mails nothing more is kept."""
    pursuit = _sent(HOST)
    flood = [_reply(id_=f"<{number}@racks>") for number in range(rules.MAX_REPLIES + 5)]
    assert len(_does(pursuit, *flood).requests[0].replies) == rules.MAX_REPLIES


def test_when_a_clock_runs_out_the_next_rung_is_proposed() -> None:
    """Not before its time; then it is on record once, and who can be reached above is proposed."""
    pursuit = _sent(HOST, SITE, REGISTRAR)
    assert _does(pursuit, c.Wake(), hours=48) == pursuit
    lapsed = _does(pursuit, c.Wake(), c.Wake(), hours=48.1)
    assert lapsed.requests[0].state is RequestState.LAPSED
    assert (lapsed.state, lapsed.proposed, lapsed.running) == (PursuitState.WAITING, Rung.REGISTRAR, ())
    drafted = _does(lapsed, _draft(REGISTRAR))
    assert drafted.proposed is None
    assert rules.next_party(drafted, Rung.HOST) is None


def test_the_ladder_has_an_end() -> None:
    """Where nobody above can be reached, the next rung is proposed all the same; above the last there is none."""
    assert _does(_sent(HOST), c.Wake(), hours=49).proposed is Rung.CDN
    top = party(Rung.PAYMENT, "Cards", mail="rules@cards.example")
    assert _does(_sent(top), c.Wake(), hours=49).proposed is None


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.PASSED_ON])
def test_a_refusal_leads_up_the_ladder(outcome: Outcome) -> None:
    """A refusal, and pointing at others, propose the next; each is on record once, and nothing more is mailed."""
    settled = _does(_sent(HOST, REGISTRAR), c.Settle(1, outcome), c.Settle(1, outcome))
    assert (settled.requests[0].state, settled.proposed) == (RequestState.SETTLED, Rung.REGISTRAR)
    with pytest.raises(Conflict, match="on record already"):
        _does(settled, c.Settle(1, Outcome.REMOVED))
    with pytest.raises(Conflict):
        _does(settled, c.QueueMail(1, "<2@us>", "More."))


def test_what_was_not_sent_has_no_outcome() -> None:
    """A draft cannot be settled."""
    with pytest.raises(Conflict, match="not sent yet"):
        _does(_opened(HOST), _draft(HOST), c.Settle(1, Outcome.REMOVED))


def test_when_the_copies_are_gone_everything_is() -> None:
    """What still runs is settled, drafts are dropped, no clock runs, nothing is proposed."""
    pursuit = _does(_sent(HOST, REGISTRAR, SITE), c.Wake(), hours=49)
    pursuit = _does(pursuit, _draft(REGISTRAR), c.NoteSentByHand(2, DUE), c.Settle(1, Outcome.REFUSED), hours=50)
    pursuit = _does(pursuit, _draft(SITE), _draft(REGISTRAR), hours=51)
    done = _does(pursuit, c.Settle(2, Outcome.REMOVED), hours=52)
    assert [each.state for each in done.requests] == [
        RequestState.SETTLED, RequestState.SETTLED, RequestState.DROPPED, RequestState.DROPPED,
    ]  # fmt: skip
    assert (done.state, done.proposed, done.running) == (PursuitState.DONE, None, ())
    both = _does(_sent(HOST, REGISTRAR), _draft(REGISTRAR), c.NoteSentByHand(2, DUE), c.Settle(2, Outcome.REMOVED))
    assert [each.outcome for each in both.requests] == [Outcome.REMOVED, Outcome.REMOVED]


def test_an_erased_pursuit_still_folds() -> None:
    """Without what was sealed a pursuit says that something happened, and to whom no more."""
    pursuit = EMPTY
    events: list[e.Event] = [
        e.PursuitOpened(case=CaseId("case"), content=()),
        e.PartyAdded(rung=Rung.HOST),
        e.RequestDrafted(
            number=1, rung=Rung.HOST, regimes=(), filer=Filer.HELPLINE, language="en", lacks=(), declared=()
        ),
    ]
    for number, event in enumerate(events, 1):
        pursuit = rules.apply(pursuit, Recorded(number, START, "staff:ada", event))
    assert (pursuit.parties, pursuit.requests[0].to.name, pursuit.requests[0].channel.address) == ((), "", "")
