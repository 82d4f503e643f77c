# SPDX-License-Identifier: Apache-2.0
"""Canaries: made-up entries among what leaves, different for each partner, so that a leaked list names its source.

1. They follow from the installation's own secret, the partner and a place in the change sequence: nothing is stored,
   a stream that is read again holds the same ones, and nobody else can make or know them.
2. One comes before the first entry of a stream, and one in about ``EVERY`` after it, each in the shape of the entry
   beside it: as many hashes, with the same variants and qualities.
3. Half of their bits are set, as in every real hash; mirrored and turned forms belong together as real ones do, and
   frames of a video change little from one to the next, until a scene ends.
   No picture matches them: at random, 31 bits are met once in 2^123.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from noli.bank.model import EntryId
from noli.exchange.model import PartnerId, Visible
from noli.exchange.ports import Secrets
from noli.hashing.model import DIHEDRAL, PDQ_BYTES, Hash, SignalType, Variant

#: Steps of the change sequence to one canary, on average: a leak of a hundred entries holds one.
EVERY = 64

# Frames of a video that look alike, and the pairs of bits at most by which one differs from its scene.
_FRAMES_A_SCENE = 8
_PAIRS = 12

_SIDE = 16
_BITS = 256
_HALF = 128


class Canaries:
    """Makes the canaries of an installation's partners."""

    def __init__(self, secrets: Secrets) -> None:
        """Keep where they are drawn from."""
        self._secrets = secrets

    def mixed(self, partner: PartnerId, items: Iterable[Visible], *, first: bool) -> Iterator[Visible]:
        """Put canaries among what a partner may see.

        Args:
            partner: Whose view it is.
            items: In order.
            first: Whether the stream begins here.
        """
        block, place = -1, -1
        for item in items:
            if not item.withdrawn:
                if first:
                    first = False
                    yield self._beside(partner, 0, item)
                if item.sequence // EVERY != block:
                    block = item.sequence // EVERY
                    place = block * EVERY + self._offset(partner, block)
                if item.sequence == place:
                    yield self._beside(partner, place, item)
            yield item

    def values(self, partner: PartnerId, *, until: int) -> Iterator[bytes]:
        """Yield the original hash of each canary that a partner can have been given up to a sequence number."""
        yield self._value(partner, 0)
        for block in range(until // EVERY + 1):
            place = block * EVERY + self._offset(partner, block)
            if 0 < place <= until:
                yield self._value(partner, place)

    def _offset(self, partner: PartnerId, block: int) -> int:
        return self._secrets.draw("canary-place", partner, block)[0] % EVERY

    def _value(self, partner: PartnerId, place: int, variant: int = 0) -> bytes:
        return half_set(self._secrets.draw("canary", partner, place, variant))

    def _beside(self, partner: PartnerId, place: int, item: Visible) -> Visible:
        number = int.from_bytes(self._secrets.draw("canary-id", partner, place)[:8]) >> 1
        original = self._value(partner, place)
        hashes = tuple(
            replace(one, value=self._frame(partner, place, at))
            if one.type is SignalType.VPDQ
            else replace(one, value=_formed(original, one) or self._value(partner, place, at))
            for at, one in enumerate(item.hashes)
        )
        return replace(item, entry=EntryId(number), hashes=hashes, opinions=(), disputed=False, personal=False)

    def _frame(self, partner: PartnerId, place: int, at: int) -> bytes:
        """Return a frame of a made-up video; the first is the original that tracing knows."""
        scene = self._value(partner, place, at // _FRAMES_A_SCENE)
        return shaken(scene, self._secrets.draw("canary-frame", partner, place, at)) if at else scene


def _formed(original: bytes, like: Hash) -> bytes | None:
    """Return a form of the original, or None for a crop, whose hash is another."""
    return dihedral(original, like.variant) if like.variant in DIHEDRAL else None


def half_set(random: bytes) -> bytes:
    """Return 256 bits of which 128 are set, as in the hash of a picture; nothing of the input can be told from them."""
    number, stream = int.from_bytes(random), int.from_bytes(random[::-1])
    excess = number.bit_count() - _HALF
    place = stream % _BITS
    while excess:
        bit = 1 << place
        if bool(number & bit) == (excess > 0):
            number ^= bit
            excess += -1 if excess > 0 else 1
        # 167 is odd, so every place is visited before one comes again.
        place = (place + 167) % _BITS
    return number.to_bytes(PDQ_BYTES)


def shaken(value: bytes, random: bytes) -> bytes:
    """Return a hash near another, with as many bits set: some pairs of bits change places."""
    number = int.from_bytes(value)
    for one, other in zip(random[1 : 1 + _PAIRS], random[-_PAIRS:], strict=True):
        if (number >> one ^ number >> other) & 1:
            number ^= 1 << one | 1 << other
    return number.to_bytes(PDQ_BYTES)


def dihedral(value: bytes, variant: Variant) -> bytes:
    """Return what a hash becomes when its picture is turned or mirrored.

    A bit says whether a coefficient of the picture's cosine transform is above the median. Mirroring changes the sign
    of every second column, which flips those bits; transposing swaps rows and columns.
    """
    turned = DIHEDRAL.index(variant)
    transposes, flips_columns, flips_rows = _FORMS[turned]
    bits = int.from_bytes(value)
    made = 0
    for row in range(_SIDE):
        for column in range(_SIDE):
            source = column * _SIDE + row if transposes else row * _SIDE + column
            bit = bits >> source & 1
            # Bit 0 is the first coefficient after the constant one: its row and column count from 1.
            bit ^= (flips_columns and not column & 1) ^ (flips_rows and not row & 1)
            made |= bit << (row * _SIDE + column)
    return made.to_bytes(PDQ_BYTES)


# Of each form, in the order of ``DIHEDRAL``: whether it transposes, flips every second column, every second row.
_FORMS: tuple[tuple[bool, bool, bool], ...] = (
    (False, False, False),
    (True, False, True),
    (False, True, True),
    (True, True, False),
    (False, False, True),
    (False, True, False),
    (True, False, False),
    (True, True, True),
)
