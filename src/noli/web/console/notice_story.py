# SPDX-License-Identifier: Apache-2.0
"""A notice as one list of what happened, in the words of staff."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from noli.base.marking import N_
from noli.notices import events as e
from noli.notices.events import Event, Recorded
from noli.web.console import words

Translate = Callable[[str], str]

# What happened often and says nothing to who reads the story.
_SILENT = (e.Examined, e.CopiesSought)

_SENTENCES: Mapping[type[Event], str] = {
    e.NoticeReceived: N_("It came in: %(opening)s."),
    e.ContentAdded: N_("Content: %(via)s."),
    e.FieldsGiven: N_("What was missing was given."),
    e.SidesTold: N_("Told %(to)s."),
    e.Ruled: N_("%(measure)s: %(grounds)s."),
    e.RulingPlanned: N_("Decided: %(measure)s, %(grounds)s."),
    e.PlanDropped: N_("The decision was taken back before it took effect."),
    e.NoteWritten: N_("Note"),
    e.KeptDown: N_("Its hashes went into the bank %(bank)s, so that it stays down."),
    e.LetUp: N_("Its hashes were withdrawn."),
    e.CopiesFound: N_("The search for copies ended: %(copies)s found."),
    e.Reinstated: N_("The content was restored."),
    e.RulingEnded: N_("The time of the restriction is over."),
    e.Complained: N_("%(side)s complained (%(plea)s)."),
    e.ComplaintDecided: N_("The complaint was decided."),
    e.DisputeTold: N_("A body outside: %(body)s, %(outcome)s."),
    e.OrderRevoked: N_("The order was revoked."),
    e.NoticeWithdrawn: N_("It was taken back by %(side)s."),
    e.Held: N_("Must be preserved (%(rule)s)."),
    e.HoldLifted: N_("Need no longer be preserved."),
    e.DecisionReported: N_("The decision was reported to the public database."),
    e.Taken: N_("It went to %(by)s."),
    e.UploadSeen: N_("Seen again, times: %(count)s."),
    e.Warned: N_("%(left)s hours left: %(duty)s."),
    e.Escalated: N_("Passed on to: %(role)s."),
    e.Breached: N_("Missed: %(duty)s."),
    e.MinorSuspected: N_("May show somebody under 18: out of sight, and nobody looks again."),
    e.MinorReported: N_("Reported as a possible minor."),
    e.ErasureProposed: N_("Proposed to destroy personal data."),
    e.ErasureDropped: N_("Personal data are not destroyed."),
    e.HoldEnded: N_("The time of a hold is over."),
    e.NoticeErased: N_("Personal data were destroyed."),
}


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One line: what happened, who did it, what was written, and a notice elsewhere that it is about."""

    at: datetime
    kind: str
    text: str = field(repr=False)
    who: str = ""
    quote: str = field(default="", repr=False)
    notice: str = ""


def lines(history: list[Recorded], named: Mapping[str, str], translate: Translate) -> list[StoryLine]:
    """Return what happened, oldest first."""
    return [_line(each, named, translate) for each in history if not isinstance(each.event, _SILENT)]


def who(actor: str, named: Mapping[str, str], translate: Translate) -> str:
    """Return a name for who did something."""
    kind, _, rest = actor.partition(":")
    if kind == "staff":
        return named.get(rest, rest)
    if kind == "key":
        return rest
    return translate(N_("who notified")) if actor == "person" else ""


def _line(recorded: Recorded, named: Mapping[str, str], translate: Translate) -> StoryLine:
    event = recorded.event
    sentence = translate(_sentence(event))
    given = {name: value(getattr(event, name), named, translate) for name in event.__dataclass_fields__}
    if isinstance(event, e.Ruled | e.RulingPlanned):
        given["grounds"] = ", ".join(translate(words.of(each)) for each in event.grounds)
    if isinstance(event, e.Warned):
        hours, minutes = divmod((event.due_at - recorded.at) // timedelta(minutes=1), 60)
        given["left"] = f"{hours}:{minutes:02}"
    text = sentence % given
    return StoryLine(
        recorded.at, _kind(event), text[:1].upper() + text[1:], who(recorded.actor, named, translate), _quote(event)
    )


def _sentence(event: Event) -> str:
    if isinstance(event, e.ComplaintDecided):
        return N_("The complaint was upheld.") if event.upheld else N_("The complaint was not upheld.")
    if isinstance(event, e.Taken) and not event.by:
        return N_("It was put back.")
    return _SENTENCES[type(event)]


def value(given: object, named: Mapping[str, str], translate: Translate) -> str:
    """Put a value of an event into words: a name, a day, or whatever there is a word for."""
    if isinstance(given, datetime):
        return given.date().isoformat()
    try:
        return translate(words.of(given))  # type: ignore[arg-type] # whatever has no word is written as it is
    except KeyError:
        return named.get(str(given), str(given))


def _kind(event: Event) -> str:
    if isinstance(event, e.NoteWritten):
        return "note"
    if isinstance(event, e.SidesTold):
        return "told"
    if isinstance(event, e.Ruled | e.Reinstated | e.ComplaintDecided):
        return "decided"
    if isinstance(event, e.Breached | e.MinorSuspected):
        return "grave"
    return "event"


def _quote(event: Event) -> str:
    match event:
        case e.SidesTold(text=text) | e.NoteWritten(text=text) | e.Complained(text=text):
            return text
        case e.ErasureProposed(reason=text) | e.ErasureDropped(reason=text):
            return text
        case e.Ruled(reason=text) | e.Reinstated(reason=text) | e.ComplaintDecided(reason=text):
            return text
        case e.ContentAdded(url=url, ref=ref):
            return url or ref
        case _:
            return ""
