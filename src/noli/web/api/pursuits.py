# SPDX-License-Identifier: Apache-2.0
"""Pursuits: begin, look up, name, draft, send, put on record what became of it."""

from typing import Any

from noli.access.model import Scope
from noli.casework.model import CaseId, LinkId
from noli.pursuit.model import Pursuit, PursuitId
from noli.web.api import pursuit_schemas as s
from noli.web.api import pursuit_views as views
from noli.web.api.operation import Call, Kind, Operation

_CASE = "/api/v1/cases/{case}/pursuits"
_PURSUITS = "/api/v1/pursuits"
_PURSUIT = "/api/v1/pursuits/{pursuit}"
_REQUEST = "/api/v1/pursuits/{pursuit}/requests/{number}"

# The ledger keeps so many characters of who did it.
_ACTOR = 64


def open_(call: Call) -> s.PursuitList:
    """Begin to pursue links of a case, one pursuit a site, and look up who is responsible."""
    given, service = call.given, call.app.pursuits
    links = frozenset(LinkId(each) for each in given.links)
    case, content = CaseId(call.path["case"]), frozenset(given.content)
    made = service.open(case, content=content, links=links, actor=actor(call))
    return s.PursuitList([_full(call, service.look_up(each.id, actor=actor(call))) for each in made])


def queue(call: Call) -> s.PursuitPage:
    """List pursuits, the next deadline first."""
    asked = call.query
    after = PursuitId(asked.after) if asked.after else None
    found = call.app.pursuits.queue(asked.state, after=after, limit=asked.limit)
    following = found[-1].id if len(found) == asked.limit else None
    return s.PursuitPage([views.listed(each) for each in found], following)


def show(call: Call) -> s.FullPursuit:
    """Read a pursuit; the ledger says who did."""
    return _full(call, call.app.pursuits.view(_id(call), actor=actor(call)))


def look_up(call: Call) -> s.FullPursuit:
    """Ask name servers and registries anew."""
    return _full(call, call.app.pursuits.look_up(_id(call), actor=actor(call)))


def name_party(call: Call) -> s.FullPursuit:
    """Name somebody who is responsible."""
    given = call.given
    who = {"addressee": given.addressee, "name": given.name, "address": given.address}
    return _full(call, call.app.pursuits.name_party(_id(call), given.rung, **who, actor=actor(call)))


def draft(call: Call) -> s.FullPursuit:
    """Write a request; it waits for somebody to send it."""
    given = call.given
    wishes = views.wishes(given)
    return _full(
        call, call.app.pursuits.draft(_id(call), given.rung, name=given.name, wishes=wishes, actor=actor(call))
    )


def send(call: Call) -> s.FullPursuit:
    """Send a request, or note that it was sent."""
    service, number = call.app.pursuits, call.number("number", "request")
    if call.given.by_hand:
        return _full(call, service.sent_by_hand(_id(call), number, actor=actor(call)))
    return _full(call, service.send(_id(call), number, text=call.given.text, actor=actor(call)))


def read(call: Call) -> s.FullPursuit:
    """Say that an answer was read."""
    return _full(call, call.app.pursuits.read(_id(call), call.number("number", "request"), actor=actor(call)))


def settle(call: Call) -> s.FullPursuit:
    """Put on record what became of a request."""
    return _full(
        call,
        call.app.pursuits.settle(_id(call), call.number("number", "request"), call.given.outcome, actor=actor(call)),
    )


def drop(call: Call) -> s.FullPursuit:
    """Throw a draft away."""
    return _full(call, call.app.pursuits.drop(_id(call), call.number("number", "request"), actor=actor(call)))


def book(call: Call) -> s.BookOut:
    """List the addressee book."""
    return s.BookOut([views.addressee(each) for each in call.app.pursuits.book.values()])


def _write(path: str, handler: Any, summary: str, body: type[Any] | None = None) -> Operation:  # noqa: ANN401 - a handler
    return Operation(
        method="POST",
        path=path,
        handler=handler,
        summary=summary,
        scope=Scope.PURSUITS,
        body={} if body is None else {Kind.JSON: body},
        answer=s.PursuitList if path == _CASE else s.FullPursuit,
        problems=("conflict", "not-found", "invalid-input"),
    )


#: What programs call that pursue links for caseworkers.
PURSUITS: tuple[Operation, ...] = (
    _write(_CASE, open_, "Pursue links of a case, one pursuit a site, and look up who is responsible.", s.OpenIn),
    Operation(
        method="GET",
        path=_PURSUITS,
        handler=queue,
        summary="List pursuits, the next deadline first.",
        scope=Scope.PURSUITS,
        query=s.PursuitQuery,
        answer=s.PursuitPage,
        problems=("not-found",),
    ),
    Operation(
        method="GET",
        path=_PURSUIT,
        handler=show,
        summary="Read a pursuit with everybody who is responsible, requests and answers. The ledger says who did.",
        scope=Scope.PURSUITS,
        answer=s.FullPursuit,
        problems=("not-found",),
    ),
    _write(f"{_PURSUIT}/look-up", look_up, "Ask name servers and registries anew who is responsible."),
    _write(f"{_PURSUIT}/parties", name_party, "Name somebody else who is responsible.", s.PartyIn),
    _write(f"{_PURSUIT}/requests", draft, "Draft a request; nothing is sent.", s.RequestIn),
    _write(f"{_REQUEST}/send", send, "Send a request by mail, or note that you sent it; its clock starts.", s.SendIn),
    _write(f"{_REQUEST}/read", read, "Say that the answers to a request were read."),
    _write(f"{_REQUEST}/outcome", settle, "Say what became of a request.", s.OutcomeIn),
    _write(f"{_REQUEST}/drop", drop, "Throw a draft away."),
    Operation(
        method="GET",
        path="/api/v1/addressees",
        handler=book,
        summary="List the addressee book: who can be asked as what, by which way, read where and when.",
        scope=Scope.PURSUITS,
        answer=s.BookOut,
    ),
)


def _full(call: Call, pursuit: Pursuit) -> s.FullPursuit:
    return views.full(pursuit, call.app.pursuits)


def _id(call: Call) -> PursuitId:
    return PursuitId(call.path["pursuit"])


def actor(call: Call) -> str:
    """Return how the caller is named in events and the ledger."""
    return f"key:{call.key.name}"[:_ACTOR]
