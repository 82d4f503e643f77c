# SPDX-License-Identifier: Apache-2.0
"""What somebody is told about their account, or about the notices that they send: warnings and statements of reasons.

A statement of reasons has every part that a person needs to contest it, as that about content has (``letters.py``): the
measure and how long, the facts, that people decided, the rule, and the ways to contest. It never says who is shown, nor
who notified.
"""

from collections.abc import Mapping

from noli.notices import letters
from noli.notices.letters import Texts, text
from noli.notices.records import AccountMeasure, AccountRuling, PartyRecord, PartyRole

_MEASURES: Mapping[tuple[PartyRole, AccountMeasure], Texts] = {
    (PartyRole.UPLOADER, AccountMeasure.RESTRICT): {
        "en": "You cannot upload anything until {until}; the rest of your account works.",
        "de": "Sie können bis zum {until} nichts hochladen; im Übrigen bleibt Ihr Konto nutzbar.",
    },
    (PartyRole.UPLOADER, AccountMeasure.SUSPEND): {
        "en": "Your account is suspended until {until}.",
        "de": "Ihr Konto ist bis zum {until} gesperrt.",
    },
    (PartyRole.UPLOADER, AccountMeasure.TERMINATE): {
        "en": "Your account is closed for good.",
        "de": "Ihr Konto ist auf Dauer geschlossen.",
    },
    (PartyRole.NOTIFIER, AccountMeasure.SUSPEND): {
        "en": "We do not process your notices until {until}. A notice that you send as the person shown counts all the "
        "same.",
        "de": "Bis zum {until} bearbeiten wir Ihre Meldungen nicht. Eine Meldung, die Sie als gezeigte Person "
        "schicken, zählt trotzdem.",
    },
}

_FACTS: Mapping[PartyRole, Texts] = {
    PartyRole.UPLOADER: {
        "en": "Notices about your uploads: {notices}. In {conduct} of them a decision found this:",
        "de": "Meldungen zu Ihren Uploads: {notices}. Bei {conduct} davon hat eine Entscheidung ergeben:",
    },
    PartyRole.NOTIFIER: {
        "en": "Notices that you sent: {notices}. In {conduct} of them a decision found this:",
        "de": "Meldungen, die Sie geschickt haben: {notices}. Bei {conduct} davon hat eine Entscheidung ergeben:",
    },
}

_WARNINGS: Mapping[PartyRole, Texts] = {
    PartyRole.UPLOADER: {
        "en": "If this goes on, we can restrict your account, suspend it, or close it.",
        "de": "Wenn das so weitergeht, können wir Ihr Konto einschränken, sperren oder schließen.",
    },
    PartyRole.NOTIFIER: {
        "en": "If this goes on, we can stop processing your notices for a while.",
        "de": "Wenn das so weitergeht, können wir Ihre Meldungen eine Zeit lang nicht bearbeiten.",
    },
}

_RESTORED: Mapping[PartyRole, Texts] = {
    PartyRole.UPLOADER: {
        "en": "The measure against your account was taken back; you can use it again.",
        "de": "Die Maßnahme gegen Ihr Konto wurde aufgehoben; Sie können es wieder nutzen.",
    },
    PartyRole.NOTIFIER: {
        "en": "We process your notices again.",
        "de": "Wir bearbeiten Ihre Meldungen wieder.",
    },
}

_ANSWER: Texts = {
    "en": "Please tell us within {days} days what you have to say about it; we take it into account.",
    "de": "Bitte sagen Sie uns innerhalb von {days} Tagen, was Sie dazu zu sagen haben; wir berücksichtigen es.",
}

_WARNED: Texts = {
    "en": "We warned you before, and you could answer. No automated means took part in this decision.",
    "de": "Wir hatten Sie zuvor gewarnt, und Sie konnten antworten. Automatisierte Mittel waren an der Entscheidung "
    "nicht beteiligt.",
}


def warning(record: PartyRecord, rule: str, language: str, *, days: int) -> str:
    """Warn: what was found, what can follow, and how long they have to answer."""
    asked = text(_ANSWER, language).format(days=days)
    return "\n\n".join((_facts(record, language), f"{text(_WARNINGS[record.role], language)} {rule}", asked))


def statement(record: PartyRecord, ruling: AccountRuling, language: str) -> str:
    """Write the statement of reasons for a measure, given the record before it."""
    until = "" if ruling.until is None else letters.day(ruling.until, language)
    measure = text(_MEASURES[record.role, ruling.measure], language).format(until=until)
    rule = letters.rule_of(ruling.rule, language, contractual=ruling.contractual)
    redress = letters.redress(language, bodies=True)
    return "\n\n".join((measure, _facts(record, language), f"{text(_WARNED, language)} {rule}", redress))


def restored(role: PartyRole, language: str) -> str:
    """Say that a measure was taken back."""
    return text(_RESTORED[role], language)


def _facts(record: PartyRecord, language: str) -> str:
    found = dict.fromkeys(each.ground for each in record.conduct)
    conduct = len({each.notice for each in record.conduct})
    said = text(_FACTS[record.role], language).format(notices=max(record.notices, conduct), conduct=conduct)
    return " ".join((said, *(text(letters.GROUNDS[each], language) for each in found)))
