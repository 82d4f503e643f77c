# SPDX-License-Identifier: Apache-2.0
"""What the events of all files say of the ledger: read beside it, so that a change of either shows."""

import heapq
import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from noli.adapters.sql import raw
from noli.adapters.sql import tables as t
from noli.adapters.sql.sealed import event_commitment, event_place, key_place
from noli.base.errors import IntegrityError
from noli.base.secrecy import Keyring, WrappedKey
from noli.casework.events import CODEC as CASES
from noli.evidence.events import Written
from noli.evidence.model import Fact, Reference
from noli.notices.events import CODEC as NOTICES
from noli.notices.records import CODEC as RECORDS
from noli.pursuit.events import CODEC as PURSUITS

#: Kinds of facts that are events of files.
KINDS = frozenset({*CASES.names.values(), *NOTICES.names.values(), *RECORDS.names.values(), *PURSUITS.names.values()})

# Files with their events.
_STREAMS = (
    (t.case_file, t.case_event),
    (t.notice_file, t.notice_event),
    (t.record_file, t.record_event),
    (t.pursuit_file, t.pursuit_event),
)

# Rows fetched at a time.
_ROWS = 5000

# Data keys of files of one kind that are kept unwrapped meanwhile.
_KEYS = 100_000


def references(connection: Connection, keyring: Keyring | None) -> Iterator[Reference]:
    """Stream what events say of ledger entries, in the order of these.

    Args:
        connection: An open transaction.
        keyring: Opens what is sealed; without it commitments are not made.
    """
    streams = (_Events(connection, keyring, file, events) for file, events in _STREAMS)
    return heapq.merge(*(each.read() for each in streams), key=lambda said: said.sequence)


class _Events:
    """The events of one kind of file."""

    def __init__(self, connection: Connection, keyring: Keyring | None, file: sa.Table, events: sa.Table) -> None:
        self._connection, self._keyring, self._file, self._events = connection, keyring, file, events
        self._keys: dict[str, bytes | None] = {}

    def read(self) -> Iterator[Reference]:
        event, file = self._events.c, self._file.c
        owner = self._events.primary_key.columns.values()[0]
        as_they_are = (event.kind, event.actor, event.at, event.content)
        query = (
            sa.select(
                owner.label("owner"),
                event.sequence,
                event.ledger_sequence,
                file.key_id,
                file.wrapped_key,
                event.private,
                *(raw.as_bytes(self._connection, column) for column in as_they_are),
            )
            .join(self._file, file.id == owner)
            .order_by(event.ledger_sequence)
        )
        for row in self._connection.execution_options(yield_per=_ROWS).execute(query):
            key = self._key(row)
            details = b"" if key is None else self._commitment(key, row)
            fact = Fact(raw.text(row.kind), row.owner, raw.text(row.actor), details)
            yield Reference(raw.number(row.ledger_sequence), raw.time(row.at), fact, checkable=key is not None)

    def _key(self, row: Row[*tuple[Any, ...]]) -> bytes | None:
        """Return the data key of a file: None where it was destroyed or cannot be had, empty where it was changed."""
        if self._keyring is None or row.key_id is None:
            return None
        if row.owner not in self._keys:
            if len(self._keys) >= _KEYS:
                self._keys.clear()
            self._keys[row.owner] = self._unwrapped(row, self._keyring)
        return self._keys[row.owner]

    def _unwrapped(self, row: Row[*tuple[Any, ...]], keyring: Keyring) -> bytes:
        try:
            wrapped = WrappedKey(row.key_id, raw.blob(row.wrapped_key))
            return keyring.unwrap(wrapped, place=key_place(self._file, row.owner))
        except IntegrityError:
            # No commitment made with it will fit, and that is what has to be said.
            return b""

    def _commitment(self, key: bytes, row: Row[*tuple[Any, ...]]) -> bytes:
        """Make an event's commitment from what the table holds; empty where that cannot be read."""
        try:
            private: Mapping[str, Any] = {}
            if row.private is not None and self._keyring is not None:
                place = event_place(self._events, row.owner, row.sequence)
                private = json.loads(self._keyring.open(key, raw.blob(row.private), place=place))
            content = json.loads(row.content) if isinstance(row.content, bytes) else row.content
            return event_commitment(key, row.sequence, Written(raw.text(row.kind), content, private))
        except (IntegrityError, ValueError):
            return b""
