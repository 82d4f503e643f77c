# SPDX-License-Identifier: Apache-2.0
"""For engineers: what this installation is, and the API's routes to read. No counts, no banks, no secrets."""

from collections.abc import Sequence

from noli.web.api.operation import Call, Operation, Reply
from noli.web.html import render


def about(call: Call) -> Reply:
    """Show what this is and where to go."""
    return render.page(call, "about.html")


def reference(call: Call, operations: Sequence[Operation]) -> Reply:
    """List these routes for people."""
    return render.page(call, "reference.html", operations=operations)
