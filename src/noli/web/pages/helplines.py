# SPDX-License-Identifier: Apache-2.0
"""Who helps, by country: read from ``web/helplines.toml``, which says when each was checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import msgspec
from babel import Locale

from noli.web.api.operation import Call, Reply
from noli.web.html import languages, render
from noli.web.html.places import police, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpline:
    """One service.

    Attributes:
        name: As it calls itself.
        audiences: ``adults``, ``young`` or both.
        countries: Two letters each; empty for everywhere.
        url: Its site.
        phone: As people write it, or empty.
        notes: What it does, by language.
        source: Where this was read.
        checked: When.
        verified: Whether that was a page of its own or of a public authority.
    """

    name: str
    audiences: frozenset[str]
    countries: frozenset[str]
    url: str
    phone: str
    notes: Mapping[str, str]
    source: str
    checked: date
    verified: bool

    def note(self, language: str) -> str:
        """Say what it does."""
        return self.notes.get(language) or self.notes["en"]

    @property
    def dial(self) -> str:
        """The number for a ``tel:`` link."""
        return "".join(character for character in self.phone if character.isdigit() or character == "+")

    @property
    def shown(self) -> str:
        """The address as people read it."""
        return self.url.removeprefix("https://").removeprefix("www.").rstrip("/")


class HelpQuery(msgspec.Struct, frozen=True):
    """What the address of a help page may say."""

    l: str = ""  # noqa: E741 - short and neutral in addresses
    c: str | None = None


@cache
def helplines() -> tuple[Helpline, ...]:
    """Return all services, in the order of the file."""
    return tuple(
        Helpline(
            name=each["name"],
            audiences=frozenset(each["for"]),
            countries=frozenset(each["countries"]),
            url=each["url"],
            phone=each.get("phone", ""),
            notes=each["note"],
            source=each["source"],
            checked=each["checked"],
            verified=each["verified"],
        )
        for each in read()["helpline"]
    )


def for_adults(call: Call) -> Reply:
    """Show who helps."""
    return _page(call, "adults")


def for_others(call: Call) -> Reply:
    """Show who helps where somebody shown is or may be under 18. Nothing was stored on the way here."""
    return _page(call, "young")


def _page(call: Call, audience: str) -> Reply:
    lines = [each for each in helplines() if audience in each.audiences]
    known = sorted({code for each in lines for code in each.countries})
    territories = Locale(render.language_of(call)).territories
    country = _country(call)
    return render.page(
        call,
        "person/help.html",
        young=audience == "young",
        country=country,
        country_name=territories.get(country, ""),
        countries=sorted(((code, territories[code]) for code in known), key=lambda each: each[1]),
        near=[each for each in lines if country in each.countries],
        police=police(),
        everywhere=[each for each in lines if not each.countries],
        given={},
    )


def _country(call: Call) -> str:
    asked = getattr(call.query, "c", None)
    if asked is not None:
        return str(asked)
    spoken = languages.country(call.headers.get(b"accept-language", b"").decode("latin-1"))
    return spoken or call.app.config.country
