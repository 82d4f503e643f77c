# SPDX-License-Identifier: Apache-2.0
"""Coming back with number and words, getting new words, and logging out."""

from noli.access.model import SessionKind
from noli.base.errors import Unauthenticated
from noli.base.marking import N_
from noli.web.api.operation import Call, Reply
from noli.web.html import render, visits
from noli.web.html.policy import CLEAR

# One text for all that can be wrong: it does not tell whether a case exists.
WRONG = N_("This number and these words do not belong together. Please check both, letter by letter.")
WRONG_CODE = N_("We do not know this code. Look at it again, letter by letter.")

_REFUSED = 403


def form(call: Call) -> Reply:
    """Ask for number and words."""
    return render.page(call, "person/return.html", error="", number="")


def log_in(call: Call) -> Reply:
    """Open a session, or say that the two do not fit."""
    visits.check_origin(call)
    fields = call.fields
    number = fields.one("number")
    try:
        entered = call.app.entrance.log_in(number, fields.one("words"), caller=visits.caller(call))
    except Unauthenticated:
        return render.page(call, "person/return.html", status=_REFUSED, error=WRONG, number=number)
    call.app.sessions.close(visits.session_token(call, SessionKind.PERSON))
    cookie = visits.session_cookie(call, SessionKind.PERSON, entered.session.token)
    return render.redirect(call, "/status", headers=(cookie,))


def renew_form(call: Call) -> Reply:
    """Ask for a recovery code."""
    return render.page(call, "person/renew.html", error="")


def renew(call: Call) -> Reply:
    """Make new words and show them once."""
    visits.check_origin(call)
    try:
        receipt = call.app.entrance.recover(call.fields.one("code"), caller=visits.caller(call))
    except Unauthenticated:
        return render.page(call, "person/renew.html", status=_REFUSED, error=WRONG_CODE)
    return render.page(call, "person/receipt.html", receipt=receipt, renewed=True, given={})


def log_out(call: Call) -> Reply:
    """End the session and make the browser forget this site."""
    visits.check_form(call, SessionKind.PERSON)
    call.app.sessions.close(visits.session_token(call, SessionKind.PERSON))
    gone = visits.no_session_cookie(call, SessionKind.PERSON)
    return render.redirect(call, "/", headers=(*CLEAR, gone))
