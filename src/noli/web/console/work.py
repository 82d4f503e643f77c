# SPDX-License-Identifier: Apache-2.0
"""Working on a case: what the forms of its page send. Each ends on the page that it came from."""

from collections.abc import Container
from enum import StrEnum
from typing import TypeVar

from noli.access.model import Right, Staff
from noli.access.rules import RIGHTS, require
from noli.base.errors import Conflict, InputError, NotFound
from noli.casework.limits import MAX_NOTE, check_text
from noli.casework.model import CaseId, CaseState, ItemId
from noli.moderation.model import FoundKind
from noli.web.api.operation import Call, Reply
from noli.web.console.guard import Visitor
from noli.web.html import render

_Member = TypeVar("_Member", bound=StrEnum)

#: Stands for nobody in the list of colleagues.
NOBODY = "nobody"


class Ruling(StrEnum):
    """What becomes of a held item."""

    RELEASE = "release"
    KEEP = "keep"


# Begins the note on a held item; notes are in whatever language colleagues share.
_MARKS = {Ruling.RELEASE: "[released]", Ruling.KEEP: "[stays held]"}

#: Characters of a reason: it becomes a note, with its mark in front.
MAX_REASON = MAX_NOTE - max(len(mark) + 1 for mark in _MARKS.values())


def colleagues(everybody: list[Staff], right: Right, *, but: Container[str | None] = ()) -> list[Staff]:
    """Return who something can be handed to: whoever has set up an account and has the right."""
    return [
        each
        for each in everybody
        if each.disabled_at is None and each.set_up_at is not None and each.id not in but
        and right in RIGHTS[each.role]
    ]  # fmt: skip


def reply(call: Call, visitor: Visitor) -> Reply:
    """Write to the person."""
    call.app.desk.reply(visitor.staff, _case(call), call.fields.one("text"), id=call.fields.one("id"))
    return _back(call, "replied")


def note(call: Call, visitor: Visitor) -> Reply:
    """Write for colleagues."""
    call.app.desk.note(visitor.staff, _case(call), call.fields.one("text"))
    return _back(call, "noted")


def set_state(call: Call, visitor: Visitor) -> Reply:
    """Move the case."""
    call.app.desk.set_state(visitor.staff, _case(call), _member(CaseState, call.fields.one("state")))
    return _back(call, "state")


def take(call: Call, visitor: Visitor) -> Reply:
    """Take the case."""
    call.app.desk.take(visitor.staff, _case(call))
    return _back(call, "taken")


def hand_over(call: Call, visitor: Visitor) -> Reply:
    """Hand the case to a colleague, or put it back."""
    to = call.fields.one("to")
    found = next((each for each in call.app.staff.all() if each.id == to), None)
    if found is None and to != NOBODY:
        msg = "There is no such colleague."
        raise NotFound(msg)
    if found is not None and found.id in call.app.moderation.who_left(_case(call)):
        msg = "There is no such colleague."
        raise NotFound(msg)
    call.app.desk.hand_over(visitor.staff, _case(call), found, note=call.fields.one("note"))
    return _back(call, "handed")


def step_aside(call: Call, visitor: Visitor) -> Reply:
    """Leave a case to others for good, without a reason; what one has is put back."""
    case, staff = _case(call), visitor.staff
    if call.app.cases.view(case).assigned_to == staff.id:
        call.app.desk.hand_over(staff, case, None)
    call.app.moderation.step_aside(staff.id, FoundKind.CASE, case)
    return render.redirect(call, "/console/cases", done="stepped-aside")


def rule(call: Call, visitor: Visitor) -> Reply:
    """Release a held item, or keep it held; the reason becomes a note."""
    desk, case, item = call.app.desk, _case(call), ItemId(call.path["item"])
    ruling, reason = _member(Ruling, call.fields.one("ruling")), call.fields.one("reason").strip()
    require(visitor.staff, Right.LEAD_CASES)
    check_text(reason, MAX_REASON, "reason", least=1)
    if ruling is Ruling.RELEASE:
        desk.release(visitor.staff, case, item)
    elif not any(one.id == item and one.held for one in call.app.cases.view(case).protected):
        msg = "This item is not held any more."
        raise Conflict(msg)
    desk.note(visitor.staff, case, f"{_MARKS[ruling]} {reason}")
    return _back(call, "released" if ruling is Ruling.RELEASE else "kept")


def _case(call: Call) -> CaseId:
    return CaseId(call.path["case"])


def _member(kind: type[_Member], value: str) -> _Member:
    try:
        return kind(value)
    except ValueError as error:
        msg = "The form has a choice that is none of ours."
        raise InputError(msg) from error


def _back(call: Call, done: str) -> Reply:
    return render.redirect(call, f"/console/cases/{_case(call)}", done=done)
