# SPDX-License-Identifier: Apache-2.0
"""The table of routes under ``/hma``."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from noli.access.model import Scope
from noli.web.api.operation import Call, Kind, Operation, Part
from noli.web.hma import curation, exchanges, hashing, matching, shapes

_TEXT = "text/plain; charset=utf-8"
_BANK = "/c/bank/{bank}"
_CONTENT = "/c/bank/{bank}/content/{content}"
_FORM: Mapping[Kind, type[Any]] = {Kind.FORM: shapes.FileForm}


def _route(  # noqa: PLR0913 - a row of the table
    method: str,
    path: str,
    handler: Callable[[Call], Any],
    summary: str,
    *,
    scope: Scope | None = None,
    status: int = 200,
    query: type[msgspec.Struct] | None = None,
    body: Mapping[Kind, type[Any]] | None = None,
    media_type: str = Kind.JSON,
) -> Operation:
    return Operation(
        method=method,
        path=f"/hma{path}",
        handler=handler,
        summary=summary,
        scope=scope,
        status=status,
        query=query,
        body=body or {},
        media_type=media_type,
        part=Part.API,
        file_parts=(shapes.PHOTO, shapes.VIDEO),
        # A URL comes without a body; it is refused by a sentence, not by the lack of a form.
        optional_body=body is _FORM,
        credential=shapes.credential,
        complain=shapes.complain,
        how=shapes.HOW,
    )


_ASKS, _KEEPS = Scope.CHECKS, Scope.BANKS
_HASH, _LOOKUP = shapes.HashQuery, shapes.LookupQuery

HMA: tuple[Operation, ...] = (
    _route("GET", "/status", matching.status, "Say whether lookups are answered.", media_type=_TEXT),
    _route("GET", "/status/live", matching.alive, "Say that the process runs.", media_type=_TEXT),
    _route("GET", "/h/hash", hashing.by_file, "Hash the file at a URL.", scope=_ASKS, query=_HASH),
    _route("POST", "/h/hash", hashing.by_file, "Hash a file.", scope=_ASKS, query=_HASH, body=_FORM),
    _route("GET", "/m/lookup", matching.by_signal, "Look a signal up: banks that match.", scope=_ASKS, query=_LOOKUP),
    _route("POST", "/m/lookup", matching.by_file, "Look a file up.", scope=_ASKS, query=_LOOKUP, body=_FORM),
    _route("GET", "/m/raw_lookup", matching.raw, "Look a signal up: ids alone.", scope=_ASKS, query=_LOOKUP),
    _route(
        "POST",
        "/m/compare",
        matching.compare,
        "Compare two signals.",
        scope=_ASKS,
        body={Kind.JSON: shapes.CompareIn},
    ),
    _route(
        "GET",
        "/m/index/status",
        matching.index_status,
        "Read the size and age of the index.",
        scope=_ASKS,
        query=shapes.IndexQuery,
    ),
    _route("GET", "/c/banks", curation.banks, "List banks.", scope=_KEEPS),
    _route(
        "POST",
        "/c/banks",
        curation.create_bank,
        "Create a bank.",
        scope=_KEEPS,
        status=201,
        body={Kind.JSON: shapes.BankIn},
    ),
    _route("GET", _BANK, curation.show_bank, "Read a bank.", scope=_KEEPS),
    _route(
        "PUT",
        _BANK,
        curation.change_bank,
        "Switch a bank on or off.",
        scope=_KEEPS,
        body={Kind.JSON: shapes.BankChange},
    ),
    _route("DELETE", _BANK, curation.delete_bank, "Stop a bank from matching.", scope=_KEEPS),
    _route(
        "POST",
        f"{_BANK}/content",
        curation.add_content,
        "Protect a picture or video file.",
        scope=_KEEPS,
        query=_HASH,
        body=_FORM,
    ),
    _route(
        "POST",
        f"{_BANK}/signal",
        curation.add_signal,
        "Protect what a hash stands for.",
        scope=_KEEPS,
        body={Kind.JSON: shapes.NewSignal},
    ),
    _route("GET", _CONTENT, curation.show_content, "Read what is banked.", scope=_KEEPS, query=shapes.ContentQuery),
    _route("DELETE", _CONTENT, curation.delete_content, "Withdraw what is banked.", scope=_KEEPS),
    _route("GET", "/c/exchanges", exchanges.names, "List partners that we fetch from.", scope=_KEEPS),
    _route("GET", "/c/exchanges/apis", exchanges.apis, "List protocols in which we fetch.", scope=_KEEPS),
    _route("GET", "/c/exchanges/api/{api}", exchanges.api, "Say whether a protocol asks for a key.", scope=_KEEPS),
    _route(
        "GET", "/c/exchanges/api/{api}/schema", exchanges.schema, "Say what setting it up here asks for.", scope=_KEEPS
    ),
    _route("GET", "/c/exchange/{exchange}", exchanges.show, "Read a partner that we fetch from.", scope=_KEEPS),
    _route("GET", "/c/exchange/{exchange}/status", exchanges.status, "Say how fetching goes.", scope=_KEEPS),
    _route("GET", "/c/signal_type", curation.signal_types, "List signal types.", scope=_KEEPS),
    _route(
        "GET",
        "/c/signal_type/index",
        matching.index_age,
        "Compare the index with the banks.",
        scope=_KEEPS,
        query=shapes.IndexQuery,
    ),
    _route("GET", "/c/content_type", curation.content_types, "List content types.", scope=_KEEPS),
)
