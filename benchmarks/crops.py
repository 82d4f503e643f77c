# SPDX-License-Identifier: Apache-2.0
"""What the registered variants buy: recall of edited copies without them, with the turned forms, and with the crops.

``python -m benchmarks.crops [FOLDER] [--limit N]`` prints the table. Edits that a registered crop was not made for
(3 %, 7 %, anywhere) stand beside those that it was: they are the honest half of the table.
"""

import argparse
import io
import random
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.inputs import shared_folder
from noli.hashing import kernel
from noli.hashing.model import DIHEDRAL, MIN_QUALITY, PDQ_BYTES, Hash
from noli.hashing.variants import crop_hashes

#: Distance, in bits, up to which two hashes match. Source: Meta's recommendation, and the default of our banks.
THRESHOLD_BITS = 31

Edit = Callable[[Image.Image, random.Random], Image.Image]


def cut(left: float = 0, top: float = 0, right: float = 0, bottom: float = 0) -> Edit:
    """Cut these shares of the sides away."""

    def edit(picture: Image.Image, _: random.Random) -> Image.Image:
        width, height = picture.size
        box = (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
        return picture.crop(box)

    return edit


def one_side(share: float) -> Edit:
    """Cut a share from a side chosen by lot."""

    def edit(picture: Image.Image, lot: random.Random) -> Image.Image:
        side = lot.choice(("left", "top", "right", "bottom"))
        return cut(**{side: share})(picture, lot)

    return edit


def shape(across: int, down: int, shift: float = 0.5) -> Edit:
    """Cut the largest rectangle of a shape, from the middle unless shifted."""

    def edit(picture: Image.Image, _: random.Random) -> Image.Image:
        width, height = picture.size
        wide, high = min(width, height * across / down), min(height, width * down / across)
        left, top = (width - wide) * shift, (height - high) * shift
        return picture.crop((round(left), round(top), round(left + wide), round(top + high)))

    return edit


def anywhere(area: float) -> Edit:
    """Cut to a share of the area, of the same shape, at a place chosen by lot."""

    def edit(picture: Image.Image, lot: random.Random) -> Image.Image:
        kept = area**0.5
        left, top = lot.uniform(0, 1 - kept), lot.uniform(0, 1 - kept)
        return cut(left, top, 1 - kept - left, 1 - kept - top)(picture, lot)

    return edit


def same(picture: Image.Image, _: random.Random) -> Image.Image:
    """Change nothing; saving it again is the edit."""
    return picture


def halved(picture: Image.Image, _: random.Random) -> Image.Image:
    """Halve both sides."""
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)


def turned(method: Image.Transpose) -> Edit:
    """Turn or mirror."""
    return lambda picture, _: picture.transpose(method)


def mirrored_and_cut(picture: Image.Image, lot: random.Random) -> Image.Image:
    """Mirror, then cut a frame away."""
    return cut(0.05, 0.05, 0.05, 0.05)(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), lot)


#: Name, edit and JPEG quality of the copy.
EDITS: tuple[tuple[str, Edit, int], ...] = (
    ("re-encoded, quality 30", same, 30),
    ("resized to half", halved, 80),
    ("mirrored", turned(Image.Transpose.FLIP_LEFT_RIGHT), 80),
    ("rotated by 90°", turned(Image.Transpose.ROTATE_90), 80),
    ("2 % off each side", cut(0.02, 0.02, 0.02, 0.02), 80),
    ("5 % off each side", cut(0.05, 0.05, 0.05, 0.05), 80),
    ("10 % off one side", one_side(0.1), 80),
    ("20 % off the top", cut(top=0.2), 80),
    ("9:16 from the middle", shape(9, 16), 80),
    ("4:5 from the middle", shape(4, 5), 80),
    ("1:1 from the middle", shape(1, 1), 80),
    ("3 % off each side", cut(0.03, 0.03, 0.03, 0.03), 80),
    ("7 % off each side", cut(0.07, 0.07, 0.07, 0.07), 80),
    ("3 % off one side", one_side(0.03), 80),
    ("7 % off one side", one_side(0.07), 80),
    ("15 % off the top", cut(top=0.15), 80),
    ("1:1, a third from the edge", shape(1, 1, 1 / 3), 80),
    ("90 % of the area, anywhere", anywhere(0.9), 80),
    ("75 % of the area, anywhere", anywhere(0.75), 80),
    ("mirrored, 5 % off each side", mirrored_and_cut, 80),
)


@dataclass(frozen=True, slots=True)
class Registered:
    """What is registered of one picture."""

    forms: tuple[Hash, ...]
    crops: tuple[Hash, ...]


def register(picture: Image.Image) -> Registered | None:
    """Hash a picture with its turned forms and crops; None where it is too flat."""
    pixels = picture.tobytes()
    joined, quality = kernel.pdq(pixels, picture.height, picture.width, 3)
    if quality < MIN_QUALITY:
        return None
    values = [joined[at : at + PDQ_BYTES] for at in range(0, len(joined), PDQ_BYTES)]
    plane, height, width = kernel.pdq_shrink(pixels, picture.height, picture.width, 3)
    forms = tuple(Hash(value, quality, variant=form) for form, value in zip(DIHEDRAL, values, strict=True))
    return Registered(forms, tuple(crop_hashes(plane, (width, height), picture.size)))


def copied(picture: Image.Image, edit: Edit, quality: int, lot: random.Random) -> bytes:
    """Edit, save as JPEG, read again, hash."""
    file = io.BytesIO()
    edit(picture, lot).save(file, "JPEG", quality=quality)
    copy = Image.open(file).convert("RGB")
    joined, _ = kernel.pdq(copy.tobytes(), copy.height, copy.width, 3)
    return joined[:PDQ_BYTES]


def main() -> None:
    """Print the table, what each crop caught that nothing else did, and how far unrelated pictures stay apart."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crops", description=__doc__)
    shared = shared_folder()
    parser.add_argument(
        "folder", nargs=None if shared is None else "?", type=Path, default=shared and shared / "everyday" / "photos"
    )
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="pictures at most (default 100)")
    arguments = parser.parse_args()
    paths = sorted(arguments.folder.glob("*.jp*g"))
    random.Random(1).shuffle(paths)
    pictures = []
    for path in paths[: arguments.limit]:
        picture = Image.open(path).convert("RGB")
        registered = register(picture)
        if registered is not None:
            pictures.append((picture, registered))
    found: dict[str, list[tuple[bool, bool, bool]]] = {name: [] for name, _, _ in EDITS}
    alone: Counter[str] = Counter()
    for number, (picture, registered) in enumerate(pictures):
        for name, edit, quality in EDITS:
            query = copied(picture, edit, quality, random.Random(f"{number} {name}"))
            near = [each for each in registered.crops if _bits(query, each) <= THRESHOLD_BITS]
            plain = _bits(query, registered.forms[0]) <= THRESHOLD_BITS
            turned_too = any(_bits(query, each) <= THRESHOLD_BITS for each in registered.forms)
            found[name].append((plain, turned_too, turned_too or bool(near)))
            if not turned_too and len(near) == 1:
                alone[near[0].variant] += 1
    count = statistics.mean(len(registered.crops) for _, registered in pictures)
    print(
        f"{len(pictures)} pictures, {count:.1f} crops registered with each on average, match at <= {THRESHOLD_BITS}\n"
    )
    print("| edit | plain | with 8 turned forms | with crops, too |\n|---|---|---|---|")
    for name, rows in found.items():
        shares = [statistics.mean(row[column] for row in rows) for column in range(3)]
        print(f"| {name} | " + " | ".join(f"{share:.2f}" for share in shares) + " |")
    print("\nCaught by one crop alone:", ", ".join(f"{name} {times}" for name, times in alone.most_common()))
    print("Closest unrelated pair:", _closest_unrelated([each for _, each in pictures]), "bits")


def _bits(query: bytes, banked: Hash) -> int:
    return (int.from_bytes(query) ^ int.from_bytes(banked.value)).bit_count()


def _closest_unrelated(pictures: Sequence[Registered]) -> int:
    """Compare every picture's own hash with all that is registered with the others."""
    return min(
        _bits(one.forms[0].value, each)
        for one in pictures
        for other in pictures
        if other is not one
        for each in (*other.forms, *other.crops)
    )


if __name__ == "__main__":
    main()
