# SPDX-License-Identifier: Apache-2.0
"""The main use case: look for an upload's hashes in the banks, decide, record what matched, answer.

It decodes no files (the media hasher does) and knows no HTTP. Protection goes before book-keeping: where the database
does not answer, what the index knows decides; where a record cannot be kept, the answer stands and is counted.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Self

from noli.access.model import ApiKey, Scope
from noli.bank.model import Entry, EntryId, EntryState
from noli.bank.ports import BankStore
from noli.base.clock import Clock
from noli.base.errors import InputError, Throttled, Unavailable
from noli.hashing.model import Hash, Outcome, Reading, Regions
from noli.hashing.ports import Span
from noli.matching.index import BankIndexes
from noli.matching.model import Agreement, Answer, Check, Decision, Match, Neighbour, Verdict
from noli.matching.ports import Checks, HammingIndex
from noli.matching.probing import CLUSTER_BITS, ProbingGuard, SharedProbes
from noli.matching.rules import agrees, judge
from noli.matching.videos import BEYOND_BITS, Seen, Timed, can_be_placed, compared, placed, places_around

# Regions that one bank reports at most for one region of an upload.
_MAX_REGIONS = 100

#: Reason of a batch item that the guard refused; it lists no matches, so that hit and miss look alike.
PROBING_REASON = "probing: too many different near-copies of one picture were checked"


#: Banked videos that one upload is compared with at most, those with most near frames first.
MAX_COMPARED = 64


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
        looks: Hashes of a second look at each picture, searched where nothing else is found; empty for none.
    """

    hashes: tuple[Hash, ...]
    content_ref: str = ""
    outcome: Outcome = Outcome.HASHED
    copies: tuple[tuple[bytes, ...], ...] = field(default=(), repr=False)
    regions: tuple[Regions | None, ...] = ()
    looks: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def is_video(self) -> bool:
        """Whether its hashes are those of a video's frames."""
        return any(one.at_ms is not None for one in self.hashes)

    @classmethod
    def of(cls, reading: Reading, *, content_ref: str = "") -> Self:
        """Make one of a file that was read."""
        return cls(reading.hashes, content_ref, reading.outcome, reading.copies, reading.regions, reading.looks)


#: Position of a frame, the entry, and how far its regions agree.
_Hint = tuple[int, EntryId, Agreement]


@dataclass(frozen=True, slots=True)
class Found:
    """What the banks in memory hold near one upload; the store has not been asked yet.

    Attributes:
        upload: What was looked for.
        near: Neighbours of each of its hashes, in their order.
        capped: Whether a bank had more than it reported.
        hints: Frames of a video some regions of which agree, but not enough for a match.
    """

    upload: Upload
    near: tuple[list[Neighbour], ...]
    capped: bool = False
    hints: tuple[_Hint, ...] = ()

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
        new_index: Callable[[], HammingIndex],
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
            new_index: Makes an empty index, in which one banked video is compared with an upload.
        """
        self._indexes = indexes
        self._store = store
        self._checks = checks
        self._guard = guard
        #: Lets the guard know what other processes answered.
        self.probes = SharedProbes(guard, checks)
        self._clock = clock
        self._new_id = new_id
        self._max_neighbours = max_neighbours
        self._new_index = new_index
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

    def closer(self, seen: Reading, *, banks: Collection[str] | None) -> list[Span]:
        """Tell which places of a video are worth more than the glance at it; see ``hashing.ports.Closer``.

        Args:
            seen: What the glance found.
            banks: The banks that who asks may see; None for all.

        Returns:
            What lies around each frame that something is near, farther out than a match takes.

        Raises:
            Unavailable: The banks are not loaded.
        """
        upload = Upload.of(seen)
        forms = list(_forms(upload))
        whose = [at for at, some in enumerate(forms) for _ in some]
        queries = b"".join(form for some in forms for form in some)
        near = {whose[n] for n in self._indexes.anything_near(queries, beyond_bits=BEYOND_BITS, banks=banks)}
        for at, regions in enumerate(upload.regions):
            if regions is not None and at not in near:
                found = self._indexes.neighbours_by_regions(regions, max_neighbours=_MAX_REGIONS, banks=banks)
                near.update([at] if found else [])
        times = [one.at_ms or 0 for one in upload.hashes]
        return places_around(times, near, end_ms=seen.duration_ms or 0)

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
        return self.conclude(self.look(upload, banks=key.banks), key=key)

    def look(self, upload: Upload, *, banks: Collection[str] | None) -> Found:
        """Do the first half of ``check``, which takes microseconds and waits for nothing; ``conclude`` does the rest.

        Args:
            upload: What to look for.
            banks: The banks that who asks may see; None for all.

        Raises:
            InputError: No hashes, though the file was hashed.
            Unavailable: The banks are not loaded.
        """
        return self._look([upload], banks)[0]

    def conclude(self, found: Found, *, key: ApiKey) -> Check:
        """Do the second half of ``check``: ask the store about what was hit, decide, record, answer.

        Raises:
            Throttled: The key is probing.
        """
        [found] = self._confirmed([found], key)
        self._learn([found])
        decision = _decided(found)
        self._admit(found, decision, key)
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
        looked = self._confirmed(self._look(uploads, key.banks), key)
        self._learn(looked)
        for found in looked:
            decision = _decided(found)
            try:
                self._admit(found, decision, key)
            except Throttled:
                decision = Decision(Verdict.REVIEW, (), PROBING_REASON)
            made.append(self._made(found.upload, decision, key))
        self._record(made)
        return made

    def _look(self, uploads: Sequence[Upload], banks: Collection[str] | None) -> list[Found]:
        """Search every usable hash."""
        uploads = [replace(upload, outcome=_outcome(upload.hashes, upload.outcome)) for upload in uploads]
        answers = iter(self._search([form for upload in uploads for forms in _forms(upload) for form in forms], banks))
        found = []
        for upload in uploads:
            near, capped = list[list[Neighbour]](), False
            for forms in _forms(upload):
                of_forms = [next(answers) for _ in forms]
                near.append([neighbour for found_near, _ in of_forms for neighbour in found_near])
                capped = capped or any(was_capped for _, was_capped in of_forms)
            hints = self._look_for_regions(upload, near, banks)
            if not any(near):
                for at, looks in enumerate(upload.looks):
                    if looks:
                        near[at] += self._indexes.neighbours_by_looks(looks, banks=banks)
            found.append(Found(upload, tuple(near), capped, tuple(hints)))
        return found

    def _look_for_regions(
        self, upload: Upload, near: Sequence[list[Neighbour]], banks: Collection[str] | None
    ) -> list[_Hint]:
        """Add what matches by regions to what is near each hash; return what agrees in a video and does not match."""
        hints = []
        for at, regions in enumerate(upload.regions):
            if regions is None:
                continue
            for one in self._indexes.neighbours_by_regions(regions, max_neighbours=_MAX_REGIONS, banks=banks):
                if one.agreement is None or agrees(one.agreement):
                    near[at].append(one)
                elif upload.is_video:
                    hints.append((at, one.entry, one.agreement))
        return hints

    def _confirmed(self, found: Sequence[Found], key: ApiKey) -> Sequence[Found]:
        """Ask the store about the entries that were hit, if any; of a partner's, drop those that may not leave."""
        hit = set[EntryId]().union(*(each.entries for each in found))
        if not hit:
            return found
        by_videos = set[EntryId]().union(*(each.entries for each in found if each.upload.is_video))
        told = self._entries(sorted(hit), sorted(by_videos))
        if told is None:
            return [replace(each, near=tuple(self._indexes.remembered(near) for near in each.near)) for each in found]
        entries, videos = told
        hidden = {id for id, entry in entries.items() if key.banks is not None and not entry.sharing.leaves}  # noqa: A001
        confirmed = [
            replace(each, near=tuple(_confirmed(near, entries, hidden) for near in each.near)) for each in found
        ]
        return [self._compared(each, videos) if each.upload.is_video else each for each in confirmed]

    def _compared(self, found: Found, videos: Mapping[EntryId, Sequence[Timed]]) -> Found:
        """Put in place of all near frames of each banked video what the upload shows of it, once."""
        cleared = [any(n.bank.policy.negative and not n.disputed for n in near) for near in found.near]
        frames = [
            (one.at_ms or 0, forms)
            for one, forms, clear in zip(found.upload.hashes, _forms(found.upload), cleared, strict=True)
            if not clear
        ]
        nearest: dict[EntryId, tuple[int, Neighbour]] = {}
        frames_near: Counter[EntryId] = Counter()
        for at, near in enumerate(found.near):
            for one in near:
                if one.entry not in videos or one.bank.policy.negative or cleared[at] or one.agreement is not None:
                    continue
                frames_near[one.entry] += 1
                if one.entry not in nearest or one.distance_bits < nearest[one.entry][1].distance_bits:
                    nearest[one.entry] = at, one
        segments = {}
        for entry, _ in frames_near.most_common(MAX_COMPARED):
            bits = nearest[entry][1].bank.policy.threshold_bits
            segment = compared(frames, videos[entry], threshold_bits=bits, new_index=self._new_index)
            if segment is not None:
                segments[entry] = segment
        # Regions stand by themselves where the order of whole frames says nothing.
        kept = [
            [n for n in near if n.entry not in (nearest if n.agreement is None else segments)] for near in found.near
        ]
        for entry, segment in segments.items():
            at, one = nearest[entry]
            kept[at].append(replace(one, segment=segment))
        _place(found, kept, videos)
        return replace(found, near=tuple(kept), capped=found.capped or len(nearest) > MAX_COMPARED)

    def _search(self, queries: Sequence[bytes], banks: Collection[str] | None) -> list[tuple[list[Neighbour], bool]]:
        if len(queries) == 1:
            return [self._indexes.neighbours(queries[0], max_neighbours=self._max_neighbours, banks=banks)]
        return self._indexes.neighbours_batch(queries, max_neighbours=self._max_neighbours, banks=banks)

    def _entries(
        self, ids: Sequence[EntryId], videos: Sequence[EntryId]
    ) -> tuple[dict[EntryId, Entry], dict[EntryId, list[Timed]]] | None:
        """Return what the store knows of entries; None where it is silent."""
        try:
            with self._store.transaction() as transaction:
                return transaction.entries_by_id(ids), transaction.timed_hashes(videos) if videos else {}
        except Unavailable:
            with self._counting:
                self._unconfirmed += 1
            return None

    def _learn(self, found: Iterable[Found]) -> None:
        """Learn what other processes answered, where something is hit; without the database each counts for itself."""
        if any(each.entries for each in found):
            with suppress(Unavailable):
                self.probes.catch_up()

    def _admit(self, found: Found, decision: Decision, key: ApiKey) -> None:
        exact = Scope.DISTANCES in key.scopes
        by_hash = [match.neighbour.distance_bits for match in decision.matches if match.neighbour.by_hash]
        nearest = min(by_hash, default=None)
        seen = _seen(decision.matches, exact=exact)
        for query, near in _asked(found):
            self._guard.admit(key.name, query.value, Answer(seen, nearest if near else None, exact=exact))

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
            self._checks.add(matched, self._guard.untold())
        except Unavailable:
            # Refusing to answer would let the upload through on most platforms; the counter raises the alarm.
            with self._counting:
                self._unrecorded += len(matched)


def _place(found: Found, kept: list[list[Neighbour]], videos: Mapping[EntryId, Sequence[Timed]]) -> None:
    """Tell of each banked video of which only regions agree which part is shown; one frame then stands for all.

    Where no part can be told though there is enough to see, it is no match: a room is the same in another take.
    """
    upload = found.upload
    at_ms = [one.at_ms or 0 for one in upload.hashes]
    looked_at = [at for at, regions in zip(at_ms, upload.regions, strict=False) if regions is not None]
    agreeing = [(at, each.entry, each.agreement) for at, near in enumerate(kept) for each in near]
    seen, hints = _timed(agreeing, at_ms), _timed(found.hints, at_ms)
    for entry in seen.keys() & videos.keys():
        segment = placed(looked_at, videos[entry], seen[entry], hints.get(entry, ()))
        if segment is None and not can_be_placed(looked_at, videos[entry]):
            continue
        best = max((each for near in kept for each in near if each.entry == entry), key=_agreeing)
        told = () if segment is None else (replace(best, segment=segment),)
        for near in kept:
            others = ((each,) if each.entry != entry else told if each is best else () for each in near)
            near[:] = [each for some in others for each in some]


def _timed(
    agreeing: Iterable[tuple[int, EntryId, Agreement | None]], at_ms: Sequence[int]
) -> dict[EntryId, list[Seen]]:
    """Sort agreements with frames of banked videos by entry; what has no time, like a picture, is left out."""
    seen: dict[EntryId, list[Seen]] = {}
    for at, entry, agreement in agreeing:
        if agreement is not None and agreement.banked_ms is not None:
            seen.setdefault(entry, []).append((at_ms[at], agreement.banked_ms, agreement.votes))
    return seen


def _agreeing(neighbour: Neighbour) -> int:
    return 0 if neighbour.agreement is None else neighbour.agreement.votes


def _forms(upload: Upload) -> Iterator[tuple[bytes, ...]]:
    """Yield what is looked for under the name of each hash: itself and, where known, its other forms."""
    for at, one in enumerate(upload.hashes):
        copies = upload.copies[at] if at < len(upload.copies) else ()
        yield (one.value, *copies) if one.usable else ()


def _asked(found: Found) -> Iterator[tuple[Hash, bool]]:
    """Yield the hashes for which an answer may give something away, and whether it can be about them.

    Frames of a video that was read here follow one another by a few bits, as nobody's probes do who has to draw a video
    around each: one of each stretch stands for it. Hashes that were sent are all taken for probes.
    """
    upload = found.upload
    drawn = upload.is_video and bool(upload.copies)
    last: int | None = None
    for query, near in zip(upload.hashes, found.near, strict=True):
        value = int.from_bytes(query.value)
        if not query.usable or (drawn and last is not None and (value ^ last).bit_count() <= CLUSTER_BITS):
            continue
        last = value
        yield query, bool(near) or not drawn


def _decided(found: Found) -> Decision:
    return judge(found.near, outcome=found.upload.outcome, capped=found.capped)


def _outcome(hashes: Sequence[Hash], outcome: Outcome) -> Outcome:
    if outcome is not Outcome.HASHED:
        return outcome
    if not hashes:
        msg = "There is no hash to look for; give at least one."
        raise InputError(msg)
    return Outcome.HASHED if any(h.usable for h in hashes) else Outcome.LOW_QUALITY


def _confirmed(
    near: Iterable[Neighbour], entries: Mapping[EntryId, Entry], hidden: Collection[EntryId]
) -> list[Neighbour]:
    """Drop what was withdrawn since the index last followed, mark what is disputed or not confirmed.

    An entry that the store did not tell about is kept: in doubt, the index is believed.
    """
    kept = []
    for neighbour in near:
        entry = entries.get(neighbour.entry)
        if entry is None:
            kept.append(neighbour)
        elif entry.state is EntryState.ACTIVE and entry.id not in hidden:
            marked = entry.disputed or entry.at_most is not None
            kept.append(replace(neighbour, disputed=entry.disputed, at_most=entry.at_most) if marked else neighbour)
    return kept


def _seen(matches: Iterable[Match], *, exact: bool) -> bytes:
    """Digest everything about distance that a key reads out of an answer: entries with their closeness or distance.

    Regions and second looks tell of none: what is near them cannot be sent as a hash, and files of near-copies are no
    steps of one bit.
    """
    seen = sorted(
        (int(m.neighbour.entry), str(m.closeness), m.neighbour.distance_bits if exact else -1)
        for m in matches
        if m.neighbour.by_hash
    )
    return hashlib.sha256(repr(seen).encode()).digest()[:16]
