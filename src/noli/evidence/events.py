# SPDX-License-Identifier: Apache-2.0
"""How events of any kind of file are written down: what is open, what must be sealed, under which name.

Fields marked ``PRIVATE`` are personal data or lead to a bank entry: they are stored sealed under the file's own key and
read as their defaults once that key was destroyed. All others are stored in the open and must identify nobody.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

#: Marks a field as personal.
PRIVATE: Mapping[str, bool] = {"private": True}

E = TypeVar("E")


# Without slots: writing Recorded[Event](…) lets typing try to set an attribute, and a frozen class with slots chokes.
@dataclass(frozen=True)
class Recorded(Generic[E]):
    """An event in its place in a file's history.

    Attributes:
        sequence: 1 for the first of the file.
        at: When.
        actor: ``person``, ``system``, ``staff:`` and a staff id, or ``key:`` and the name of a key.
        event: What happened.
    """

    sequence: int
    at: datetime
    actor: str
    event: E


@dataclass(frozen=True, slots=True)
class Written:
    """An event as it is stored: its name, what is open, and what must be sealed."""

    name: str
    open: Mapping[str, Any]
    private: Mapping[str, Any] = field(repr=False)

    def canonical(self) -> bytes:
        """Return all of it as bytes that are the same whenever it is written."""
        content = [self.name, self.open, self.private]
        return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")


# Without slots, as above.
@dataclass(frozen=True)
class Opening(Generic[E]):
    """An event with what shows to others that the ledger holds it, as it was, and nothing of any other event.

    Attributes:
        recorded: The event in its place.
        written: The event as it was stored.
        salt: What its commitment was made with; empty where the file was erased.
        ledger_sequence: Its ledger entry.
    """

    recorded: Recorded[E]
    written: Written = field(repr=False)
    salt: bytes = field(repr=False)
    ledger_sequence: int


class Codec(Generic[E]):
    """Takes the events of one kind of file apart and puts them together again."""

    def __init__(self, names: Mapping[type[E], str]) -> None:
        """Keep the name under which each event is stored. Names stay; new events get new names."""
        self.names = names
        self._types: Mapping[str, type[E]] = {name: type_ for type_, name in names.items()}

    def write(self, event: E) -> Written:
        """Take an event apart for storage."""
        secret = {f.name for f in fields(event) if f.metadata.get("private")}  # type: ignore[arg-type] # a dataclass
        plain: dict[str, Any] = msgspec.to_builtins(event)
        return Written(
            self.names[type(event)],
            {name: value for name, value in plain.items() if name not in secret},
            {name: value for name, value in plain.items() if name in secret},
        )

    def read(self, name: str, content: Mapping[str, Any], private: Mapping[str, Any] | None) -> E:
        """Put an event together again; ``private`` is None where the key was destroyed."""
        return msgspec.convert({**content, **(private or {})}, self._types[name])
