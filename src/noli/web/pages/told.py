# SPDX-License-Identifier: Apache-2.0
"""What happened, in plain words: a text for each key of a case's timeline, honest about what is not known."""

from collections.abc import Callable, Mapping

from noli.base.marking import N_
from noli.casework.model import TimelineEntry

Gettext = Callable[[str], str]

#: Texts by key of the timeline (``casework.timeline.TIMELINE_KEYS``).
WORDS: Mapping[str, str] = {
    "case.opened": N_("You opened this case."),
    "item.registered": N_("%(what)s is protected here from now on."),
    "link.added": N_("You told us a link: %(url)s"),
    "message.from-you": N_("You wrote to us."),
    "message.from-staff": N_("A caseworker wrote to you."),
    "contact.changed": N_("How to reach you was changed."),
    "consent.given": N_("You said yes to: %(recipient)s."),
    "consent.taken-back": N_("You took back your yes to: %(recipient)s."),
    "passphrase.replaced": N_("New words were made with the recovery code. If it was not you, write to us."),
    "match.found": N_("%(times)s × a copy was found on %(platform)s: %(what)s. %(verdict)s"),
    "share.made": N_("%(recipient)s got your fingerprints (%(items)s)."),
    "share.confirmed": N_("%(recipient)s confirmed that it has your fingerprints."),
    "withdrawal.told": N_("We told %(recipient)s that you took everything back. It has not confirmed yet."),
    "withdrawal.confirmed": N_("%(recipient)s confirmed that it no longer uses your fingerprints."),
    "withdrawal.refused": N_("%(recipient)s could not take your fingerprints back. We stay on it; ask us about it."),
    "request.sent": N_("We asked %(addressee)s (%(rung)s) to act on your links."),
    "request.answered": N_("%(addressee)s (%(rung)s) answered. A caseworker reads it."),
    "request.lapsed": N_("%(addressee)s (%(rung)s) did not act in time. We go on to whoever stands above."),
    "request.removed": N_("%(addressee)s (%(rung)s) acted: what we asked about is gone there."),
    "request.refused": N_("%(addressee)s (%(rung)s) refused. We go on to whoever stands above."),
    "request.passed-on": N_("%(addressee)s (%(rung)s) says that somebody else has to act. We ask them."),
    "withdrawal.requested": N_("Taking everything back was asked for. If it was not you, stop it."),
    "withdrawal.revoked": N_("The withdrawal was stopped. Everything stays protected."),
    "case.withdrawn": N_("You took everything back (%(items)s). It is no longer compared here."),
    "case.erased": N_("Your texts were erased."),
    "case.state": N_("State of the case: %(state)s."),
    "evidence.captured": N_("A file of what happened was made, for police, court or a lawyer. No picture is in it."),
}

_RECIPIENTS: Mapping[str, str] = {
    "here": N_("comparing uploads here"),
    "partners": N_("giving fingerprints to partners"),
    "helplines": N_("reading by partner helplines"),
}

_STATES: Mapping[str, str] = {
    "open": N_("open"),
    "in-progress": N_("a caseworker works on it"),
    "waiting": N_("waiting for you or for somebody else"),
    "closed": N_("closed"),
}

#: As what somebody is asked.
RUNGS: Mapping[str, str] = {
    "site": N_("the site itself"),
    "host": N_("the hosting provider"),
    "cdn": N_("the network that delivers it"),
    "registrar": N_("the registrar of its name"),
    "search": N_("a search engine"),
    "payment": N_("a payment provider"),
}

_VERDICTS: Mapping[str, str] = {
    "review": N_("It is held until a person has looked at it."),
    "block": N_("It was stopped."),
}

_KINDS: Mapping[str, str] = {"image": N_("A picture"), "video": N_("A video")}
_ERASED = N_("somebody")
_UNNAMED = N_("one of your pictures or videos")


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
