# SPDX-License-Identifier: Apache-2.0
"""Evidence packages of cases: make, list, hand out. The table of their routes stands at the end."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from noli.access.model import Scope
from noli.casework.model import CaseId, EvidencePackage
from noli.web.api.once import once_apart
from noli.web.api.operation import Call, Kind, Operation, Reply
from noli.web.api.pursuits import actor

ZIP = "application/zip"

_PACKAGES = "/api/v1/cases/{case}/evidence"
_PACKAGE = "/api/v1/cases/{case}/evidence/{package}"


class CaptureIn(Struct, forbid_unknown_fields=True):
    """What a package is made with."""

    #: Language that people read it in.
    language: Literal["en", "de"] = "en"
    #: Whether the hashes of pictures go with it; parts of a picture could be guessed from them.
    with_hashes: bool = False


class PackageOut(Struct):
    """What is on record of a package."""

    #: SHA-256 of the file, hexadecimal; it names the package.
    package: str
    #: Bytes.
    size: int
    language: str
    with_hashes: bool
    made_at: datetime
    made_by: str


class PackageList(Struct):
    """Packages of a case, oldest first."""

    packages: list[PackageOut]


def capture(call: Call) -> Reply:
    """Make a package."""
    given: CaptureIn = call.given

    def act() -> PackageOut:
        made, _ = call.app.evidence.capture(
            CaseId(call.path["case"]), language=given.language, with_hashes=given.with_hashes, actor=actor(call)
        )
        return _out(made)

    return once_apart(call, act)


def listed(call: Call) -> PackageList:
    """List packages."""
    return PackageList([_out(each) for each in call.app.evidence.packages(CaseId(call.path["case"]))])


def fetch(call: Call) -> Reply:
    """Hand out a package."""
    made, content = call.app.evidence.fetch(CaseId(call.path["case"]), call.path["package"], actor=actor(call))
    return file(made, content)


def file(made: EvidencePackage, content: bytes) -> Reply:
    """Answer with a package as a file, under a name that says nothing of the case."""
    name = f'attachment; filename="evidence-{made.digest[:16]}.zip"'.encode("ascii")
    return Reply(content, ZIP, headers=((b"content-disposition", name),))


def _out(made: EvidencePackage) -> PackageOut:
    return PackageOut(made.digest, made.size, made.language, made.with_hashes, made.made_at, made.made_by)


EVIDENCE: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path=_PACKAGES,
        handler=capture,
        summary="Make an evidence package of a case and keep it. The case and the ledger say who did.",
        scope=Scope.EVIDENCE,
        idempotent=True,
        status=201,
        body={Kind.JSON: CaptureIn},
        answer=PackageOut,
        problems=("conflict", "integrity"),
    ),
    Operation(
        method="GET",
        path=_PACKAGES,
        handler=listed,
        summary="List the evidence packages that were made of a case.",
        scope=Scope.EVIDENCE,
        answer=PackageList,
    ),
    Operation(
        method="GET",
        path=_PACKAGE,
        handler=fetch,
        summary="Fetch an evidence package as a ZIP file. The ledger says who did.",
        scope=Scope.EVIDENCE,
        media_type=ZIP,
        problems=("conflict", "integrity"),
    ),
)
