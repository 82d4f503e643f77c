# SPDX-License-Identifier: Apache-2.0
"""Checks that matched, in SQL: ``matching.ports.Checks``."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import transaction
from noli.bank.model import Action, Bank, BankId, BankPolicy, EntryId, RegionUse
from noli.base.errors import NotFound
from noli.hashing.model import Hash, Outcome
from noli.matching.model import (
    Agreement,
    Answer,
    Check,
    Closeness,
    Decision,
    Match,
    Neighbour,
    Probe,
    Segment,
    Verdict,
)


class SqlChecks:
    """Keeps checks; a bank's policy is kept as it was when it decided."""

    def __init__(self, engine: Engine) -> None:
        """Keep the engine."""
        self._engine = engine

    def add(self, checks: list[Check], probes: Sequence[Probe] = ()) -> None:
        """Keep checks, and what was told besides, all or none."""
        with transaction(self._engine, write=True) as connection:
            if probes:
                connection.execute(t.probe.insert(), [_probe_values(each) for each in probes])
            for check in checks:
                number = connection.execute(
                    t.matched_check.insert().values(_check_values(check)).returning(t.matched_check.c.number)
                ).scalar_one()
                rows = [_match_values(number, at, match) for at, match in enumerate(check.decision.matches)]
                if rows:
                    connection.execute(t.check_match.insert(), rows)

    def probes(self, *, after: int, most: int) -> tuple[int, list[Probe]]:
        """Read those after a number, in order."""
        query = t.probe.select().where(t.probe.c.number > after).order_by(t.probe.c.number.desc()).limit(most)
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()[::-1]
        return rows[-1].number if rows else after, [
            Probe(row.key, bytes(row.query), Answer(bytes(row.seen), row.distance_bits, exact=row.exact), row.at)
            for row in rows
        ]

    def get(self, id: str) -> Check:  # noqa: A002 - the port's name
        """Read one."""
        with transaction(self._engine) as connection:
            row = connection.execute(t.matched_check.select().where(t.matched_check.c.id == id, _KEPT)).one_or_none()
            if row is None:
                msg = f"There is no recorded check {id!r}; only checks that matched are recorded, and not for ever."
                raise NotFound(msg)
            return _checks(connection, [row])[0]

    def page(self, *, after: str = "", limit: int = 100, key: str | None = None) -> list[Check]:
        """List newest first."""
        kept = t.matched_check
        with transaction(self._engine) as connection:
            query = kept.select().where(_KEPT).order_by(kept.c.number.desc()).limit(limit)
            if after:
                number = connection.execute(sa.select(kept.c.number).where(kept.c.id == after)).scalar_one_or_none()
                if number is None:
                    msg = f"There is no recorded check {after!r} to go on from."
                    raise NotFound(msg)
                query = query.where(kept.c.number < number)
            if key is not None:
                query = query.where(kept.c.key == key)
            return _checks(connection, connection.execute(query).all())

    def blocking(self, *, since: datetime, least: int) -> list[EntryId]:
        """List the entries that blocked often."""
        query = (
            sa.select(t.check_match.c.entry_id)
            .select_from(_MATCHED)
            .where(*_by_hash(since))
            .group_by(t.check_match.c.entry_id)
            .having(sa.func.count() >= least)
        )
        with transaction(self._engine) as connection:
            return [EntryId(number) for number in connection.execute(query).scalars()]

    def blocked(self, entry: EntryId, *, since: datetime, limit: int) -> list[bytes]:
        """Return what an entry blocked."""
        check, match = t.matched_check.c, t.check_match.c
        query = (
            sa.select(check.hashes, match.query)
            .select_from(_MATCHED)
            .where(*_by_hash(since), match.entry_id == entry)
            .order_by(check.number.desc())
            .limit(limit)
        )
        with transaction(self._engine) as connection:
            return [_hash(*row.hashes[row.query]).value for row in connection.execute(query)]


_MATCHED = t.check_match.join(t.matched_check)

# The newest one is emptied where it was kept long enough; see ``retention.py``.
_KEPT = t.matched_check.c.verdict != ""


def _by_hash(since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Say which matches blocked by the hash of the whole since then."""
    match = t.check_match.c
    return t.matched_check.c.checked_at >= since, match.verdict == Verdict.BLOCK.value, match.agreement.is_(None)


def _checks(connection: Connection, rows: Sequence[Row[*tuple[object, ...]]]) -> list[Check]:
    match = t.check_match
    query = (
        sa.select(*match.c, t.bank.c.name.label("bank_name"), t.bank.c.created_at.label("bank_created_at"))
        .join(t.bank, t.bank.c.id == match.c.bank_id)
        .where(match.c.check_number.in_([row.number for row in rows]))
        .order_by(match.c.check_number, match.c.position)
    )
    matches: dict[int, list[Match]] = {}
    for found in connection.execute(query):
        matches.setdefault(found.check_number, []).append(_match(found))
    return [_check(row, tuple(matches.get(row.number, ()))) for row in rows]


def _check(row: Row[*tuple[object, ...]], matches: tuple[Match, ...]) -> Check:
    return Check(
        id=row.id,
        content_ref=row.content_ref,
        key=row.key,
        outcome=Outcome(row.outcome),
        decision=Decision(Verdict(row.verdict), matches, row.reason, row.capped),
        hashes=tuple(_hash(*each) for each in row.hashes),
        checked_at=row.checked_at,
    )


def _hash(value: str, quality: int | None, at_ms: int | None = None) -> Hash:
    return Hash.from_hex(value, quality=quality, signal_type="pdq" if at_ms is None else "vpdq", at_ms=at_ms)


def _match(row: Row[*tuple[object, ...]]) -> Match:
    kept = {**row.policy, "action": Action(row.policy["action"])}
    policy = BankPolicy(**{**kept, "regions": RegionUse(kept.get("regions", RegionUse.OFF))})
    bank = Bank(BankId(row.bank_id), row.bank_name, policy, row.bank_created_at)
    segment = None if row.segment is None else Segment(**row.segment)
    agreement = None if row.agreement is None else Agreement(**row.agreement)
    neighbour = Neighbour(
        bank,
        EntryId(row.entry_id),
        row.distance_bits,
        disputed=row.disputed,
        segment=segment,
        agreement=agreement,
        looked_again=row.looked_again,
    )
    return Match(neighbour, Closeness(row.closeness), Verdict(row.verdict), row.reason, row.query)


def _check_values(check: Check) -> dict[str, object]:
    return {
        "id": check.id,
        "content_ref": check.content_ref,
        "key": check.key,
        "outcome": check.outcome.value,
        "verdict": check.decision.verdict.value,
        "reason": check.decision.reason,
        "capped": check.decision.capped,
        "hashes": [
            [one.hex, one.quality] if one.at_ms is None else [one.hex, one.quality, one.at_ms] for one in check.hashes
        ],
        "checked_at": check.checked_at,
    }


def _probe_values(probe: Probe) -> dict[str, object]:
    answer = probe.answer
    return {
        "key": probe.key,
        "query": probe.query,
        "seen": answer.seen,
        "distance_bits": answer.distance_bits,
        "exact": answer.exact,
        "at": probe.at,
    }


def _match_values(number: int, position: int, match: Match) -> dict[str, object]:
    policy = match.neighbour.bank.policy
    return {
        "check_number": number,
        "position": position,
        "bank_id": match.neighbour.bank.id,
        "entry_id": match.neighbour.entry,
        "distance_bits": match.neighbour.distance_bits,
        "disputed": match.neighbour.disputed,
        "looked_again": match.neighbour.looked_again,
        "closeness": match.closeness.value,
        "verdict": match.verdict.value,
        "reason": match.reason,
        "query": match.query,
        "segment": None if match.neighbour.segment is None else asdict(match.neighbour.segment),
        "policy": {
            "action": policy.action.value,
            "threshold_bits": policy.threshold_bits,
            "negative": policy.negative,
            "enabled": policy.enabled,
            "note": policy.note,
            "video_seconds": policy.video_seconds,
            "video_share": policy.video_share,
            "regions": policy.regions.value,
        },
        "agreement": None if match.neighbour.agreement is None else asdict(match.neighbour.agreement),
    }
