# SPDX-License-Identifier: Apache-2.0
"""A stored catalogue finds what a scan of the same catalogue finds, but only looks for what is new."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from noli.adapters.scan import stored
from noli.app import App
from noli.app_catalogue import Catalogues
from noli.bank import service
from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Provenance, entry_text
from noli.base.config import Config
from noli.base.errors import Conflict, InputError, IntegrityError
from noli.hashing.model import Hash
from tests.support.catalogues import Planted, values
from tests.support.media import drawn, encoded

POLICY = BankPolicy(Action.BLOCK)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An installation with an empty bank."""
    made = App.open(Config(data=tmp_path / "installation", decode_workers=1))
    with made.store.transaction(write=True) as transaction:
        service.create_bank(transaction, "protected", POLICY, now=made.clock.now())
    yield made
    made.close()


@pytest.fixture
def planted() -> Planted:
    """A catalogue with known copies."""
    return Planted.made(banked=20, rows=20_000, planted=60)


@pytest.fixture
def catalogues(tmp_path: Path, planted: Planted, monkeypatch: pytest.MonkeyPatch) -> Catalogues:
    """The catalogue, stored in several shards, the larger ones rings."""
    monkeypatch.setattr(stored, "SHARD_ROWS", 9000)
    made = Catalogues(tmp_path / "store")
    added = made.add(str(planted.write(tmp_path / "cat.parquet")), tell=lambda _: None)
    assert added.rows == 20_000
    assert [shard.rows for shard in made.page().shards] == [9000, 9000, 2000]
    return made


def bank(app: App, hashes: list[bytes], name: str = "protected") -> list[EntryId]:
    """Register hashes, an entry each."""
    new = [NewEntry((Hash(value),), Provenance("test")) for value in hashes]
    with app.store.transaction(write=True) as transaction:
        return [entry for entry, _ in service.register(transaction, name, new, now=app.clock.now())]


def match(app: App, catalogues: Catalogues, out: Path, *, everything: bool = False) -> set[tuple[object, ...]]:
    """Look for what is new and read the output."""
    catalogues.match(app.store, out, everything=everything, overwrite=True)
    return {tuple(row.values()) for row in pq.read_table(out).to_pylist()}


def expected(planted: Planted, entries: list[EntryId], first: int = 0) -> set[tuple[object, ...]]:
    """What copies of these entries there are."""
    return {
        (row, "protected", entry_text(entries[source - first]), "pdq", bits)
        for row, (source, bits) in planted.near.items()
        if first <= source < first + len(entries)
    }


def test_each_match_looks_for_what_is_new(app: App, catalogues: Catalogues, planted: Planted, tmp_path: Path) -> None:
    """What was looked for is not looked for again, unless everything is asked for or the bank's policy changed."""
    out = tmp_path / "out.parquet"
    assert match(app, catalogues, out) == set()
    first = bank(app, planted.banked[:12])
    assert match(app, catalogues, out) == expected(planted, first)
    assert match(app, catalogues, out) == set()
    second = bank(app, planted.banked[12:])
    withdrawn = second.pop()
    with app.store.transaction(write=True) as transaction:
        transaction.withdraw("protected", withdrawn, by="test", now=app.clock.now())
    assert match(app, catalogues, out) == expected(planted, second, first=12)
    assert match(app, catalogues, out, everything=True) == expected(planted, [*first, *second])
    with app.store.transaction(write=True) as transaction:
        policy = BankPolicy(Action.BLOCK, 16)
        service.set_policy(transaction, "protected", policy, now=app.clock.now())
    near = {row for row in expected(planted, [*first, *second]) if int(str(row[4])) <= 16}
    assert match(app, catalogues, out) == near


def test_a_negative_bank_clears_here_too(app: App, catalogues: Catalogues, planted: Planted, tmp_path: Path) -> None:
    """However long ago it was filled."""
    row, (source, _) = next(iter(planted.near.items()))
    with app.store.transaction(write=True) as transaction:
        policy = BankPolicy(Action.LOG, negative=True)
        service.create_bank(transaction, "common", policy, now=app.clock.now())
    bank(app, [planted.rows[row]], "common")
    match(app, catalogues, tmp_path / "out.parquet")
    bank(app, [planted.banked[source]])
    found = match(app, catalogues, tmp_path / "out.parquet")
    assert row not in {each[0] for each in found}
    assert {each[0] for each in found} == {at for at, (other, _) in planted.near.items() if other == source} - {row}


def test_what_was_removed_is_left_out(app: App, catalogues: Catalogues, planted: Planted, tmp_path: Path) -> None:
    """Deleted uploads are no matches, and stay out when more are deleted."""
    entries = bank(app, planted.banked)
    gone = sorted(planted.near)[:10]
    for some in (gone[:4], gone[2:]):
        pq.write_table(pa.table({"id": some}), tmp_path / "gone.parquet")
        catalogues.remove(tmp_path / "gone.parquet")
    found = match(app, catalogues, tmp_path / "out.parquet")
    assert found == {row for row in expected(planted, entries) if row[0] not in gone}


def test_catalogues_are_added_beside_each_other_once(
    app: App, catalogues: Catalogues, planted: Planted, tmp_path: Path
) -> None:
    """Tonight's uploads join last night's; the same ones twice are refused, and ids of another type."""
    with pytest.raises(Conflict, match="stored already"):
        catalogues.add(str(tmp_path / "cat.parquet"), tell=lambda _: None)
    tonight = Planted([], [planted.banked[0], *values(9, 10)])
    tonight.write(tmp_path / "tonight.parquet", ids=range(100_000, 100_011))
    catalogues.add(str(tmp_path / "tonight.parquet"), tell=lambda _: None)
    bank(app, planted.banked[:1])
    assert 100_000 in {row[0] for row in match(app, catalogues, tmp_path / "out.parquet")}
    Planted([], values(8, 1)).write(tmp_path / "text.parquet", ids=["a"])
    with pytest.raises(InputError, match="one store has one type"):
        catalogues.add(str(tmp_path / "text.parquet"), tell=lambda _: None)
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "gone.parquet")
    with pytest.raises(InputError, match="The ids to remove are string"):
        catalogues.remove(tmp_path / "gone.parquet")
    with pytest.raises(InputError, match="no Parquet file with a column 'id'"):
        catalogues.remove(tmp_path / "nowhere.parquet")


@pytest.mark.parametrize("damage", ["cut", "gone", "other"])
@pytest.mark.parametrize("file", ["image", "arrow", "page"])
def test_a_damaged_store_never_answers(
    app: App, catalogues: Catalogues, planted: Planted, tmp_path: Path, file: str, damage: str
) -> None:
    """A missing or shortened file is an error, never fewer matches; a look at every byte finds the rest."""
    bank(app, planted.banked)
    shard = catalogues.page().shards[0]
    path = tmp_path / "store" / ("catalogue.json" if file == "page" else f"{shard.name}.{file}")
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.write_bytes(content.replace(b'"version":1', b'"version":9') if file == "page" else content[:-1] + b"\x01")
    with pytest.raises(IntegrityError, match="store it anew"):
        catalogues.verify()
    if damage != "other" or file == "page":
        with pytest.raises(IntegrityError, match="store it anew"):
            match(app, catalogues, tmp_path / "out.parquet")


def test_media_may_be_stored_as_hashes(app: App, tmp_path: Path) -> None:
    """A folder of pictures is hashed once; an empty store says how to begin."""
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "copy.jpg").write_bytes(encoded(drawn().resize((400, 300)), "JPEG"))
    (tmp_path / "media" / "text.txt").write_text("no picture")
    catalogues = Catalogues(tmp_path / "store")
    with pytest.raises(InputError, match="noli catalogue add"):
        catalogues.match(app.store, tmp_path / "out.parquet", everything=False, overwrite=False)
    added = catalogues.add(str(tmp_path / "media"), tell=lambda _: None)
    assert added.skipped == {"unsupported": 1}
    bank(app, [app.hasher.read(encoded(drawn(), "PNG")).hashes[0].value])
    assert {row[0] for row in match(app, catalogues, tmp_path / "out.parquet")} == {"copy.jpg"}
