# SPDX-License-Identifier: Apache-2.0
"""A partner's list in a file."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from noli.bank.model import OpinionKind
from noli.exchange.model import Protocol, Source, SyncStatus
from tests.support.exchange import Hub, hub, made_up


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Hub]:
    """An organisation that takes a list."""
    with hub(tmp_path) as made:
        made.take_from("them", Protocol.FILE, Source(str(tmp_path / "list.txt")))
        yield made


def write(folder: Path, text: str, *, age: int) -> None:
    """Put a list where it is looked for; ``age`` tells versions apart."""
    (folder / "list.txt").write_text(text)
    os.utime(folder / "list.txt", (age, age))


def test_the_file_is_the_whole_list(one: Hub, tmp_path: Path) -> None:
    """In each form; what it does not hold any more is withdrawn, bad lines are kept aside."""
    write(tmp_path, f"# list\npdq {made_up(1).hex()}\n{made_up(2).hex()}\nmd5 00\n", age=1)
    assert one.syncer.run("them").status is SyncStatus.OK
    assert one.matched() == {made_up(1), made_up(2)}
    assert len(one.quarantined("them")) == 1
    write(tmp_path, f"hash,quality\n{made_up(2).hex()},90\n{made_up(3).hex()},20\n", age=2)
    one.syncer.run("them")
    assert one.matched() == {made_up(2)}
    lines = [{"hash": made_up(seed).hex(), "entry": "a"} for seed in (4, 5)]
    write(tmp_path, "\n".join(json.dumps(each) for each in lines), age=3)
    one.syncer.run("them")
    assert one.matched() == {made_up(4), made_up(5)}
    with one.exchange.transaction() as t:
        assert t.banks.bank("received").entries == 1


def test_an_unchanged_file_is_not_read_again(one: Hub, tmp_path: Path) -> None:
    """Nothing is written where nothing changed."""
    write(tmp_path, made_up(1).hex(), age=1)
    one.syncer.run("them")
    before = one.state("them").checkpoint
    one.syncer.run("them")
    assert one.state("them").checkpoint == before


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "no hash\n", "a,b\n1,2\n"])
def test_an_accident_withdraws_nothing(one: Hub, tmp_path: Path, text: str | None) -> None:
    """A file that is gone, empty or another one leaves what was taken, and the status says so."""
    write(tmp_path, made_up(1).hex(), age=1)
    one.syncer.run("them")
    if text is None:
        (tmp_path / "list.txt").unlink()
    else:
        write(tmp_path, text, age=2)
    assert one.syncer.run("them").status is SyncStatus.UNREACHABLE
    assert one.matched() == {made_up(1)}


def test_a_file_takes_no_opinions(one: Hub, tmp_path: Path) -> None:
    """They stay here, and nothing fails."""
    write(tmp_path, made_up(1).hex(), age=1)
    one.syncer.run("them")
    with one.exchange.transaction() as t:
        [entry] = t.banks.entries("received")
    one.say(entry.id, OpinionKind.TRUE_POSITIVE, bank="received")
    assert one.syncer.run("them").status is SyncStatus.OK
