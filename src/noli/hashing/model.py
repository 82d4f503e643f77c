# SPDX-License-Identifier: Apache-2.0
"""Hashes and what became of a file that was to be hashed.

PDQ is Meta's 256-bit perceptual hash ("The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm", 2019). A hash is personal data: it is not one-way, so values of
it are kept out of ``repr`` and of every log.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from noli.base.errors import HashFormatError

#: Bytes of a PDQ hash: 256 bits.
PDQ_BYTES = 32

#: Bytes of a place of a region: x, y, side and turn, 16 bits each in the machine's order.
REGION_PLACE_BYTES = 8

#: Frequencies of a region, a byte each.
REGION_COEFS = 256

#: Units of the longer side of a picture, in which regions lie (``native/regions.h``: NOLI_REGION_UNIT).
REGION_UNITS = 32_768

#: Regions that are registered for a picture, and that are looked for in one.
REGIONS_KEPT, REGIONS_SOUGHT = 60, 240

#: How much wider a picture is made, keeping its height, to register what is left of it where somebody changed its
#: shape, and the regions of each such form. Regions are squares, found again until a picture is a tenth wider or
#: narrower than it was; a quarter of an octave is twice that, and two of them reach from 3:2 to a square.
STRETCHES = (2**-0.5, 2**-0.25, 2**0.25, 2**0.5)
REGIONS_STRETCHED = 24

#: One more, towards a square, for a picture that is longer than this, as wide screens are.
LONG, STRETCH_OF_LONG = 1.5, 2**0.75

#: Side of the square that a picture is shrunk to for a second look, and windows that one has at most
#: (``native/looks.h``: NOLI_LOOKS_SIDE, NOLI_LOOKS_MOST).
LOOKS_SIDE, LOOKS_MOST = 128, 768

#: Frames of an animated picture whose regions are looked at.
REGION_FRAMES = 4

#: Below this quality a PDQ hash says too little to match on. Source: facebook/ThreatExchange
#: pdq/README.md, "discard hashes with quality below 50".
MIN_QUALITY = 50

#: Highest quality a PDQ hash can have.
MAX_QUALITY = 100

#: Latest time in a video, in milliseconds: a week. What files state beyond is damage.
MAX_TIME_MS = 7 * 24 * 3600 * 1000


class SignalType(StrEnum):
    """Algorithm, encoding and distance of a hash."""

    PDQ = "pdq"
    #: PDQ of a frame of a video, with its time: what vPDQ makes a video of.
    VPDQ = "vpdq"


# Python 3.11 cannot ask an enumeration for a plain text.
_TYPES = {each.value: each for each in SignalType}


class Pipeline(StrEnum):
    """What was done to the pixels before PDQ; hashes of one picture differ by up to 32 bits between the two."""

    #: PDQ on the pixels as decoded, as ``pdqhash`` and ``threatexchange`` do it.
    FULL = "full"
    #: Nearest-neighbour to 512x512 first, as Meta's C++ tool does it.
    NEAREST_512 = "nearest-512"


class Variant(StrEnum):
    """Which picture a derived hash stands for: the original, one of its dihedral forms or one of its usual crops.

    The first eight are in the kernel's order (``DIHEDRAL``); names say how the *copy* differs from the original. What
    each crop cuts away stands in ``variants``; a number is per cent of a side. Bars are what a video has around it.
    """

    ORIGINAL = "original"
    ROTATED_90 = "rotated-90"
    ROTATED_180 = "rotated-180"
    ROTATED_270 = "rotated-270"
    FLIPPED_VERTICAL = "flipped-vertical"
    FLIPPED_HORIZONTAL = "flipped-horizontal"
    TRANSPOSED = "transposed"
    TRANSVERSED = "transversed"

    INSET_2 = "inset-2"
    INSET_5 = "inset-5"
    INSET_10 = "inset-10"
    WITHOUT_LEFT_5 = "without-left-5"
    WITHOUT_RIGHT_5 = "without-right-5"
    WITHOUT_TOP_5 = "without-top-5"
    WITHOUT_BOTTOM_5 = "without-bottom-5"
    WITHOUT_LEFT_10 = "without-left-10"
    WITHOUT_RIGHT_10 = "without-right-10"
    WITHOUT_TOP_10 = "without-top-10"
    WITHOUT_BOTTOM_10 = "without-bottom-10"
    WITHOUT_TOP_20 = "without-top-20"
    WITHOUT_BOTTOM_20 = "without-bottom-20"
    UPPER_HALF = "upper-half"
    LOWER_HALF = "lower-half"
    ASPECT_9_16 = "aspect-9-16"
    ASPECT_3_4 = "aspect-3-4"
    ASPECT_4_5 = "aspect-4-5"
    ASPECT_1_1 = "aspect-1-1"
    ASPECT_4_3 = "aspect-4-3"
    ASPECT_16_9 = "aspect-16-9"

    WITHOUT_BARS = "without-bars"


#: The eight forms in the order in which the kernel returns them.
DIHEDRAL: tuple[Variant, ...] = tuple(Variant)[:8]
_MIRRORED = DIHEDRAL.index(Variant.FLIPPED_HORIZONTAL)


@dataclass(frozen=True, slots=True)
class Hash:
    """One value of a signal type.

    Attributes:
        value: 32 bytes for PDQ, most significant bit first, as in its hexadecimal form.
        quality: 0-100, or None where the source did not say.
        type: The signal type.
        pipeline: What was done to the pixels first.
        variant: Which form of the picture this stands for.
        at_ms: Where in its video it is shown, in milliseconds from the start; None exactly for what is no ``VPDQ``.
    """

    value: bytes = field(repr=False)
    quality: int | None = None
    type: SignalType = SignalType.PDQ
    pipeline: Pipeline = Pipeline.FULL
    variant: Variant = Variant.ORIGINAL
    at_ms: int | None = None

    def __post_init__(self) -> None:
        """Refuse a wrong length, quality or time.

        Raises:
            HashFormatError: ``value`` is not 32 bytes, ``quality`` is outside 0-100, or the time is missing, out of
                range, or that of a picture.
        """
        if len(self.value) != PDQ_BYTES:
            msg = f"A PDQ hash has {PDQ_BYTES} bytes, this one has {len(self.value)}."
            raise HashFormatError(msg)
        if self.quality is not None and not 0 <= self.quality <= MAX_QUALITY:
            msg = f"A PDQ quality lies between 0 and {MAX_QUALITY}, this one is {self.quality}."
            raise HashFormatError(msg)
        if (self.type is SignalType.VPDQ) != (self.at_ms is not None):
            msg = "A hash of type vpdq has the time of its frame (at_ms), one of another type has none."
            raise HashFormatError(msg)
        if self.at_ms is not None and not 0 <= self.at_ms <= MAX_TIME_MS:
            msg = f"The time of a frame lies between 0 and {MAX_TIME_MS} milliseconds, this one is {self.at_ms}."
            raise HashFormatError(msg)

    @classmethod
    def from_hex(
        cls,
        text: str,
        *,
        quality: int | None = None,
        signal_type: str = "pdq",
        pipeline: Pipeline = Pipeline.FULL,
        variant: Variant = Variant.ORIGINAL,
        at_ms: int | None = None,
    ) -> Self:
        """Parse what an exchange partner or platform sent.

        Args:
            text: 64 hexadecimal digits, either case.
            quality: 0-100 or None.
            signal_type: Name of the signal type.
            pipeline: What was done to the pixels first.
            variant: Which form of the picture this stands for.
            at_ms: Time of the frame, for ``vpdq``.

        Raises:
            HashFormatError: Unknown type, wrong length, a character that is no digit, or a quality or time that cannot
                be.
        """
        type_ = _TYPES.get(signal_type)
        if type_ is None:
            known = ", ".join(SignalType)
            msg = f"Signal type {signal_type!r} is not known here; known: {known}."
            raise HashFormatError(msg)
        if len(text) != 2 * PDQ_BYTES:
            msg = f"A PDQ hash is written as {2 * PDQ_BYTES} hexadecimal digits, this text has {len(text)} characters."
            raise HashFormatError(msg)
        if not text.isascii() or not text.isalnum():
            msg = "A PDQ hash is written in hexadecimal digits (0-9, a-f); this text has other characters."
            raise HashFormatError(msg)
        try:
            value = bytes.fromhex(text)
        except ValueError as error:
            msg = "A PDQ hash is written in hexadecimal digits (0-9, a-f); this text has other characters."
            raise HashFormatError(msg) from error
        return cls(value, quality, type_, pipeline, variant, at_ms)

    @property
    def hex(self) -> str:
        """The value as 64 lower-case hexadecimal digits."""
        return self.value.hex()

    @property
    def usable(self) -> bool:
        """Whether it says enough to match on; a hash of unstated quality is given the benefit of the doubt."""
        return self.quality is None or self.quality >= MIN_QUALITY


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions of one picture, as the kernel found them: enough to draw parts of it, so they are never stored.

    Attributes:
        size: Width and height of the picture in units; the longer side has 32,768.
        places: Where each lies, ``REGION_PLACE_BYTES`` a region.
        coefs: Its lowest frequencies, ``REGION_COEFS`` a region.
        at_ms: When the picture is shown in its video; None for what is none.
    """

    size: tuple[int, int]
    places: bytes = field(repr=False)
    coefs: bytes = field(repr=False)
    at_ms: int | None = None

    def __post_init__(self) -> None:
        """Refuse lengths that do not belong together.

        Raises:
            HashFormatError: They do not, a side of the picture is not 1 to 32,768, or a region has none.
        """
        count = len(self.places) // REGION_PLACE_BYTES
        fits = len(self.places) == count * REGION_PLACE_BYTES and len(self.coefs) == count * REGION_COEFS
        sized = all(1 <= side <= REGION_UNITS for side in self.size)
        if not fits or count > REGIONS_SOUGHT or not sized or 0 in memoryview(self.places).cast("H").tolist()[2::4]:
            msg = "These are not the regions of a picture."
            raise HashFormatError(msg)

    def __len__(self) -> int:
        """Count them."""
        return len(self.places) // REGION_PLACE_BYTES


def stretches_of(width: int, height: int) -> tuple[float, ...]:
    """How much wider a picture of this shape is made, in turn, to register its stretched forms."""
    if max(width, height) <= LONG * min(width, height):
        return STRETCHES
    return (*STRETCHES, 1 / STRETCH_OF_LONG if width > height else STRETCH_OF_LONG)


class Outcome(StrEnum):
    """What became of one file. Every one of them is a result, none an error."""

    HASHED = "hashed"
    #: Decoded, but too flat to tell from other pictures (PDQ quality below 50).
    LOW_QUALITY = "low_quality"
    #: Not a format that Noli reads.
    UNSUPPORTED = "unsupported"
    #: A known format, but damaged or cut short.
    CORRUPT = "corrupt"
    #: More pixels, bytes or memory than allowed.
    TOO_LARGE = "too_large"
    #: Not decoded within the seconds allowed.
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Frame:
    """Hashes of one distinct frame of a picture file or video; a still picture has one.

    Attributes:
        dihedral: Eight 32-byte values in the order of ``DIHEDRAL``.
        quality: 0-100, the same for all eight.
        number: 0-based position of the frame in the file.
        crops: Hashes of its usual crops, labelled with their variant; empty unless they were asked for.
        at_ms: Where in its video it is shown; None for a frame of a picture.
        inner: Eight values of what lies inside bars or an even border; empty where there are none.
        inner_quality: Quality of those.
        regions: Its regions; None unless they were asked for.
        looks: Hashes of the windows of a second look at it, one behind the other; empty unless they were asked for.
        stretched: Regions of its stretched forms, in the order of ``stretches_of``; empty unless one registers it.
    """

    dihedral: tuple[bytes, ...] = field(repr=False)
    quality: int
    number: int = 0
    crops: tuple[Hash, ...] = ()
    at_ms: int | None = None
    inner: tuple[bytes, ...] = field(default=(), repr=False)
    inner_quality: int = 0
    regions: Regions | None = None
    looks: bytes = field(default=b"", repr=False)
    stretched: tuple[Regions, ...] = ()

    @property
    def type(self) -> SignalType:
        """The signal type of its hashes."""
        return SignalType.PDQ if self.at_ms is None else SignalType.VPDQ

    @property
    def copies(self) -> tuple[bytes, ...]:
        """What to look for beside its own hash.

        Pictures are registered turned and in crops, so their mirrored form is enough. A video is registered as it is,
        so each frame is looked for in every form. Both are looked for without bars and borders, too.
        """
        if self.at_ms is None:
            return (self.dihedral[_MIRRORED], *(self.inner[:1] + self.inner[_MIRRORED : _MIRRORED + 1]))
        return self.dihedral[1:] + self.inner

    def variants(self, pipeline: Pipeline) -> list[Hash]:
        """Return what to register of it: of a picture every form and crop; of a video the frame, with and without bars.

        Args:
            pipeline: The pipeline that made the hashes.
        """
        if self.at_ms is None:
            forms = zip(DIHEDRAL, self.dihedral, strict=True)
            made = [Hash(value, self.quality, pipeline=pipeline, variant=variant) for variant, value in forms]
            return [*made, *self.crops]
        made = [Hash(self.dihedral[0], self.quality, SignalType.VPDQ, pipeline, at_ms=self.at_ms)]
        if self.inner:
            cut = Variant.WITHOUT_BARS
            made.append(Hash(self.inner[0], self.inner_quality, SignalType.VPDQ, pipeline, cut, self.at_ms))
        return [each for each in made if each.usable]


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one file: its outcome and, where there are any, its hashes.

    Attributes:
        outcome: ``HASHED`` exactly if at least one frame has usable quality and the file was read to its end.
        frames: Distinct frames, in file order; empty unless ``HASHED`` or ``LOW_QUALITY``, or for a video of which a
            part was read.
        reason: One sentence for a person, empty for ``HASHED``.
        pipeline: The pipeline that made the hashes.
        width: Pixels of the upright picture, 0 where it was not read.
        height: Pixels of the upright picture, 0 where it was not read.
        duration_ms: Length of a video; None for a picture.
    """

    outcome: Outcome
    frames: tuple[Frame, ...] = ()
    reason: str = ""
    pipeline: Pipeline = Pipeline.FULL
    width: int = 0
    height: int = 0
    duration_ms: int | None = None

    @property
    def hashes(self) -> tuple[Hash, ...]:
        """One hash a frame: what to look for in the banks."""
        return tuple(Hash(f.dihedral[0], f.quality, f.type, self.pipeline, at_ms=f.at_ms) for f in self.frames)

    @property
    def copies(self) -> tuple[tuple[bytes, ...], ...]:
        """Of each frame, beside ``hashes``, the forms in which copies come."""
        return tuple(f.copies for f in self.frames)

    @property
    def regions(self) -> tuple[Regions | None, ...]:
        """The regions of each frame, beside ``hashes``."""
        return tuple(f.regions for f in self.frames)

    @property
    def looks(self) -> tuple[bytes, ...]:
        """The second looks at each frame, beside ``hashes``."""
        return tuple(f.looks for f in self.frames)

    @property
    def registered_regions(self) -> tuple[Regions, ...]:
        """What to register beside ``variants``, in banks that keep regions; each stretched form as a picture."""
        found = ((f, form) for f in self.frames if f.quality >= MIN_QUALITY for form in (f.regions, *f.stretched))
        return tuple(replace(form, at_ms=f.at_ms) for f, form in found if form is not None)

    @property
    def variants(self) -> tuple[Hash, ...]:
        """All hashes of every frame of usable quality that stand for it: what to register in a bank."""
        return tuple(
            each for frame in self.frames if frame.quality >= MIN_QUALITY for each in frame.variants(self.pipeline)
        )
