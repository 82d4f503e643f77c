# SPDX-License-Identifier: Apache-2.0
"""The main use case: look for an upload's hashes in the banks, decide, record what matched, answer.

It decodes no files (the media hasher does) and knows no HTTP. Protection goes before book-keeping: where the database
does not answer, what the index knows decides; where a record cannot be kept, the answer stands and is counted.
"""

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from noli.access.model import ApiKey, Scope
from noli.bank.model import Entry, EntryId, EntryState
from noli.bank.ports import BankStore
from noli.base.clock import Clock
from noli.base.errors import InputError, Throttled, Unavailable
from noli.hashing.model import Hash, Outcome, Reading, Regions
from noli.matching.index import BankIndexes
from noli.matching.model import Check, Decision, Match, Neighbour, Verdict
from noli.matching.ports import Checks
from noli.matching.probing import Answer, ProbingGuard
from noli.matching.rules import judge

# Regions that one bank reports at most for one region of an upload.
_MAX_REGIONS = 100

#: Reason of a batch item that the guard refused; it lists no matches, so that hit and miss look alike.
PROBING_REASON = "probing: too many different near-copies of one picture were checked"


@dataclass(frozen=True, slots=True)
class Upload:
    """One thing to check.

    Attributes:
        hashes: What to look for, one a frame; empty where the file had none.
        content_ref: The platform's own reference.
        outcome: What became of the file; ``HASHED`` where hashes were sent.
        copies: Of each hash, the other forms in which copies come, looked for under its name; empty where they are not
            known.
        regions: The regions of the picture of each hash; empty where they are not known.
    """

    hashes: tuple[Hash, ...]
    content_ref: str = ""
    outcome: Outcome = Outcome.HASHED
    copies: tuple[tuple[bytes, ...], ...] = field(default=(), repr=False)
    regions: tuple[Regions | None, ...] = ()

    @classmethod
    def of(cls, reading: Reading, *, content_ref: str = "") -> Self:
        """Make one of a file that was read."""
        return cls(reading.hashes, content_ref, reading.outcome, reading.copies, reading.regions)


@dataclass(frozen=True, slots=True)
class Found:
    """What the banks in memory hold near one upload; the store has not been asked yet.

    Attributes:
        upload: What was looked for.
        near: Neighbours of each of its hashes, in their order.
        capped: Whether a bank had more than it reported.
    """

    upload: Upload
    near: tuple[list[Neighbour], ...]
    capped: bool = False

    @property
    def entries(self) -> set[EntryId]:
        """The entries that were hit; where there are none, concluding asks no database."""
        return {neighbour.entry for near in self.near for neighbour in near}


class Checker:
    """Checks uploads for API keys; safe to call from many threads."""

    def __init__(
        self,
        *,
        indexes: BankIndexes,
        store: BankStore,
        checks: Checks,
        guard: ProbingGuard,
        clock: Clock,
        new_id: Callable[[], str],
        max_neighbours: int,
    ) -> None:
        """Keep the collaborators.

        Args:
            indexes: The banks, searchable.
            store: The banks, for what only it knows: withdrawn a moment ago, disputed.
            checks: Keeps checks that matched.
            guard: Refuses probing.
            clock: Tells the time.
            new_id: Makes a random, opaque id.
            max_neighbours: Hashes that one bank reports at most for one query.
        """
        self._indexes = indexes
        self._store = store
        self._checks = checks
        self._guard = guard
        self._clock = clock
        self._new_id = new_id
        self._max_neighbours = max_neighbours
        self._counting = threading.Lock()
        self._unrecorded = 0
        self._unconfirmed = 0

    @property
    def unrecorded(self) -> int:
        """Matched checks that were answered but could not be recorded, since the start."""
        return self._unrecorded

    @property
    def unconfirmed(self) -> int:
        """Calls whose hits were answered from the index alone, the store being silent, since the start."""
        return self._unconfirmed

    def check(self, upload: Upload, *, key: ApiKey) -> Check:
        """Check one upload.

        Args:
            upload: What to look for; its hashes may be empty unless its outcome is ``HASHED``.
            key: Who asks.

        Returns:
            The check; recorded exactly if something matched.

        Raises:
            InputError: No hashes, though the file was hashed.
            Throttled: The key is probing.
            Unavailable: The banks are not loaded.
        """
        return self.conclude(self.look(upload), key=key)

    def look(self, upload: Upload) -> Found:
        """Do the first half of ``check``, which takes microseconds and waits for nothing; ``conclude`` does the rest.

        Raises:
            InputError: No hashes, though the file was hashed.
            Unavailable: The banks are not loaded.
        """
        return self._look([upload])[0]

    def conclude(self, found: Found, *, key: ApiKey) -> Check:
        """Do the second half of ``check``: ask the store about what was hit, decide, record, answer.

        Raises:
            Throttled: The key is probing.
        """
        [found] = self._confirmed([found])
        decision = _decided(found)
        self._admit(found.upload, decision, key)
        check = self._made(found.upload, decision, key)
        self._record([check])
        return check

    def check_many(self, uploads: Sequence[Upload], *, key: ApiKey) -> list[Check]:
        """Check many uploads with one read and one write; each is decided by itself.

        An upload for which the key is probing gets ``review`` with the reason ``PROBING_REASON`` and no matches.

        Raises:
            InputError: An upload has no hashes, though it was hashed.
            Unavailable: The banks are not loaded.
        """
        made = []
        for found in self._confirmed(self._look(uploads)):
            decision = _decided(found)
            try:
                self._admit(found.upload, decision, key)
            except Throttled:
                decision = Decision(Verdict.REVIEW, (), PROBING_REASON)
            made.append(self._made(found.upload, decision, key))
        self._record(made)
        return made

    def _look(self, uploads: Sequence[Upload]) -> list[Found]:
        """Search every usable hash."""
        uploads = [replace(upload, outcome=_outcome(upload.hashes, upload.outcome)) for upload in uploads]
        answers = iter(self._search([form for upload in uploads for forms in _forms(upload) for form in forms]))
        found = []
        for upload in uploads:
            near, capped = [], False
            for forms in _forms(upload):
                of_forms = [next(answers) for _ in forms]
                near.append([neighbour for found_near, _ in of_forms for neighbour in found_near])
                capped = capped or any(was_capped for _, was_capped in of_forms)
            for at, regions in enumerate(upload.regions):
                if regions is not None:
                    near[at] += self._indexes.neighbours_by_regions(regions, max_neighbours=_MAX_REGIONS)
            found.append(Found(upload, tuple(near), capped))
        return found

    def _confirmed(self, found: Sequence[Found]) -> Sequence[Found]:
        """Ask the store about the entries that were hit, if any."""
        hit = set[EntryId]().union(*(each.entries for each in found))
        if not hit:
            return found
        entries = self._entries(sorted(hit))
        return [replace(each, near=tuple(_confirmed(near, entries) for near in each.near)) for each in found]

    def _search(self, queries: Sequence[bytes]) -> list[tuple[list[Neighbour], bool]]:
        if len(queries) == 1:
            return [self._indexes.neighbours(queries[0], max_neighbours=self._max_neighbours)]
        return self._indexes.neighbours_batch(queries, max_neighbours=self._max_neighbours)

    def _entries(self, ids: Sequence[EntryId]) -> dict[EntryId, Entry]:
        try:
            with self._store.transaction() as transaction:
                return transaction.entries_by_id(ids)
        except Unavailable:
            with self._counting:
                self._unconfirmed += 1
            return {}

    def _admit(self, upload: Upload, decision: Decision, key: ApiKey) -> None:
        exact = Scope.DISTANCES in key.scopes
        by_hash = [match.neighbour.distance_bits for match in decision.matches if match.neighbour.agreement is None]
        nearest = min(by_hash, default=None)
        answer = Answer(_seen(decision.matches, exact=exact), nearest, exact=exact)
        for query in upload.hashes:
            if query.usable:
                self._guard.admit(key.name, query.value, answer)

    def _made(self, upload: Upload, decision: Decision, key: ApiKey) -> Check:
        return Check(
            id=self._new_id(),
            content_ref=upload.content_ref,
            key=key.name,
            outcome=upload.outcome,
            decision=decision,
            hashes=upload.hashes,
            checked_at=self._clock.now(),
        )

    def _record(self, made: Iterable[Check]) -> None:
        matched = [check for check in made if check.decision.matches]
        if not matched:
            return
        try:
            self._checks.add(matched)
        except Unavailable:
            # Refusing to answer would let the upload through on most platforms; the counter raises the alarm.
            with self._counting:
                self._unrecorded += len(matched)


def _forms(upload: Upload) -> Iterator[tuple[bytes, ...]]:
    """Yield what is looked for under the name of each hash: itself and, where known, its other forms."""
    for at, one in enumerate(upload.hashes):
        copies = upload.copies[at] if at < len(upload.copies) else ()
        yield (one.value, *copies) if one.usable else ()


def _decided(found: Found) -> Decision:
    return judge(found.near, outcome=found.upload.outcome, capped=found.capped)


def _outcome(hashes: Sequence[Hash], outcome: Outcome) -> Outcome:
    if outcome is not Outcome.HASHED:
        return outcome
    if not hashes:
        msg = "There is no hash to look for; give at least one."
        raise InputError(msg)
    return Outcome.HASHED if any(h.usable for h in hashes) else Outcome.LOW_QUALITY


def _confirmed(near: Iterable[Neighbour], entries: dict[EntryId, Entry]) -> list[Neighbour]:
    """Drop what was withdrawn since the index last followed, mark what is disputed or not confirmed.

    An entry that the store did not tell about is kept: in doubt, the index is believed.
    """
    kept = []
    for neighbour in near:
        entry = entries.get(neighbour.entry)
        if entry is None:
            kept.append(neighbour)
        elif entry.state is EntryState.ACTIVE:
            marked = entry.disputed or entry.at_most is not None
            kept.append(replace(neighbour, disputed=entry.disputed, at_most=entry.at_most) if marked else neighbour)
    return kept


def _seen(matches: Iterable[Match], *, exact: bool) -> Hashable:
    """Everything about distance that a key reads out of an answer: entries with their closeness or distance.

    Regions tell of none: what is near them cannot be sent as a hash, and files of near-copies are no steps of one bit.
    """
    return tuple(
        sorted(
            (m.neighbour.entry, str(m.closeness), m.neighbour.distance_bits if exact else -1)
            for m in matches
            if m.neighbour.agreement is None
        )
    )
