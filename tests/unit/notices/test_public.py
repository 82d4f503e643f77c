# SPDX-License-Identifier: Apache-2.0
"""What anybody may do through the public form."""

from datetime import timedelta

import pytest

from noli.access.delays import Delays, Quota
from noli.base.errors import Conflict, InputError, Throttled, Unauthenticated
from noli.casework.model import AgeAnswer
from noli.casework.receipts import new_token
from noli.notices.model import Measure, NewNotice, NoticeState, Opening
from noli.notices.public import Key, PublicNotices, Sent
from noli.notices.records import PartyRole
from noli.regimes.model import Field, Filer, Party
from tests.support.notices import Desk, complete, content

_ME = b"me"


class Counter:
    """The public form over a desk."""

    def __init__(self, *, per_hour: int = 100) -> None:
        self.desk = Desk()
        clock = self.desk.clock
        self.form = PublicNotices(self.desk.service, quota=Quota(clock, per_hour=per_hour), delays=Delays(clock))

    def send(self, new: NewNotice | None = None, *, token: str = "", age: AgeAnswer = AgeAnswer.ADULT) -> Sent:
        return self.form.send(new or complete(), age=age, token=token or new_token(), caller=_ME)


def _key(sent: Sent) -> Key:
    return Key(sent.number, sent.code, _ME)


def test_a_notice_is_followed_up_with_number_and_code() -> None:
    """The receipt opens the notice, however it is typed, and each look is in the ledger."""
    counter = Counter()
    sent = counter.send()
    assert [len(part) for part in sent.number.split("-")] == [4, 4, 4, 4] == [len(p) for p in sent.code.split("-")]
    typed = Key(f" {sent.number.lower()} ", sent.code.replace("-", " "), _ME)
    assert counter.form.open(typed).id == sent.notice.id
    facts = [entry.fact for entry in counter.desk.memory.world.ledger]
    assert (facts[-1].kind, facts[-1].actor) == ("notice.viewed", "person")


def test_sent_again_it_is_the_same_notice() -> None:
    """A page that is loaded again makes no second notice and shows the same receipt."""
    counter, token = Counter(), new_token()
    first, again = counter.send(token=token), counter.send(token=token)
    assert (first.number, first.code) == (again.number, again.code)
    assert len(counter.desk.service.queue()) == 1


@pytest.mark.parametrize("age", [AgeAnswer.UNDER_18, AgeAnswer.UNSURE])
def test_under_18_nothing_is_stored(age: AgeAnswer) -> None:
    """Where somebody is or may be under 18 nothing is kept, not even in the ledger."""
    counter = Counter()
    with pytest.raises(InputError, match="nothing was stored"):
        counter.send(age=age)
    assert counter.desk.service.queue() == []
    assert counter.desk.memory.world.ledger == []


def test_a_token_that_was_made_up() -> None:
    """What does not come from one of our pages is refused."""
    with pytest.raises(InputError, match="send it again from the page"):
        Counter().send(token="1")


def test_nobody_is_trusted_by_claim() -> None:
    """Nobody is a trusted flagger here, and the address that somebody types opens no record of theirs."""
    counter = Counter()
    with pytest.raises(InputError, match="interface for programs"):
        counter.send(complete(filer=Filer.TRUSTED_FLAGGER))
    sent = counter.send(complete(notifier="desk@helpline.example", opening=Opening.POLICY))
    assert (sent.notice.opening, sent.notice.notifier, sent.notice.evidence) == (Opening.REQUEST, None, False)
    with counter.desk.service.store.transaction() as transaction:
        record = counter.desk.service.party(PartyRole.NOTIFIER, "desk@helpline.example")
        assert transaction.record_history(record) == []


def test_what_does_not_fit_is_refused_alike() -> None:
    """A wrong code, another notice's code and a number that is none get the same refusal."""
    counter = Counter()
    one, other = counter.send(), counter.send()
    nothing = "0000-0000-0000-0000"
    code = counter.desk.service.receipt(other.notice.id.__class__("0" * 16))
    for number, wrong in ((one.number, nothing), (one.number, other.code), ("", ""), ("0" * 16, code)):
        with pytest.raises(Unauthenticated, match="do not belong together"):
            counter.form.open(Key(number, wrong, str((number, wrong)).encode()))


def test_guessing_has_to_wait() -> None:
    """After some wrong codes even the right one has to wait a little."""
    counter = Counter()
    sent = counter.send()
    refused: list[type[Exception]] = []
    while Throttled not in refused and len(refused) < 50:
        with pytest.raises((Unauthenticated, Throttled)) as caught:
            counter.form.open(Key(sent.number, "wrong", _ME))
        refused.append(caught.type)
    assert 1 < len(refused) < 50
    with pytest.raises(Throttled):
        counter.form.open(_key(sent))
    counter.desk.clock.time += timedelta(hours=1)
    assert counter.form.open(_key(sent)).id == sent.notice.id


def test_so_many_an_hour() -> None:
    """A network that floods the form is stopped, and let in again an hour later."""
    counter = Counter(per_hour=2)
    counter.send()
    counter.send()
    with pytest.raises(Throttled):
        counter.send()
    counter.desk.clock.time += timedelta(hours=1)
    assert counter.send().number


def test_what_was_missing_is_given() -> None:
    """A notice that lacked something becomes valid with what is given later, and gets its content."""
    counter = Counter()
    sent = counter.send(NewNotice(filer=Filer.SELF, fields={Field.REASONS: "It is me."}))
    assert sent.notice.state is NoticeState.INCOMPLETE
    fields = dict.fromkeys(Field, "yes")
    after = counter.form.give(_key(sent), fields, [content(1, hashes=False)])
    assert after.state is NoticeState.OPEN
    assert len(after.contents) == 1


def test_a_complaint() -> None:
    """Who sent the notice may complain about the decision, and not before there is one."""
    counter = Counter()
    sent = counter.send()
    with pytest.raises(Conflict):
        counter.form.complain(_key(sent), "Why?")
    counter.desk.rule(sent.notice, Measure.KEEP)
    (complaint,) = counter.form.complain(_key(sent), "It is me.").open_complaints
    assert (complaint.side, complaint.text) == (Party.NOTIFIER, "It is me.")


def test_taken_back() -> None:
    """Who sent it may take it back."""
    counter = Counter()
    sent = counter.send()
    assert counter.form.withdraw(_key(sent)).state is NoticeState.WITHDRAWN
