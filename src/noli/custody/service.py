# SPDX-License-Identifier: Apache-2.0
"""Make evidence packages, keep them, hand them out, and let go of them with their case.

1. The case and its pursuits are read in one transaction; the ledger's root is signed after it, so that it covers all.
2. The package is kept before it is on record: a record never tells of a file that was not there. Who dies in between
   leaves a file without a record, which goes with its case.
3. Making and handing out are each on record with who and the digest.
4. When the case is erased a job deletes everything that is kept of it, again and again until the store has done so.
   What was handed out before is out of our hands; the ledger goes on showing that it was made.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from noli.base.clock import Clock
from noli.base.errors import Conflict, InputError, NotFound, Unavailable
from noli.casework import rules as cases
from noli.casework.commands import RecordEvidence
from noli.casework.files import ERASED, CaseFiles
from noli.casework.model import Case, CaseId, EvidencePackage
from noli.custody import package
from noli.custody.model import LANGUAGES, Known, Making, Proven
from noli.custody.ports import PackageStore
from noli.custody.words import STORY
from noli.evidence.events import Opening
from noli.evidence.model import Fact, SignedRoot
from noli.evidence.ports import Signer
from noli.evidence.signing import RootService
from noli.hashing.model import Hash
from noli.jobs.model import Lane, Lease, Task
from noli.pursuit import rules as pursuits
from noli.pursuit.ports import PursuitStore, PursuitTransaction

#: Digits of a digest that are enough to name a package of one case.
LEAST_DIGITS = 8

# Tries to sign a root while other processes do the same.
_TRIES = 3


class EvidenceDesk:
    """The use cases around packages; safe to call from many threads."""

    def __init__(
        self,
        store: PackageStore,
        pursuits: PursuitStore,
        files: CaseFiles,
        *,
        roots: RootService,
        signer: Signer,
        organisation: str,
    ) -> None:
        """Keep the collaborators.

        Args:
            store: Where packages are kept.
            pursuits: Reads cases and what was done about their links.
            files: Changes cases.
            roots: Signs the ledger's root, and proves entries.
            signer: Signs packages, with the key that signs roots.
            organisation: Whose installation it is; may be empty.
        """
        self.store = store
        self._pursuits, self._files, self._roots = pursuits, files, roots
        self._signer, self._organisation = signer, organisation

    @property
    def _clock(self) -> Clock:
        return self._files.clock

    @property
    def task(self) -> Task:
        """What the caretaker does."""
        return Task(kind=ERASED, run=self._forget, lane=Lane.NETWORK)

    def capture(
        self, case: CaseId, *, language: str = "en", with_hashes: bool = False, actor: str
    ) -> tuple[EvidencePackage, bytes]:
        """Make a package of what is known of a case, keep it, and put that on record.

        Returns:
            What is on record of it, and the file.

        Raises:
            NotFound: There is no such case.
            Conflict: The case was erased: nothing is left to be shown.
            InputError: Packages are not written in this language.
            IntegrityError: The ledger was changed; nothing that rests on it should be believed.
            Unavailable: The store does not take it; nothing is on record.
        """
        if language not in LANGUAGES:
            msg = f"Packages are written in {', '.join(LANGUAGES)}."
            raise InputError(msg)
        with self._pursuits.transaction() as transaction:
            known = _known(transaction, case, with_hashes=with_hashes)
        making = Making(language, with_hashes, self._clock.now(), actor, self._organisation)
        proven = self._proven(known)
        members = package.content(known, proven, making)
        manifest = package.manifest(members, known, proven, making)
        public, signature = self._signer.sign(package.PREFIX + manifest)
        content = package.packed(members, manifest, key=public, signature=signature)
        digest = hashlib.sha256(content).hexdigest()
        self.store.put(case, digest, content)
        command = RecordEvidence(digest, len(content), language, with_hashes)
        try:
            changed = self._files.act(case, lambda *_: [command], actor=actor)
        except Conflict:
            if self._files.load(case).erased_at is not None:
                # It was erased meanwhile, and what that deleted may have been deleted before this was kept.
                self.store.forget(case)
            raise
        return next(each for each in reversed(changed.packages) if each.digest == digest), content

    def packages(self, case: CaseId) -> tuple[EvidencePackage, ...]:
        """Return what was made of a case, oldest first. Raises NotFound."""
        return self._files.load(case).packages

    def fetch(self, case: CaseId, digest: str, *, actor: str) -> tuple[EvidencePackage, bytes]:
        """Hand out a package; the ledger says who took it. ``digest`` may be cut to ``LEAST_DIGITS``.

        Raises:
            NotFound: There is no such case or package.
            Conflict: The case was erased, and its packages with it.
            IntegrityError: The package is damaged; none is handed out.
            Unavailable: The store does not answer.
        """
        found = _named(self._files.load(case), digest)
        content = self.store.get(case, found.digest)
        with self._files.store.transaction(write=True) as transaction:
            fact = Fact("evidence.fetched", case, actor, bytes.fromhex(found.digest))
            transaction.record(fact, now=self._clock.now())
        return found, content

    def _proven(self, known: Known) -> Proven:
        signed = self._signed()
        try:
            self._roots.stamp()
        except Unavailable:
            # The package says that no time-stamp comes with it; it is as good as the organisation's clock.
            stamps = []
        else:
            stamps = self._roots.tokens(signed.root.size)
        wanted = sorted({each.ledger_sequence for _, each in known.openings if each.written.name in STORY})
        return Proven(
            signed,
            [self._roots.prove(sequence, size=signed.root.size) for sequence in wanted],
            self._signer.signing_keys(),
            stamps,
        )

    def _signed(self) -> SignedRoot:
        for last in range(_TRIES):
            try:
                signed = self._roots.sign()
            except Conflict:
                # Another process signed at this moment; the next root goes on from there.
                if last == _TRIES - 1:
                    raise
                continue
            assert signed is not None  # noqa: S101 - the ledger holds the case's entries
            return signed
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def _forget(self, lease: Lease) -> datetime | None:
        self.store.forget(CaseId(lease.subject))
        return None


def _known(transaction: PursuitTransaction, id_: CaseId, *, with_hashes: bool) -> Known:
    openings: list[tuple[str, Opening[Any]]] = [(str(id_), each) for each in transaction.cases.openings(id_)]
    case = cases.fold(id_, [each.recorded for _, each in openings])
    if case.erased_at is not None:
        msg = "This case was erased, as the person asked. Nothing is left that a package could show."
        raise Conflict(msg)
    found = {}
    for listed in transaction.of_case(id_):
        own = transaction.openings(listed.id)
        found[listed.id] = pursuits.fold(listed.id, [each.recorded for each in own])
        openings += [(str(listed.id), each) for each in own]
    openings.sort(key=lambda each: each[1].ledger_sequence)
    return Known(case, found, openings, _hashes(transaction, case) if with_hashes else {})


def _hashes(transaction: PursuitTransaction, case: Case) -> dict[str, Sequence[Hash]]:
    return {
        item.id: transaction.cases.banks.entry(item.bank, item.entry).hashes
        for item in case.items
        if item.entry is not None
    }


def _named(case: Case, digest: str) -> EvidencePackage:
    if case.erased_at is not None:
        msg = "This case was erased, and its packages with it."
        raise Conflict(msg)
    fits = [each for each in case.packages if len(digest) >= LEAST_DIGITS and each.digest.startswith(digest.lower())]
    if len(fits) != 1:
        msg = "The case has no such evidence package."
        raise NotFound(msg)
    return fits[0]
