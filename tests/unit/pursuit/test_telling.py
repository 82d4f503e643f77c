# SPDX-License-Identifier: Apache-2.0
"""What other programs and the person are told of a pursuit."""

from noli.evidence.model import Fact, LedgerEntry
from noli.pursuit import events as e
from noli.pursuit.model import DueBy, Outcome, ReplyKind, Rung
from noli.pursuit.telling import for_person, told
from noli.regimes.model import RegimeId, SetBy
from tests.support.pursuit import START, Pursuits

ENTRY = LedgerEntry(7, START, Fact("request.sent", "pursuit", "staff:ada"), b"", b"link" * 8)


def test_programs_learn_of_rungs_and_never_of_names() -> None:
    """A message names the request and its rung; the addressee's name and the person's links stay here."""
    message = told(e.RequestSent(number=2, rung=Rung.HOST, due=None), 9, ENTRY)
    assert message.data == {"rung": "host", "request": 2, "number": 9, "ledger_sequence": 7}
    assert told(e.MailSent(number=2), 9, ENTRY).data == {"number": 9, "ledger_sequence": 7}


def test_the_person_learns_each_step_with_the_name() -> None:
    """Sent, answered, lapsed and every outcome are told; drafts, machines' mail and failures are not."""
    pursuit = Pursuits().sent()
    events: list[e.Event] = [
        e.RequestSent(number=1, rung=Rung.HOST, due=None),
        e.MailSent(number=1),
        e.ReplyReceived(number=1, kind=ReplyKind.AUTOMATIC, expected=True, attachments=0, cut=False),
        e.ReplyReceived(number=1, kind=ReplyKind.ANSWER, expected=True, attachments=0, cut=False),
        e.RequestLapsed(number=1, rung=Rung.HOST),
        *(e.RequestSettled(number=1, rung=Rung.HOST, outcome=outcome) for outcome in Outcome),
    ]
    steps = list(for_person(pursuit, events))
    assert [step.step for step in steps] == ["sent", "answered", "lapsed", "removed", "refused", "passed-on"]
    assert {step.addressee for step in steps} == {"Racks GmbH"}


def test_the_person_learns_until_when_and_who_says_so() -> None:
    """A date that the law sets is told as the law's, any other as ours."""
    pursuit = Pursuits().sent()
    sent = [e.RequestSent(number=1, rung=Rung.HOST, due=_due(by)) for by in (SetBy.LAW, SetBy.HOUSE)]
    assert [(step.due_at, step.by_law) for step in for_person(pursuit, sent)] == [(START, True), (START, False)]


def _due(set_by: SetBy) -> DueBy:
    return DueBy(START, RegimeId("us-take-it-down"), set_by, "48 hours", "Act, § 3", verified=True)
