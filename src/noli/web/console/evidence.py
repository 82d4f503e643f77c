# SPDX-License-Identifier: Apache-2.0
"""Evidence packages on a case's page: make one, take one along. Both are on record with who."""

from noli.casework.files import staff_actor
from noli.casework.model import CaseId
from noli.web.api.evidence import file
from noli.web.api.operation import Call, Reply
from noli.web.console.guard import Visitor
from noli.web.html import render


def capture(call: Call, visitor: Visitor) -> Reply:
    """Make a package of the case, in the language that the form names."""
    case, fields = CaseId(call.path["case"]), call.fields
    call.app.evidence.capture(
        case,
        language=fields.one("language"),
        with_hashes=fields.one("hashes") == "yes",
        actor=staff_actor(visitor.staff.id),
    )
    return render.redirect(call, f"/console/cases/{case}", done="evidence")


def fetch(call: Call, visitor: Visitor) -> Reply:
    """Hand a package out."""
    actor = staff_actor(visitor.staff.id)
    return file(*call.app.evidence.fetch(CaseId(call.path["case"]), call.path["package"], actor=actor))
