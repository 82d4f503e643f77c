# SPDX-License-Identifier: Apache-2.0
"""Lets cases and notices that came in before there was a search be found by links, references and numbers, too: once.

Links are sealed, so no migration can do it: each file is opened, and leaves what it would leave today. How far this has
come is kept, and once everything has been gone through there is nothing more to do.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from noli.adapters.sql import cases, finding, notices
from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import transaction
from noli.adapters.sql.streams import Feed
from noli.base.secrecy import Keyring
from noli.casework.events import CODEC as CASES
from noli.casework.events import LinkAdded
from noli.casework.model import CaseId
from noli.jobs.model import Task
from noli.moderation.model import FoundKind
from noli.notices.events import CODEC as NOTICES
from noli.notices.events import NoticeReceived
from noli.notices.model import NoticeId

# Events looked at in one transaction, which keeps writers out, and transactions of one run.
_EVENTS, _PORTIONS = 200, 50

# Stands for having gone through everything; what comes later leaves its own terms.
_ALL = 1 << 62

_History = Callable[[Connection, Keyring, str], Iterable[Any]]
_Kind = tuple[FoundKind, str, sa.Table, str, _History, Callable[[Any], tuple[str, ...]]]

# Of each kind: how far it has come stands under a name, which is new when there is more to be found by.
_KINDS: tuple[_Kind, ...] = (
    (
        FoundKind.CASE,
        "found-by-case",
        t.case_event,
        CASES.names[LinkAdded],
        lambda connection, keyring, id_: cases.SqlCaseTransaction(connection, keyring).history(CaseId(id_)),
        cases.terms,
    ),
    (
        FoundKind.NOTICE,
        "found-by-notice-and-number",
        t.notice_event,
        NOTICES.names[NoticeReceived],
        lambda connection, keyring, id_: notices.SqlNoticeTransaction(connection, keyring).history(NoticeId(id_)),
        notices.terms,
    ),
)


class Refinding:
    """Goes through what there was before."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        """Keep the collaborators."""
        self._engine, self._keyring = engine, keyring

    @property
    def task(self) -> Task:
        """A part a minute, until all is done; nothing after that."""
        return Task(kind="found-by", run=lambda _: self.run(), every=timedelta(minutes=1))

    def run(self) -> None:
        """Go through some."""
        for kind in _KINDS:
            for _ in range(_PORTIONS):
                if not self._portion(*kind):
                    break

    def _portion(
        self,
        kind: FoundKind,
        feed: str,
        events: sa.Table,
        name: str,
        history: _History,
        terms: Callable[[Any], tuple[str, ...]],
    ) -> bool:
        """Go through a few events; returns whether there may be more."""
        owner, place = events.primary_key.columns.values()[0], events.c.ledger_sequence
        with transaction(self._engine) as connection:
            if Feed(connection).position(feed) == _ALL:
                return False
        with transaction(self._engine, write=True) as connection:
            reader = Feed(connection)
            wanted = events.c.kind == name, place > reader.position(feed)
            rows = connection.execute(sa.select(owner, place).where(*wanted).order_by(place).limit(_EVENTS)).all()
            for id_ in dict.fromkeys(row[0] for row in rows):
                for recorded in history(connection, self._keyring, id_):
                    finding.leave(connection, self._keyring, kind, id_, terms(recorded.event), at=recorded.at)
            reader.advance(feed, rows[-1].ledger_sequence if rows else _ALL)
            return bool(rows)
