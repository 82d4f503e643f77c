# SPDX-License-Identifier: Apache-2.0
"""Who calls, and what all the protocols have in common."""

from collections.abc import Iterator

from noli.exchange.model import Partner, Visible
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


def pdq_of(item: Visible) -> Iterator[tuple[int, Hash]]:
    """Yield the hashes that these protocols know, with their places."""
    for place, one in enumerate(item.hashes):
        if one.type.value == SignalType.PDQ.value:
            yield place, one
