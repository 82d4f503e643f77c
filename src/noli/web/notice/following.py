# SPDX-License-Identifier: Apache-2.0
"""Following a notice up: with its number and the code from its receipt, which each form on the page sends again."""

from collections.abc import Callable

from noli.base.errors import Conflict, Unauthenticated
from noli.base.marking import N_
from noli.notices.model import Notice, NoticeState
from noli.notices.public import Key
from noli.regimes.model import Field, Party
from noli.web.api.operation import Call, Reply
from noli.web.html import render, visits
from noli.web.notice import asked, sending

# One text for all that can be wrong: it does not tell whether there is a notice.
WRONG = N_("This number and this code do not belong together. Please check both, letter by letter.")
LATE = N_("This cannot be done any more, or not yet.")
EMPTY = N_("Please write something first.")
SAVED = N_("Saved.")

_REFUSED = 403

#: Where the work stands, for who sent the notice.
STATES = {
    NoticeState.INCOMPLETE: N_("We have it. Something is still missing; see below."),
    NoticeState.OPEN: N_("We have it, and have not decided yet."),
    NoticeState.PROVISIONAL: N_("For now nobody can see it. We have not decided yet."),
    NoticeState.DECIDED: N_("We have decided. What we decided stands below."),
    NoticeState.CONTESTED: N_("We have decided, and somebody complained. Another person looks at it again."),
    NoticeState.WITHDRAWN: N_("It was taken back."),
}


def ask(call: Call) -> Reply:
    """Ask for number and code."""
    return render.page(call, "notice/return.html", error="", number="")


def show(call: Call) -> Reply:
    """Show a notice, or say that the two do not fit."""
    visits.check_origin(call)
    return _opened(call)


def give(call: Call) -> Reply:
    """Take what was missing."""
    visits.check_origin(call)
    fields = dict(sending.given(call.fields))
    if not fields:
        return _opened(call, error=EMPTY)
    contents = sending.contents_of(fields.get(Field.LOCATION, ""))
    return _done(call, lambda key: call.app.public_notices.give(key, fields, contents))


def complain(call: Call) -> Reply:
    """Take a complaint."""
    visits.check_origin(call)
    text = call.fields.one("text").strip()
    if not text:
        return _opened(call, error=EMPTY)
    return _done(call, lambda key: call.app.public_notices.complain(key, text))


def withdraw(call: Call) -> Reply:
    """Take the notice back."""
    visits.check_origin(call)
    return _done(call, call.app.public_notices.withdraw)


def _done(call: Call, act: Callable[[Key], Notice]) -> Reply:
    try:
        act(_key(call))
    except Unauthenticated:
        return _refused(call)
    except Conflict:
        return _opened(call, error=LATE)
    return _opened(call, said=SAVED)


def _opened(call: Call, *, error: str = "", said: str = "") -> Reply:
    key = _key(call)
    try:
        notice = call.app.public_notices.open(key)
    except Unauthenticated:
        return _refused(call)
    ruling = notice.ruling
    return render.page(
        call,
        "notice/status.html",
        number=key.number,
        code=key.code,
        error=error,
        said=said,
        state=STATES[notice.state],
        sent_at=notice.opened_at,
        ended=notice.withdrawn_at is not None or notice.erased_at is not None,
        asked=asked.asked(call, notice),
        due=asked.due(call, notice),
        letters=[each for each in notice.messages if each.to is Party.NOTIFIER],
        may_complain=ruling is not None and ruling.measure.final and not notice.open_complaints,
        given={},
    )


def _refused(call: Call) -> Reply:
    return render.page(call, "notice/return.html", status=_REFUSED, error=WRONG, number=call.fields.one("number"))


def _key(call: Call) -> Key:
    return Key(call.fields.one("number"), call.fields.one("code"), visits.caller(call))
