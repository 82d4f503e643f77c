# SPDX-License-Identifier: Apache-2.0
"""Pursuits: begin, look up, name, draft, send, put on record what became of it."""

from collections.abc import Callable
from typing import Any

from noli.access.model import Scope
from noli.casework.model import CaseId, LinkId
from noli.pursuit.model import Pursuit, PursuitId, Traces
from noli.pursuit.service import PursuitService
from noli.web.api import pursuit_schemas as s
from noli.web.api import pursuit_views as views
from noli.web.api.once import once_pursuit
from noli.web.api.operation import Call, Kind, Operation

_CASE = "/api/v1/cases/{case}/pursuits"
_PURSUITS = "/api/v1/pursuits"
_PURSUIT = "/api/v1/pursuits/{pursuit}"
_REQUEST = "/api/v1/pursuits/{pursuit}/requests/{number}"

# The ledger keeps so many characters of who did it.
_ACTOR = 64


def open_(call: Call) -> s.PursuitList:
    """Begin to pursue links of a case, one pursuit a site, and look up who is responsible."""
    given, case, who = call.given, CaseId(call.path["case"]), actor(call)
    links, content = frozenset(LinkId(each) for each in given.links), frozenset(given.content)

    def ask(pursuits: PursuitService) -> list[tuple[PursuitId, Traces]]:
        made = pursuits.open(case, content=content, links=links, actor=who)
        return [(each.id, pursuits.trace(each.id)) for each in made]

    def act(pursuits: PursuitService, asked: list[tuple[PursuitId, Traces]]) -> list[Pursuit]:
        return [pursuits.note(id_, traces, actor=who) for id_, traces in asked]

    return s.PursuitList([_full(call, each) for each in once_pursuit(call, act, ask=ask)])


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
    id_ = _id(call)

    def act(pursuits: PursuitService, traces: Traces) -> list[Pursuit]:
        return [pursuits.note(id_, traces, actor=actor(call))]

    return _full(call, *once_pursuit(call, act, ask=lambda pursuits: pursuits.trace(id_)))


def name_party(call: Call) -> s.FullPursuit:
    """Name somebody who is responsible."""
    given = call.given
    who = {"addressee": given.addressee, "name": given.name, "address": given.address}
    return _once(call, lambda pursuits, id_, actor: pursuits.name_party(id_, given.rung, **who, actor=actor))


def draft(call: Call) -> s.FullPursuit:
    """Write a request; it waits for somebody to send it."""
    given, wishes = call.given, views.wishes(call.given)
    return _once(
        call, lambda pursuits, id_, actor: pursuits.draft(id_, given.rung, name=given.name, wishes=wishes, actor=actor)
    )


def send(call: Call) -> s.FullPursuit:
    """Send a request, or note that it was sent."""
    number, given = call.number("number", "request"), call.given
    if given.by_hand:
        return _once(call, lambda pursuits, id_, actor: pursuits.sent_by_hand(id_, number, actor=actor))
    return _once(call, lambda pursuits, id_, actor: pursuits.send(id_, number, text=given.text, actor=actor))


def read(call: Call) -> s.FullPursuit:
    """Say that an answer was read."""
    number = call.number("number", "request")
    return _once(call, lambda pursuits, id_, actor: pursuits.read(id_, number, actor=actor))


def settle(call: Call) -> s.FullPursuit:
    """Put on record what became of a request."""
    number, outcome = call.number("number", "request"), call.given.outcome
    return _once(call, lambda pursuits, id_, actor: pursuits.settle(id_, number, outcome, actor=actor))


def drop(call: Call) -> s.FullPursuit:
    """Throw a draft away."""
    number = call.number("number", "request")
    return _once(call, lambda pursuits, id_, actor: pursuits.drop(id_, number, actor=actor))


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
        idempotent=True,
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


def _once(call: Call, act: Callable[[PursuitService, PursuitId, str], Pursuit]) -> s.FullPursuit:
    """Change one pursuit, for which nobody has to be asked."""
    changed = once_pursuit(call, lambda pursuits, _: [act(pursuits, _id(call), actor(call))], ask=lambda _: None)
    return _full(call, *changed)


def _full(call: Call, pursuit: Pursuit) -> s.FullPursuit:
    return views.full(pursuit, call.app.pursuits)


def _id(call: Call) -> PursuitId:
    return PursuitId(call.path["pursuit"])


def actor(call: Call) -> str:
    """Return how the caller is named in events and the ledger."""
    return f"key:{call.key.name}"[:_ACTOR]
