# SPDX-License-Identifier: Apache-2.0
"""Measures against accounts: due process, reasons, two people for what cannot be undone, and the way back."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from noli.base.errors import Conflict, InputError, NotFound
from noli.notices import record_rules
from noli.notices import records as r
from noli.notices.model import Because, Ground, Letter, Measure, NewContent, Notice
from noli.notices.record_rules import REVERSED
from noli.notices.records import AccountMeasure, PartyRecord, PartyRole
from tests.support.notices import START, Desk, complete

REASON = "He did it again and again."


def why(author: str = "ada", *, automated: bool = False) -> Because:
    """Say why, as somebody."""
    return Because(reason=REASON, rule="Terms 9", author=author, automated=automated)


class Account:
    """The record of one uploader, or of one who sends notices, with conduct."""

    def __init__(self, role: PartyRole = PartyRole.UPLOADER) -> None:
        self.desk, self.role = Desk(), role
        self.notice = self.misdeed()

    def misdeed(self) -> Notice:
        """Let a decision find that they did what they should not."""
        if self.role is PartyRole.UPLOADER:
            upload = NewContent("https://platform.example/1", "post-1", "them")
            return self.desk.rule(self.desk.receive(complete(contents=(upload,), notifier="")), Measure.DISABLE)
        return self.desk.rule(self.desk.receive(complete(notifier="them")), Measure.KEEP, Ground.MALICIOUS)

    def do(self, *commands: r.Command) -> PartyRecord:
        """Act on the record."""
        with self.desk.service.writing() as transaction:
            for command in commands:
                self.desk.service.keep_record(transaction, self.role, "them", command, actor="key:p")
        return self.read()

    def read(self) -> PartyRecord:
        """Read the record."""
        with self.desk.service.store.transaction() as transaction:
            return self.desk.service.record_of(transaction, self.desk.service.party(self.role, "them"))

    def warned(self, **more: str) -> PartyRecord:
        """Warn, and let them answer."""
        return self.do(r.WarnParty(why(), **more), r.HearParty("Sorry."))  # type: ignore[arg-type] # fields by name

    def until(self, days: float = 20) -> r.SuspendParty:
        """Suspend for some days."""
        return r.SuspendParty(why(), self.desk.clock.now() + timedelta(days=days))

    def suspended_before(self) -> None:
        """Have a suspension behind them that did not help."""
        self.warned()
        self.do(self.until(1))
        self.desk.clock.move(days=2)
        self.misdeed()

    def standing(self) -> AccountMeasure | None:
        """Return the measure that stands."""
        found = self.read().suspended(self.desk.clock.now())
        return None if found is None else found.measure


def refused(act: Callable[[], object], match: str) -> None:
    """Check that something is refused."""
    with pytest.raises((Conflict, InputError), match=match):
        act()


def test_whom_a_measure_is_about_is_told_why_and_how_to_contest_it() -> None:
    """Warning and statement name the measure, its end, the facts, the rule and the ways to contest, and nobody else."""
    account = Account()
    record = account.warned()
    assert record.letters[0].letter is Letter.WARNING
    assert "within 7 days" in record.letters[0].text
    record = account.do(r.SuspendParty(why(), START + timedelta(days=20), AccountMeasure.RESTRICT, contractual=True))
    statement = record.letters[-1]
    assert (statement.letter, statement.language) == (Letter.STATEMENT, "en")
    for part in (
        "cannot upload anything until 2026-12-16",
        "Notices about your uploads: 1. In 1 of them",
        "did not agree to its publication",
        "No automated means",
        "Clause of our terms: Terms 9",
        "complain to us within six months",
        "out-of-court",
    ):
        assert part in statement.text
    assert REASON not in statement.text, "the reason is for the file"
    assert account.standing() is AccountMeasure.RESTRICT


def test_letters_come_in_the_language_that_was_named_and_can_be_edited() -> None:
    """Later letters follow the language of the first; an edited text is sent as it is."""
    account = Account()
    assert "7 Tagen" in account.warned(language="de").letters[0].text
    record = account.do(r.SuspendParty(why(), START + timedelta(days=9), language="de", statement="Weil."))
    assert record.letters[-1].text == "Weil."
    record = account.do(r.ContestMeasure("Nein."))
    assert "Beschwerde" in record.letters[-1].text
    assert account.do(r.WarnParty(why(), text="Mind.")).letters[-1].text == "Mind."


def test_who_sends_notices_is_told_that_their_own_still_count() -> None:
    """Their notices are suspended and nothing else: they upload nothing, and nobody is silenced for good."""
    account = Account(PartyRole.NOTIFIER)
    account.warned()
    refused(
        lambda: account.do(r.SuspendParty(why(), START + timedelta(days=2), AccountMeasure.RESTRICT)), "who uploads"
    )
    record = account.do(account.until())
    assert "as the person shown counts" in record.letters[-1].text
    refused(lambda: account.do(r.ProposeTermination(why())), "for good")


def test_an_account_is_closed_for_good_by_two_after_a_measure_that_did_not_help() -> None:
    """No shorter way: not at first, not by a term, not without warning, not by one person, not by a machine."""
    account = Account()
    account.warned()
    refused(lambda: account.do(r.ProposeTermination(why())), "did not help")
    refused(lambda: account.do(r.SuspendParty(why(), START + timedelta(days=9), AccountMeasure.TERMINATE)), "by two")
    account.do(account.until(1))
    account.desk.clock.move(days=2)
    account.misdeed()
    refused(lambda: account.do(r.ProposeTermination(why())), "warn first")
    account.warned()
    refused(lambda: account.do(r.ConfirmTermination(why("bea"))), "Nothing was proposed")
    refused(lambda: account.do(r.ProposeTermination(why(automated=True))), "No machine")
    record = account.do(r.ProposeTermination(why()))
    assert record.proposal is not None
    assert account.standing() is None, "a proposal closes nothing"
    refused(lambda: account.do(r.ProposeTermination(why("bea"))), "proposed, or done")
    for again in ("ada", " Ada\t"):
        refused(lambda who=again: account.do(r.ConfirmTermination(why(who))), "Somebody else")  # type: ignore[misc] # bound at once
    refused(lambda: account.do(r.ConfirmTermination(why("bea", automated=True))), "No machine")
    record = account.do(r.ConfirmTermination(why("bea")))
    assert account.standing() is AccountMeasure.TERMINATE
    assert (record.rulings[-1].author, record.rulings[-1].proposed_by) == ("bea", "ada")
    assert "closed for good" in record.letters[-1].text
    assert record.proposal is None
    account.desk.clock.move(days=9999)
    assert account.standing() is AccountMeasure.TERMINATE
    refused(lambda: account.do(r.ProposeTermination(why())), "proposed, or done")


def test_a_proposal_can_be_dropped_and_one_that_is_confirmed_ends_what_stood() -> None:
    """What was proposed is on the record either way."""
    account = Account()
    account.suspended_before()
    account.warned()
    account.do(r.ProposeTermination(why()))
    assert account.do(r.DropTermination(why("bea"))).proposal is None
    version = account.read().version
    assert account.do(r.DropTermination(why("bea"))).version == version
    account.do(account.until(9))
    account.warned()
    record = account.do(r.ProposeTermination(why()), r.ConfirmTermination(why("bea")))
    assert [each.measure for each in record.rulings if each.lifted_at is None][-1] is AccountMeasure.TERMINATE
    assert record.rulings[-2].lifted_at is not None


def test_a_measure_is_contested_once_within_six_months_and_decided_by_a_third() -> None:
    """Neither who proposed nor who decided judges the complaint; upheld, the account is open again."""
    account = Account()
    refused(lambda: account.do(r.ContestMeasure("No.")), "no measure")
    account.suspended_before()
    account.warned()
    account.do(r.ProposeTermination(why()), r.ConfirmTermination(why("bea")))
    record = account.do(r.ContestMeasure("My brother did."))
    refused(lambda: account.do(r.ContestMeasure("Again.")), "have complained")
    number = record.complaints[0].number
    refused(lambda: account.do(r.DecideContest(999, upheld=True, because=why("cem"))), "no complaint")
    for author in ("ada", "Bea "):
        refused(lambda who=author: account.do(r.DecideContest(number, upheld=True, because=why(who))), "no part")  # type: ignore[misc] # bound at once
    machine = why("model", automated=True)
    refused(lambda: account.do(r.DecideContest(number, upheld=True, because=machine)), "No machine")
    record = account.do(r.DecideContest(number, upheld=True, because=why("cem")))
    assert (record.complaints[0].upheld, record.complaints[0].author) == (True, "cem")
    assert account.standing() is None
    assert "use it again" in record.letters[-1].text
    refused(lambda: account.do(r.ContestMeasure("Late.")), "no measure")


def test_a_complaint_that_is_not_upheld_leaves_the_measure_and_names_the_next_way() -> None:
    """The letter says that it stands, and where else to turn to; after six months nobody can complain."""
    account = Account()
    account.warned()
    account.do(account.until())
    record = account.do(r.ContestMeasure("No."))
    record = account.do(r.DecideContest(record.complaints[0].number, upheld=False, because=why("bea")))
    assert account.standing() is AccountMeasure.SUSPEND
    assert "out-of-court" in record.letters[-1].text
    late = Account()
    late.warned()
    late.do(late.until())
    late.desk.clock.time += timedelta(days=190)
    refused(lambda: late.do(r.ContestMeasure("No.")), "was possible until 2027-")


def test_the_law_says_how_long_a_measure_can_be_contested() -> None:
    """Where a regime gives another time, it counts; the code knows none of its own."""
    account = Account()
    account.warned()
    record = account.do(account.until())
    regimes = account.desk.service.regimes(account.desk.clock.now())
    later = account.desk.clock.now() + timedelta(days=100)
    contest = r.ContestMeasure("No.")
    assert record_rules.decide(record, contest, regimes, later)
    refused(lambda: record_rules.decide(record, contest, [], later), "was possible until 2026-11-")


def test_a_measure_ends_by_itself_where_its_last_finding_was_reversed() -> None:
    """The account is open again without anybody asking; with a finding left it is not; a proposal falls, too."""
    account = Account()
    other = account.misdeed()
    account.warned()
    account.do(account.until())
    account.desk.rule(account.notice, Measure.KEEP, Ground.CONSENT_SHOWN)
    assert account.standing() is AccountMeasure.SUSPEND
    account.desk.rule(other, Measure.KEEP, Ground.CONSENT_SHOWN)
    record = account.read()
    assert account.standing() is None
    assert record.letters[-1].letter is Letter.RESTORED
    lifted = [each.event for each in account.desk.memory.world.records[record.id]][-2]
    assert isinstance(lifted, r.SuspensionLifted)
    assert lifted.author == REVERSED.author

    account = Account()
    account.suspended_before()
    account.warned()
    account.do(r.ProposeTermination(why()))
    with account.desk.service.writing() as transaction:
        for each in list(account.read().conduct):
            account.desk.service.act_on_record(
                transaction, account.read().id, r.ClearConduct(each.notice), actor="key:p"
            )
    assert account.read().proposal is None
    refused(lambda: account.do(r.ProposeTermination(why())), "Nothing is on record any more")


def test_opening_a_record_is_in_the_ledger() -> None:
    """Who reads what was written to somebody leaves a trace; there is nothing to read of nobody."""
    account = Account()
    record = account.warned()
    assert account.desk.service.view_record(record.id, actor="key:p") == record
    entry = account.desk.memory.world.ledger[-1]
    assert (entry.fact.kind, entry.fact.subject, entry.fact.actor) == ("record.viewed", record.id, "key:p")
    with pytest.raises(NotFound):
        account.desk.service.view_record(account.desk.service.party(PartyRole.UPLOADER, "nobody"), actor="key:p")


def test_what_waits_and_until_when_a_measure_stands_is_listed() -> None:
    """A complaint or a proposal waits since it came; a measure ends by its term, never, or by being taken back."""
    account = Account()
    assert (account.read().waiting_since, account.read().measured_until) == (None, None)
    account.suspended_before()
    account.warned()
    until = account.desk.clock.now() + timedelta(days=20)
    suspended = account.do(account.until())
    assert (suspended.measured_until, suspended.waiting_since) == (until, None)
    contested = account.do(r.ContestMeasure("It was not me."))
    assert contested.waiting_since == account.desk.clock.now()
    account.desk.clock.move(days=1)
    account.warned()
    proposed = account.do(r.ProposeTermination(why()))
    assert proposed.waiting_since == account.desk.clock.now() - timedelta(days=1)
    account.do(r.DecideContest(proposed.complaints[0].number, upheld=True, because=why("bea")))
    assert account.read().measured_until is None
    assert account.read().waiting_since == account.desk.clock.now()
    closed = account.do(r.ConfirmTermination(why("bea")))
    assert (closed.measured_until, closed.waiting_since) == (r.FOR_GOOD, None)


def test_what_a_list_shows_follows_from_the_record() -> None:
    """Counts, and the day on which somebody looked at a trusted flagger's evidence."""
    account = Account(PartyRole.NOTIFIER)
    assert r.listed(account.read())["checked_at"] is None
    day = START.date()
    known = account.do(r.CheckFlagger(r.Flagger("Coordinator", day, "ada", day, "https://example.org")))
    listed = r.listed(known)
    assert (listed["notices"], listed["conduct"]) == (1, 1)
    assert listed["checked_at"] == START.replace(hour=0)


def test_evidence_for_a_flagger_was_seen_and_ends_after_it_began() -> None:
    """Nobody looked at anything tomorrow, and no status ends before it begins; nothing of it is put down."""
    account = Account(PartyRole.NOTIFIER)
    day, later = START.date(), START.date() + timedelta(days=2)
    for seen, until in ((later, None), (day, day)):
        with pytest.raises(InputError, match="correct"):
            account.do(r.CheckFlagger(r.Flagger("Coordinator", day, "ada", seen, "https://example.org", until)))
    assert account.read().flagger is None
