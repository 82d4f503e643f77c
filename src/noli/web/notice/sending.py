# SPDX-License-Identifier: Apache-2.0
"""Sending a notice: the age first, then one page of questions, then the receipt.

Nothing is stored before the last button, and nothing at all where somebody shown is or may be under 18. There is no
place for a picture, and a body with one is refused before it is read (``api/endpoint.py``).
"""

from collections.abc import Mapping

from noli.base.marking import N_
from noli.casework.model import AgeAnswer
from noli.notices.model import NewContent, NewNotice
from noli.regimes.model import Content, Field, Filer
from noli.web.api.forms import Fields
from noli.web.api.operation import Call, Reply
from noli.web.html import render, visits
from noli.web.notice import asked
from noli.web.pages.steps import CHOOSE

#: Who may say that they file here, the last one not for the person shown. Trusted flaggers have an interface of their
#: own, where they can prove it.
FILERS = (Filer.SELF, Filer.AGENT, Filer.HELPLINE, Filer.ANYONE)

#: Declarations: ticked or not.
TICKS = (Field.STATEMENT, Field.GOOD_FAITH, Field.ACCURACY)

NOTHING = N_("Please tell us at least where it is, or what it is about.")

# Text of a declaration that was made.
_YES = "yes"


def first(call: Call) -> Reply:
    """Say what this is, and ask for the age."""
    return _first(call)


def send(call: Call) -> Reply:
    """Take the age and show the questions, or take the notice and show the receipt."""
    visits.check_origin(call)
    fields = call.fields
    if fields.one("age") not in tuple(AgeAnswer):
        return _first(call, error=CHOOSE)
    if fields.one("age") != AgeAnswer.ADULT:
        return render.redirect(call, "/other-help")
    if fields.one("step") != "send":
        return _questions(call)
    error = _wrong(fields)
    if error:
        return _questions(call, error=error)
    new = NewNotice(
        filer=Filer(fields.one("filer")),
        fields=given(fields),
        contents=contents_of(fields.one(Field.LOCATION)),
        kind=frozenset({Content(fields.one("kind"))}) if fields.one("kind") in tuple(Content) else frozenset(),
        language=render.language_of(call),
    )
    receipt = call.app.public_notices.send(
        new, age=AgeAnswer(fields.one("age")), token=fields.one("token"), caller=visits.caller(call)
    )
    return render.page(
        call,
        "notice/receipt.html",
        number=receipt.number,
        code=receipt.code,
        asked=asked.asked(call, receipt.notice),
        due=asked.due(call, receipt.notice),
        given={},
    )


def given(fields: Fields) -> Mapping[Field, str]:
    """Read the fields of a notice from a form; what was left empty is left out."""
    return {name: text for name in Field if (text := _text(name, fields))}


def contents_of(location: str) -> tuple[NewContent, ...]:
    """Read the addresses among what somebody wrote about the place, one a line."""
    lines = (line.strip() for line in location.splitlines())
    return tuple(NewContent(url=line) for line in lines if line.startswith(("https://", "http://")))


def _text(name: Field, fields: Fields) -> str:
    if name in TICKS:
        return _YES if fields.one(name) else ""
    if name is Field.CAPACITY:
        return fields.one("filer") if fields.one("filer") in FILERS[:-1] else ""
    return fields.one(name).strip()


def _wrong(fields: Fields) -> str:
    if fields.one("filer") not in FILERS:
        return CHOOSE
    said = fields.one(Field.LOCATION).strip() or fields.one(Field.REASONS).strip()
    return "" if said else NOTHING


def _first(call: Call, *, error: str = "") -> Reply:
    return render.page(call, "notice/first.html", error=error, given={}, platform=call.app.config.platform_name)


def _questions(call: Call, *, error: str = "") -> Reply:
    token = call.fields.one("token") or call.app.intake.new_token()
    return render.page(call, "notice/form.html", error=error, given=call.fields.values, token=token)
