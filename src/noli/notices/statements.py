# SPDX-License-Identifier: Apache-2.0
"""Statements of reasons in the shape of the European Commission's DSA Transparency Database, without personal data.

Source: the Database's API documentation, second schema (in force from 1 July 2025),
https://transparency.dsa.ec.europa.eu/page/api-documentation. Every text is one of ours, chosen by facts; the rule that
somebody typed is the only one that is not, and a statement is held back where it may lead to a person. Nothing in here
was ever sealed.

What the Database asks and Noli does not know: the day on which content was posted (the day stands here on which the
notice came in), and whether it is a picture or a video.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from noli.notices.letters import GROUNDS
from noli.notices.model import Ground, Measure, Notice, NoticeId, Number, Opening, PartyId, Ruling
from noli.notices.records import AccountMeasure, AccountRuling, PartyRecord, PartyRole
from noli.regimes.model import Content, Duty, Law, Regime

#: A statement's fields by the Database's names; those that do not apply are missing.
Fields = Mapping[str, str | Sequence[str]]

_OTHER_TEXT = "A picture or video."

_VISIBILITY: Mapping[Measure, str] = {
    Measure.REMOVE: "DECISION_VISIBILITY_CONTENT_REMOVED",
    Measure.DISABLE: "DECISION_VISIBILITY_CONTENT_DISABLED",
    Measure.PROVISIONAL_DISABLE: "DECISION_VISIBILITY_CONTENT_DISABLED",
    Measure.GEO_RESTRICT: "DECISION_VISIBILITY_CONTENT_DISABLED",
    Measure.REFUSE_UPLOAD: "DECISION_VISIBILITY_OTHER",
}

_ACCOUNT: Mapping[AccountMeasure, tuple[str, str, str]] = {
    AccountMeasure.RESTRICT: (
        "decision_provision",
        "DECISION_PROVISION_PARTIAL_SUSPENSION",
        "end_date_service_restriction",
    ),
    AccountMeasure.SUSPEND: ("decision_account", "DECISION_ACCOUNT_SUSPENDED", "end_date_account_restriction"),
    AccountMeasure.TERMINATE: ("decision_account", "DECISION_ACCOUNT_TERMINATED", "end_date_account_restriction"),
}

_FACTS: Mapping[Opening, str] = {
    Opening.REQUEST: "Somebody notified the content; it was examined.",
    Opening.DETECTION: "The content was found by comparing hashes with content that is protected.",
    Opening.POLICY: "The content was found by the platform itself.",
}

_ACCOUNT_FACTS = "Decisions about content that the account uploaded, a warning and a hearing came before this measure."

# What may lead to a person: addresses of mail and of pages, long numbers, hashes.
_TELLING = re.compile(r"@|://|www\.|\d{7,}|[0-9a-fA-F]{32,}")

_LONGEST = {"illegal_content_legal_ground": 500, "incompatible_content_ground": 500}


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement, or why there is none.

    Attributes:
        subject: Id of the notice or record; for the platform alone, never part of the statement.
        number: Of the decision in it.
        fields: What the Database takes; empty where it is held back.
        held_back: Why.
    """

    subject: NoticeId | PartyId
    number: Number
    fields: Fields
    held_back: str = ""


def wanted_by(regimes: Iterable[Regime]) -> Regime | None:
    """Return the first of these laws that wants decisions in a public database."""
    return next((each for each in regimes if any(clock.duty is Duty.REPORT_DECISION for clock in each.clocks)), None)


def of_ruling(notice: Notice, ruling: Ruling, law: Law, *, puid: str) -> Stated | None:
    """Return the statement about a decision; None where the law wants none.

    Orders of authorities are not reported (DSA, Art. 17(5)), nor what was kept, nor what has no effect in the union.
    """
    wanted = wanted_by(law.regimes[name] for name in notice.regimes if name in law.regimes)
    if wanted is None or notice.opening is Opening.ORDER or ruling.measure not in _VISIBILITY:
        return None
    places = _places(ruling.territory, wanted)
    if not places:
        return None
    synthetic = Content.SYNTHETIC in notice.kind or Ground.SYNTHETIC in ruling.grounds
    fields: dict[str, str | Sequence[str]] = {"decision_visibility": [_VISIBILITY[ruling.measure]]}
    if ruling.measure is Measure.REFUSE_UPLOAD:
        fields["decision_visibility_other"] = "The upload was refused; the content was never visible."
    if ruling.until is not None:
        fields["end_date_visibility_restriction"] = ruling.until.date().isoformat()
    fields |= {
        "decision_facts": _FACTS[notice.opening],
        **_grounds(ruling.rule, ruling.grounds, contractual=ruling.contractual),
        **_category(ruling.grounds, synthetic=synthetic),
        "content_type": ["CONTENT_TYPE_OTHER", *(["CONTENT_TYPE_SYNTHETIC_MEDIA"] if synthetic else [])],
        "content_type_other": _OTHER_TEXT,
        "content_date": (notice.opened_at or ruling.at).date().isoformat(),
        "application_date": ruling.at.date().isoformat(),
        "territorial_scope": places,
        "source_type": _source(notice),
        "automated_detection": "Yes" if notice.opening is Opening.DETECTION else "No",
        "automated_decision": _automated(notice, ruling),
        "puid": puid,
    }
    return _checked(Stated(notice.id, ruling.number, fields))


def of_account(record: PartyRecord, ruling: AccountRuling, wanted: Regime, *, first: date, puid: str) -> Stated | None:
    """Return the statement about a measure against an account; None about who only sends notices.

    Args:
        record: Whose it is, with the conduct that is on record.
        ruling: The measure.
        wanted: The law that wants it.
        first: When the first of what it rests on was found.
        puid: The statement's own id.
    """
    if record.role is not PartyRole.UPLOADER:
        return None
    field, decision, end = _ACCOUNT[ruling.measure]
    grounds = tuple(dict.fromkeys(each.ground for each in record.conduct))
    synthetic = Ground.SYNTHETIC in grounds
    fields: dict[str, str | Sequence[str]] = {field: decision}
    if ruling.until is not None:
        fields[end] = ruling.until.date().isoformat()
    fields |= {
        "decision_facts": _ACCOUNT_FACTS,
        **_grounds(ruling.rule, grounds, contractual=ruling.contractual),
        **_category(grounds, synthetic=synthetic),
        "content_type": ["CONTENT_TYPE_OTHER"],
        "content_type_other": "An account.",
        "content_date": first.isoformat(),
        "application_date": ruling.at.date().isoformat(),
        "territorial_scope": _places("", wanted),
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
        "puid": puid,
    }
    return _checked(Stated(record.id, ruling.number, fields))


def _places(territory: str, wanted: Regime) -> list[str]:
    """Return where, under the law that wants it, a decision has effect: everywhere where it says nothing."""
    place = wanted.jurisdiction
    everywhere = place.members or {place.code}
    named = {code.strip() for code in territory.split(",") if code.strip()} or {place.code}
    return sorted(everywhere if place.code in named else everywhere & named)


def _grounds(rule: str, grounds: Iterable[Ground], *, contractual: bool) -> Fields:
    why = " ".join(GROUNDS[each]["en"] for each in grounds)
    if contractual:
        return {
            "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
            "incompatible_content_ground": rule,
            "incompatible_content_explanation": why,
        }
    return {
        "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
        "illegal_content_legal_ground": rule,
        "illegal_content_explanation": why,
    }


def _category(grounds: Iterable[Ground], *, synthetic: bool) -> Fields:
    """Choose the category: never by the gender of anybody, which nobody is asked for."""
    named = set(grounds)
    if named == {Ground.TERMS}:
        return {"category": "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"}
    keyword = "KEYWORD_NON_CONSENSUAL_IMAGE_SHARING"
    if synthetic:
        keyword = "KEYWORD_NON_CONSENSUAL_MATERIAL_DEEPFAKE"
    elif named == {Ground.THREAT}:
        keyword = "KEYWORD_CYBER_HARASSMENT"
    return {"category": "STATEMENT_CATEGORY_CYBER_VIOLENCE", "category_specification": [keyword]}


def _source(notice: Notice) -> str:
    if notice.opening is not Opening.REQUEST:
        return "SOURCE_VOLUNTARY"
    return "SOURCE_TRUSTED_FLAGGER" if notice.evidence else "SOURCE_ARTICLE_16"


def _automated(notice: Notice, ruling: Ruling) -> str:
    if ruling.automated:
        return "AUTOMATED_DECISION_FULLY"
    partly = notice.opening is Opening.DETECTION
    return "AUTOMATED_DECISION_PARTIALLY" if partly else "AUTOMATED_DECISION_NOT_AUTOMATED"


def _checked(stated: Stated) -> Stated:
    """Hold a statement back whose rule is too long, or may lead to a person."""
    for name, longest in _LONGEST.items():
        rule = str(stated.fields.get(name, ""))
        if _TELLING.search(rule):
            return Stated(stated.subject, stated.number, {}, "its rule holds an address, a number or a hash")
        if len(rule) > longest:
            return Stated(stated.subject, stated.number, {}, f"its rule has more than {longest} characters")
    return stated
