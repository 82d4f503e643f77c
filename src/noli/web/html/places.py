# SPDX-License-Identifier: Apache-2.0
"""Whom to call, and where to report, place by place: read from ``web/helplines.toml``, which says where it was read."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale

HELP = Path(__file__).parents[1] / "helplines.toml"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to turn to at once.

    Attributes:
        place: Where, as a code; empty for everywhere else.
        name: A number to call, or a name.
        url: A site; empty where there is a number.
        source: Where this was read.
        checked: When.
        verified: Whether that was a page of its own or of a public authority.
    """

    place: str
    name: str
    url: str
    source: str
    checked: date
    verified: bool

    def where(self, language: str) -> str:
        """Name the place; empty for everywhere else."""
        return str(Locale(language).territories[self.place]) if self.place else ""


@cache
def read() -> dict[str, Any]:
    """Return the file."""
    return tomllib.loads(HELP.read_text("utf-8"))


@cache
def police() -> tuple[Contact, ...]:
    """Return whom to call in danger."""
    return tuple(_contact(each, each["number"]) for each in read()["police"])


@cache
def hotlines() -> tuple[Contact, ...]:
    """Return where a platform reports what may show somebody under 18."""
    return tuple(_contact(each, each["name"]) for each in read()["hotline"])


def _contact(each: dict[str, Any], name: str) -> Contact:
    return Contact(each["place"], name, each.get("url", ""), each["source"], each["checked"], each["verified"])
