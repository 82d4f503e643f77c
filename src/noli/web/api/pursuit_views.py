# SPDX-License-Identifier: Apache-2.0
"""Pursuits as they go over the wire."""

from noli.pursuit.model import (
    Addressee,
    Channel,
    Pursuit,
    PursuitSummary,
    Request,
    Responsible,
    Wishes,
)
from noli.pursuit.service import PursuitService
from noli.regimes.model import RegimeId
from noli.web.api import pursuit_schemas as s


def listed(one: PursuitSummary) -> s.PursuitOut:
    """Write what a list shows."""
    return s.PursuitOut(
        pursuit=one.id,
        case=one.case,
        state=one.state,
        rung=one.rung,
        copies=one.copies,
        requests=one.requests,
        due_at=one.due_at,
        lapsed=one.lapsed,
        opened_at=one.opened_at,
        updated_at=one.updated_at,
    )


def full(pursuit: Pursuit, service: PursuitService) -> s.FullPursuit:
    """Write everything."""
    return s.FullPursuit(
        pursuit=pursuit.id,
        case=pursuit.case,
        state=pursuit.state,
        site=pursuit.site,
        copies=[s.CopyOut(each.link, each.url) for each in pursuit.copies],
        content=sorted(pursuit.content),
        looked_up_at=pursuit.looked_up_at,
        problems=list(pursuit.problems),
        parties=[_party(pursuit, each, service) for each in pursuit.parties],
        requests=[_request(each, service) for each in pursuit.requests],
        proposed=pursuit.proposed,
    )


def addressee(one: Addressee) -> s.AddresseeOut:
    """Write an entry of the book."""
    return s.AddresseeOut(
        addressee=one.id,
        name=one.name,
        rungs=sorted(one.rungs),
        channels=[_channel(each) for each in one.channels],
        jurisdictions=sorted(one.jurisdictions),
        source=one.source.url,
        checked=one.source.checked.isoformat(),
        verified=one.source.verified,
    )


def wishes(given: s.RequestIn) -> Wishes:
    """Read what is wished for a request."""
    return Wishes(
        regimes=tuple(RegimeId(each) for each in given.regimes),
        channel=given.channel,
        language=given.language,
        filer=given.filer,
        declared=frozenset(given.declared),
        fields=given.fields,
        person=given.person,
    )


def _party(pursuit: Pursuit, one: Responsible, service: PursuitService) -> s.ResponsibleOut:
    return s.ResponsibleOut(
        rung=one.rung,
        name=one.name,
        addressee=one.addressee,
        found_by=one.found_by,
        verified=one.verified,
        why=one.found_how,
        channels=[_channel(each) for each in one.channels],
        regimes=list(service.fitting(pursuit, one)),
    )


def _channel(one: Channel) -> s.ChannelOut:
    return s.ChannelOut(one.kind, one.address, list(one.languages), one.note)


def _request(one: Request, service: PursuitService) -> s.RequestOut:
    due = one.due
    return s.RequestOut(
        number=one.number,
        rung=one.to.rung,
        name=one.to.name,
        channel=_channel(one.channel),
        state=one.state,
        regimes=list(one.regimes),
        filer=one.filer,
        language=one.language,
        subject=one.subject,
        text=one.text,
        reference=one.reference,
        lacks=[s.LackOut(field, dict(service.law.questions[field])) for field in one.lacks],
        drafted_at=one.drafted_at,
        sent_at=one.sent_at,
        due=None if due is None else s.DueOut(due.at, due.regime, due.set_by, due.words, due.source, due.verified),
        lapsed_at=one.lapsed_at,
        outcome=one.outcome,
        settled_at=one.settled_at,
        mails=[s.MailOut(each.text, each.queued_at, each.sent_at, each.failed) for each in one.mails],
        replies=[
            s.ReplyOut(
                each.kind,
                each.sender,
                each.expected,
                each.subject,
                each.text,
                each.cut,
                each.attachments,
                each.at,
            )
            for each in one.replies
        ],
    )
