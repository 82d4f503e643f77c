# SPDX-License-Identifier: Apache-2.0
"""Which language a page is in, and its texts.

The choice travels in the address (``?l=de``), never in a cookie; without one the browser's wish decides
(``Accept-Language``, RFC 9110, 12.5.4). Texts are gettext catalogues under ``web/locale``; a further language is a
further catalogue and a line in ``LANGUAGES``.
"""

from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from babel.support import Translations

#: Languages with complete catalogues, each by its own name; the first is used where nothing fits.
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}

#: Languages that are written from right to left, for ``dir``.
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ps", "ur"})

_FOLDER = Path(__file__).parents[1] / "locale"

# Characters and parts of Accept-Language that are looked at; browsers send a handful.
_MAX_HEADER, _MAX_PARTS = 500, 20


def direction(language: str) -> str:
    """Return the value of ``dir``."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def wished(accept_language: str) -> list[str]:
    """Return the language tags that a browser asks for, best first, in lower case."""
    found: list[tuple[float, str]] = []
    for part in accept_language[:_MAX_HEADER].split(",")[:_MAX_PARTS]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        if tag and 0 < quality <= 1:
            found.append((-quality, tag.strip().lower()))
    return [tag for _, tag in sorted(found, key=lambda each: each[0])]


def choose(chosen: str, accept_language: str) -> str:
    """Return the language of a page.

    Args:
        chosen: What the address says; anything else than a language of ours counts as nothing.
        accept_language: The browser's header, or empty.
    """
    if chosen in LANGUAGES:
        return chosen
    for tag in wished(accept_language):
        if tag.partition("-")[0] in LANGUAGES:
            return tag.partition("-")[0]
    return next(iter(LANGUAGES))


def country(accept_language: str) -> str:
    """Guess a country from the browser's languages (``de-AT`` → ``AT``); empty where none is named."""
    for tag in wished(accept_language):
        region = tag.partition("-")[2]
        if len(region) == 2 and region.isascii() and region.isalpha():  # noqa: PLR2004 - ISO 3166-1 alpha-2
            return region.upper()
    return ""


@cache
def catalogue(language: str) -> NullTranslations:
    """Load the texts of a language; English is the language of the sources and has a catalogue like the others."""
    return Translations.load(_FOLDER, [language], domain="noli")
