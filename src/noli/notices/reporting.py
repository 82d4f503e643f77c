# SPDX-License-Identifier: Apache-2.0
"""What is reported about decisions: read from events without unsealing any, so that nothing personal can be in it."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime

from noli.base.secrecy import Keyring, Purpose
from noli.notices import record_rules, rules, statements
from noli.notices.counts import Counts
from noli.notices.service import NoticeService
from noli.notices.statements import Stated
from noli.regimes.rules import applicable

# Notices or records that one transaction reads.
_AT_ONCE = 500


class Reports:
    """The use cases of reporting; safe to call from many threads."""

    def __init__(self, notices: NoticeService, keyring: Keyring) -> None:
        """Keep the collaborators."""
        self._notices, self._keyring = notices, keyring

    def statements(self, *, since: datetime, until: datetime) -> Iterator[Stated]:
        """Return the statements about what was decided from one time until another, and what is held back.

        The same decision has the same id (``puid``) each time, which tells nobody which notice it was.
        """
        yield from self._of_notices(since, until)
        yield from self._of_accounts(since, until)

    def counts(self, *, since: datetime, until: datetime) -> Mapping[str, Mapping[str, float]]:
        """Return what a yearly report counts, by section; see ``counts``."""
        counted = Counts(since=since, until=until)
        after = None
        while True:
            with self._notices.store.transaction() as transaction:
                some = transaction.portion(after=after, changed_since=since, limit=_AT_ONCE)
                outlines = transaction.outlines([each.id for each in some])
            counted.add_notices(rules.fold(id_, history) for id_, history in outlines.items())
            if len(some) < _AT_ONCE:
                break
            after = some[-1].id
        last = None
        while True:
            with self._notices.store.transaction() as transaction:
                ids = transaction.changed_records(since=since, after=last, limit=_AT_ONCE)
                records = transaction.record_outlines(ids)
            counted.add_records(record_rules.fold(id_, history) for id_, history in records.items())
            if len(ids) < _AT_ONCE:
                return counted.said()
            last = ids[-1]

    def _of_notices(self, since: datetime, until: datetime) -> Iterator[Stated]:
        after = None
        while True:
            with self._notices.store.transaction() as transaction:
                some = transaction.portion(after=after, changed_since=since, limit=_AT_ONCE)
                outlines = transaction.outlines([each.id for each in some])
            for id_, history in outlines.items():
                notice = rules.fold(id_, history)
                for ruling in notice.rulings:
                    if since <= ruling.at < until:
                        puid = self._puid(f"{id_}|{ruling.number}")
                        stated = statements.of_ruling(notice, ruling, self._notices.law, puid=puid)
                        yield from () if stated is None else (stated,)
            if len(some) < _AT_ONCE:
                return
            after = some[-1].id

    def _of_accounts(self, since: datetime, until: datetime) -> Iterator[Stated]:
        laws = applicable(self._notices.law.regimes.values(), self._notices.facts, until.date())
        wanted, after = statements.wanted_by(laws), None
        while wanted is not None:
            with self._notices.store.transaction() as transaction:
                ids = transaction.changed_records(since=since, after=after, limit=_AT_ONCE)
                outlines = transaction.record_outlines(ids)
            for id_, history in outlines.items():
                for at, recorded in enumerate(history, 1):
                    if since <= recorded.at < until:
                        record = record_rules.fold(id_, history[:at])
                        made = [each for each in record.rulings if each.number == recorded.sequence]
                        first = min((each.at for each in record.conduct), default=recorded.at).date()
                        for ruling in made:
                            puid = self._puid(f"{id_}|{ruling.number}")
                            stated = statements.of_account(record, ruling, wanted, first=first, puid=puid)
                            yield from () if stated is None else (stated,)
            if len(ids) < _AT_ONCE:
                return
            after = ids[-1]

    def _puid(self, decision: str) -> str:
        return str(uuid.UUID(bytes=self._keyring.digest(Purpose.STATEMENT, decision.encode())[:16], version=4))
