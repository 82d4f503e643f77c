# SPDX-License-Identifier: Apache-2.0
"""The rows of the table of routes (``web/routes.py``) about the ledger."""

from noli.access.model import Scope
from noli.web.api import ledger
from noli.web.api import schemas_ledger as schemas
from noli.web.api.operation import Operation

LEDGER: tuple[Operation, ...] = (
    Operation(
        method="GET",
        path="/api/v1/ledger/roots",
        handler=ledger.roots,
        summary="List signed roots of the ledger, largest first.",
        scope=Scope.LEDGER,
        query=schemas.RootQuery,
        answer=schemas.RootPage,
    ),
    Operation(
        method="GET",
        path="/api/v1/ledger/roots/{size}",
        handler=ledger.root,
        summary="Read a signed root with its time-stamps.",
        scope=Scope.LEDGER,
        answer=schemas.StampedRoot,
    ),
    Operation(
        method="GET",
        path="/api/v1/ledger/keys",
        handler=ledger.keys,
        summary="List the public keys that sign, or signed, roots.",
        scope=Scope.LEDGER,
        answer=schemas.KeyList,
    ),
    Operation(
        method="GET",
        path="/api/v1/ledger/entries/{sequence}/proof",
        handler=ledger.prove,
        summary="Prove that an entry is among those of a signed root, the last one unless `size` names another.",
        scope=Scope.LEDGER,
        query=schemas.ProofQuery,
        answer=schemas.InclusionOut,
        problems=("invalid-input", "integrity"),
    ),
    Operation(
        method="GET",
        path="/api/v1/ledger/consistency",
        handler=ledger.consistency,
        summary="Prove that a signed root, the last one unless `second` names another, goes on from an earlier one.",
        scope=Scope.LEDGER,
        query=schemas.ConsistencyQuery,
        answer=schemas.ConsistencyOut,
        problems=("invalid-input", "not-found", "integrity"),
    ),
)
