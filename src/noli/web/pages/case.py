# SPDX-License-Identifier: Apache-2.0
"""A person's own case: what happened, and all that can be done about it.

Not shown: whether an item is held, hashes, notes of caseworkers, who of them has the case.
"""

import json
import secrets

import msgspec

from noli.access.model import SessionKind
from noli.access.sessions import csrf_of
from noli.base.errors import Conflict
from noli.casework.limits import check_age
from noli.casework.model import AgeAnswer, Case, CaseId, Recipient
from noli.web.api.operation import Call, Reply
from noli.web.html import languages, render, visits
from noli.web.pages import sending, steps, told
from noli.web.pages.links import links_of, wrong_links

# Choices about recipients that can be changed one by one; matching here ends with a withdrawal.
_CHANGEABLE = (Recipient.PARTNERS, Recipient.HELPLINES)


class ItemsIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pictures and videos to be added."""

    csrf: str
    age: AgeAnswer
    items: list[sending.ItemIn]


class Added(msgspec.Struct, frozen=True):
    """How many are protected now."""

    protected: int


def overview(call: Call) -> Reply:
    """Show the case."""
    case = call.app.cases.view(_who(call))
    texts = languages.catalogue(render.language_of(call))
    return _page(
        call,
        "person/status.html",
        case,
        saved=bool(call.query.s),
        message_id=secrets.token_hex(8),
        told=lambda entry: told.words(entry, texts.gettext),
    )


def add_form(call: Call) -> Reply:
    """Show how to add pictures and links."""
    return _page(call, "person/add.html", call.app.cases.view(_who(call)), error="", given={})


def add_items(call: Call) -> Added:
    """Protect more; what is there already changes nothing."""
    visits.check_form(call, SessionKind.PERSON)
    given: ItemsIn = call.given
    check_age(given.age)
    case = call.app.cases.add_items(_who(call), sending.items_of(given.items, call.body))
    return Added(len(case.protected))


def add_links(call: Call) -> Reply:
    """Note where copies are."""
    visits.check_form(call, SessionKind.PERSON)
    case, text = _who(call), call.fields.one("links")
    error = wrong_links(text)
    if error:
        given = {"links": [text]}
        return _page(call, "person/add.html", call.app.cases.view(case), error=error, given=given)
    call.app.cases.add_links(case, links_of(text))
    return _saved(call)


def send_message(call: Call) -> Reply:
    """Write to the caseworkers; the same form twice is one message."""
    visits.check_form(call, SessionKind.PERSON)
    fields = call.fields
    call.app.cases.send_message(_who(call), fields.one("text"), id=fields.one("id"))
    return _saved(call)


def details(call: Call) -> Reply:
    """Show contact and consents."""
    recipients = call.app.partners.recipients(call.app.config.intake_bank)
    return _page(call, "person/details.html", call.app.cases.view(_who(call)), given={}, recipients=recipients)


def change_contact(call: Call) -> Reply:
    """Give, change or take back how to be reached."""
    visits.check_form(call, SessionKind.PERSON)
    call.app.cases.change_contact(_who(call), call.fields.one("contact"))
    return _saved(call)


def change_consents(call: Call) -> Reply:
    """Give or take back consent, for each kind of recipient."""
    visits.check_form(call, SessionKind.PERSON)
    case, wanted = _who(call), call.fields.all("consent")
    for recipient in _CHANGEABLE:
        call.app.cases.change_consent(case, recipient, given=recipient in wanted)
    return _saved(call)


def end_form(call: Call) -> Reply:
    """Say what a withdrawal does, and ask once."""
    return _end_page(call, call.app.cases.view(_who(call)))


def end(call: Call) -> Reply:
    """Withdraw everything."""
    visits.check_form(call, SessionKind.PERSON)
    case, erase = _who(call), call.fields.one("erase")
    if erase not in {"yes", "no"}:
        return _end_page(call, call.app.cases.view(case), error=steps.CHOOSE)
    call.app.cases.request_withdrawal(case, erase=erase == "yes")
    return _saved(call)


def keep(call: Call) -> Reply:
    """Take back a withdrawal that waits."""
    visits.check_form(call, SessionKind.PERSON)
    call.app.cases.revoke_withdrawal(_who(call))
    return _saved(call)


def download(call: Call) -> Reply:
    """Give everything that is stored, as a file with a neutral name."""
    content = call.app.cases.download(_who(call))
    body = json.dumps(content, ensure_ascii=False, indent=2).encode()
    return Reply(body, "application/json", headers=((b"content-disposition", b'attachment; filename="overview.json"'),))


def _who(call: Call) -> CaseId:
    """Return whose session this is. Raises Unauthenticated."""
    return call.app.entrance.authenticate(visits.session_token(call, SessionKind.PERSON))


def _page(call: Call, template: str, case: Case, **given: object) -> Reply:
    csrf = csrf_of(visits.session_token(call, SessionKind.PERSON))
    can_add = case.ended_at is None and case.withdrawal is None
    return render.write(call, template, {"case": case, "csrf": csrf, "can_add": can_add, **given})


def _end_page(call: Call, case: Case, *, error: str = "") -> Reply:
    if case.ended_at is not None or case.withdrawal is not None:
        msg = "Everything was withdrawn, or a withdrawal waits."
        raise Conflict(msg)
    return _page(call, "person/end.html", case, delayed=case.delay.hours > 0, error=error, given={})


def _saved(call: Call) -> Reply:
    return render.redirect(call, "/status", s="1")
