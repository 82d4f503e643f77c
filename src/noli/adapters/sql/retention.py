# SPDX-License-Identifier: Apache-2.0
"""What was kept long enough, in SQL: ``retention.ports.Shelves``. Each clock has an index, which the sweep reads."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import exclusive, transaction
from noli.adapters.sql.finding import digest
from noli.base import retention
from noli.base.retention import Kind
from noli.base.secrecy import Keyring
from noli.casework.upkeep import MATCHES
from noli.moderation.finding import reference_terms
from noli.notices.upkeep import UPLOADS
from noli.retention.model import Due
from noli.retention.ports import COUNTED

_notice, _record = t.notice_file.c, t.record_file.c
_check, _delivery, _message = t.matched_check.c, t.outbox_delivery.c, t.outbox_message.c

_Where = sa.ColumnElement[bool] | sa.TextClause

# The clock of each kind, and what else must be true.
_CLOCKS: dict[str, tuple[sa.Column[datetime], tuple[_Where, ...]]] = {
    retention.SESSIONS.name: (t.session.c.opened_at, ()),
    retention.CHALLENGES.name: (t.spent_challenge.c.expires_at, ()),
    retention.PROBES.name: (t.probe.c.at, ()),
    retention.ANSWERS.name: (t.idempotency.c.created_at, ()),
    retention.DELIVERIES.name: (_delivery.settled_at, ()),
    retention.UNUSABLE.name: (t.quarantined.c.at, ()),
    retention.LOOKS.name: (t.look.c.at, ()),
    retention.NOTICES.name: (_notice.idle_at, (~_notice.held, _notice.erased_at.is_(None))),
    retention.RECORDS.name: (_record.updated_at, (_record.key_id.is_not(None),)),
    retention.CASES.name: (t.case_file.c.updated_at, (t.ENDED,)),
}

# Checks that are looked at together.
_CHECKS = 500


class SqlShelves:
    """Counts and deletes; without a keyring no notice can say that it needs a check, for there is none."""

    def __init__(self, engine: Engine, keyring: Keyring | None) -> None:
        """Keep the collaborators."""
        self._engine, self._keyring = engine, keyring

    def due(self, kind: Kind, *, before: datetime) -> Due:
        """Count what is due."""
        with transaction(self._engine) as connection:
            if kind is retention.CHECKS:
                return self._checks_due(connection, before)
            clock, more = _CLOCKS[kind.name]
            found = sa.select(clock).where(clock <= before, *more)
            some = found.limit(COUNTED).subquery()
            count = connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
            # By its row and not by min(): the type of a time is lost in a function.
            oldest = connection.execute(found.order_by(clock).limit(1)).scalar_one_or_none()
        return Due(count, oldest)

    def forget(self, kind: Kind, *, before: datetime, limit: int) -> int:
        """Delete what is due."""
        if kind is retention.CHECKS:
            return self._forget_checks(before, limit)
        with exclusive(self._engine) as connection:
            clock, more = _CLOCKS[kind.name]
            gone = _delete(connection, clock, clock <= before, *more, limit=limit)
            if kind is retention.DELIVERIES:
                needed = sa.exists().where(_delivery.message_number == _message.number)
                gone += _delete(connection, _message.at, _message.at <= before, ~needed, limit=limit)
            return gone

    def _checks_due(self, connection: Connection, before: datetime) -> Due:
        count, oldest = 0, None
        for numbers, first in self._old_checks(connection, before):
            count += len(numbers)
            oldest = oldest or first
            if count >= COUNTED:
                break
        return Due(min(count, COUNTED), oldest)

    def _forget_checks(self, before: datetime, limit: int) -> int:
        # Those that notices need may be many and are read past each time: nobody who writes waits for that.
        old: list[int] = []
        with transaction(self._engine) as connection:
            for numbers, _ in self._old_checks(connection, before):
                old += numbers
                if len(old) >= limit:
                    break
        if not old:
            return 0
        with exclusive(self._engine) as connection:
            rows = connection.execute(
                sa.select(_check.number, _check.content_ref).where(_check.number.in_(old[:limit]))
            ).all()
            needed = self._needed(connection, {row.content_ref for row in rows})
            some = [row.number for row in rows if row.content_ref not in needed]
            newest = connection.execute(sa.select(sa.func.max(_check.number))).scalar_one()
            connection.execute(t.check_match.delete().where(t.check_match.c.check_number.in_(some)))
            doomed = _check.number.in_(some)
            # SQLite gives the number of the last row anew once that is gone, and whoever reads on would pass it over.
            empty = {"content_ref": "", "hashes": [], "key": "", "reason": "", "verdict": ""}
            connection.execute(t.matched_check.update().where(doomed, _check.number == newest).values(empty))
            connection.execute(t.matched_check.delete().where(doomed, _check.number != newest))
        return len(some)

    def _old_checks(self, connection: Connection, before: datetime) -> Iterator[tuple[list[int], datetime | None]]:
        """Go through checks that are due, oldest first: their numbers, and when the first of them was made."""
        read = self._read_by_all(connection)
        after: tuple[datetime, int] | None = None
        while True:
            query = sa.select(_check.number, _check.checked_at, _check.content_ref).where(
                _check.checked_at <= before, _check.number <= read, _check.verdict != ""
            )
            if after is not None:
                query = query.where(sa.tuple_(_check.checked_at, _check.number) > sa.tuple_(*after))
            rows = connection.execute(query.order_by(_check.checked_at, _check.number).limit(_CHECKS)).all()
            needed = self._needed(connection, {row.content_ref for row in rows})
            free = [row for row in rows if row.content_ref not in needed]
            if free:
                yield [row.number for row in free], free[0].checked_at
            if len(rows) < _CHECKS:
                return
            after = rows[-1].checked_at, rows[-1].number

    def _read_by_all(self, connection: Connection) -> int:
        """Say up to which check cases and notices have been told; what they have not read yet stays."""
        kept = t.feed_position.c
        query = sa.select(kept.name, kept.position).where(kept.name.in_([MATCHES, UPLOADS]))
        positions = {row.name: row.position for row in connection.execute(query)}
        return min(int(positions.get(name, 0)) for name in (MATCHES, UPLOADS))

    def _needed(self, connection: Connection, references: set[str]) -> set[str]:
        """Say which references stand in a notice that has something to do, or is held."""
        if self._keyring is None:
            return set()
        by_digest = {digest(self._keyring, term): each for each in references for term in reference_terms(each)}
        kept = t.found_by.c
        at_work = (
            sa.select(kept.digest)
            .join_from(t.found_by, t.notice_file, kept.subject == _notice.id)
            .where(kept.digest.in_(list(by_digest)), sa.or_(_notice.idle_at.is_(None), _notice.held))
        )
        return {by_digest[bytes(each)] for each in connection.execute(at_work).scalars()}


def _delete(connection: Connection, clock: sa.Column[datetime], *where: _Where, limit: int) -> int:
    table = clock.table
    assert isinstance(table, sa.Table)  # noqa: S101 - a column of a table's
    keys = list(table.primary_key.columns)
    which = sa.select(*keys).where(*where).order_by(clock).limit(limit)
    return connection.execute(table.delete().where(sa.tuple_(*keys).in_(which))).rowcount
