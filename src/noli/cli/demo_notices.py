# SPDX-License-Identifier: Apache-2.0
"""``noli notice demo``: four stories of notices with a compressed clock, in a folder that is gone afterwards.

Everything is the real engine on a real database; only the clock is moved by hand, and the hashes are made up.
"""

import random
import tempfile
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from noli.access.model import ApiKey
from noli.base.errors import Conflict
from noli.casework.model import AgeAnswer
from noli.cli import output
from noli.cli.installation import settings
from noli.hashing.model import Hash
from noli.notices import commands as c
from noli.notices import records as r
from noli.notices.clocks import clocks
from noli.notices.model import (
    Because,
    Ground,
    Letter,
    Measure,
    NewContent,
    NewNotice,
    Notice,
    NoticeFilter,
    NoticeId,
    NoticeState,
    Plea,
)
from noli.regimes.model import Content, Duty, Field, Filer, Party

if TYPE_CHECKING:
    from noli.app import App

_PLATFORM = "key:platform"
_BEGIN = datetime(2026, 11, 26, 9, tzinfo=UTC)


class _Compressed:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = _BEGIN

    def now(self) -> datetime:
        return self.time


@click.command
def demo() -> None:
    """Run four stories of notices with a compressed clock, and say what happens at each step.

    TAKE IT DOWN from an incomplete notice to the second person's decision; a trusted flagger under the DSA; a
    fraudulent notice; a clock that nobody heeds. Nothing of it is kept.

    \b
    Example:
      noli notice demo
    """
    from noli.app import App  # noqa: PLC0415 - slow to load

    clock = _Compressed()
    with tempfile.TemporaryDirectory(prefix="noli-demo-") as folder:
        config = settings({"data": Path(folder), "database_url": "", "key_file": "", "jurisdictions": "US,EU"})
        with closing(App.open(config, clock=clock)) as app:
            app.indexes.load(app.store)
            story = _Story(app, clock)
            story.take_it_down()
            story.trusted_flagger()
            story.fraudulent()
            story.unheeded()
            story.end()


class _Story:
    """What the stories do."""

    def __init__(self, app: "App", clock: _Compressed) -> None:
        self._app, self._clock, self._began = app, clock, clock.time

    def take_it_down(self) -> None:
        """Tell of a notice under the TAKE IT DOWN Act."""
        self._title("TAKE IT DOWN: from an incomplete notice to the second person")
        picture = _made_up(1)
        post = NewContent("https://platform.example/p/1", "post-1", "user-1", (picture,))
        said = {Field.CONTACT: "person-1@mail.example", Field.STATEMENT: "It is me, and I did not agree."}
        notice = self._receive(NewNotice(filer=Filer.SELF, fields=said, notifier="person-1"))
        lacks = dict.fromkeys(each.field for each in notice.lacks if each.need == "required")
        self._say(f"A notice comes in: {notice.state}. It lacks {', '.join(lacks)}. Its sender is asked:")
        self._letter(notice)
        self._wait(hours=2)
        with self._app.notices.writing() as transaction:
            given = dict.fromkeys(Field, "yes")
            notice = self._app.notices.give(transaction, notice.id, given, (post,), actor=_PLATFORM)
        self._say(f"What was missing is given: {notice.state}.")
        self._clocks(notice)
        self._wait(hours=40)
        notice = self._rule(notice, Measure.REMOVE, Ground.INTIMATE, rule="TAKE IT DOWN Act, section 3")
        self._say("Ada removes it at hour 40. The uploader is told:")
        self._letter(notice)
        with self._app.notices.writing() as transaction:
            notice = self._app.notices.add_copies(transaction, notice.id, (), ended=True, actor=_PLATFORM)
        self._say("The search for identical copies ended: none were found.")
        self._upload(picture)
        self._wait(minutes=1)
        [blocked] = [each for each in self._queue(NoticeState.DECIDED) if each != notice.id]
        refused = self._app.notices.view(blocked, actor=_PLATFORM)
        ruling = refused.rulings[0]
        self._say(f"That is on record as well: {ruling.measure}, by {ruling.author}, under the {ruling.rule}.")
        with self._app.notices.writing() as transaction:
            notice = self._app.notices.complain(
                transaction,
                notice.id,
                side=Party.UPLOADER,
                text="She agreed.",
                plea=Plea.COUNTER_NOTICE,
                actor=_PLATFORM,
            )
        self._say(f"The uploader sends a counter-notice: {notice.state}.")
        complaint = notice.open_complaints[0].number
        try:
            self._answer(notice, complaint, author="ada")
        except Conflict as error:
            self._say(f"Ada wants to decide about it. {error.public}")
        notice = self._answer(notice, complaint, author="bea")
        self._say(f"Bea upholds it: the content is visible again, {notice.state}. Now told:")
        self._letter(notice)
        self._upload(picture)

    def trusted_flagger(self) -> None:
        """Tell of a trusted flagger under the DSA."""
        self._title("DSA: a trusted flagger, by evidence")
        flagger = r.Flagger(
            authority="Bundesnetzagentur",
            since=date(2025, 6, 2),
            checked_by="ada",
            checked_on=date(2026, 11, 1),
            source="https://digital-strategy.ec.europa.eu/en/policies/trusted-flaggers-under-dsa",
        )
        with self._app.notices.writing() as transaction:
            role, command = r.PartyRole.NOTIFIER, r.CheckFlagger(flagger)
            self._app.notices.keep_record(transaction, role, "helpline", command, actor=_PLATFORM)
        self._say(f"Ada looked at the helpline's status: awarded by {flagger.authority}, since {flagger.since}.")
        before = self._receive(_whole(2, notifier="somebody", filer=Filer.TRUSTED_FLAGGER))
        self._wait(minutes=10)
        notice = self._receive(
            _whole(
                3, notifier="helpline", filer=Filer.TRUSTED_FLAGGER, language="de", kind=frozenset({Content.SYNTHETIC})
            )
        )
        first = self._app.notices.queue(NoticeFilter(waiting=True))[0].id
        self._say(f"Somebody claims to be one: evidence {before.evidence}. The helpline: evidence {notice.evidence}.")
        self._say(f"First in the queue: {'the helpline' if first == notice.id else 'the other'}.")
        notice = self._rule(notice, Measure.DISABLE, Ground.SYNTHETIC, rule="Art. 16 DSA")
        self._say("Ada disables it. The helpline is told, in German:")
        self._letter(notice, Party.NOTIFIER)
        self._rule(before, Measure.KEEP, Ground.NOT_INTIMATE, rule="Terms 4")

    def fraudulent(self) -> None:
        """Tell of a fraudulent notice."""
        self._title("A fraudulent notice")
        notice = self._receive(_whole(4, notifier="rival"))
        notice = self._rule(notice, Measure.PROVISIONAL_DISABLE, Ground.PRECAUTION, rule="Terms 4")
        self._say(f"Out of sight as a precaution: {notice.state}, reversible, with a clock of its own.")
        notice = self._rule(notice, Measure.KEEP, Ground.FRAUDULENT, rule="Terms 4")
        self._say("It was a lie: the content is restored, and the lie is on the sender's record.")
        record = self._app.notices.party(r.PartyRole.NOTIFIER, "rival")
        why = Because("A false name.", "Art. 23(2) DSA", "ada")
        until = self._clock.now() + timedelta(days=20)
        self._say("The sender is to be suspended. Each step, and what the rules say to it:")
        found = None
        bea = Because("The account was taken over.", "Art. 20 DSA", "bea")
        for words, command in (
            ("Ada suspends", r.SuspendParty(why, until)),
            ("Ada warns", r.WarnParty(why)),
            ("They answer", r.HearParty("Sorry.")),
            ("Ada suspends", r.SuspendParty(why, until)),
            ("They complain", r.ContestMeasure("It was not me.")),
        ):
            try:
                with self._app.notices.writing() as transaction:
                    found = self._app.notices.act_on_record(transaction, record, command, actor=_PLATFORM)
                self._say(f"{words}: done.")
            except Conflict as error:
                self._say(f"{words}: refused. {error.public}")
        if found is not None:
            self._quote(next(each.text for each in found.letters if each.letter is Letter.STATEMENT))
            answer = r.DecideContest(found.complaints[0].number, upheld=True, because=bea)
            with self._app.notices.writing() as transaction:
                self._app.notices.act_on_record(transaction, record, answer, actor=_PLATFORM)
            self._say("Bea, who had no part in it, finds the complaint right: the suspension ends.")

    def unheeded(self) -> None:
        """Tell of a clock that nobody heeds."""
        self._title("A clock that nobody heeds")
        notice = self._receive(_whole(5, notifier="person-5", filer=Filer.SELF))
        with self._app.notices.writing() as transaction:
            notice = self._app.notices.act(transaction, notice.id, [c.Take("ada")], actor=_PLATFORM)
        self._say("Ada takes it, and falls ill.")
        version = notice.version
        for hours in (0.1, 18, 5.4, 1, 18, 5, 1):
            self._wait(hours=hours)
            with self._app.notices.store.transaction() as transaction:
                history = transaction.history(notice.id)
            for recorded in history[version:]:
                event = recorded.event
                details = " ".join(
                    str(getattr(event, name)) for name in ("role", "regime", "duty", "hours") if hasattr(event, name)
                )
                self._say(f"{type(event).__name__}: {details}")
            version = len(history)

    def end(self) -> None:
        """Verify the ledger."""
        found = self._app.ledger.verify()
        output.print_text("")
        output.print_text(f"The ledger is {'whole' if found.whole else 'NOT whole'}: {found.root}")

    def _receive(self, new: NewNotice) -> Notice:
        with self._app.notices.writing() as transaction:
            return self._app.notices.receive(transaction, new, age=AgeAnswer.ADULT, actor=_PLATFORM)[0]

    def _rule(self, notice: Notice, measure: Measure, ground: Ground, *, rule: str) -> Notice:
        command = c.Rule(measure, (ground,), Because("Looked at with a colleague.", rule, "ada"))
        with self._app.notices.writing() as transaction:
            return self._app.notices.rule(transaction, notice.id, command, actor=_PLATFORM)

    def _answer(self, notice: Notice, complaint: int, *, author: str) -> Notice:
        because = Because("There is a contract.", "Terms 9", author)
        instead = c.Rule(Measure.KEEP, (Ground.CONSENT_SHOWN,), because)
        command = c.DecideComplaint(complaint, upheld=True, because=because, instead=instead)
        with self._app.notices.writing() as transaction:
            return self._app.notices.decide_complaint(transaction, notice.id, command, actor=_PLATFORM)

    def _upload(self, picture: Hash) -> None:
        from noli.matching.service import Upload  # noqa: PLC0415 - see demo

        key = ApiKey("platform", frozenset(), self._clock.now())
        made = self._app.checker.check(Upload((picture,), "post-9"), key=key)
        self._say(f"The same picture is uploaded again: {made.decision.verdict}.")

    def _queue(self, state: NoticeState) -> list[NoticeId]:
        return [each.id for each in self._app.notices.queue(NoticeFilter(state=state))]

    def _clocks(self, notice: Notice) -> None:
        for each in clocks(notice, self._app.notices.law):
            line = each.deadline
            if each.met_at is None and line.duty in {Duty.REMOVE, Duty.REMOVE_COPIES}:
                mark = "" if line.verified else " (unverified)"
                self._say(f"    {line.duty} by {line.due_at:%d %b %H:%M}: {line.source}{mark}")

    def _letter(self, notice: Notice, to: Party | None = None) -> None:
        self._quote([each for each in notice.messages if to in {None, each.to}][-1].text)

    def _quote(self, text: str) -> None:
        for line in text.splitlines():
            self._say(f"    | {line}")

    def _wait(self, **time: float) -> None:
        self._clock.time += timedelta(**time)
        self._app.notice_upkeep.look_after()

    def _title(self, title: str) -> None:
        self._began = self._clock.now()
        output.print_text("")
        output.print_text(f"== {title} ==")

    def _say(self, text: str) -> None:
        hours = (self._clock.now() - self._began).total_seconds() / 3600
        output.print_text(f"{hours:5.1f} h  {text}")


def _whole(seed: int, **more: object) -> NewNotice:
    post = NewContent(f"https://platform.example/p/{seed}", f"post-{seed}", f"user-{seed}", (_made_up(seed),))
    given = {"filer": Filer.ANYONE, "fields": dict.fromkeys(Field, "yes"), "contents": (post,)}
    return NewNotice(**{**given, **more})  # type: ignore[arg-type] # fields of NewNotice, above


def _made_up(seed: int) -> Hash:
    """Return a hash with as many bits set as a real one."""
    bits = random.Random(seed).sample(range(256), 128)  # noqa: S311 - made up, not secret
    return Hash(sum(1 << bit for bit in bits).to_bytes(32), 90)
