# SPDX-License-Identifier: Apache-2.0
"""Who calls, and what all the protocols have in common."""

from collections.abc import Iterator, Sequence

from noli.exchange.model import Bad, Counts, Partner, Told, Visible
from noli.hashing.model import Hash, SignalType
from noli.web.api.operation import Call

#: Our own number; a partner's is this plus its id. Some protocols want at least eight digits.
OURSELVES = 10_000_000

#: Our own name among members.
OUR_NAME = "Noli"


def calling(call: Call) -> Partner:
    """Return the partner whose key came. Raises Forbidden."""
    return call.app.partners.of_key(call.key.name)


def number_of(partner: Partner) -> int:
    """Return the number of a partner."""
    return OURSELVES + partner.id


def take(call: Call, partner: Partner, told: Sequence[Told], bad: Sequence[Bad] = ()) -> Counts:
    """Take what a partner sent by itself under the rules agreed with it; what was taken matches when this returns.

    Raises:
        Flooded: Too much of it is held already; nothing was taken.
    """
    counts = call.app.incoming.submit(partner, told, bad)
    call.app.catch_up()
    return counts


def version_now(call: Call) -> int:
    """Return the order of what comes now: what a partner sends later counts, whatever its own clock says."""
    return int(call.app.clock.now().timestamp() * 1000)


def pdq_of(item: Visible) -> Iterator[tuple[int, Hash]]:
    """Yield the hashes that these protocols know, with their places.

    Frames of videos are none: as pictures of their own, titles and black frames would block everything.
    """
    for place, one in enumerate(item.hashes):
        if one.type.value == SignalType.PDQ.value:
            yield place, one
