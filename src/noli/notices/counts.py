# SPDX-License-Identifier: Apache-2.0
"""What a yearly report on moderation counts, from the open part of events: nothing personal can be in it.

What was erased since is counted all the same. A decision counts in the span in which it was made, a complaint and a
dispute in that in which they came in, a measure against an account in that in which it began.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from statistics import median

from noli.notices.model import Measure, Notice, Opening
from noli.notices.records import PartyRecord

#: Sections of a report, in its order.
SECTIONS = ("orders", "notices", "own initiative", "automated", "complaints", "disputes", "accounts")

_OF = {Opening.ORDER: "orders", Opening.REQUEST: "notices"}
_OWN = "own initiative"

_HOUR = timedelta(hours=1)


class Counts:
    """Adds up; give it every notice and record to which something happened since the beginning of the span."""

    def __init__(self, *, since: datetime, until: datetime) -> None:
        """Keep the span, which ``until`` is outside of."""
        self._since, self._until = since, until
        self._counted: dict[str, Counter[str]] = {section: Counter() for section in SECTIONS}
        self._times: dict[str, list[float]] = {section: [] for section in SECTIONS}

    def add_notices(self, notices: Iterable[Notice]) -> None:
        """Count notices with what was decided, contested and disputed about them."""
        for notice in notices:
            self._received(notice)
            self._decided(notice)
            for complaint in notice.complaints:
                if self._within(complaint.at):
                    self._count("complaints", "received", f"from the {complaint.side}")
                if complaint.decided_at is not None and self._within(complaint.decided_at):
                    self._count("complaints", "decided", *(["decision reversed"] if complaint.upheld else []))
                    self._times["complaints"].append((complaint.decided_at - complaint.at) / _HOUR)
            for dispute in notice.disputes:
                if self._within(dispute.at):
                    self._count("disputes", "told", f"outcome: {dispute.outcome}")

    def add_records(self, records: Iterable[PartyRecord]) -> None:
        """Count measures against accounts, by whose they are."""
        for record in records:
            for ruling in record.rulings:
                if self._within(ruling.at):
                    self._count("accounts", f"{record.role}: {ruling.measure}")

    def said(self) -> Mapping[str, Mapping[str, float]]:
        """Return the numbers by section; times are medians in hours, and missing where there was nothing."""
        made: dict[str, dict[str, float]] = {}
        for section in SECTIONS:
            made[section] = {what: self._counted[section][what] for what in sorted(self._counted[section])}
            if times := self._times[section]:
                made[section]["median hours"] = round(median(times), 2)
        return made

    def _received(self, notice: Notice) -> None:
        if notice.opened_at is None or not self._within(notice.opened_at) or notice.opening not in _OF:
            return
        section = _OF[notice.opening]
        self._count(section, "received", *(["by trusted flaggers"] if notice.evidence else []))
        if notice.order is not None:
            places = sorted({each.strip() for each in notice.order.territory.split(",")})
            self._count(section, *(f"for {each or 'everywhere'}" for each in places))

    def _decided(self, notice: Notice) -> None:
        section = _OF.get(notice.opening, _OWN)
        for first, ruling in enumerate(notice.rulings):
            if not self._within(ruling.at):
                continue
            why = "by terms" if ruling.contractual else "by law"
            self._count(section, "decided", str(ruling.measure), *([why] if ruling.measure.restricts else []))
            self._count(section, *(f"ground: {each}" for each in ruling.grounds))
            if not first and notice.opened_at is not None and ruling.measure is not Measure.REFUSE_UPLOAD:
                self._times[section].append((ruling.at - notice.opened_at) / _HOUR)
            if ruling.automated:
                self._count("automated", "decided", *(["reversed"] if ruling.reversed_at is not None else []))

    def _within(self, at: datetime) -> bool:
        return self._since <= at < self._until

    def _count(self, section: str, *what: str) -> None:
        self._counted[section].update(what)
