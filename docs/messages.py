# SPDX-License-Identifier: Apache-2.0
"""Collects the pages' texts into the catalogues of all languages, and compiles them: ``make messages``.

What is translated stays; what is new stands empty at its place, what is no longer used is dropped. English is the
language of the sources and fills itself. Written without dates, so that the same texts make the same file.
"""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from noli.adapters.addressees import book
from noli.web.html.languages import LANGUAGES

SOURCES = Path(__file__).parents[1] / "src" / "noli"
LOCALE = SOURCES / "web" / "locale"

_METHODS = [("web/templates/**.html", "jinja2"), ("**.py", "python")]
#: How texts are found in templates, and by which names in all sources.
OPTIONS = {"trimmed": "true", "newstyle_gettext": "true"}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}

_HEAD = """\
# SPDX-License-Identifier: Apache-2.0
# Texts of the pages; collected and compiled by `make messages`.
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plural_forms}\\n"

"""


def collected() -> set[str | tuple[str, ...]]:
    """Return every text of the pages, and every note of the addressee book; one with a plural as a pair."""
    found = extract_from_dir(SOURCES, _METHODS, {"web/templates/**.html": OPTIONS}, KEYWORDS)
    notes = {channel.note for each in book().values() for channel in each.channels if channel.note}
    return notes | {text for _, _, text, _, _ in found if text}


def read(language: str) -> Catalog:
    """Read a language's catalogue as it was written."""
    with (LOCALE / language / "LC_MESSAGES" / "noli.po").open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> int:
    """Write a language's catalogue anew and compile it; returns how many texts stand empty."""
    before, after, empty = read(language), Catalog(locale=language, fuzzy=False), 0
    for text in collected():
        known = before.get(text if isinstance(text, str) else text[0])
        string = text if language == "en" else known.string if known is not None else ""
        empty += not string
        after.add(text, string)
    written = io.BytesIO()
    write_po(written, after, width=0, sort_output=True, omit_header=True)
    folder = LOCALE / language / "LC_MESSAGES"
    head = _HEAD.format(language=language, plural_forms=after.plural_forms)
    (folder / "noli.po").write_text(head + written.getvalue().decode(), "utf-8")
    with (folder / "noli.mo").open("wb") as file:
        write_mo(file, read(language))
    return empty


if __name__ == "__main__":
    for each in LANGUAGES:
        print(f"{each}: {len(collected())} texts, {update(each)} not translated yet")
