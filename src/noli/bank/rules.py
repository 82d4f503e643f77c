# SPDX-License-Identifier: Apache-2.0
"""What opinions make of an entry: pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass

from noli.bank.model import Opinion, OpinionKind

#: Begins the author of an opinion that a partner sent; no key's name can hold its colon.
PARTNER_PREFIX = "partner:"

#: Begins the author of an opinion that staff gave.
STAFF_PREFIX = "staff:"

#: Author of what this installation thinks by itself of an entry that blocks too much (``matching.doubts``).
DOUBTS = "noli:doubts"


@dataclass(frozen=True, slots=True)
class Standing:
    """What everybody's newest opinions come to.

    Attributes:
        disputed: Somebody says that the entry is wrong; it asks for review at most.
        confirmed: Somebody here, not a partner, says that it is right.
    """

    disputed: bool
    confirmed: bool


def standing(opinions: Iterable[Opinion]) -> Standing:
    """Weigh opinions, given oldest first: each author's newest counts, and a person's more than the machine's."""
    newest: dict[str, OpinionKind] = {}
    for one in opinions:
        newest[one.author] = one.kind
        if _confirms(one.author, one.kind):
            newest.pop(DOUBTS, None)
    return Standing(
        disputed=any(kind is not OpinionKind.TRUE_POSITIVE for kind in newest.values()),
        confirmed=any(_confirms(author, kind) for author, kind in newest.items()),
    )


def may_withdraw(opinions: Iterable[Opinion], by: str) -> bool:
    """Say whether a member of staff may withdraw an entry, given its opinions oldest first.

    It cannot be undone, so it takes two: the newest opinion of another member of staff must be that the entry is wrong.
    """
    newest = {one.author: one.kind for one in opinions}
    return any(
        author.startswith(STAFF_PREFIX) and author != by and kind is not OpinionKind.TRUE_POSITIVE
        for author, kind in newest.items()
    )


def _confirms(author: str, kind: OpinionKind) -> bool:
    return kind is OpinionKind.TRUE_POSITIVE and not author.startswith(PARTNER_PREFIX)
