# SPDX-License-Identifier: Apache-2.0
"""Events of notices and records are written and read without loss, and say nothing personal in the open."""

from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from types import UnionType
from typing import Any, get_args

import pytest

from noli.bank.model import EntryId
from noli.evidence.events import Codec
from noli.notices import events as e
from noli.notices import records as r
from noli.notices.model import Ground, Letter, Measure, NoticeId, Opening, PartyId, Plea, Via
from noli.regimes.model import Content, Duty, Field, Filer, Need, Party, RegimeId

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAW = RegimeId("house-rules")

EXAMPLES: tuple[e.Event, ...] = (
    e.NoticeReceived(
        opening=Opening.ORDER,
        filer=Filer.SELF,
        kind=(Content.SYNTHETIC,),
        language="de",
        uploader_language="en",
        regimes=(LAW,),
        given=(Field.CONTACT,),
        notifier=PartyId("P"),
        evidence=False,
        suspended=False,
        authority="Court",
        legal_basis="§ 1",
        territory="DE",
        ordered_until=NOW,
        fields={Field.CONTACT: "secret"},
        reference="secret",
    ),
    e.ContentAdded(
        via=Via.NOTICE,
        uploader=PartyId("U"),
        bank="removed",
        url="secret",
        ref="secret",
        hashes=("secret",),
        entry=EntryId(7),
    ),
    e.FieldsGiven(given=(Field.NAME,), fields={Field.NAME: "secret"}),
    e.Examined(lacks=((LAW, Field.NAME, Need.ASKED),), valid=(LAW,)),
    e.SidesTold(to=Party.NOTIFIER, letter=Letter.RECEIPT, language="en", text="secret"),
    e.Ruled(
        measure=Measure.GEO_RESTRICT,
        grounds=(Ground.INTIMATE,),
        rule="§ 1",
        author="ada",
        automated=False,
        contractual=False,
        territory="DE",
        until=NOW,
        reason="secret",
    ),
    e.RulingPlanned(
        measure=Measure.REMOVE,
        grounds=(Ground.INTIMATE,),
        rule="§ 1",
        author="ada",
        automated=False,
        contractual=True,
        effect_at=NOW,
        territory="",
        until=NOW,
        reason="secret",
        statement="secret",
        answer="secret",
        disclose="secret",
    ),
    e.PlanDropped(by="ada"),
    e.NoteWritten(by="ada", text="secret"),
    e.KeptDown(content=2, bank="removed", entry=EntryId(7)),
    e.LetUp(content=2),
    e.CopiesSought(),
    e.CopiesFound(copies=3),
    e.RulingEnded(ruling=4),
    e.Reinstated(ruling=4, rule="§ 2", author="bea", grounds=(Ground.MISTAKEN,), reason="secret"),
    e.Complained(side=Party.UPLOADER, plea=Plea.COUNTER_NOTICE, ruling=4, text="secret"),
    e.ComplaintDecided(complaint=9, upheld=True, rule="§ 3", author="bea", reason="secret"),
    e.DisputeTold(body="Body", outcome="upheld"),
    e.OrderRevoked(rule="§ 4", author="ada", reason="secret"),
    e.NoticeWithdrawn(side=Party.NOTIFIER),
    e.Held(rule="§ 5", author="ada", until=NOW, reason="secret"),
    e.HoldLifted(hold=5, author="ada"),
    e.HoldEnded(hold=5),
    e.DecisionReported(report="R"),
    e.Taken(by="ada"),
    e.UploadSeen(content=2, count=4),
    e.Warned(clock="k", duty=Duty.REMOVE, regime=LAW, due_at=NOW, hours=6),
    e.Escalated(clock="k", role="lead"),
    e.Breached(clock="k", duty=Duty.REMOVE, regime=LAW, due_at=NOW),
    e.MinorSuspected(by="ada"),
    e.MinorReported(by="ada", reference="secret"),
    e.ErasureProposed(rule="Art. 17 GDPR", author="ada", reason="secret"),
    e.ErasureDropped(rule="Art. 17 GDPR", author="bea", reason="secret"),
    e.NoticeErased(rule="retention"),
)

OF_RECORDS: tuple[r.Event, ...] = (
    r.RecordOpened(role=r.PartyRole.NOTIFIER, reference="secret"),
    r.FlaggerChecked(
        authority="Agency",
        since=date(2025, 6, 2),
        until=None,
        checked_by="ada",
        checked_on=date(2026, 3, 1),
        source="https://register.example",
    ),
    r.NoticeCounted(notice=NoticeId("N")),
    r.ConductNoted(notice=NoticeId("N"), ground=Ground.MALICIOUS),
    r.ConductCleared(notice=NoticeId("N")),
    r.PartyWarned(rule="Art. 23", author="ada", reason="secret"),
    r.PartyHeard(text="secret"),
    r.PartySuspended(until=NOW, rule="Art. 23", author="ada", conduct=3, notices=4, reason="secret"),
    r.TerminationProposed(rule="T 9", author="ada", contractual=True, language="en", statement="secret", reason="x"),
    r.TerminationDropped(rule="T 9", author="bea", reason="secret"),
    r.PartyTerminated(
        rule="T 9", author="bea", proposed_by="ada", contractual=True, conduct=2, notices=3, reason="secret"
    ),
    r.RecordTold(letter=Letter.STATEMENT, language="en", text="secret"),
    r.MeasureContested(ruling=7, text="secret"),
    r.ContestDecided(complaint=9, upheld=True, rule="T 9", author="cem", reason="secret"),
    r.SuspensionLifted(rule="Art. 23", author="ada", reason="secret"),
)

ALL: tuple[tuple[Codec[Any], Any], ...] = (
    *((e.CODEC, each) for each in EXAMPLES),
    *((r.CODEC, each) for each in OF_RECORDS),
)


def test_every_event_has_a_name_and_an_example() -> None:
    """Each kind of event is stored under a name of its own, and shown here."""
    for union, names, shown in ((e.Event, e.NAMES, EXAMPLES), (r.Event, r.NAMES, OF_RECORDS)):
        types: UnionType = union
        assert set(get_args(types)) == set(names) == {type(example) for example in shown}
        assert len(set(names.values())) == len(names)


@pytest.mark.parametrize(("codec", "event"), ALL, ids=lambda each: type(each).__name__)
def test_an_event_is_read_as_it_was_written(codec: Codec[Any], event: Any) -> None:
    """Nothing is lost between writing and reading; what is open holds nothing personal, before and after erasure."""
    written = codec.write(event)
    assert codec.read(written.name, written.open, written.private) == event
    assert "secret" not in repr(written.open) + repr(event)
    left = codec.read(written.name, written.open, None)
    for one in fields(left):
        default = one.default if one.default is not MISSING else one.default_factory
        expected = default() if callable(default) else default
        assert getattr(left, one.name) == (expected if one.metadata.get("private") else getattr(event, one.name))
