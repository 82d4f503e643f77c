# SPDX-License-Identifier: Apache-2.0
"""Pursuing links: the list by deadline, one pursuit with everybody who is responsible, and what its forms send.

What came back by mail is a stranger's: it is shown as text, and addresses are not links.
"""

from noli.access.model import Right
from noli.base.errors import InputError
from noli.casework.files import staff_actor
from noli.casework.model import CaseId
from noli.pursuit.model import (
    ChannelKind,
    Outcome,
    Pursuit,
    PursuitId,
    PursuitState,
    RequestState,
    Rung,
    Wishes,
)
from noli.pursuit.service import DECLARED, MAX_NAME, MAX_TEXT, PursuitService
from noli.regimes.model import Content, Field, RegimeId
from noli.regimes.rules import regime
from noli.web.api.operation import Call, Reply
from noli.web.console import timeline, words
from noli.web.console.cases import ROWS, SHORT, done
from noli.web.console.clocks import WHOSE
from noli.web.console.guard import LanguageQuery, Visitor, show
from noli.web.console.work import NOBODY, colleagues
from noli.web.html import render
from noli.web.html.languages import catalogue

#: What a form may ask to be done with a request, besides an outcome.
SEND, BY_HAND, READ, DROP = "send", "by-hand", "read", "drop"


class PursuitsQuery(LanguageQuery):
    """What the list is asked with."""

    show: str = "all"
    state: str = ""
    after: str = ""
    done: str = ""


class OnePursuitQuery(LanguageQuery):
    """What a pursuit is asked with."""

    done: str = ""


def list_page(call: Call, visitor: Visitor) -> Reply:
    """List pursuits, the next deadline first."""
    query: PursuitsQuery = call.query
    try:
        state = PursuitState(query.state) if query.state else None
    except ValueError as error:
        msg = "The list has no such filter."
        raise InputError(msg) from error
    after = PursuitId(query.after) if query.after else None
    if query.show not in WHOSE:
        msg = "The list has no such filter."
        raise InputError(msg)
    owner = {"all": None, "mine": visitor.staff.id, "free": ""}[query.show]
    found = call.app.pursuits.listed(state, owner=owner, after=after, limit=ROWS + 1)
    aside = call.app.moderation.left_to_others(visitor.staff.id)
    everybody, gettext = call.app.staff.all(), catalogue(render.language_of(call)).gettext
    return show(
        call,
        visitor,
        "pursuits.html",
        rows=[each for each in found[:ROWS] if each[0].case not in aside],
        more=found[ROWS - 1][0].id if len(found) > ROWS else "",
        which=query.show,
        shown={each: gettext(text) for each, text in WHOSE.items()},
        named=timeline.names(everybody),
        colleagues=colleagues(everybody, Right.WORK_CASES),
        nobody=NOBODY,
        leads=visitor.may(Right.LEAD_CASES),
        first=after is None,
        state=state or "",
        states=list(PursuitState),
        now=call.app.clock.now(),
        done=done(call),
        short=SHORT,
    )


def pursuit_page(call: Call, visitor: Visitor) -> Reply:
    """Show a pursuit; the ledger says who opened it."""
    service: PursuitService = call.app.pursuits
    pursuit = service.view(_pursuit(call), actor=staff_actor(visitor.staff.id))
    language = render.language_of(call)
    return show(
        call,
        visitor,
        "pursuit.html",
        pursuit=pursuit,
        fitting={party.key: service.fitting(pursuit, party) for party in pursuit.parties},
        law_names={id_: each.names.get(language, each.names["en"]) for id_, each in service.law.regimes.items()},
        asks={field: words.get(language, words["en"]) for field, words in service.law.questions.items()},
        acts=_acts(pursuit, sends=service.sends),
        declarations={each: catalogue(language).gettext(words.DECLARATIONS[each]) for each in DECLARED},
        rungs=list(Rung),
        book=[each for each in service.book.values() if Rung.SITE not in each.rungs],
        mail=ChannelKind.MAIL,
        most=MAX_TEXT,
        most_name=MAX_NAME,
        now=call.app.clock.now(),
        done=done(call),
        short=SHORT,
    )


def open_(call: Call, visitor: Visitor) -> Reply:
    """Begin to pursue all links of a case, and look up who is responsible."""
    content = [Content(each) for each in call.fields.all("content") if each in set(Content)]
    service, actor = call.app.pursuits, staff_actor(visitor.staff.id)
    case = CaseId(call.path["case"])
    made = service.open(case, content=frozenset(content), actor=actor)
    for each in made:
        service.look_up(each.id, actor=actor)
    where = f"/console/pursuits/{made[0].id}" if len(made) == 1 else f"/console/cases/{case}"
    return render.redirect(call, where, done="pursued")


def look_up(call: Call, visitor: Visitor) -> Reply:
    """Ask name servers and registries anew."""
    call.app.pursuits.look_up(_pursuit(call), actor=staff_actor(visitor.staff.id))
    return _back(call, "looked-up")


def name_party(call: Call, visitor: Visitor) -> Reply:
    """Name somebody else who is responsible."""
    fields, service = call.fields, call.app.pursuits
    addressee = fields.one("addressee")
    entry = service.book.get(addressee)
    rung = min(entry.rungs) if entry is not None else _rung(fields.one("rung"))
    service.name_party(
        _pursuit(call),
        rung,
        addressee=addressee,
        name=fields.one("name"),
        address=fields.one("address"),
        actor=staff_actor(visitor.staff.id),
    )
    return _back(call, "named")


def draft(call: Call, visitor: Visitor) -> Reply:
    """Write a request; nothing is sent."""
    fields = call.fields
    reasons = fields.one("reasons").strip()
    wishes = Wishes(
        regimes=tuple(RegimeId(each) for each in fields.all("law")),
        language=fields.one("language"),
        declared=frozenset(each for each in DECLARED if each in fields.all("declared")),
        fields={Field.REASONS: reasons} if reasons else {},
        person=fields.one("person").strip(),
    )
    for each in wishes.regimes:
        regime(call.app.pursuits.law, each)
    call.app.pursuits.draft(
        _pursuit(call),
        _rung(fields.one("rung")),
        name=fields.one("name"),
        wishes=wishes,
        actor=staff_actor(visitor.staff.id),
    )
    return _back(call, "drafted")


def act(call: Call, visitor: Visitor) -> Reply:
    """Do what the form of one request asks: send it, note that it was sent, read, drop, or settle it."""
    service, id_, number, what = (
        call.app.pursuits,
        _pursuit(call),
        call.number("number", "request"),
        call.fields.one("do"),
    )
    actor = staff_actor(visitor.staff.id)
    match what:
        case "send":
            service.send(id_, number, text=call.fields.one("text"), actor=actor)
        case "by-hand":
            service.sent_by_hand(id_, number, actor=actor)
        case "read":
            service.read(id_, number, actor=actor)
        case "drop":
            service.drop(id_, number, actor=actor)
        case _ if what in set(Outcome):
            service.settle(id_, number, Outcome(what), actor=actor)
        case _:
            msg = "There is nothing of this kind to be done with a request."
            raise InputError(msg)
    return _back(call, f"request-{what}")


def _acts(pursuit: Pursuit, *, sends: bool) -> dict[int, frozenset[str]]:
    """Return what may be done with each request."""
    found = {}
    for request in pursuit.requests:
        unsent = request.sent_at is None and request.state in {RequestState.DRAFTED, RequestState.UNDELIVERED}
        mails = sends and request.channel.kind is ChannelKind.MAIL and not request.lacks
        acts = set()
        if unsent:
            acts |= {DROP} | ({SEND} if mails else set()) | (set() if request.lacks else {BY_HAND})
        elif request.sent_at is not None and request.outcome is None and request.state is not RequestState.DROPPED:
            acts |= {*Outcome} | ({"add"} if mails and request.state is not RequestState.QUEUED else set())
            acts |= {READ} if request.unread else set()
        found[request.number] = frozenset(acts)
    return found


def _pursuit(call: Call) -> PursuitId:
    return PursuitId(call.path["pursuit"])


def _rung(text: str) -> Rung:
    if text not in set(Rung):
        msg = "Choose as what somebody is asked."
        raise InputError(msg)
    return Rung(text)


def _back(call: Call, what: str) -> Reply:
    return render.redirect(call, f"/console/pursuits/{_pursuit(call)}", done=what)
