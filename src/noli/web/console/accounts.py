# SPDX-License-Identifier: Apache-2.0
"""Accounts of staff, for those who manage them. A set-up token is shown once, in answer to the form that made it."""

from noli.access.model import Right, Role, Staff
from noli.access.rules import RIGHTS
from noli.access.staff import SET_UP_FOR
from noli.base.errors import Conflict, InputError, NotFound
from noli.web.api.operation import Call, Reply
from noli.web.console.cases import done
from noli.web.console.entrance import SET_UP
from noli.web.console.guard import LanguageQuery, Visitor, show
from noli.web.html import render


class StaffQuery(LanguageQuery):
    """What the list of accounts is asked with."""

    done: str = ""


def list_page(call: Call, visitor: Visitor) -> Reply:
    """List accounts, and what each role may do."""
    return _page(call, visitor, done=done(call))


def create(call: Call, visitor: Visitor) -> Reply:
    """Make an account and show its set-up token."""
    name, role = call.fields.one("name").strip(), call.fields.one("role")
    try:
        _, token = call.app.staff.create(name, Role(role))
    except Conflict:
        return _page(call, visitor, status=409, error="taken", name=name)
    except (InputError, ValueError):
        return _page(call, visitor, status=400, error="name", name=name)
    return _token_page(call, visitor, name, token)


def renew(call: Call, visitor: Visitor) -> Reply:
    """Make a new set-up token for somebody who lost phone or password."""
    name = _other(call, visitor).name
    _, token = call.app.staff.renew(name)
    return _token_page(call, visitor, name, token)


def close(call: Call, visitor: Visitor) -> Reply:
    """Close an account for good."""
    call.app.staff.disable(_other(call, visitor).name)
    return render.redirect(call, "/console/staff", done="closed")


def _other(call: Call, visitor: Visitor) -> Staff:
    """Return whose account it is. Nobody shuts themselves out: that is done by a colleague or on the command line."""
    found = next((each for each in call.app.staff.all() if each.id == call.path["staff"]), None)
    if found is None:
        msg = "There is no such account."
        raise NotFound(msg)
    if found.id == visitor.staff.id:
        msg = "Your own account is renewed or closed by somebody else, or with 'noli staff' on the server."
        raise Conflict(msg)
    return found


def _page(call: Call, visitor: Visitor, *, status: int = 200, error: str = "", name: str = "", done: str = "") -> Reply:
    return show(
        call,
        visitor,
        "staff.html",
        status=status,
        everybody=call.app.staff.all(),
        roles=list(Role),
        matrix=RIGHTS,
        all_rights=list(Right),
        error=error,
        name=name[:64],
        done=done,
    )


def _token_page(call: Call, visitor: Visitor, name: str, token: str) -> Reply:
    hours = int(SET_UP_FOR.total_seconds()) // 3600
    return show(call, visitor, "token.html", name=name, token=token, hours=hours, set_up=SET_UP)
