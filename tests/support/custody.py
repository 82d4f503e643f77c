# SPDX-License-Identifier: Apache-2.0
"""Evidence packages over everything in memory: a store, and a case at which everything happened."""

import hashlib
import io
import zipfile
from collections.abc import Mapping

from noli.base.errors import IntegrityError, NotFound, Unavailable
from noli.casework.model import CaseId, NewLink, Reporter
from noli.custody.check import check
from noli.custody.model import PackageCheck
from noli.custody.service import EvidenceDesk
from noli.evidence.signing import RootService
from noli.pursuit.model import Outcome, PursuitId, Rung
from noli.pursuit.ports import Undeliverable
from tests.support.casework import made_up_item, submission
from tests.support.pursuit import ALL, Pursuits
from tests.support.signing import FakeAuthority, FakeNotes, FakeSigner, is_signed

ADA = "staff:ada"

#: What a person told that no package may hold.
SECRETS = ("mara@mail.example", "It was my ex", "beach picture", "He lives next door", "Please hurry", "she is afraid")


class MemoryPackages:
    """Packages in memory; away or damaged as it was told."""

    where = "memory"

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}
        self.there = True

    def put(self, case: CaseId, digest: str, content: bytes) -> None:
        self._reach()
        self.kept.setdefault((case, digest), content)

    def get(self, case: CaseId, digest: str) -> bytes:
        self._reach()
        if (case, digest) not in self.kept:
            msg = "It is not there."
            raise NotFound(msg)
        if hashlib.sha256(self.kept[case, digest]).hexdigest() != digest:
            msg = "It is damaged."
            raise IntegrityError(msg)
        return self.kept[case, digest]

    def digests(self, case: CaseId) -> list[str]:
        self._reach()
        return sorted(digest for owner, digest in self.kept if owner == case)

    def forget(self, case: CaseId) -> None:
        self._reach()
        self.kept = {key: content for key, content in self.kept.items() if key[0] != case}

    def probe(self) -> None:
        self._reach()

    def _reach(self) -> None:
        if not self.there:
            msg = "Away."
            raise Unavailable(msg)


class Evidence:
    """A helpline with a case, and all that makes packages of it."""

    def __init__(self, *, stamped: bool = False) -> None:
        self.helpline = Pursuits()
        self.clock, self.memory = self.helpline.clock, self.helpline.casework.memory
        self.store, self.signer, self.authority = MemoryPackages(), FakeSigner(), FakeAuthority()
        self.roots = RootService(
            self.memory,
            self.memory,
            self.clock,
            signer=self.signer,
            notes=FakeNotes(),
            authority=self.authority if stamped else None,
        )
        self.desk = EvidenceDesk(
            self.store,
            self.helpline.store,
            self.helpline.casework.files,
            roots=self.roots,
            signer=self.signer,
            organisation="Helpline <Example>",
        )

    def case(self) -> CaseId:
        """Open a case with a picture and links, of somebody who told much."""
        links = (NewLink("https://www.copies.example/1"), NewLink("https://www.copies.example/2", "He lives next door"))
        given = submission(
            made_up_item(1, label="beach picture"),
            links=links,
            contact="mara@mail.example",
            narrative="It was my ex",
            reporter=Reporter.HELPLINE,
            representative="she is afraid",
        )
        self.helpline.casework.submit(given)
        return list(self.memory.world.doors)[-1]

    def everything(self) -> CaseId:
        """Let everything happen that a package tells of: requests kept, missed, refused; answers, failures."""
        case, service, mailer = self.case(), self.helpline.service, self.helpline.mailer
        [pursuit] = service.open(case, actor=ADA)
        id_ = service.look_up(pursuit.id, actor=ADA).id
        service.draft(id_, Rung.SITE, wishes=ALL, actor=ADA)
        service.drop(id_, 1, actor=ADA)
        self._send(id_, Rung.HOST)
        self.helpline.mailbox.receive("Which address?", references=(mailer.sent[-1].message_id,), attachments=2)
        self.helpline.post.collect()
        service.send(id_, 2, text="That of the picture.", actor=ADA)
        self.helpline.run("pursuit-mail", id_)
        self.clock.move(hours=80)
        self.helpline.run("pursuit-clock", id_)
        mailer.failure = Undeliverable("No such box.")
        service.send(id_, 3, actor=ADA)
        self.helpline.run("pursuit-mail", id_)
        mailer.failure = None
        service.name_party(id_, Rung.PAYMENT, addressee="visa", actor=ADA)
        service.draft(id_, Rung.PAYMENT, wishes=ALL, actor=ADA)
        service.sent_by_hand(id_, 4, actor=ADA)
        service.settle(id_, 2, Outcome.REMOVED, actor=ADA)
        return case

    def _send(self, pursuit: PursuitId, rung: Rung) -> None:
        drafted = self.helpline.service.draft(pursuit, rung, wishes=ALL, actor=ADA)
        self.helpline.service.send(pursuit, len(drafted.requests), actor=ADA)
        self.helpline.run("pursuit-mail", pursuit)


def members(content: bytes) -> dict[str, bytes]:
    """Unpack a package."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repacked(content: bytes, changed: Mapping[str, bytes | None]) -> bytes:
    """Change members of a package, or (None) take them out, as somebody would who has no key."""
    kept = {**members(content), **changed}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, body in kept.items():
            if body is not None:
                archive.writestr(name, body)
    return file.getvalue()


def checked(content: bytes, *keys: bytes) -> PackageCheck:
    """Check a package."""
    return check(content, signed=is_signed, keys=keys)
