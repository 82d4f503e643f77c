# SPDX-License-Identifier: Apache-2.0
"""What policy makes of neighbours: pure functions from machine facts to a decision with its reasons.

1. Each neighbour in a positive bank asks for what its bank says: block, review, or (log) nothing.
2. A disputed entry asks for review at most; one that a partner sent, until somebody here has confirmed it, for what was
   agreed with that partner.
3. A neighbour in a negative bank vetoes the query (frame) it was found for: matches of that frame are listed but
   no longer count; other frames are untouched. A disputed veto is itself in doubt: it weakens to review, not allow.
4. Where only regions agree, an entry asks for review at most, unless its bank says that they may block and so much
   agrees that another picture of the same scene is out of the question.
5. What only a second look finds, the upload as it may have been before it was cut, turned or framed, asks for review at
   most.
6. An upload that shows too little of a banked video, or only what resembles it, asks for review at most.
7. The strongest that stands wins. Disabled banks say nothing.
8. A file that could not be read cannot be shown harmless, and a viewer may be more forgiving than our decoder:
   ``corrupt``, ``too_large`` and ``timed_out`` are ``review`` at least, so that damaging a file is no way round a
   block. ``unsupported`` (not a picture at all, for all we know) and ``low_quality`` (a flat picture shows nobody) are
   ``allow`` with the reason: there is nothing to review, and platforms see both all day.

Reasons never state the exact distance: 257 of them give a banked hash away.
"""

from collections.abc import Sequence
from dataclasses import replace

from noli.bank.model import Action, BankPolicy, EntryId, RegionUse, entry_text
from noli.hashing.model import Outcome
from noli.matching.model import Agreement, Closeness, Decision, Match, Neighbour, Segment, Verdict

#: Largest distance at which two hashes count as the same picture re-encoded, in bits. A choice: re-encoded copies of
#: one photograph lie within it (``make bench ROWS=formats``), other edits mostly beyond.
SAME_BITS = 8

#: Width of the band below the threshold in which a match is called ``edge``, in bits.
EDGE_BITS = 8

#: Regions that must agree, and thousandths by area of what could agree that must, for a match by regions. Pictures of
#: one scene share its background: of 1,056 pairs of frames from clips of one room, one in five has four regions in
#: common, but hardly any so much of what is registered (``make bench-robustness``).
MIN_VOTES, MIN_COVERED = 3, 420

#: So many agreeing regions are a match even where they cover less: none of those pairs had as many.
MANY_VOTES = 16

#: The same, from which on a bank may block: a third more than any pair of one scene had.
STRONG_VOTES, STRONG_COVERED = 8, 670

#: Matches that a decision lists at most; the strongest and nearest are kept. Nobody reads more.
MAX_MATCHES = 100

_STRENGTH = {Verdict.ALLOW: 0, Verdict.REVIEW: 1, Verdict.BLOCK: 2}
_ASKS = {Action.BLOCK: Verdict.BLOCK, Action.REVIEW: Verdict.REVIEW, Action.LOG: Verdict.ALLOW}
_DOES = {Action.BLOCK: "blocks", Action.REVIEW: "asks for review", Action.LOG: "only logs"}

# What each outcome asks for by itself, and why.
_WITHOUT_MATCH: dict[Outcome, tuple[Verdict, str]] = {
    Outcome.HASHED: (Verdict.ALLOW, "nothing in the banks is close to it"),
    Outcome.LOW_QUALITY: (Verdict.ALLOW, "too flat to tell from other pictures"),
    Outcome.UNSUPPORTED: (Verdict.ALLOW, "not a format that can be checked"),
    Outcome.CORRUPT: (Verdict.REVIEW, "damaged, so it could not be checked; a viewer might still show it"),
    Outcome.TOO_LARGE: (Verdict.REVIEW, "too large to be checked; a viewer might still show it"),
    Outcome.TIMED_OUT: (Verdict.REVIEW, "took too long to be checked; a viewer might still show it"),
}


def closeness(distance_bits: int, threshold_bits: int) -> Closeness:
    """Name a distance coarsely.

    ``same`` is 0-8 bits, whatever the threshold; ``edge`` is the last 8 distances up to and including the threshold;
    ``near`` is what lies between. At the usual 31: same 0-8, near 9-23, edge 24-31.

    Args:
        distance_bits: Hamming distance, 0 to ``threshold_bits``.
        threshold_bits: Largest distance at which the bank matches.

    Raises:
        ValueError: The distance lies outside the threshold, so that there is no match to name.
    """
    if not 0 <= distance_bits <= threshold_bits:
        msg = f"a distance of {distance_bits} bits is no match at a threshold of {threshold_bits}"
        raise ValueError(msg)
    if distance_bits <= SAME_BITS:
        return Closeness.SAME
    return Closeness.EDGE if threshold_bits - distance_bits < EDGE_BITS else Closeness.NEAR


def agrees(agreement: Agreement) -> bool:
    """Whether regions agree far enough for a match at all."""
    covers = agreement.votes >= MIN_VOTES and agreement.covered >= MIN_COVERED
    return covers or agreement.votes >= MANY_VOTES


def strong(agreement: Agreement) -> bool:
    """Whether they agree so far that another picture of the same scene is out of the question."""
    return agreement.votes >= STRONG_VOTES and agreement.covered >= STRONG_COVERED


def closeness_of(neighbour: Neighbour) -> Closeness:
    """Name how close a neighbour is, by its distance or by how far its regions agree.

    By regions it is ``near`` where they agree so far that they may block, else ``edge``, never ``same``; by a second
    look always ``edge``.
    """
    if neighbour.looked_again:
        return Closeness.EDGE
    if neighbour.agreement is not None:
        return Closeness.NEAR if strong(neighbour.agreement) else Closeness.EDGE
    return closeness(neighbour.distance_bits, neighbour.bank.policy.threshold_bits)


def stronger(one: Verdict, other: Verdict) -> Verdict:
    """Return the stricter of two verdicts."""
    return one if _STRENGTH[one] >= _STRENGTH[other] else other


def judge(found: Sequence[Sequence[Neighbour]], *, outcome: Outcome, capped: bool = False) -> Decision:
    """Decide on one upload.

    Args:
        found: Neighbours of each query hash (frame), in the order of the hashes; their own order does not matter.
        outcome: What became of the file; ``HASHED`` where hashes were sent.
        capped: The search saw more neighbours than it returned.

    Returns:
        The decision. Each entry is listed once, by its strongest, nearest frame; at most ``MAX_MATCHES``.
    """
    floor, reason = _WITHOUT_MATCH[outcome]
    if not any(found):
        return Decision(floor, (), reason, capped)
    matches = _ordered([m for query, neighbours in enumerate(found) for m in _judge_query(query, neighbours)])
    if not matches:
        return Decision(floor, (), reason, capped)
    strongest = matches[0]
    verdict = stronger(floor, strongest.verdict)
    if verdict is strongest.verdict:
        reason = strongest.reason
    return Decision(verdict, tuple(matches[:MAX_MATCHES]), reason, capped or len(matches) > MAX_MATCHES)


def _judge_query(query: int, neighbours: Sequence[Neighbour]) -> list[Match]:
    live = [neighbour for neighbour in neighbours if neighbour.bank.policy.enabled]
    veto = min((n for n in live if n.bank.policy.negative), key=_veto_order, default=None)
    return [_match(query, neighbour, veto) for neighbour in live]


def _veto_order(neighbour: Neighbour) -> tuple[bool, int, EntryId]:
    return neighbour.disputed, neighbour.distance_bits, neighbour.entry


def _match(query: int, neighbour: Neighbour, veto: Neighbour | None) -> Match:
    policy = neighbour.bank.policy
    if neighbour.agreement is not None:
        return _match_by_regions(query, neighbour, neighbour.agreement, veto)
    if neighbour.looked_again:
        return _match_by_looks(query, neighbour, veto)
    close = closeness_of(neighbour)
    reason = f"{_named(neighbour)}, {close}; {neighbour.bank.name} "
    if policy.negative:
        reason += f"clears content up to {policy.threshold_bits} bits"
        if neighbour.disputed:
            reason += "; the entry is disputed, so it does not clear by itself"
        return Match(neighbour, close, Verdict.ALLOW, reason, query)
    reason += f"{_DOES[policy.action]} up to {policy.threshold_bits} bits"
    verdict = _ASKS[policy.action]
    if neighbour.segment is not None:
        reason += f"; {_shown(neighbour.segment)}"
        if verdict is Verdict.BLOCK and not is_enough(neighbour.segment, policy):
            verdict = Verdict.REVIEW
            reason += ", too little to decide by itself"
    return _weighed(Match(neighbour, close, verdict, reason, query), veto)


def _match_by_regions(query: int, neighbour: Neighbour, agreement: Agreement, veto: Neighbour | None) -> Match:
    policy = neighbour.bank.policy
    verdict = _ASKS[policy.action]
    reason = f"{_named(neighbour)}, of which {'most' if strong(agreement) else 'parts'} can be seen"
    if verdict is Verdict.BLOCK and not (strong(agreement) and policy.regions is RegionUse.BLOCK):
        verdict = Verdict.REVIEW
        reason += f"; {neighbour.bank.name} asks for review where only regions agree"
    else:
        reason += f"; {neighbour.bank.name} {_DOES[policy.action]}"
    return _weighed(Match(neighbour, closeness_of(neighbour), verdict, reason, query), veto)


def _match_by_looks(query: int, neighbour: Neighbour, veto: Neighbour | None) -> Match:
    policy = neighbour.bank.policy
    verdict = _ASKS[policy.action]
    reason = f"{_named(neighbour)}, as it would be cut, turned or framed; {neighbour.bank.name} "
    if verdict is Verdict.BLOCK:
        verdict = Verdict.REVIEW
        reason += "asks for review where only a second look finds it"
    else:
        reason += _DOES[policy.action]
    return _weighed(Match(neighbour, closeness_of(neighbour), verdict, reason, query), veto)


def _weighed(match: Match, veto: Neighbour | None) -> Match:
    """Weaken a match of an entry that is unconfirmed or disputed, and one that something clears."""
    neighbour, verdict, reason = match.neighbour, match.verdict, match.reason
    if neighbour.at_most is not None and _STRENGTH[_ASKS[neighbour.at_most]] < _STRENGTH[verdict]:
        verdict = _ASKS[neighbour.at_most]
        why = "it cannot be asked now who" if neighbour.remembered else "nobody here"
        reason += f"; {why} has confirmed the entry, so it {_DOES[neighbour.at_most]}"
    if neighbour.disputed and verdict is Verdict.BLOCK:
        verdict = Verdict.REVIEW
        reason += "; the entry is disputed, so a person decides"
    if veto is not None and verdict is not Verdict.ALLOW:
        verdict = Verdict.REVIEW if veto.disputed else Verdict.ALLOW
        reason += f"; {'perhaps ' if veto.disputed else ''}cleared by {_named(veto)}"
    return replace(match, verdict=verdict, reason=reason)


def is_enough(segment: Segment, policy: BankPolicy) -> bool:
    """Tell whether an upload shows enough of a banked video for its bank's action.

    Args:
        segment: What it shows.
        policy: The bank's.
    """
    return segment.firm and (segment.seconds >= policy.video_seconds or segment.share >= policy.video_share)


def _shown(segment: Segment) -> str:
    at = f"{segment.start_ms // 60_000}:{segment.start_ms // 1000 % 60:02}"
    return f"from {at} on it shows {segment.seconds:g} s, {segment.share:.0%} of the banked video"


def _named(neighbour: Neighbour) -> str:
    return f"entry {entry_text(neighbour.entry)} of bank {neighbour.bank.name}"


def _ordered(matches: list[Match]) -> list[Match]:
    matches.sort(key=lambda m: (-_STRENGTH[m.verdict], m.neighbour.distance_bits, m.neighbour.entry, m.query))
    first: dict[EntryId, Match] = {}
    for match in matches:
        first.setdefault(match.neighbour.entry, match)
    return list(first.values())
