# SPDX-License-Identifier: Apache-2.0
"""An auditor verifies a copy of the database: whatever was changed in it is found, and said."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pysqlite3
import pytest
from click.testing import CliRunner, Result

from noli.app import App, load_config
from noli.base.config import Config
from noli.casework import work
from noli.casework.model import NewLink
from noli.cli import main
from noli.evidence import proofs
from noli.evidence.notes import parse_notes
from tests.support.casework import CALLER, made_up_item, submission
from tests.support.server import Server

_QUICK: dict[str, Any] = {"password_memory_mib": 8, "proof_of_work_bits": 1, "submissions_per_hour": 1000}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with some cases, whose root was signed, and a little that came after."""
    folder = tmp_path_factory.mktemp("original")
    with closing(App.open(load_config({"data": folder, **_QUICK}))) as app:
        app.indexes.load(app.store)
        for number in range(1, 7):
            if number == 6:
                app.roots.sign()
            links = (NewLink(f"https://example.org/{number}"),)
            app.intake.submit(
                submission(made_up_item(number), links=links),
                token=app.intake.new_token(),
                proof=work.solve(app.intake.challenge()),
                caller=CALLER,
            )
    return folder


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(original, tmp_path / "copy"))


def noli(*words: str) -> Result:
    """Run a command of ours about the ledger."""
    return CliRunner().invoke(main, ["ledger", *words])


def verify(folder: Path, *words: str) -> list[str]:
    """Verify, and return what is wrong."""
    done = noli("verify", "--json", *words, "--data", str(folder))
    found = json.loads(done.stdout)
    assert done.exit_code == (0 if found["whole"] else 1)
    return [str(flaw["text"]) for flaw in found["flaws"]]


def change(folder: Path, *statements: str) -> None:
    """Change the database as somebody would who owns it: without its triggers and foreign keys."""
    with closing(pysqlite3.connect(folder / "noli.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        triggers = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def last(folder: Path) -> int:
    """Return how many entries there are."""
    with closing(pysqlite3.connect(folder / "noli.db")) as connection:
        return int(connection.execute("SELECT max(sequence) FROM ledger_entry").fetchone()[0])


def test_an_untouched_copy_is_whole(copy: Path) -> None:
    """Exit status 0 and the root alone on standard output; nothing in the copy is changed."""
    before = (copy / "noli.db").read_bytes()
    done = noli("verify", "--data", str(copy))
    assert done.exit_code == 0
    size, root = done.stdout.strip().split(":")
    assert (int(size), len(root)) == (last(copy), 64)
    assert (copy / "noli.db").read_bytes() == before


def bytes_of_a_record() -> Iterator[str]:
    """Statements that change one byte of each column of an entry, of its event, and of a signed root."""
    update = "UPDATE {0} SET {1} = {2} WHERE {3}"
    flip = "CAST(CHAR(unicode(substr({0},1,1)) + 1) || substr({0},2) AS TEXT)"
    flip_blob = "CAST(CASE substr({0},1,1) WHEN X'00' THEN X'01' ELSE X'00' END || substr({0},2) AS BLOB)"
    for table, where, texts, blobs in (
        ("ledger_entry", "sequence = 7", ("at", "kind", "subject", "actor"), ("commitment", "leaf", "link")),
        ("case_event", "ledger_sequence = 7", ("at", "kind", "actor", "content", "case_id"), ("private",)),
        ("ledger_root", "1", (), ("root", "signature")),
    ):
        for column in texts:
            yield update.format(table, column, flip.format(column), where)
        for column in blobs:
            if (table, column) != ("case_event", "private"):
                yield update.format(table, column, flip_blob.format(column), where)
    yield "UPDATE case_event SET private = CAST(X'00' || substr(private,2) AS BLOB) WHERE ledger_sequence = 1"
    yield "UPDATE ledger_entry SET actor = CAST(X'ff' AS TEXT) WHERE sequence = 7"
    yield "UPDATE case_event SET content = '{' WHERE ledger_sequence = 7"
    yield "UPDATE case_event SET ledger_sequence = 'x' WHERE ledger_sequence = 7"
    yield "UPDATE ledger_root SET at = '2026-01-01 00:00:00.000000'"
    yield "UPDATE case_file SET wrapped_key = X'00'"


@pytest.mark.parametrize("statement", list(bytes_of_a_record()), ids=lambda text: text[:60])
def test_one_changed_byte_is_found(copy: Path, statement: str) -> None:
    """Whichever byte of an entry, of the event that it tells of, or of a signed root was changed, it is said."""
    change(copy, statement)
    flaws = verify(copy)
    assert flaws
    if " = 7" in statement and "case_id" not in statement:
        assert any("7" in flaw or "8" in flaw for flaw in flaws)


def test_a_removed_record_is_found(copy: Path) -> None:
    """An entry that is gone is named; so is an event that is gone while its entry is there."""
    change(copy, "DELETE FROM ledger_entry WHERE sequence = 7")
    assert "Entry 7 is missing." in verify(copy)
    change(copy, "UPDATE ledger_entry SET sequence = sequence - 1 WHERE sequence > 7")
    assert verify(copy)


def test_a_removed_event_is_found(copy: Path) -> None:
    """The entry that told of it says so."""
    change(copy, "DELETE FROM case_event WHERE ledger_sequence = 7")
    assert verify(copy) == ["The event that entry 7 tells of is gone."]


def test_two_swapped_records_are_found(copy: Path) -> None:
    """Two entries in each other's place, with all that they hold, and two events likewise."""
    swap = [
        "UPDATE {0} SET {1} = -1 WHERE {1} = 5",
        "UPDATE {0} SET {1} = 5 WHERE {1} = 9",
        "UPDATE {0} SET {1} = 9 WHERE {1} = -1",
    ]
    change(copy, *(each.format("ledger_entry", "sequence") for each in swap))
    assert any("Entry 5" in flaw for flaw in verify(copy))
    change(copy, *(each.format("ledger_entry", "sequence") for each in swap))
    assert verify(copy) == []
    change(copy, *(each.format("case_event", "ledger_sequence") for each in swap))
    assert [flaw.partition(" tells")[0] for flaw in verify(copy)] == [
        "The event that entry 5",
        "The event that entry 9",
    ]


def cut(folder: Path, *more: str) -> None:
    """Cut the last eight entries with the events that know them."""
    first = last(folder) - 7
    tables = ("DELETE FROM case_event WHERE ledger_sequence >= {0}", "DELETE FROM ledger_entry WHERE sequence >= {0}")
    change(folder, *(each.format(first) for each in tables), *more)


def test_a_cut_tail_is_found_against_the_last_signed_root(copy: Path) -> None:
    """What was signed in the database tells; where its table was cut too, what was noted beside it."""
    root = str(noli("verify", "--data", str(copy)).stdout).strip()
    kept = copy.parent / "kept-elsewhere.txt"
    shutil.copy(copy / "ledger-roots.txt", kept)
    cut(copy)
    [flaw] = verify(copy)
    assert flaw.startswith("The end is cut off:")
    change(copy, "DELETE FROM ledger_root")
    assert verify(copy) == [flaw]
    (copy / "ledger-roots.txt").unlink()
    assert verify(copy) == []
    assert verify(copy, "--roots", str(kept)) == [flaw]
    assert verify(copy, "--root", root)[0].startswith("The end is cut off:")


def test_a_ledger_that_was_written_anew_is_found(copy: Path) -> None:
    """Recomputing every hash after a change does not help against a root that was signed before."""
    change(copy, "DELETE FROM case_event", "DELETE FROM ledger_entry")
    assert any("cut off" in flaw for flaw in verify(copy))


def test_a_forged_signature_is_found(copy: Path, original: Path) -> None:
    """A root under another key is not this ledger's, also where the key file is not at hand but its public key is."""
    key = noli("key", "--data", str(original)).stdout.strip()
    shutil.rmtree(copy / "secrets")
    done = noli("verify", "--data", str(copy))
    assert done.exit_code == 0
    assert "Without the key file" in done.stderr
    assert verify(copy, "--key", key) == []
    change(copy, "UPDATE ledger_root SET signature = zeroblob(64)")
    assert "not signed by a key" in verify(copy, "--key", key)[0]
    assert noli("verify", "--key", "nonsense", "--data", str(copy)).exit_code == 2
    assert noli("verify", "--root", "nonsense", "--data", str(copy)).exit_code == 2


def test_a_damaged_file_is_not_whole(copy: Path) -> None:
    """A database that cannot be read is said to be damaged; a folder without one, that there is none."""
    content = (copy / "noli.db").read_bytes()
    (copy / "noli.db").write_bytes(content[:4096] + bytes(len(content) - 4096))
    assert "damaged" in verify(copy)[0]
    missing = noli("verify", "--data", str(copy.parent / "nothing"))
    assert missing.exit_code == 2
    assert not (copy.parent / "nothing").exists()


def test_roots_and_proofs_on_the_command_line(copy: Path) -> None:
    """Sign, list, prove, compare and change the key; everything that is printed can be checked."""
    first = parse_notes(noli("roots", "--notes", "--data", str(copy)).stdout)[0]
    signed = parse_notes(noli("sign", "--data", str(copy)).stdout)[0]
    assert signed.root.size == last(copy) > first.root.size
    listed = [json.loads(line)["root"] for line in noli("roots", "--json", "--data", str(copy)).stdout.splitlines()]
    assert listed == [str(signed.root), str(first.root)]
    assert str(first.root) in noli("roots", "--data", str(copy)).stdout
    proof = json.loads(noli("prove", "3", "--data", str(copy)).stdout)
    hashes = [bytes.fromhex(each) for each in proof["hashes"]]
    leaf, root = bytes.fromhex(proof["leaf"]), signed.root
    assert proofs.is_included(leaf, 2, size=root.size, proof=hashes, root=root.root)
    shown = json.loads(noli("consistency", str(first.root.size), "--data", str(copy)).stdout)
    path = [bytes.fromhex(each) for each in shown["hashes"]]
    sizes = first.root.size, root.size
    assert proofs.is_consistent(*sizes, proof=path, old=first.root.root, new=root.root)
    before = noli("key", "--data", str(copy)).stdout
    fresh = noli("rotate-key", "--data", str(copy)).stdout
    assert noli("key", "--data", str(copy)).stdout == before + fresh
    again = parse_notes(noli("sign", "--data", str(copy)).stdout)[0]
    assert fresh.split("+")[1] == again.key != signed.key
    assert verify(copy) == []


def test_an_empty_ledger_has_nothing_to_sign(tmp_path: Path) -> None:
    """It is whole, and signing says that there is nothing."""
    App.open(Config(data=tmp_path)).close()
    done = noli("sign", "--data", str(tmp_path))
    assert (done.exit_code, done.stdout) == (0, "")
    assert verify(tmp_path) == []


def test_an_auditor_reads_roots_and_proofs_over_http(original: Path, tmp_path: Path) -> None:
    """With a key of the scope ledger: roots, keys, an entry's proof and consistency; a server signs by itself."""
    folder = Path(shutil.copytree(original, tmp_path / "served"))
    server = Server(folder, **_QUICK)
    key, other = server.key("auditor", "ledger"), server.key("checker", "checks")

    def get(path: str, status: int = 200) -> Any:
        answer = server.client.get(f"/api/v1/ledger{path}", headers=key)
        assert answer.status_code == status, answer.text
        return answer.json()

    [*_, first] = get("/roots")["roots"]
    assert server.client.get("/api/v1/ledger/roots", headers=other).status_code == 403
    assert get(f"/roots/{first['size']}")["timestamps"] == []
    [signing] = get("/keys")["keys"]
    assert (signing["id"], signing["signs_now"]) == (first["key"], True)
    shown = get(f"/entries/3/proof?size={first['size']}")
    hashes, size = [bytes.fromhex(each) for each in shown["hashes"]], first["size"]
    leaf, root = bytes.fromhex(shown["entry"]["leaf"]), bytes.fromhex(first["root"])
    assert proofs.is_included(leaf, 2, size=size, proof=hashes, root=root)
    assert get(f"/consistency?first={size}&second={size}")["hashes"] == []
    get("/entries/999999/proof", 404)
    get("/entries/x/proof", 404)
    get("/roots/5", 404)
    get(f"/entries/{last(folder)}/proof?size={size}", 400)
    server.stop()
