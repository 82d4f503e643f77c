# SPDX-License-Identifier: Apache-2.0
"""Templates and what they are given: one Jinja environment a language, strict about what is undefined."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import CodeType
from urllib.parse import urlencode

import jinja2
from babel import dates as babel
from babel import numbers
from jinja2.bccache import Bucket
from markupsafe import Markup

import noli
from noli.base import dates
from noli.web.api.operation import Call, Part, Reply
from noli.web.html import assets, languages
from noli.web.html.policy import PAGE_HEADERS, page_headers
from noli.web.page_hashing import kernel_sha256

HTML = "text/html; charset=utf-8"

_TEMPLATES = Path(__file__).parents[1] / "templates"


def page(
    call: Call,
    template: str,
    *,
    status: int | None = None,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    **given: object,
) -> Reply:
    """Write a page in the visitor's language.

    Args:
        call: The request.
        template: Name of the template.
        status: Status where it is not the operation's.
        headers: Further headers.
        given: What the template names besides what every page has.
    """
    return write(call, template, given, status=status, headers=headers)


def write(
    call: Call,
    template: str,
    given: Mapping[str, object],
    *,
    status: int | None = None,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Reply:
    """Write a page from a mapping; see ``page``."""
    language = language_of(call)
    body = environment(language).get_template(template).render(call_context(call, language), **given)
    embedders = call.app.config.notice_embedders if call.operation.serves(Part.NOTICE) else ""
    return Reply(body.encode(), HTML, status, (*page_headers(embedders), *headers))


def redirect(call: Call, to: str, *, headers: tuple[tuple[bytes, bytes], ...] = (), **query: str) -> Reply:
    """Send the visitor on to one of our pages, in the chosen language; always as GET."""
    target = local(call, to, **query).encode("ascii")
    return Reply(b"", HTML, 303, (*PAGE_HEADERS, (b"location", target), *headers))


def language_of(call: Call) -> str:
    """Return the language of the page that a request asks for."""
    return languages.choose(chosen(call), call.headers.get(b"accept-language", b"").decode("latin-1"))


def chosen(call: Call) -> str:
    """Return the language that the visitor chose, empty where the browser decides."""
    given = call.fields.one("l") or getattr(call.query, "l", "")
    return given if given in languages.LANGUAGES else ""


def local(call: Call, path: str, **query: str) -> str:
    """Return the address of one of our pages, with the language where one was chosen."""
    language = query.pop("l", chosen(call))
    given = {name: value for name, value in ({"l": language} | query).items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def call_context(call: Call, language: str) -> dict[str, object]:
    """Return what every page is given."""
    return {
        "language": language,
        "chosen": chosen(call),
        "direction": languages.direction(language),
        "languages": languages.LANGUAGES,
        "path": call.operation.path,
        "version": noli.__version__,
        "asset": assets.address,
        "link": lambda path, **query: local(call, path, **query),
        "exit_url": call.app.config.exit_url,
        "kernel_sha256": kernel_sha256(),
    }


class _Compiled(jinja2.BytecodeCache):
    """Keeps compiled templates in memory: they are the same in every language."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket with what was compiled of this very text."""
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        if bucket.code is not None:
            self._kept[bucket.key] = bucket.checksum, bucket.code


_COMPILED = _Compiled()


def warm(*templates: str) -> None:
    """Read the catalogues and compile templates ahead, so that nobody waits for it."""
    for language in languages.LANGUAGES:
        for each in templates:
            environment(language).get_template(each)


@cache
def environment(language: str) -> jinja2.Environment:
    """Return the templates in a language."""
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    made = jinja2.Environment(
        loader=loader,
        bytecode_cache=_COMPILED,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(languages.catalogue(language), newstyle=True)  # type: ignore[attr-defined] # i18n's
    made.policies["ext.i18n.trimmed"] = True
    made.filters["date"] = lambda at, length="long": babel.format_date(
        at if type(at) is date else _utc(at), length, locale=language
    )
    made.filters["day"] = lambda at: babel.format_skeleton("MMMd", at, locale=language)
    made.filters["tenths"] = lambda number: numbers.format_decimal(number, "0.0", locale=language)
    made.filters["moment"] = lambda at: _moment(_utc(at), language)
    return made


def _utc(at: datetime | str) -> datetime:
    return (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(UTC)


def _moment(at: datetime, language: str) -> Markup:
    """Write a time for people; scripts turn it into their own zone."""
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), dates.moment(at, language))
