# SPDX-License-Identifier: Apache-2.0
"""The table of routes: what there is to call, with which scope, what goes in and what comes out.

Router, OpenAPI document and the reference page are all made from it; nothing is routed that is not here.
"""

from dataclasses import replace

from noli.access.model import Scope
from noli.web.api import banks, checks, entries, health, openapi, partners, schemas
from noli.web.api.evidence import EVIDENCE
from noli.web.api.notice_routes import NOTICES
from noli.web.api.operation import Kind, Operation, Part
from noli.web.api.pursuits import PURSUITS
from noli.web.api.routes_ledger import LEDGER
from noli.web.api.routes_webhooks import WEBHOOKS
from noli.web.console.table import CONSOLE
from noli.web.exchange import ncmec, stopncii, threatexchange
from noli.web.exchange.noli import NOLI
from noli.web.exchange.routes import PROTOCOLS
from noli.web.hma import shapes
from noli.web.hma.routes import HMA
from noli.web.html import assets, render
from noli.web.notice.routes import NOTICE
from noli.web.pages import landing
from noli.web.pages.routes import PERSON

_BANKS = "/api/v1/banks"
_BANK = "/api/v1/banks/{bank}"
_ENTRIES = "/api/v1/banks/{bank}/entries"
_ENTRY = "/api/v1/banks/{bank}/entries/{entry}"
_OPINIONS = "/api/v1/banks/{bank}/entries/{entry}/opinions"

_CALLED: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path="/api/v1/checks",
        handler=checks.check,
        summary="Check one upload, as its hashes or as the picture file.",
        scope=Scope.CHECKS,
        idempotent=True,
        body={Kind.JSON: schemas.CheckIn, Kind.FORM: schemas.FileForm, Kind.FILE: bytes},
        query=schemas.RefQuery,
        answer=schemas.CheckOut,
        problems=("invalid-hash", "probing"),
    ),
    Operation(
        method="GET",
        path="/api/v1/checks",
        handler=checks.recorded_page,
        summary="List checks that matched, newest first.",
        scope=Scope.CHECKS,
        query=schemas.PageQuery,
        answer=schemas.CheckPage,
        problems=("not-found",),
    ),
    Operation(
        method="POST",
        path="/api/v1/checks/batch",
        handler=checks.check_batch,
        summary="Check up to 10,000 uploads, one hash each.",
        scope=Scope.CHECKS,
        idempotent=True,
        body={Kind.JSON: schemas.BatchIn},
        answer=schemas.BatchOut,
        problems=("invalid-hash",),
    ),
    Operation(
        method="GET",
        path="/api/v1/checks/{check}",
        handler=checks.recorded,
        summary="Read back a check that matched; others are only counted.",
        scope=Scope.CHECKS,
        answer=schemas.RecordedCheck,
    ),
    Operation(
        method="POST",
        path=_BANKS,
        handler=banks.create,
        summary="Create a bank.",
        scope=Scope.BANKS,
        status=201,
        body={Kind.JSON: schemas.BankIn},
        answer=schemas.BankOut,
        idempotent=True,
    ),
    Operation(
        method="GET",
        path=_BANKS,
        handler=banks.page,
        summary="List banks by name.",
        scope=Scope.BANKS,
        query=schemas.PageQuery,
        answer=schemas.BankPage,
    ),
    Operation(
        method="GET",
        path=_BANK,
        handler=banks.show,
        summary="Read a bank with its policy.",
        scope=Scope.BANKS,
        answer=schemas.BankOut,
    ),
    Operation(
        method="PATCH",
        path=_BANK,
        handler=banks.change,
        summary="Change a bank's policy.",
        scope=Scope.BANKS,
        body={Kind.JSON: schemas.BankChange},
        answer=schemas.BankOut,
        idempotent=True,
    ),
    Operation(
        method="POST",
        path=_ENTRIES,
        handler=entries.add,
        summary="Protect a picture: register its hashes, or all variants of the picture file.",
        scope=Scope.BANKS,
        status=201,
        body={Kind.JSON: schemas.EntryIn, Kind.FORM: schemas.EntryForm},
        answer=schemas.EntryOut,
        problems=("invalid-hash", "unusable-file"),
        idempotent=True,
    ),
    Operation(
        method="GET",
        path=_ENTRIES,
        handler=entries.page,
        summary="List a bank's entries, withdrawn ones included.",
        scope=Scope.BANKS,
        query=schemas.PageQuery,
        answer=schemas.EntryPage,
    ),
    Operation(
        method="GET",
        path=_ENTRY,
        handler=entries.show,
        summary="Read an entry.",
        scope=Scope.BANKS,
        answer=schemas.EntryOut,
    ),
    Operation(
        method="DELETE",
        path=_ENTRY,
        handler=entries.withdraw,
        summary="Withdraw an entry: it stops matching for good. A second time changes nothing.",
        scope=Scope.BANKS,
        idempotent=True,
        answer=schemas.EntryOut,
    ),
    Operation(
        method="POST",
        path=_OPINIONS,
        handler=entries.add_opinion,
        summary="Say what you think of an entry; your newest opinion counts.",
        scope=Scope.BANKS,
        status=201,
        body={Kind.JSON: schemas.OpinionIn},
        answer=schemas.EntryOut,
        idempotent=True,
    ),
    Operation(
        method="GET",
        path=_OPINIONS,
        handler=entries.opinions,
        summary="List opinions on an entry, oldest first.",
        scope=Scope.BANKS,
        answer=schemas.OpinionList,
    ),
    *NOTICES,
    *PURSUITS,
    *EVIDENCE,
    *WEBHOOKS,
    *LEDGER,
    Operation(
        method="GET",
        path="/api/v1/partners",
        handler=partners.page,
        summary="List partners: what is agreed, and how exchange goes.",
        scope=Scope.PARTNERS,
        answer=partners.PartnerList,
    ),
    Operation(
        method="GET",
        path="/api/v1/partners/{partner}",
        handler=partners.show,
        summary="Read how exchange with one partner goes.",
        scope=Scope.PARTNERS,
        answer=partners.PartnerOut,
    ),
    Operation(
        method="GET",
        path="/api/v1/openapi.json",
        handler=lambda _: openapi.described(API),
        summary="This description.",
    ),
    Operation(
        method="GET",
        path="/healthz",
        handler=health.alive,
        summary="Say that the process runs.",
        answer=schemas.Alive,
    ),
    Operation(
        method="GET",
        path="/readyz",
        handler=health.ready,
        summary="Say whether checks can be answered: 200 once the index is loaded and follows the banks.",
        answer=schemas.Ready,
    ),
    Operation(
        method="GET",
        path="/metrics",
        handler=health.metrics,
        summary="Counters for Prometheus.",
        scope=Scope.METRICS,
        media_type="text/plain; version=0.0.4; charset=utf-8",
    ),
)

#: What programs call; what tells of the server's own state is served whichever parts are on.
API: tuple[Operation, ...] = tuple(
    replace(each, part=Part.API) if each.path.startswith("/api/") else each for each in _CALLED
)

#: What tells of the process itself; every role serves it.
HEALTH = frozenset({"/healthz", "/readyz", "/metrics"})

#: How errors are written at addresses where there is nothing, by the beginning of the path.
COMPLAINTS = {
    "/hma/": shapes.complain,
    "/exchange/stopncii/": stopncii.complain,
    "/exchange/ncmec/": ncmec.complain,
    "/exchange/threatexchange/": threatexchange.complain,
}

#: For engineers and their tools, besides the API itself.
ABOUT: tuple[Operation, ...] = (
    # Where the intake is served, its first page takes this one's place.
    Operation(
        method="GET",
        path="/",
        handler=landing.about,
        summary="What this installation is.",
        media_type=render.HTML,
        page=True,
    ),
    Operation(
        method="GET",
        path="/about",
        handler=landing.about,
        summary="What this installation is.",
        media_type=render.HTML,
        page=True,
    ),
    Operation(
        method="GET",
        path="/api/v1/reference",
        handler=lambda call: landing.reference(call, API),
        summary="The routes, for people.",
        media_type=render.HTML,
        page=True,
        part=Part.API,
    ),
)

ROUTES: tuple[Operation, ...] = (
    *API,
    *HMA,
    *PROTOCOLS,
    *NOLI,
    *ABOUT,
    *PERSON,
    *NOTICE,
    *CONSOLE,
    *assets.operations(),
)
