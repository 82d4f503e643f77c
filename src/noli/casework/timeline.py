# SPDX-License-Identifier: Apache-2.0
"""What a person is told of each event: a key and data, which pages put into words of their language.

Deliberately silent about what is staff's own (notes, who has the case) and about whether an item was held.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import assert_never

from noli.casework import events as e
from noli.casework.events import Event
from noli.casework.model import Author, Case, TimelineEntry

#: Keys of timeline entries, each with what its ``data`` holds.
TIMELINE_KEYS: Mapping[str, tuple[str, ...]] = {
    "case.opened": (),
    "item.registered": ("label", "kind"),
    "link.added": ("url",),
    "message.from-you": (),
    "message.from-staff": (),
    "contact.changed": (),
    "consent.given": ("recipient",),
    "consent.taken-back": ("recipient",),
    "passphrase.replaced": (),
    "match.found": ("item", "label", "platform", "verdict", "count"),
    "share.made": ("recipient", "items"),
    "share.confirmed": ("recipient",),
    "withdrawal.told": ("recipient",),
    "withdrawal.confirmed": ("recipient",),
    "withdrawal.refused": ("recipient", "reason"),
    "request.sent": ("addressee", "rung", "due_at", "by_law"),
    "request.answered": ("addressee", "rung"),
    "request.lapsed": ("addressee", "rung"),
    "request.removed": ("addressee", "rung"),
    "request.refused": ("addressee", "rung"),
    "request.passed-on": ("addressee", "rung"),
    "withdrawal.requested": ("due_at", "erase"),
    "withdrawal.revoked": (),
    "case.withdrawn": ("items",),
    "case.erased": (),
    "case.state": ("state",),
    "evidence.captured": (),
}

#: Verdicts that tell of a copy that was stopped; a bank that only logs stops nothing.
STOPPED = frozenset({"review", "block"})


def told(case: Case, event: Event, at: datetime) -> tuple[TimelineEntry, ...]:
    """Return the timeline with what the person is told of an event; matches of one day are one line."""
    entry = _line(case, event, at)
    if entry is None:
        return case.timeline
    for number, before in enumerate(case.timeline):
        if entry.key == before.key == "match.found" and _same_day(entry, before):
            count = int(entry.data["count"]) + int(before.data["count"])
            merged = TimelineEntry(entry.key, at, {**entry.data, "count": count})
            return (*case.timeline[:number], *case.timeline[number + 1 :], merged)
    return (*case.timeline, entry)


def _same_day(one: TimelineEntry, other: TimelineEntry) -> bool:
    same = all(one.data[name] == other.data[name] for name in ("item", "platform", "verdict"))
    return same and one.at.astimezone(UTC).date() == other.at.astimezone(UTC).date()


def _line(case: Case, event: Event, at: datetime) -> TimelineEntry | None:  # noqa: C901, PLR0911, PLR0912 - one arm an event
    match event:
        case (
            e.CaseOpened()
            | e.PassphraseReplaced()
            | e.ContactChanged()
            | e.WithdrawalRevoked()
            | e.CaseErased()
            | e.EvidenceCaptured()
        ):
            return TimelineEntry(e.NAMES[type(event)], at)
        case e.ItemAdded(label=label, kind=kind):
            return TimelineEntry("item.registered", at, {"label": label, "kind": kind.value})
        case e.LinkAdded(url=url):
            return TimelineEntry("link.added", at, {"url": url})
        case e.MessageSent(author=author):
            return TimelineEntry("message.from-you" if author is Author.PERSON else "message.from-staff", at)
        case e.ConsentChanged(recipient=recipient, given=given):
            return TimelineEntry(f"consent.{'given' if given else 'taken-back'}", at, {"recipient": recipient.value})
        case e.MatchesFound():
            return _match_line(case, event, at)
        case e.SharedWith(recipient=name, items=items):
            return TimelineEntry("share.made", at, {"recipient": name, "items": items})
        case (
            e.ShareConfirmed(recipient=name) | e.WithdrawalTold(recipient=name) | e.WithdrawalConfirmed(recipient=name)
        ):
            return TimelineEntry(e.NAMES[type(event)], at, {"recipient": name})
        case e.WithdrawalRefused(recipient=name, reason=reason):
            return TimelineEntry("withdrawal.refused", at, {"recipient": name, "reason": reason})
        case e.RequestStepped(step="sent", rung=rung, addressee=name, due_at=due, by_law=by_law):
            until = "" if due is None else due.isoformat()
            data: dict[str, str | int] = {"addressee": name, "rung": rung, "due_at": until, "by_law": int(by_law)}
            return TimelineEntry("request.sent", at, data)
        case e.RequestStepped(step=step, rung=rung, addressee=name):
            return TimelineEntry(f"request.{step}", at, {"addressee": name, "rung": rung})
        case e.WithdrawalRequested(due_at=due_at, erase=erase):
            return TimelineEntry("withdrawal.requested", at, {"due_at": due_at.isoformat(), "erase": int(erase)})
        case e.Withdrawn(items=items):
            return TimelineEntry("case.withdrawn", at, {"items": items})
        case e.StateChanged(state=state):
            return TimelineEntry("case.state", at, {"state": state.value})
        case e.ItemReleased() | e.CaseAssigned() | e.NoteAdded():
            return None
        case _:
            assert_never(event)


def _match_line(case: Case, event: e.MatchesFound, at: datetime) -> TimelineEntry | None:
    if event.verdict not in STOPPED:
        return None
    label = next((item.label for item in case.items if item.id == event.item), "")
    data = {"item": event.item, "label": label, "platform": event.platform, "verdict": event.verdict}
    return TimelineEntry("match.found", at, {**data, "count": event.count})
