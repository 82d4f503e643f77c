# SPDX-License-Identifier: Apache-2.0
"""Where sealed parts of files stand, and what the ledger holds of an event: shared by who writes and who verifies."""

import hmac

import sqlalchemy as sa

from noli.evidence.events import Written
from noli.evidence.rules import commitment


def key_place(file: sa.Table, id_: str) -> str:
    """Return where the data key of a file stands, for wrapping."""
    return f"{file.name}|{id_}|key"


def event_place(events: sa.Table, id_: str, sequence: int) -> str:
    """Return where the sealed part of an event stands."""
    return f"{events.name}|{id_}|{sequence}|private"


def event_commitment(key: bytes, sequence: int, written: Written) -> bytes:
    """Return what the ledger holds for an event: a commitment that nobody can try out without the file's key."""
    return commitment(event_salt(key, sequence), written.canonical())


def event_salt(key: bytes, sequence: int) -> bytes:
    """Return what an event's commitment is made with; who is shown it learns nothing of other events."""
    return hmac.digest(key, b"ledger|%d" % sequence, "sha256")
