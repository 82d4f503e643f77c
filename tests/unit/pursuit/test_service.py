# SPDX-License-Identifier: Apache-2.0
"""The use cases around pursuits, from the links of a case to what became of a request."""

from dataclasses import replace

import pytest

from noli.base.errors import Conflict, InputError, NotFound
from noli.casework.model import CaseId, LinkId
from noli.pursuit.model import (
    ChannelKind,
    FoundBy,
    Outcome,
    PursuitId,
    PursuitState,
    RequestState,
    Rung,
    Wishes,
)
from noli.pursuit.service import Known, PursuitService
from noli.regimes.model import Content, Field, Filer, RegimeId
from tests.support.casework import made_up_item, submission
from tests.support.pursuit import ALL, HEAD, SITE, Pursuits

ADA = "staff:ada"
US = RegimeId("us-take-it-down")


@pytest.fixture
def desk() -> Pursuits:
    """Everything in memory."""
    return Pursuits()


def test_links_are_pursued_one_site_at_a_time(desk: Pursuits) -> None:
    """Links of one host are one pursuit, whatever their case; what is pursued already is only added to."""
    case = desk.case("https://a.example/1", "https://A.example:8443/2", "https://b.example/1")
    made = desk.service.open(case, content=frozenset({Content.SYNTHETIC}), actor=ADA)
    assert sorted((each.site, len(each.copies)) for each in made) == [("a.example", 2), ("b.example", 1)]
    again = desk.service.open(case, actor=ADA)
    assert sorted(again, key=lambda each: each.id) == sorted(made, key=lambda each: each.id)
    assert [each.id for each in desk.service.of_case(case)] == [each.id for each in made]
    assert {each.content for each in again} == {frozenset({Content.SYNTHETIC})}


def test_some_links_can_be_chosen(desk: Pursuits) -> None:
    """Only the named links are pursued; a link that the case has not is an error, and so is a case without links."""
    case = desk.case("https://a.example/1", "https://b.example/1")
    with desk.store.transaction() as transaction:
        link = desk.casework.files.load(case).links[1]
        assert transaction.of_case(case) == []
    [only] = desk.service.open(case, links=frozenset({link.id}), actor=ADA)
    assert only.site == "b.example"
    with pytest.raises(NotFound):
        desk.service.open(case, links=frozenset({LinkId("other")}), actor=ADA)
    with pytest.raises(NotFound):
        desk.service.open(CaseId("none"), actor=ADA)


def test_a_case_without_links_has_nothing_to_pursue(desk: Pursuits) -> None:
    """The refusal says what to do."""
    desk.casework.submit(submission(made_up_item(1)))
    [case] = desk.casework.memory.world.histories
    with pytest.raises(InputError, match="Add the addresses"):
        desk.service.open(case, actor=ADA)


def test_a_look_up_says_who_is_responsible(desk: Pursuits) -> None:
    """The host is asked for between transactions, and everybody found is kept from the bottom up."""
    pursuit = desk.opened()
    assert desk.tracer.asked == [SITE]
    assert [party.rung for party in pursuit.parties][:3] == [Rung.SITE, Rung.HOST, Rung.REGISTRAR]
    assert pursuit.looked_up_at == desk.clock.now()


def test_staff_can_name_somebody(desk: Pursuits) -> None:
    """From the book, or by name with a mail or web address; what is no address is refused."""
    pursuit = desk.opened()
    named = desk.service.name_party(pursuit.id, Rung.PAYMENT, addressee="mastercard", actor=ADA)
    assert named.parties[-1].found_by is FoundBy.STAFF
    by_hand = desk.service.name_party(pursuit.id, Rung.CDN, name="Edge", address="abuse@edge.example", actor=ADA)
    assert [party.name for party in by_hand.parties if party.rung is Rung.CDN] == ["Edge"]
    form = desk.service.name_party(pursuit.id, Rung.CDN, name="Form", address="https://edge.example/f", actor=ADA)
    assert {party.channels[0].kind for party in form.parties if party.rung is Rung.CDN} == set(ChannelKind)
    with pytest.raises(NotFound, match="book"):
        desk.service.name_party(pursuit.id, Rung.CDN, addressee="nobody", actor=ADA)
    for wrong in ("edge.example", "a@b", "a b@c.example", "a@b.example, c@d.example", "x@y.example\n"):
        with pytest.raises(InputError):
            desk.service.name_party(pursuit.id, Rung.CDN, name="Edge", address=wrong + " x", actor=ADA)


def test_a_request_holds_what_its_law_asks_for(desk: Pursuits) -> None:
    """Without declarations it says what it lacks and is not sent; with them it is complete, and names no person."""
    pursuit = desk.opened()
    bare = desk.service.draft(pursuit.id, Rung.SITE, wishes=Wishes(regimes=(US,)), actor=ADA)
    assert bare.requests[-1].lacks == (Field.STATEMENT, Field.GOOD_FAITH)
    with pytest.raises(Conflict, match="lacks"):
        desk.service.send(pursuit.id, 1, actor=ADA)
    whole = desk.service.draft(pursuit.id, Rung.SITE, wishes=replace(ALL, regimes=(US,)), actor=ADA)
    assert whole.requests[-1].lacks == ()
    assert "on behalf" not in whole.requests[-1].text
    assert whole.requests[-1].reference in whole.requests[-1].subject
    assert whole.requests[0].state is RequestState.DROPPED


def test_the_law_that_fits_is_chosen_unless_staff_choose(desk: Pursuits) -> None:
    """A German host is asked under a law that holds there; the laws that fit are offered, ours last."""
    pursuit = desk.opened()
    host = next(party for party in pursuit.parties if party.rung is Rung.HOST)
    fitting = desk.service.fitting(pursuit, host)
    assert "eu-dsa-hosting" in fitting
    assert fitting[-1] == "house-rules"
    drafted = desk.service.draft(pursuit.id, Rung.HOST, wishes=ALL, actor=ADA).requests[-1]
    assert drafted.regimes == fitting[:1]
    registrar = desk.service.draft(pursuit.id, Rung.REGISTRAR, wishes=ALL, actor=ADA).requests[-1]
    assert registrar.channel.address == "abuse@names.example"


def test_the_name_of_who_is_shown_is_refused_where_nobody_needs_it(desk: Pursuits) -> None:
    """A helpline's request does without; the person's own is signed with it."""
    pursuit = desk.opened()
    with pytest.raises(InputError, match="leave the name out"):
        desk.service.draft(pursuit.id, Rung.SITE, wishes=replace(ALL, person="Kim Doe", regimes=(US,)), actor=ADA)
    own = replace(ALL, filer=Filer.SELF, regimes=(US,), fields={Field.CONTACT: "kim@mail.example"})
    nameless = desk.service.draft(pursuit.id, Rung.SITE, wishes=own, actor=ADA).requests[-1]
    assert nameless.lacks == (Field.SIGNATURE,)
    signed = desk.service.draft(pursuit.id, Rung.SITE, wishes=replace(own, person="Kim Doe"), actor=ADA).requests[-1]
    assert signed.lacks == ()
    assert "Signed: Kim Doe" in signed.text


def test_wishes_that_cannot_be_are_refused(desk: Pursuits) -> None:
    """Unknown languages, channels, laws and declarations are named."""
    pursuit = desk.opened()
    for wrong, error in (
        (Wishes(language="xx"), InputError),
        (Wishes(channel="other@racks.example"), NotFound),
        (Wishes(regimes=(RegimeId("none"),)), NotFound),
        (Wishes(declared=frozenset({Field.NAME})), InputError),
        (Wishes(fields={Field.REASONS: "x" * 20_001}), InputError),
    ):
        with pytest.raises(error):
            desk.service.draft(pursuit.id, Rung.HOST, wishes=wrong, actor=ADA)
    german = desk.service.draft(pursuit.id, Rung.HOST, wishes=replace(ALL, language="de"), actor=ADA)
    assert "Sehr geehrte" in german.requests[-1].text


def test_a_form_is_filled_in_by_hand(desk: Pursuits) -> None:
    """A request to a form is not mailed; noted as sent, its clock runs and the person is told."""
    pursuit = desk.opened()
    drafted = desk.service.draft(pursuit.id, Rung.SEARCH, name="google-search", wishes=ALL, actor=ADA)
    assert drafted.requests[-1].channel.kind is ChannelKind.FORM
    with pytest.raises(Conflict, match="Copy its text"):
        desk.service.send(pursuit.id, 1, actor=ADA)
    sent = desk.service.sent_by_hand(pursuit.id, 1, actor=ADA)
    assert sent.state is PursuitState.RUNNING
    assert desk.casework.files.load(sent.case).timeline[-1].key == "request.sent"
    for number in (0, 2):
        with pytest.raises(NotFound):
            desk.service.sent_by_hand(pursuit.id, number, actor=ADA)


def test_without_a_mail_server_nothing_is_mailed(desk: Pursuits) -> None:
    """An installation without one says so, and the text can be copied."""
    without = PursuitService(
        desk.store,
        desk.casework.files,
        desk.clock,
        keyring=desk.casework.keyring,
        known=Known(desk.service.law, desk.service.book, replace(HEAD, organisation="", contact="")),
        tracer=desk.tracer,
        mailer=None,
    )
    assert desk.service.sends
    assert not without.sends
    pursuit = desk.opened()
    drafted = without.draft(pursuit.id, Rung.HOST, wishes=replace(ALL, regimes=(US,)), actor=ADA)
    assert {Field.CONTACT, Field.SIGNATURE} <= set(drafted.requests[-1].lacks)
    with pytest.raises(Conflict, match="Copy its text"):
        without.send(pursuit.id, 1, actor=ADA)


def test_a_law_without_a_clock_asks_for_no_wake(desk: Pursuits) -> None:
    """Where not even our own rules give a deadline, the request is sent and no job waits for it."""
    law = replace(
        desk.service.law,
        regimes={id_: replace(each, clocks=()) for id_, each in desk.service.law.regimes.items()},
    )
    timeless = PursuitService(
        desk.store,
        desk.casework.files,
        desk.clock,
        keyring=desk.casework.keyring,
        known=Known(law, desk.service.book, HEAD),
        tracer=desk.tracer,
        mailer=desk.mailer,
    )
    pursuit = desk.opened()
    timeless.draft(pursuit.id, Rung.HOST, wishes=ALL, actor=ADA)
    sent = timeless.sent_by_hand(pursuit.id, 1, actor=ADA)
    assert (sent.requests[0].due, sent.running) == (None, ())
    assert ("pursuit-clock", pursuit.id) not in desk.casework.memory.world.outbox.jobs.rows


def test_what_became_of_it_is_put_on_record(desk: Pursuits) -> None:
    """Read, dropped, settled: each is an event, and the person learns what concerns her."""
    pursuit = desk.sent()
    settled = desk.service.settle(pursuit.id, 1, Outcome.REMOVED, actor=ADA)
    assert settled.state is PursuitState.DONE
    assert [line.key for line in desk.casework.files.load(pursuit.case).timeline][-2:] == [
        "request.sent",
        "request.removed",
    ]
    drafted = desk.service.draft(pursuit.id, Rung.REGISTRAR, actor=ADA)
    assert desk.service.drop(drafted.id, 2, actor=ADA).requests[-1].state is RequestState.DROPPED
    assert desk.service.read(pursuit.id, 1, actor=ADA).requests[0].unread is False


def test_a_look_into_a_pursuit_is_in_the_ledger(desk: Pursuits) -> None:
    """Who opened it, and when; lists show nothing personal and are no look."""
    pursuit = desk.opened()
    before = len(desk.casework.memory.world.ledger)
    assert desk.service.view(pursuit.id, actor=ADA) == desk.load(pursuit.id)
    fact = desk.casework.memory.world.ledger[-1].fact
    assert (fact.kind, fact.subject, fact.actor) == ("pursuit.viewed", pursuit.id, ADA)
    assert [each.id for each in desk.service.queue()] == [pursuit.id]
    assert desk.service.queue(PursuitState.DONE) == desk.service.queue(after=pursuit.id) == []
    assert len(desk.casework.memory.world.ledger) == before + 1
    with pytest.raises(NotFound):
        desk.service.view(PursuitId("none"), actor=ADA)


def test_a_withdrawn_case_is_pursued_no_more(desk: Pursuits) -> None:
    """After a withdrawal nothing is opened, looked up, drafted or sent; after an erasure there is not even a name."""
    pursuit = desk.sent()
    desk.casework.cases.request_withdrawal(pursuit.case, erase=True)
    for act in (
        lambda: desk.service.open(pursuit.case, actor=ADA),
        lambda: desk.service.look_up(pursuit.id, actor=ADA),
        lambda: desk.service.draft(pursuit.id, Rung.REGISTRAR, actor=ADA),
        lambda: desk.service.settle(pursuit.id, 1, Outcome.REMOVED, actor=ADA),
    ):
        with pytest.raises(Conflict):
            act()
    erased = desk.load(pursuit.id)
    assert (erased.site, erased.parties, erased.requests[0].text) == ("", (), "")
    timeline = desk.casework.files.load(pursuit.case).timeline
    assert [line.data["addressee"] for line in timeline if line.key == "request.sent"] == [""]
