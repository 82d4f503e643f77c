# SPDX-License-Identifier: Apache-2.0
"""Notices and records as they go over the wire, and back: no rules, only shapes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from noli.bank.model import entry_text
from noli.notices import records as r
from noli.notices.clocks import clocks
from noli.notices.commands import Rule
from noli.notices.model import Because, Lack, NewContent, NewNotice, Notice, NoticeSummary, Order
from noli.notices.rules import lack_source
from noli.regimes.model import Law
from noli.web.api import notice_schemas as s
from noli.web.api.checks import parse_hashes


def notice_of(given: s.NoticeIn) -> NewNotice:
    """Read a notice. Raises HashFormatError."""
    order = given.order
    return NewNotice(
        opening=given.opening,
        filer=given.filer,
        fields=given.fields,
        contents=contents_of(given.contents),
        kind=frozenset(given.kind),
        language=given.language,
        uploader_language=given.uploader_language,
        notifier=given.notifier,
        reference=given.reference,
        order=None
        if order is None
        else Order(order.authority, order.legal_basis, order.territory, order.due_at, order.late),
    )


def contents_of(given: Iterable[s.ContentIn]) -> tuple[NewContent, ...]:
    """Read contents. Raises HashFormatError."""
    return tuple(NewContent(each.url, each.ref, each.uploader, parse_hashes(each.hashes)) for each in given)


def why(given: s.WhyIn | s.ComplaintRulingIn) -> Because:
    """Read why something is decided by a person. Raises InputError."""
    return Because(given.reason, given.rule, given.author)


def rule_of(given: s.RulingIn) -> Rule:
    """Read a decision. Raises InputError."""
    return Rule(
        measure=given.measure,
        grounds=tuple(given.grounds),
        because=Because(given.reason, given.rule, given.author, given.automated),
        contractual=given.contractual,
        territory=given.territory,
        until=given.until,
        statement=given.statement,
        answer=given.answer,
        disclose=given.disclose,
    )


def listed(one: NoticeSummary) -> s.ListedNotice:
    """Write a notice of the queue."""
    return s.ListedNotice(
        notice=one.id,
        **{name: getattr(one, name) for name in s.ListedNotice.__struct_fields__ if name != "notice"},
    )


def shown(notice: Notice, law: Law) -> s.NoticeOut:
    """Write a notice without anything personal."""
    return s.NoticeOut(**_open(notice, law))


def full(notice: Notice, law: Law) -> s.FullNotice:
    """Write a notice with all that people wrote."""
    order = notice.order
    return s.FullNotice(
        **_open(notice, law),
        notifier=notice.notifier,
        reference=notice.reference,
        fields={str(name): text for name, text in notice.fields.items()},
        contents=[
            s.ContentOut(
                each.number,
                each.via,
                each.url,
                each.ref,
                each.uploader,
                None if each.entry is None else entry_text(each.entry),
                each.bank,
                each.kept_down,
                each.restricted,
                each.seen,
            )
            for each in notice.contents
        ],
        letters=[
            s.LetterOut(each.number, each.to, each.letter, each.language, each.text, each.at)
            for each in notice.messages
        ],
        reasons={
            **{str(each.number): each.reason for each in notice.rulings},
            **{str(each.number): each.reason for each in notice.complaints if each.upheld is not None},
        },
        pleas={str(each.number): each.text for each in notice.complaints},
        order=None
        if order is None
        else s.OrderIn(order.authority, order.legal_basis, order.territory, order.due_at, order.late),
        holds=[
            s.HoldOut(each.number, each.rule, each.author, each.at, each.until, each.lifted_at) for each in notice.holds
        ],
        disputes=[s.DisputeOut(each.body, each.outcome, each.at) for each in notice.disputes],
    )


def record(found: r.PartyRecord, now: datetime) -> s.RecordOut:
    """Write a record without anything personal."""
    return s.RecordOut(**_open_record(found, now))


def full_record(found: r.PartyRecord, now: datetime) -> s.FullRecord:
    """Write a record with all that people wrote."""
    return s.FullRecord(
        **_open_record(found, now),
        reference=found.reference,
        letters=[
            s.AccountLetterOut(each.number, each.letter, each.language, each.text, each.at) for each in found.letters
        ],
        pleas={str(each.number): each.text for each in found.complaints},
    )


def _open_record(found: r.PartyRecord, now: datetime) -> dict[str, Any]:
    standing, flagger, proposal = found.suspended(now), found.flagger, found.proposal
    return {
        "record": found.id,
        "role": found.role,
        "notices": found.notices,
        "conduct": [s.ConductOut(each.notice, each.ground, each.at) for each in found.conduct],
        "flagger": None
        if flagger is None
        else s.FlaggerIn(
            flagger.authority, flagger.since, flagger.checked_by, flagger.checked_on, flagger.source, flagger.until
        ),
        "trusted": found.trusted(now),
        "warned_at": found.warned_at,
        "heard_at": found.heard_at,
        "standing": None if standing is None else standing.measure,
        "suspended_until": None if standing is None else standing.until,
        "measures": [
            s.MeasureOut(
                each.number,
                each.measure,
                each.at,
                each.until,
                each.rule,
                each.contractual,
                each.author,
                each.proposed_by,
                each.lifted_at,
            )
            for each in found.rulings
        ],
        "proposed": None if proposal is None else s.ProposalOut(proposal.rule, proposal.author, proposal.at),
        "complaints": [
            s.ContestOut(each.number, each.ruling, each.at, each.upheld, each.author, each.decided_at)
            for each in found.complaints
        ],
    }


def _lack(notice: Notice, lack: Lack, law: Law) -> s.LackOut:
    source = lack_source(notice, lack, law)
    verified = source is not None and source.verified
    return s.LackOut(lack.regime, lack.field, lack.need, "" if source is None else str(source), verified)


def _open(notice: Notice, law: Law) -> dict[str, Any]:
    return {
        "notice": notice.id,
        "state": notice.state,
        "opening": notice.opening,
        "filer": notice.filer,
        "evidence": notice.evidence,
        "suspended": notice.suspended,
        "opened_at": notice.opened_at,
        "updated_at": notice.updated_at,
        "regimes": list(notice.regimes),
        "valid": {str(regime): at for regime, at in notice.valid.items()},
        "missing": [_lack(notice, each, law) for each in notice.lacks],
        "clocks": [
            s.ClockOut(
                clock=each.key,
                duty=each.deadline.duty,
                regime=each.deadline.regime,
                started_at=each.started_at,
                due_at=each.deadline.due_at,
                met_at=each.met_at,
                breached=each.key in notice.breached,
                set_by=each.deadline.set_by,
                verified=each.deadline.verified,
                source=str(each.deadline.source),
                words=each.deadline.words,
            )
            for each in clocks(notice, law)
        ],
        "decisions": [
            s.RulingOut(
                each.number,
                each.measure,
                list(each.grounds),
                each.rule,
                each.author,
                each.automated,
                each.contractual,
                each.territory,
                each.until,
                each.at,
                each.reversed_at,
                each.ended_at,
            )
            for each in notice.rulings
        ],
        "complaints": [
            s.ComplaintOut(
                each.number, each.side, each.plea, each.ruling, each.at, each.upheld, each.author, each.decided_at
            )
            for each in notice.complaints
        ],
        "assigned_to": notice.assigned_to,
        "escalated_to": notice.escalated_to,
        "copies_open": notice.copies_open,
        "held": notice.held,
        "erasure": None
        if notice.erasure is None
        else s.ProposalOut(notice.erasure.rule, notice.erasure.author, notice.erasure.at),
        "erased_at": notice.erased_at,
        "minor_suspected_at": notice.young_at,
        "minor_reported_at": notice.young_reported_at,
    }
