# SPDX-License-Identifier: Apache-2.0
"""What stands before every page of staff: the session, the form's secret, the right; and what is said without them.

1. No session, or an ended one: reading leads to the log-in page and back afterwards; what was being sent is not done,
   but shown again, so that nothing typed is lost.
2. A form that no page of this session sent is refused.
3. A role without the right is refused before anything is looked up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec

from noli.access.model import Right, Role, SessionKind, Staff
from noli.access.rules import RIGHTS, require
from noli.access.sessions import csrf_of
from noli.base.errors import Conflict, Forbidden, InputError, NoliError, NotFound, Throttled, Unauthenticated
from noli.base.marking import N_
from noli.moderation.service import SteppedAside
from noli.pursuit.model import PursuitId
from noli.regimes.model import RegimeId
from noli.web.api.operation import Call, Kind, Operation, Part, Reply
from noli.web.api.problems import STATUS
from noli.web.console import words
from noli.web.html import render, visits
from noli.web.html.languages import catalogue

#: What a browser may do on these pages: our own script and style, and sending forms to us.
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

#: The same, for the one page that shows a preview: a picture may stand in the page's own text.
SHOWING = POLICY.replace(b"img-src 'self'", b"img-src 'self' data:")

LOG_IN = "/console/log-in"

# From here on a duration is written in days: there seconds tell nobody anything.
_LONG_HOURS = 100

# What has a page of its own, and the right that opens it.
_PAGES = (
    ("case", Right.VIEW_CASES),
    ("pursuit", Right.VIEW_CASES),
    ("notice", Right.VIEW_NOTICES),
    ("record", Right.VIEW_NOTICES),
)

# Fields of forms whose text is shown again where it could not be kept.
_TYPED = ("text", "note", "reason", "letter")


class LanguageQuery(msgspec.Struct):
    """What every page is asked with: the language that was chosen."""

    l: str = ""  # noqa: E741 - short, because it is in every address


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who opened a page.

    Attributes:
        staff: The member of staff.
        token: Of their session.
    """

    staff: Staff
    token: str = field(repr=False)

    def may(self, right: Right) -> bool:
        """Say whether their role has a right."""
        return right in RIGHTS[self.staff.role]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePage:
    """One route of the console.

    Attributes:
        method: ``GET`` or ``POST``.
        path: Template of the address.
        handler: Takes the call and the visitor.
        summary: One sentence.
        right: What a role needs to be let in; None for everybody who logged in.
        also: Another right that lets in as well; the page then shows what either may see.
        query: Struct of the query parameters, with ``l`` for the language.
    """

    method: str
    path: str
    handler: Callable[[Call, Visitor], Reply]
    summary: str
    right: Right | None = None
    also: Right | None = None
    query: type | None = None

    def opens_to(self, role: Role) -> bool:
        """Say whether a role is let in."""
        return self.right is None or bool({self.right, self.also} & RIGHTS[role])

    def operation(self) -> Operation:
        """Return the route with its guard in front."""
        return Operation(
            method=self.method,
            path=self.path,
            handler=lambda call: _guarded(self, call),
            summary=self.summary,
            media_type=render.HTML,
            page=True,
            part=Part.CONSOLE,
            body={Kind.FIELDS: dict} if self.method == "POST" else {},
            query=self.query,
        )


def _law(call: Call, regime: str) -> str:
    """Say what people call a law, or nothing where there is no such law."""
    known = call.app.notices.law.regimes.get(RegimeId(regime))
    return "" if known is None else known.short.get(render.language_of(call), known.short["en"])


def show(
    call: Call,
    visitor: Visitor | None,
    template: str,
    *,
    status: int | None = None,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    policy: bytes = POLICY,
    **given: Any,  # noqa: ANN401 - what the template names
) -> Reply:
    """Write a page of the console; without a visitor it has no navigation."""
    translate = catalogue(render.language_of(call)).gettext
    at = here(call)
    frame: dict[str, Any] = {
        "navigation": navigation(visitor, at, translate) if visitor else (),
        "duration": duration,
        "visitor": visitor,
        "csrf": csrf_of(visitor.token) if visitor else "",
        "say": lambda value: translate(words.of(value)),
        "translate": translate,
        "law": partial(_law, call),
        "here": at,
        "read_at": call.app.clock.now().isoformat(timespec="milliseconds"),
        "page_is_get": call.operation.method == "GET",
        "right": Right,
    }
    reply = render.page(call, f"console/{template}", status=status, **(frame | given))
    kept = tuple(line for line in reply.headers if line[0] != b"content-security-policy")
    return Reply(reply.body, reply.media_type, reply.status, (*kept, (b"content-security-policy", policy), *headers))


@dataclass(frozen=True, slots=True)
class Way:
    """One line of the navigation: where it leads, and to whom it is shown: whoever has one of some rights."""

    path: str
    text: str
    icon: str
    rights: frozenset[Right] = frozenset(Right)
    apart: bool = False
    here: bool = False


#: The navigation, in its order; each role sees what it may open.
WAYS: tuple[Way, ...] = (
    Way("/console/search", N_("Search"), "search", frozenset({Right.VIEW_CASES, Right.VIEW_NOTICES})),
    Way("/console/notices", N_("Queue"), "queue", frozenset({Right.LIST_NOTICES})),
    Way("/console/clocks", N_("Clocks"), "clock", frozenset({Right.LIST_CASES, Right.LIST_NOTICES})),
    Way("/console/figures", N_("Figures"), "chart", frozenset({Right.LIST_NOTICES})),
    Way("/console/cases", N_("Cases"), "case", frozenset({Right.LIST_CASES})),
    Way("/console/pursuits", N_("Requests"), "case", frozenset({Right.LIST_CASES})),
    Way("/console/records", N_("Records"), "person", frozenset({Right.LIST_NOTICES})),
    Way("/console/banks", N_("Banks"), "bank", frozenset({Right.LIST_NOTICES})),
    Way("/console/partners", N_("Partners"), "link", frozenset({Right.LIST_NOTICES})),
    Way("/console/ledger", N_("Ledger"), "ledger", frozenset({Right.READ_LEDGER})),
    Way("/console/staff", N_("Staff"), "people", frozenset({Right.MANAGE_STAFF})),
    Way("/console/help", N_("Help"), "help", apart=True),
)


def navigation(visitor: Visitor, at: str, translate: Callable[[str], str]) -> list[Way]:
    """Return what somebody may open, with where they are."""
    return [
        replace(each, text=translate(each.text), here=at == each.path or at.startswith(f"{each.path}/"))
        for each in WAYS
        if each.rights & RIGHTS[visitor.staff.role]
    ]


def duration(seconds: int) -> str:
    """Write how long: hours, minutes and seconds, from a hundred hours on days and hours; always as wide."""
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    hours = seconds // 3600
    if hours >= _LONG_HOURS:
        return f"{sign}{hours // 24} d {hours % 24:02} h"
    return f"{sign}{hours:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def here(call: Call) -> str:
    """Return the address that was asked for, without its query."""
    return call.operation.path.format_map(call.path)


def _guarded(page: ConsolePage, call: Call) -> Reply:
    token = visits.session_token(call, SessionKind.STAFF)
    try:
        visitor = Visitor(call.app.staff.authenticate(token), token)
    except Unauthenticated:
        return _logged_out(page, call, token)
    try:
        if page.method == "POST":
            visits.check_form(call, SessionKind.STAFF)
        if page.right is not None:
            require(visitor.staff, page.also if page.also and visitor.may(page.also) else page.right)
        _check_stays(call, visitor)
        return page.handler(call, visitor)
    except (Forbidden, NotFound, Conflict, InputError, Throttled) as error:
        return _refused(call, visitor, error)


def _check_stays(call: Call, visitor: Visitor) -> None:
    """Refuse what somebody left to others; a pursuit goes with its case. Raises SteppedAside."""
    for name in ("case", "notice"):
        if name in call.path:
            call.app.moderation.check_stays(visitor.staff.id, call.path[name])
    if "pursuit" in call.path and call.app.moderation.left_to_others(visitor.staff.id):
        with call.app.pursuits.store.transaction() as transaction:
            case = call.app.pursuits.load(transaction, PursuitId(call.path["pursuit"])).case
        call.app.moderation.check_stays(visitor.staff.id, case)


def _logged_out(page: ConsolePage, call: Call, token: str) -> Reply:
    """Lead to the log-in page; 1. in the module's text."""
    headers = (visits.no_session_cookie(call, SessionKind.STAFF),) if token else ()
    if page.method != "POST":
        notice = "ended" if token else ""
        return render.redirect(call, LOG_IN, headers=headers, notice=notice, then=here(call))
    try:
        visits.check_form(call, SessionKind.STAFF)
        typed = _typed(call)
    except Forbidden:
        typed = ""
    return show(call, None, "logged_out.html", status=401, headers=headers, typed=typed)


def _refused(call: Call, visitor: Visitor, error: NoliError) -> Reply:
    status, _ = STATUS[error.code]
    gone = status == STATUS["not-found"][0] or isinstance(error, SteppedAside)
    back = "/console" if gone else _page_of(call, visitor)
    wait = error.retry_after_s if isinstance(error, Throttled) else 0
    return show(call, visitor, "refused.html", status=status, code=error.code, typed=_typed(call), back=back, wait=wait)


def _page_of(call: Call, visitor: Visitor) -> str:
    """Return the page that a form came from, where its role may open it."""
    for name, right in _PAGES:
        if name in call.path and visitor.may(right):
            return f"/console/{name}s/{call.path[name]}"
    return "/console"


def _typed(call: Call) -> str:
    return "\n\n".join(text for name in _TYPED if (text := call.fields.one(name).strip()))
