# SPDX-License-Identifier: Apache-2.0
"""A case as one list of what happened, with what was written in its place: for staff, in the words of staff."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from operator import attrgetter

from noli.access.model import Staff
from noli.base.marking import N_
from noli.casework.model import Author, Case, CaseState, ItemKind, Recipient, TimelineEntry
from noli.pursuit.model import Rung
from noli.web.console import words

Translate = Callable[[str], str]

_SENTENCES: Mapping[str, str] = {
    "case.opened": N_("The case was opened."),
    "item.registered": N_("Registered a %(kind)s: “%(label)s”"),
    "item.registered-unnamed": N_("Registered a %(kind)s without a name."),
    "link.added": N_("Told where a copy is:"),
    "contact.changed": N_("Changed how to be reached."),
    "consent.given": N_("Gave consent for %(recipient)s."),
    "consent.taken-back": N_("Took back consent for %(recipient)s."),
    "passphrase.replaced": N_("Got new words with the recovery code."),
    "match.found": N_("Copies of “%(label)s” were found at %(platform)s: %(count)s."),
    "share.made": N_("%(recipient)s was given the hashes of %(items)s items."),
    "share.confirmed": N_("%(recipient)s confirmed that it has the hashes."),
    "withdrawal.told": N_("%(recipient)s was told of the withdrawal."),
    "withdrawal.confirmed": N_("%(recipient)s confirmed the withdrawal."),
    "withdrawal.refused": N_("%(recipient)s cannot honour the withdrawal."),
    "request.sent": N_("Asked %(addressee)s, as %(rung)s, to act on the links."),
    "request.answered": N_("%(addressee)s, as %(rung)s, answered."),
    "request.lapsed": N_("%(addressee)s, as %(rung)s, let the time run out."),
    "request.removed": N_("%(addressee)s, as %(rung)s, acted: the copies are gone there."),
    "request.refused": N_("%(addressee)s, as %(rung)s, refused."),
    "request.passed-on": N_("%(addressee)s, as %(rung)s, pointed at somebody else."),
    "withdrawal.requested": N_("Asked to withdraw everything."),
    "withdrawal.revoked": N_("Took the withdrawal back."),
    "case.withdrawn": N_("Everything was withdrawn: nothing matches any more."),
    "case.erased": N_("Personal data were destroyed."),
    "case.state": N_("The state is now: %(state)s."),
    "evidence.captured": N_("An evidence package was made."),
}

# Told in full by what was written.
_WRITTEN = frozenset({"message.from-you", "message.from-staff"})

# Done by the system or by staff, not by the person.
_NOT_THE_PERSON = (
    "match.", "share.", "request.", "withdrawal.told", "withdrawal.confirmed", "withdrawal.refused", "case.withdrawn",
    "case.erased", "case.state", "evidence.",
)  # fmt: skip


class LineKind(StrEnum):
    """Whose line it is."""

    EVENT = "event"
    PERSON = "person"
    PERSON_WROTE = "person-wrote"
    STAFF_WROTE = "staff-wrote"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page.

    Attributes:
        at: When.
        kind: Whose.
        text: What happened, in the page's language; empty where somebody wrote.
        quote: What somebody typed: a message, a note, an address.
        who: Name of the member of staff.
    """

    at: datetime
    kind: LineKind
    text: str = field(default="", repr=False)
    quote: str = field(default="", repr=False)
    who: str = ""


def names(everybody: list[Staff]) -> dict[str, str]:
    """Return the names of staff by id."""
    return {each.id: each.name for each in everybody}


def lines(case: Case, named: Mapping[str, str], translate: Translate) -> list[Line]:
    """Return everything that happened in a case, oldest first."""
    return sorted(_lines(case, named, translate), key=attrgetter("at"))


def _lines(case: Case, named: Mapping[str, str], translate: Translate) -> Iterator[Line]:
    for entry in case.timeline:
        if entry.key not in _WRITTEN:
            yield _told(entry, translate)
    for message in case.messages:
        wrote = LineKind.PERSON_WROTE if message.author is Author.PERSON else LineKind.STAFF_WROTE
        yield Line(message.sent_at, wrote, quote=message.text, who=named.get(message.staff, ""))
    for note in case.notes:
        yield Line(note.written_at, LineKind.NOTE, quote=note.text, who=named.get(note.staff, ""))


def _told(entry: TimelineEntry, translate: Translate) -> Line:
    kind = LineKind.EVENT if entry.key.startswith(_NOT_THE_PERSON) else LineKind.PERSON
    data = {name: _named(name, str(value), translate) for name, value in entry.data.items()}
    unnamed = entry.key == "item.registered" and not data["label"]
    sentence = translate(_SENTENCES[f"{entry.key}-unnamed" if unnamed else entry.key])
    return Line(entry.at, kind, sentence % data, quote=data.get("url", ""))


def _named(name: str, value: str, translate: Translate) -> str:
    """Put the code of a state or kind into words; consents are for kinds of recipients, shares for named ones."""
    known: dict[str, type[StrEnum]] = {"state": CaseState, "kind": ItemKind, "recipient": Recipient, "rung": Rung}
    members = known.get(name, StrEnum)
    return translate(words.of(members(value))) if value in set(members) else value
