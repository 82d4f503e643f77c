# SPDX-License-Identifier: Apache-2.0
"""What is for everybody who logged in: where to begin, the own account, help; and the ledger for who may read it."""

import msgspec

from noli.access.model import Right, Role, SessionKind
from noli.access.rules import RIGHTS
from noli.access.sessions import IDLE, LONGEST
from noli.base.errors import InputError, NotFound
from noli.evidence.notes import write_note
from noli.moderation.model import Comfort
from noli.moderation.rules import BOUNDS
from noli.web.api import ledger as api_ledger
from noli.web.api.operation import Call, Kind, Reply
from noli.web.console import timeline, words
from noli.web.console.cases import SHORT, done
from noli.web.console.days import read_day
from noli.web.console.guard import LanguageQuery, Visitor, show
from noli.web.html import render, visits
from noli.web.html.languages import catalogue

#: Entries on one page of the ledger.
ENTRIES = 100

# Largest number of an entry that is asked for: what a database column holds.
_MAX_SEQUENCE = 2**62

# Digits of the largest number in a form.
_DIGITS = 4

# Begins the name of an actor who is staff; what follows is their id.
_STAFF = "staff:"


class PlainQuery(LanguageQuery):
    """What a page without choices is asked with."""

    done: str = ""


class LedgerQuery(LanguageQuery):
    """What the ledger is asked with: from which entry on backwards, of which kind and day; as forms send it."""

    before: int | None = None
    number: str = ""
    kind: str = ""
    day: str = ""


class ProofQuery(LanguageQuery):
    """What a proof is asked with: of which signed root."""

    size: int | None = None


def start(call: Call, visitor: Visitor) -> Reply:
    """Lead to what a role begins its day with."""
    first = (
        (Right.LIST_CASES, "/console/cases"),
        (Right.WORK_NOTICES, "/console/notices"),
        (Right.MANAGE_STAFF, "/console/staff"),
        (Right.READ_LEDGER, "/console/ledger"),
    )
    return render.redirect(call, next((to for right, to in first if visitor.may(right)), "/console/me"))


def me(call: Call, visitor: Visitor) -> Reply:
    """Show the own account."""
    return _me(call, visitor)


def _me(call: Call, visitor: Visitor, *, codes: list[str] | None = None) -> Reply:
    idle, longest = int(IDLE.total_seconds()) // 60, int(LONGEST.total_seconds()) // 3600
    staff, app = visitor.staff, call.app
    challenge, asked = app.passkeys.to_add(staff, visits.site(call), browser=visitor.token)
    return show(
        call,
        visitor,
        "me.html",
        rights=[right for right in Right if visitor.may(right)],
        done=done(call) if codes is None else "",
        idle=idle,
        longest=longest,
        sessions=app.sessions.of(SessionKind.STAFF, staff.id, token=visitor.token),
        passkeys=app.passkeys.all(staff),
        challenge=challenge,
        asked=asked,
        codes=codes,
        codes_left=app.staff.recovery_left(staff),
        comfort=app.moderation.settings(staff.id).comfort,
        exposure=app.moderation.exposure(staff.id),
        bounds=BOUNDS,
    )


def add_passkey(call: Call, visitor: Visitor) -> Reply:
    """Add a passkey with what a device answered."""
    given = call.fields
    try:
        call.app.passkeys.add(
            visitor.staff,
            visits.site(call),
            browser=visitor.token,
            challenge=given.one("challenge"),
            name=given.one("name"),
            answer=given.one("answer"),
        )
    except InputError:
        return render.redirect(call, "/console/me", done="no-passkey")
    return render.redirect(call, "/console/me", done="passkey-added")


def remove_passkey(call: Call, visitor: Visitor) -> Reply:
    """Forget a passkey."""
    try:
        id_ = bytes.fromhex(call.fields.one("passkey"))
    except ValueError:
        id_ = b""
    call.app.passkeys.remove(visitor.staff, id_)
    return render.redirect(call, "/console/me", done="passkey-removed")


def make_recovery(call: Call, visitor: Visitor) -> Reply:
    """Make recovery codes and show them, once."""
    return _me(call, visitor, codes=call.app.staff.new_recovery(visitor.staff))


def end_session(call: Call, visitor: Visitor) -> Reply:
    """End one of the own sessions."""
    call.app.sessions.close_one(SessionKind.STAFF, visitor.staff.id, call.fields.one("session"))
    return render.redirect(call, "/console/me", done="session-ended")


def set_comfort(call: Call, visitor: Visitor) -> Reply:
    """Change the own limits, and how previews look."""
    given = call.fields
    numbers = {name: _number(given.one(name)) for name in BOUNDS}
    comfort = Comfort(greyscale=bool(given.one("greyscale")), blur=bool(given.one("blur")), **numbers)
    call.app.moderation.set_comfort(visitor.staff.id, comfort)
    return render.redirect(call, "/console/me", done="comfort")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        msg = "This is no number."
        raise InputError(msg)
    return int(text)


def log_out_elsewhere(call: Call, visitor: Visitor) -> Reply:
    """End all sessions of the own account but this one."""
    call.app.sessions.close_all(SessionKind.STAFF, visitor.staff.id, but=visitor.token)
    return render.redirect(call, "/console/me", done="others")


def help_page(call: Call, visitor: Visitor) -> Reply:
    """Explain keys, roles and what is recorded."""
    return show(call, visitor, "help.html", roles=list(Role), matrix=RIGHTS, all_rights=list(Right))


def ledger(call: Call, visitor: Visitor) -> Reply:
    """Show the ledger, newest first."""
    return _ledger(call, visitor, subject="")


def views(call: Call, visitor: Visitor) -> Reply:
    """Show what the ledger says of one case: who opened it, who changed it."""
    return _ledger(call, visitor, subject=call.path["case"])


def _ledger(call: Call, visitor: Visitor, *, subject: str) -> Reply:
    query: LedgerQuery = call.query
    before = _sequence(query.number) + 1 if query.number else query.before
    if before is not None:
        before = min(max(before, 0), _MAX_SEQUENCE)
    if query.kind and query.kind not in words.FACTS:
        msg = "The ledger has no entries of this kind."
        raise InputError(msg)
    day = read_day(query.day) if query.day else None
    found = call.app.ledger.page(subject=subject, kind=query.kind, day=day, before=before, limit=ENTRIES + 1)
    named = timeline.names(call.app.staff.all())
    translate = catalogue(render.language_of(call)).gettext
    return show(
        call,
        visitor,
        "ledger.html",
        entries=found[:ENTRIES],
        older=found[ENTRIES - 1].sequence if len(found) > ENTRIES else None,
        subject=subject,
        asked=query,
        kinds=sorted((translate(text), kind) for kind, text in words.FACTS.items()),
        fact=lambda kind: translate(words.FACTS[kind]) if kind in words.FACTS else kind,
        actor=lambda who: _actor(who, named),
        named=named,
        short=SHORT,
        signed=next(iter(call.app.roots.roots(limit=1)), None),
    )


def _sequence(text: str) -> int:
    """Return the number of an entry that somebody typed."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_MAX_SEQUENCE)):
        msg = "The number of an entry has digits alone."
        raise InputError(msg)
    return int(text)


def proof(call: Call, _: Visitor) -> Reply:
    """Give the proof that an entry is in the ledger, as a file that anybody can check (RFC 6962)."""
    shown = api_ledger.prove(call)
    name = f'attachment; filename="noli-proof-{shown.entry.sequence}.json"'.encode("ascii")
    body = msgspec.json.format(msgspec.json.encode(shown), indent=1)
    return Reply(body, Kind.JSON, headers=((b"content-disposition", name),))


def note(call: Call, visitor: Visitor) -> Reply:
    """Give the newest signed root as a note; kept elsewhere it shows every later change."""
    del visitor
    found = call.app.roots.roots(limit=1)
    if not found:
        msg = "No root was signed yet; the first one is within the hour."
        raise NotFound(msg)
    name = f'attachment; filename="noli-root-{found[0].root.size}.txt"'.encode("ascii")
    return Reply(write_note(found[0]).encode(), "text/plain; charset=utf-8", headers=((b"content-disposition", name),))


def _actor(who: str, named: dict[str, str]) -> str:
    """Return a name, or empty for the person and the system, whom the template names."""
    return named.get(who.removeprefix(_STAFF), who) if who.startswith(_STAFF) else ""
