# SPDX-License-Identifier: Apache-2.0
"""The questions on the way to a case, one a page.

With script the whole way is one page (``static/pages/flow.js``) that asks nothing of the server until it sends. Without
it each answer is posted and comes back as a hidden field of the next page: there is no draft on the server, and closing
the tab leaves nothing anywhere. Every page holds all questions, so a script that comes late takes over where it is.
"""

from collections.abc import Mapping, Sequence

from noli.base.marking import N_
from noli.casework.model import AgeAnswer, Recovery, Reporter, Situation, WithdrawalDelay
from noli.web.api.forms import Fields
from noli.web.api.operation import Call, Reply
from noli.web.html import render, visits
from noli.web.pages import sending
from noli.web.pages.links import wrong_links

#: The steps in order; of ``files``, ``links`` and ``threat`` one is asked.
STEPS = ("who", "age", "have", "files", "links", "threat", "contact", "delay", "recovery", "consent", "send")

#: Number of each step on the way, as people count.
PLACE: Mapping[str, int] = {name: number for number, name in enumerate(STEPS[:4], 1)} | {
    "links": 4,
    "threat": 4,
    "contact": 5,
    "delay": 6,
    "recovery": 7,
    "consent": 8,
    "send": 9,
}

# Fields that each step asks.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "who": ("reporter", "representative"),
    "age": ("age",),
    "have": ("situation",),
    "files": (),
    "links": ("links",),
    "threat": (),
    "contact": ("contact", "narrative"),
    "delay": ("delay",),
    "recovery": ("recovery",),
    "consent": ("consent",),
    "send": ("token",),
}

# Steps that are one choice, with the answers that they take.
_CHOICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "who": ("reporter", tuple(Reporter)),
    "age": ("age", tuple(AgeAnswer)),
    "have": ("situation", tuple(Situation)),
    "delay": ("delay", tuple(WithdrawalDelay)),
    "recovery": ("recovery", tuple(Recovery)),
}

CHOOSE = N_("Please choose one answer.")
NO_NAME = N_("Please write who you are: your name or organisation.")


def first(call: Call) -> Reply:
    """Show the first question."""
    return _page(call, "who")


def next_(call: Call) -> Reply:
    """Take an answer from a page without script and ask the next question; after the last one, send."""
    visits.check_origin(call)
    fields = call.fields
    if fields.one("back") in STEPS:
        return _page(call, _before(fields.one("back"), fields))
    step = fields.one("step") if fields.one("step") in STEPS else "who"
    error = _wrong(step, fields)
    if error:
        return _page(call, step, error=error)
    if step == "age" and fields.one("age") != AgeAnswer.ADULT:
        return render.redirect(call, "/other-help")
    if step == "send":
        unanswered = _unanswered(fields)
        return _page(call, unanswered, error=_wrong(unanswered, fields)) if unanswered else sending.scriptless(call)
    return _page(call, _after(step, fields))


def _wrong(step: str, fields: Fields) -> str:
    if step in _CHOICES:
        name, answers = _CHOICES[step]
        if fields.one(name) not in answers:
            return CHOOSE
    if (
        step == "who"
        and fields.one("reporter") != Reporter.DEPICTED_PERSON
        and not fields.one("representative").strip()
    ):
        return NO_NAME
    return wrong_links(fields.one("links")) if step == "links" else ""


def _way(fields: Fields) -> Sequence[str]:
    """Return the steps of this person's way."""
    variants = tuple(Situation)
    chosen = fields.one("situation")
    return [step for step in STEPS if step not in variants or step == chosen]


def _after(step: str, fields: Fields) -> str:
    way = _way(fields)
    return way[way.index(step) + 1] if step in way else "have"


def _before(step: str, fields: Fields) -> str:
    way = _way(fields)
    return way[max(0, way.index(step) - 1)] if step in way else "have"


def _unanswered(fields: Fields) -> str:
    """Return the first step whose answer is missing: somebody made the form up, or files were chosen."""
    wrong = (step for step in _way(fields) if step == "files" or _wrong(step, fields))
    return next(wrong, "")


def _page(call: Call, step: str, *, error: str = "") -> Reply:
    fields = call.fields
    others = [name for each in STEPS if each != step for name in _FIELDS[each]]
    carried = [(name, value) for name in others for value in fields.all(name)]
    if step == "send" and not fields.one("token"):
        carried.append(("token", call.app.intake.new_token()))
    elif step == "send":
        carried.append(("token", fields.one("token")))
    return render.page(
        call,
        "person/go.html",
        step=step,
        steps=STEPS,
        place=PLACE,
        carried=carried,
        given=fields.values,
        situation=fields.one("situation"),
        error=error,
        challenge=call.app.intake.challenge(),
    )
