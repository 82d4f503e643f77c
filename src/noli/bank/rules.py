# SPDX-License-Identifier: Apache-2.0
"""What opinions make of an entry: pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass

from noli.bank.model import Opinion, OpinionKind

#: Begins the author of an opinion that a partner sent; no key's name can hold its colon.
PARTNER_PREFIX = "partner:"


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
    """Weigh opinions, given oldest first: each author's newest counts."""
    newest = {one.author: one.kind for one in opinions}
    return Standing(
        disputed=any(kind is not OpinionKind.TRUE_POSITIVE for kind in newest.values()),
        confirmed=any(
            kind is OpinionKind.TRUE_POSITIVE and not author.startswith(PARTNER_PREFIX)
            for author, kind in newest.items()
        ),
    )
