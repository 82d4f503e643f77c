# SPDX-License-Identifier: Apache-2.0
"""What people upload all day matches nothing, with everything on: by hash, by regions and by a second look."""

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

import pytest
from PIL import Image

from noli.access.model import ApiKey, Scope
from noli.app import App
from noli.bank.model import Action, BankPolicy, NewEntry, Provenance, RegionUse
from noli.bank.service import create_bank, register
from noli.base.config import Config
from noli.hashing.model import Outcome, Reading
from noli.matching.model import Check, MatchType, Verdict
from noli.matching.service import Upload
from tests.support.background import background_pictures, scene

#: Scenes in either bank, and pictures of each kind that are checked.
PROTECTED, OF_A_KIND = 5, 3


def encoded(picture: Image.Image) -> bytes:
    """Save as people do."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88)
    return file.getvalue()


class House:
    """An installation with a bank that may block by regions, and one that has only hashes."""

    def __init__(self, app: App) -> None:
        """Protect some scenes in each."""
        self.app = app
        for use, first in ((RegionUse.BLOCK, 0), (RegionUse.OFF, PROTECTED)):
            protected = [app.hasher.read(encoded(scene(first + at)), crops=True) for at in range(PROTECTED)]
            new = [NewEntry(each.variants, Provenance("test"), regions=each.registered_regions) for each in protected]
            with app.store.transaction(write=True) as transaction:
                create_bank(transaction, str(use), BankPolicy(Action.BLOCK, regions=use), now=app.clock.now())
                register(transaction, str(use), new, now=app.clock.now(), secrets_of_regions=app.region_secrets)
        app.indexes.load(app.store)
        self.key = ApiKey("platform", frozenset({Scope.CHECKS}), app.clock.now())

    def read(self, picture: Image.Image) -> Reading:
        """Read an upload as the interface does."""
        indexes = self.app.indexes
        return self.app.hasher.read(encoded(picture), regions=indexes.regions > 0, looks=self.app.looks_again)

    def check(self, picture: Image.Image) -> Check:
        """Check an upload."""
        return self.app.checker.check(Upload.of(self.read(picture)), key=self.key)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One installation for all."""
    data: Path = tmp_path_factory.mktemp("background")
    with closing(App.open(Config(data=data, decode_workers=1))) as app:
        yield House(app)


def test_nothing_of_the_background_matches(house: House) -> None:
    """Plain colours, gradients, test cards, documents, screenshots and memes are let through, for no other reason."""
    checked: Counter[str] = Counter()
    for kind, of_kind in groupby(background_pictures(), key=lambda each: each[0]):
        for _, picture in list(of_kind)[:OF_A_KIND]:
            made = house.check(picture)
            assert made.decision.verdict is Verdict.ALLOW, kind
            assert made.decision.matches == (), kind
            assert made.outcome in {Outcome.HASHED, Outcome.LOW_QUALITY}
            checked[kind] += 1
    assert checked == dict.fromkeys(
        ("solid colour", "gradient", "test card", "document", "screenshot", "meme"), OF_A_KIND
    )


@pytest.mark.parametrize(
    ("first", "found_by"), [(0, MatchType.REGION), (PROTECTED, MatchType.SECOND_LOOK)], ids=["regions", "second look"]
)
def test_the_same_house_finds_what_was_cut(house: House, first: int, found_by: MatchType) -> None:
    """It is no house in which nothing ever matches: a cut copy is found in either bank, by what that bank has."""
    picture = scene(first)
    cut = picture.crop((int(picture.width * 0.085), 0, picture.width, int(picture.height * 0.97)))
    made = house.check(cut)
    assert [made.type_of(match) for match in made.decision.matches] == [found_by]
