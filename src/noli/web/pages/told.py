# SPDX-License-Identifier: Apache-2.0
"""What happened, in plain words: a text for each key of a case's timeline, honest about what is not known."""

from collections.abc import Callable, Mapping

from noli.base.marking import mark
from noli.casework.model import TimelineEntry

Gettext = Callable[[str], str]

#: Texts by key of the timeline (``casework.timeline.TIMELINE_KEYS``).
WORDS: Mapping[str, str] = {
    "case.opened": mark("You opened this case."),
    "item.registered": mark("%(what)s is protected here from now on."),
    "link.added": mark("You told us a link: %(url)s"),
    "message.from-you": mark("You wrote to us."),
    "message.from-staff": mark("A caseworker wrote to you."),
    "contact.changed": mark("How to reach you was changed."),
    "consent.given": mark("You said yes to: %(recipient)s."),
    "consent.taken-back": mark("You took back your yes to: %(recipient)s."),
    "passphrase.replaced": mark("New words were made with the recovery code. If it was not you, write to us."),
    "match.found": mark("%(times)s × a copy was found on %(platform)s: %(what)s. %(verdict)s"),
    "share.made": mark("%(recipient)s got your fingerprints (%(items)s)."),
    "share.confirmed": mark("%(recipient)s confirmed that it has your fingerprints."),
    "withdrawal.told": mark("We told %(recipient)s that you took everything back. It has not confirmed yet."),
    "withdrawal.confirmed": mark("%(recipient)s confirmed that it no longer uses your fingerprints."),
    "withdrawal.refused": mark("%(recipient)s could not take your fingerprints back. We stay on it; ask us about it."),
    "request.sent": mark("We asked %(addressee)s (%(rung)s) to act on your links."),
    "request.answered": mark("%(addressee)s (%(rung)s) answered. A caseworker reads it."),
    "request.lapsed": mark("%(addressee)s (%(rung)s) did not act in time. We go on to whoever stands above."),
    "request.removed": mark("%(addressee)s (%(rung)s) acted: what we asked about is gone there."),
    "request.refused": mark("%(addressee)s (%(rung)s) refused. We go on to whoever stands above."),
    "request.passed-on": mark("%(addressee)s (%(rung)s) says that somebody else has to act. We ask them."),
    "withdrawal.requested": mark("Taking everything back was asked for. If it was not you, stop it."),
    "withdrawal.revoked": mark("The withdrawal was stopped. Everything stays protected."),
    "case.withdrawn": mark("You took everything back (%(items)s). It is no longer compared here."),
    "case.erased": mark("Your texts were erased."),
    "case.state": mark("State of the case: %(state)s."),
    "evidence.captured": mark("A file of what happened was made, for police, court or a lawyer. No picture is in it."),
}

_RECIPIENTS: Mapping[str, str] = {
    "here": mark("comparing uploads here"),
    "partners": mark("giving fingerprints to partners"),
    "helplines": mark("reading by partner helplines"),
}

_STATES: Mapping[str, str] = {
    "open": mark("open"),
    "in-progress": mark("a caseworker works on it"),
    "waiting": mark("waiting for you or for somebody else"),
    "closed": mark("closed"),
}

#: As what somebody is asked.
RUNGS: Mapping[str, str] = {
    "site": mark("the site itself"),
    "host": mark("the hosting provider"),
    "cdn": mark("the network that delivers it"),
    "registrar": mark("the registrar of its name"),
    "search": mark("a search engine"),
    "payment": mark("a payment provider"),
}

_VERDICTS: Mapping[str, str] = {
    "review": mark("It is held until a person has looked at it."),
    "block": mark("It was stopped."),
}

_KINDS: Mapping[str, str] = {"image": mark("A picture"), "video": mark("A video")}
_ERASED = mark("somebody")
_UNNAMED = mark("one of your pictures or videos")


def words(entry: TimelineEntry, gettext: Gettext) -> str:
    """Say what happened.

    Args:
        entry: A line of the timeline.
        gettext: Translates a text.
    """
    data: dict[str, object] = dict(entry.data)
    label = str(data.get("label", ""))
    data["what"] = f"“{label}”" if label else gettext(_KINDS.get(str(data.get("kind", "")), _UNNAMED))
    data["times"] = data.get("count", 1)
    if entry.key.startswith("consent."):
        data["recipient"] = gettext(_RECIPIENTS[str(data["recipient"])])
    if "rung" in data:
        data["rung"] = gettext(RUNGS[str(data["rung"])])
        data["addressee"] = data["addressee"] or gettext(_ERASED)
    if "state" in data:
        data["state"] = gettext(_STATES[str(data["state"])])
    if "verdict" in data:
        data["verdict"] = gettext(_VERDICTS[str(data["verdict"])])
    return gettext(WORDS[entry.key]) % data
