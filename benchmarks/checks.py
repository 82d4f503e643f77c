# SPDX-License-Identifier: Apache-2.0
"""Rows about whole checks and registrations of a two-megapixel JPEG: plain PDQ only, and with everything on.

The real application, its store, its limited child process and its banks; only HTTP is left out. Each row names what
has to be kept (``bars``) and its slowest picture.
"""

import io
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from threatexchange.signal_type.pdq.signal import PdqSignal

from benchmarks.edits import jpeg
from benchmarks.inputs import encoded, random_hashes, source
from benchmarks.measure import Row, faster, seconds
from noli.access.model import ApiKey, Scope
from noli.app import App
from noli.bank.model import Action, BankPolicy, NewEntry, Provenance, RegionUse
from noli.bank.service import create_bank, register
from noli.base.config import Config
from noli.hashing.model import (
    REGION_COEFS,
    REGION_PLACE_BYTES,
    REGION_UNITS,
    REGIONS_KEPT,
    REGIONS_STRETCHED,
    STRETCHES,
    Hash,
    Reading,
    Regions,
)
from noli.matching.service import Upload

_SIDES = (1632, 1224)
_FILES, _ROUNDS = 24, 5

#: Entries of others in each bank, so that it is searched as a large one is.
_OTHERS = 50_000
#: Those of them that have regions, where a bank keeps any.
_WITH_REGIONS = 350

#: What has to be kept, in milliseconds and as a multiple of the peer's speed.
_PLAIN, _FULL, _REGISTERED = "≥ 10x", "≤ 25 ms, ≥ 2x", "≤ 100 ms"

_KEPT, _NONE = RegionUse.REVIEW, RegionUse.OFF


@contextmanager
def _house(*banks: RegionUse, second_look: bool = True) -> Iterator[App]:
    """Open an installation with one bank for each use of regions, each with entries that are near nothing."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config(data=Path(folder), second_look="on" if second_look else "off", decode_workers=1)
        with closing(App.open(config)) as app:
            for number, use in enumerate(banks):
                with app.store.transaction(write=True) as transaction:
                    create_bank(transaction, str(use), BankPolicy(Action.BLOCK, regions=use), now=app.clock.now())
                values = random_hashes(_OTHERS, seed=number)
                _put(app, str(use), [NewEntry((Hash(each.tobytes(), 90),), Provenance("key")) for each in values])
            yield app


def _put(app: App, bank: str, entries: Sequence[NewEntry]) -> None:
    with app.store.transaction(write=True) as transaction:
        register(transaction, bank, entries, now=app.clock.now(), secrets_of_regions=app.region_secrets)


def _register(app: App, bank: str, file: bytes) -> None:
    """Register a picture as ``noli bank add`` and the bank interface do."""
    reading = app.hasher.read(file, crops=True)
    _put(app, bank, [NewEntry(reading.variants, Provenance("key"), regions=reading.registered_regions)])


def _check(app: App, key: ApiKey, file: bytes) -> int:
    """Check a picture as ``POST /v1/checks`` does; return how many entries it matched."""
    reading: Reading = app.hasher.read(file, regions=app.indexes.regions > 0, looks=app.looks_again)
    return len(app.checker.check(Upload.of(reading), key=key).decision.matches)


def _row(
    row: str, ours: Callable[[bytes], object], files: Sequence[bytes], *, what: str, bars: str, **more: int
) -> Row:
    """Time each picture in turn with the peer, so that a slow moment of the machine hits both."""
    of_ours: list[list[float]] = [[] for _ in files]
    of_peer = []
    ours(files[0])
    for _ in range(_ROUNDS):
        for number, file in enumerate(files):
            of_ours[number].append(seconds(partial(ours, file)))
            of_peer.append(seconds(partial(PdqSignal.hash_from_bytes, file)))
    medians = [1000 * statistics.median(each) for each in of_ours]
    return faster(
        row,
        statistics.mean(medians),
        1000 * statistics.median(of_peer),
        peer_name="threatexchange, plain PDQ, no search",
        unit="ms a picture",
        what=f"JPEG of {_SIDES[0]}x{_SIDES[1]} pixels, {what}, one core",
        bars=bars,
        slowest_ms=round(max(medians), 1),
        **more,
        inputs=source(),
    )


def _copies(files: Sequence[bytes]) -> list[bytes]:
    """Cut, frame and save anew, each by an amount of its own: what regions or a second look find."""
    lot = np.random.default_rng(17)
    made = []
    for file in files:
        left, top, right, bottom = (round(float(lot.uniform(0.01, 0.06)) * _SIDES[0]) for _ in range(4))
        cut = Image.open(io.BytesIO(file)).crop((left, top, _SIDES[0] - right, _SIDES[1] - bottom))
        made.append(jpeg(ImageOps.expand(cut, round(float(lot.uniform(20, 60))), "white").resize(_SIDES), 85))
    return made


def _strangers() -> list[NewEntry]:
    """Make entries whose regions are near nothing."""
    lot = np.random.default_rng(23)
    entries = []
    for value in random_hashes(_WITH_REGIONS, seed=29):
        forms = []
        for count in (REGIONS_KEPT, *[REGIONS_STRETCHED] * len(STRETCHES)):
            places = lot.integers(2000, 22000, (count, REGION_PLACE_BYTES // 2)).astype(np.uint16)
            places[:, 2] = 4000  # their side
            coefs = np.clip(lot.normal(0, 24, (count, REGION_COEFS)), -127, 127).astype(np.int8)
            forms.append(Regions((REGION_UNITS, REGION_UNITS * 3 // 4), places.tobytes(), coefs.tobytes()))
        entries.append(NewEntry((Hash(value.tobytes(), 90),), Provenance("key"), regions=tuple(forms)))
    return entries


def _measured(row: str, banks: Sequence[RegionUse], *, what: str, bars: str, second_look: bool = True,
              near: bool = False) -> Row:  # fmt: skip
    """Check pictures that are near nothing, or copies of what is banked."""
    files = encoded(*_SIDES, "JPEG", _FILES)
    with _house(*banks, second_look=second_look) as app:
        key = ApiKey("bench", frozenset({Scope.CHECKS}), app.clock.now())
        if _KEPT in banks:
            _put(app, str(_KEPT), _strangers())
        if near:
            originals, files = files, _copies(files)
            for use in banks:
                for file in originals:
                    _register(app, str(use), file)
        app.indexes.load(app.store)
        while app.indexes.compact():
            pass
        found = sum(bool(_check(app, key, file)) for file in files)
        return _row(row, partial(_check, app, key), files, what=what, bars=bars, matched=found)


def registration() -> Row:
    """Time a registration with all turned forms, crops and regions, down to the committed entry."""
    with _house(_KEPT) as app:
        return _row(
            "register-2mp",
            partial(_register, app, str(_KEPT)),
            encoded(*_SIDES, "JPEG", _FILES),
            what="from bytes to the stored entry with its turned forms, crops and regions",
            bars=_REGISTERED,
        )


ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    "check-2mp-plain": partial(
        _measured, "check-2mp-plain", (_NONE,), second_look=False, bars=_PLAIN,
        what="from bytes to the verdict, by plain PDQ only",
    ),
    "check-2mp-regions": partial(
        _measured, "check-2mp-regions", (_KEPT,), bars=_FULL,
        what="from bytes to the verdict, by hash, inside borders and by regions; nothing is near",
    ),
    "check-2mp-everything": partial(
        _measured, "check-2mp-everything", (_KEPT, _NONE), bars=_FULL,
        what="from bytes to the verdict, with a bank that keeps regions and one that gets a second look; nothing is "
        "near",
    ),
    "check-2mp-everything-near": partial(
        _measured, "check-2mp-everything-near", (_KEPT, _NONE), near=True, bars=_FULL,
        what="the same, of copies that were cut and framed, of what both banks hold",
    ),
    "check-2mp-second-look-near": partial(
        _measured, "check-2mp-second-look-near", (_NONE,), near=True, bars=_FULL,
        what="the same, where only hashes are banked, so that a second look has to find them",
    ),
    "register-2mp": registration,
}  # fmt: skip
