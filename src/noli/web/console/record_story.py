# SPDX-License-Identifier: Apache-2.0
"""A record as one list of what happened, in the words of staff."""

from collections.abc import Mapping

from noli.base.marking import N_
from noli.notices import records as r
from noli.notices.records import Event, Recorded
from noli.web.console.notice_story import StoryLine, Translate, value, who

# What happened often, and stands as a number beside the story.
_SILENT = (r.NoticeCounted,)

_SENTENCES: Mapping[type[Event], str] = {
    r.RecordOpened: N_("Seen for the first time."),
    r.FlaggerChecked: N_("The status of a trusted flagger was checked: %(authority)s, since %(since)s."),
    r.ConductNoted: N_("Found: %(ground)s."),
    r.ConductCleared: N_("What was found was reversed."),
    r.PartyWarned: N_("They were warned."),
    r.PartyHeard: N_("They answered the warning."),
    r.PartySuspended: N_("%(measure)s until %(until)s."),
    r.TerminationProposed: N_("Proposed to close the account for good."),
    r.TerminationDropped: N_("The account is not closed."),
    r.PartyTerminated: N_("The account was closed for good."),
    r.RecordTold: N_("They were written to: %(letter)s."),
    r.MeasureContested: N_("They complained."),
    r.SuspensionLifted: N_("The measure was ended."),
}


def lines(history: list[Recorded], named: Mapping[str, str], translate: Translate) -> list[StoryLine]:
    """Return what happened, oldest first."""
    return [_line(each, named, translate) for each in history if not isinstance(each.event, _SILENT)]


def _line(recorded: Recorded, named: Mapping[str, str], translate: Translate) -> StoryLine:
    event = recorded.event
    given = {name: value(getattr(event, name), named, translate) for name in event.__dataclass_fields__}
    text = translate(_sentence(event)) % given
    notice = event.notice if isinstance(event, r.ConductNoted | r.ConductCleared) else ""
    return StoryLine(
        recorded.at, _kind(event), text[:1].upper() + text[1:], who(recorded.actor, named, translate), _quote(event),
        notice,
    )  # fmt: skip


def _sentence(event: Event) -> str:
    if isinstance(event, r.ContestDecided):
        return N_("The complaint was upheld.") if event.upheld else N_("The complaint was not upheld.")
    return _SENTENCES[type(event)]


def _kind(event: Event) -> str:
    match event:
        case r.RecordTold():
            return "told"
        case r.PartySuspended() | r.PartyTerminated() | r.ContestDecided() | r.SuspensionLifted():
            return "decided"
        case r.ConductNoted():
            return "grave"
        case _:
            return "event"


def _quote(event: Event) -> str:
    match event:
        case r.RecordTold(text=text) | r.PartyHeard(text=text) | r.MeasureContested(text=text):
            return text
        case r.RecordOpened() | r.NoticeCounted() | r.ConductNoted() | r.ConductCleared():
            return ""
        case r.FlaggerChecked(source=source):
            return source
        case _:
            return event.reason
