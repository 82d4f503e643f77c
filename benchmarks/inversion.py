# SPDX-License-Identifier: Apache-2.0
"""How much of a picture can be drawn again from what is stored of it.

``python -m benchmarks.inversion`` writes the table of ``docs/explanation/what-a-hash-reveals.md``. A ridge regression
learns from harmless pictures how bits become brightness, and draws others that it has not seen: once from the hash of
the whole, once from regions in the clear (their bits and places), once from regions under a secret that the attacker
does not have, and once under a secret that he has. What is drawn is compared with the picture at the same size.
"""

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmarks.inputs import shared_folder
from benchmarks.measure import ROOT
from noli.hashing import kernel
from noli.hashing.model import REGION_COEFS, REGION_PLACE_BYTES, REGION_UNITS, REGIONS_KEPT
from tests.support.background import scene

PAGE = ROOT / "docs" / "explanation" / "what-a-hash-reveals.md"

#: Side of what is drawn, and of one region in it, in pixels.
SIDE, PATCH = 64, 16

#: Side of the picture from which regions are cut to compare them.
FINE = 256
_SECRET = 864

# Parts of each picture from which the hash of the whole is learnt.
_PARTS = 24

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """What an attacker has of one picture: bits of the whole, and bits and places of its regions."""

    grey: Floats
    fine: Floats
    whole: Floats
    regions: Floats
    places: NDArray[np.uint16]


def _signs(data: bytes) -> Floats:
    return np.unpackbits(np.frombuffer(data, np.uint8)).astype(np.float64) * 2 - 1


def known(picture: Image.Image, secret: bytes | None) -> Known:
    """Take what is stored of a picture; without a secret, the regions' signs in the clear."""
    grey = ImageOps.fit(picture, (512, 512)).convert("L")
    plane = grey.tobytes()
    whole, _ = kernel.pdq(plane, 512, 512, 1)
    places, coefs = kernel.regions(plane, 512, 512, REGIONS_KEPT)
    if secret is None:
        bits = np.frombuffer(coefs, np.int8).reshape(-1, REGION_COEFS) > 0
        signs = bits.astype(np.float64) * 2 - 1
    else:
        mirrored = False
        signs = _signs(kernel.region_hashes(coefs, secret, mirrored)).reshape(-1, REGION_COEFS)
    small, fine = (np.asarray(grey.resize((n, n), Image.Resampling.BOX), np.float64) for n in (SIDE, FINE))
    where = np.frombuffer(places, np.uint16).reshape(-1, REGION_PLACE_BYTES // 2)
    return Known(small, fine, _signs(whole[:32]), signs, where)


def _ridge(inputs: Floats, outputs: Floats, strength: float) -> Callable[[Floats], Floats]:
    middle = outputs.mean(0)
    weights = np.linalg.solve(inputs.T @ inputs + strength * np.eye(inputs.shape[1]), inputs.T @ (outputs - middle))
    return lambda given: given @ weights + middle


def _grid(place: NDArray[np.uint16], side: int) -> tuple[Floats, Floats]:
    """Where the values of a region lie in a picture of this side."""
    x, y, across = (float(value) * side / REGION_UNITS for value in place[:3])
    turn = float(place[3]) / 65536 * 2 * np.pi
    steps = ((np.arange(PATCH) + 0.5) / PATCH - 0.5) * across
    u, v = np.meshgrid(steps, steps)
    return x + u * np.cos(turn) - v * np.sin(turn), y + u * np.sin(turn) + v * np.cos(turn)


def _patches(picture: Floats, places: NDArray[np.uint16]) -> Floats:
    """Cut regions out of a picture, each brought to the same mean and contrast, which its bits do not tell."""
    side, cut = len(picture), []
    for place in places:
        x, y = _grid(place, side)
        patch = picture[y.clip(0, side - 1).astype(int), x.clip(0, side - 1).astype(int)]
        cut.append(((patch - patch.mean()) / (patch.std() + 1e-6)).ravel())
    return np.array(cut)


def similarity(one: Floats, other: Floats) -> float:
    """Structural similarity over windows of 8 x 8 (Wang and others, 2004), 0 to 1."""
    values = []
    for y in range(0, SIDE - 7, 4):
        for x in range(0, SIDE - 7, 4):
            a, b = one[y : y + 8, x : x + 8], other[y : y + 8, x : x + 8]
            covariance = ((a - a.mean()) * (b - b.mean())).mean()
            values.append(
                (2 * a.mean() * b.mean() + 6.5) * (2 * covariance + 58.5)
                / ((a.mean() ** 2 + b.mean() ** 2 + 6.5) * (a.var() + b.var() + 58.5))
            )  # fmt: skip
    return float(np.mean(values))


def _correlation(one: Floats, other: Floats) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _noise_ratio(one: Floats, other: Floats) -> float:
    return float(10 * np.log10(255**2 / ((one - other) ** 2).mean()))


def _parts(pictures: Sequence[Image.Image]) -> tuple[Floats, Floats]:
    """Hash many parts of pictures, as more to learn from: signs of the whole, and brightness."""
    rng = np.random.default_rng(6)
    signs, greys = [], []
    for picture in pictures:
        for _ in range(_PARTS):
            kept = rng.uniform(0.5, 1.0)
            left, top = rng.uniform(0, 1 - kept, 2) * picture.size
            part = picture.crop(
                (int(left), int(top), int(left + kept * picture.width), int(top + kept * picture.height))
            )
            grey = ImageOps.fit(part, (256, 256)).convert("L")
            whole, _ = kernel.pdq(grey.tobytes(), 256, 256, 1)
            signs.append(_signs(whole[:32]))
            greys.append(np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX), np.float64).ravel())
    return np.array(signs), np.array(greys)


def _detail(learnt: Sequence[Known], drawn: Sequence[Known]) -> float:
    """Draw regions from their bits, having learnt from others: mean correlation with what they show."""
    draw = _ridge(
        np.concatenate([one.regions for one in learnt]),
        np.concatenate([_patches(one.fine, one.places) for one in learnt]),
        100.0,
    )
    return _in_regions([draw(one.regions) for one in drawn], drawn)


def _in_regions(patches: Sequence[Floats], drawn: Sequence[Known]) -> float:
    """Compare drawn regions with what they show."""
    pairs = [
        pair
        for some, one in zip(patches, drawn, strict=True)
        for pair in zip(some, _patches(one.fine, one.places), strict=True)
    ]
    return float(np.mean([_correlation(*pair) for pair in pairs if pair[0].std() > 0 and pair[1].std() > 0]))


def measure(pictures: Sequence[Image.Image]) -> dict[str, tuple[float | None, ...]]:
    """Compare drawings with pictures that were not learnt from.

    Returns:
        For each thing that may be known: similarity, correlation and signal to noise in dB of the whole (None where it
        does not draw one), and correlation within regions.
    """
    rng = np.random.default_rng(4)
    ours, theirs = rng.bytes(_SECRET), rng.bytes(_SECRET)
    half = len(pictures) * 2 // 3
    clear, keyed, other = ([known(one, secret) for one in pictures] for secret in (None, ours, theirs))
    draw = _ridge(*_parts(pictures[:half]), 200.0)
    seen, unseen = clear[:half], clear[half:]
    wholes = {
        "nothing: the mean picture": [np.mean([one.grey for one in seen], axis=0)] * len(unseen),
        "hash of the whole": [draw(one.whole).reshape(SIDE, SIDE).clip(0, 255) for one in unseen],
    }
    table: dict[str, tuple[float | None, ...]] = {}
    for name, drawings in wholes.items():
        pairs = [(drawing, one.grey) for drawing, one in zip(drawings, unseen, strict=True)]
        means = (float(np.mean([by(*pair) for pair in pairs])) for by in (similarity, _correlation, _noise_ratio))
        patches = [_patches(drawing, one.places) for drawing, one in zip(drawings, unseen, strict=True)]
        table[name] = (*means, _in_regions(patches, unseen))
    table["regions in the clear"] = (None, None, None, _detail(seen, unseen))
    table["regions, secret not known"] = (None, None, None, _detail(other[:half], keyed[half:]))
    table["regions, secret known"] = (None, None, None, _detail(keyed[:half], keyed[half:]))
    return table


def main() -> None:
    """Measure, print, and write the table into its page."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    folder = shared_folder()
    paths = [] if folder is None else sorted((folder / "everyday" / "photos").iterdir())
    chosen = np.random.default_rng(3).permutation(len(paths))
    pictures = [Image.open(paths[at]).convert("RGB") for at in chosen] or [scene(seed) for seed in range(150)]
    head = "| drawn from | similarity | correlation | signal to noise, dB | correlation within regions |\n"
    lines = [head, "|---|---|---|---|---|\n"]
    for name, row in measure(pictures).items():
        lines.append(f"| {name} | {' | '.join('-' if each is None else f'{each:.2f}' for each in row)} |\n")
    lines.append(f"\n{len(pictures)} pictures, of which two thirds were learnt from.\n")
    print("".join(lines))
    page = PAGE.read_text("utf-8")
    marks = r"(<!-- begin: python -m benchmarks.inversion -->\n)(.*?)(<!-- end -->)"
    PAGE.write_text(re.sub(marks, lambda m: m[1] + "\n" + "".join(lines) + "\n" + m[3], page, flags=re.DOTALL), "utf-8")


if __name__ == "__main__":
    main()
