# SPDX-License-Identifier: Apache-2.0
"""Partners on the command line, as an operator uses it."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from noli.bank.model import OpinionKind, entry_text
from noli.cli import main
from noli.cli.installation import opened
from noli.exchange.feedback import EntryFeedback
from tests.support.exchange import made_up
from tests.support.server import eventually

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run commands on an installation with two banks."""

    def run(*arguments: str, status: int = 0) -> Result:
        done = CliRunner().invoke(main, [*arguments, "--data", str(tmp_path)], catch_exceptions=False)
        assert done.exit_code == status, done.output
        return done

    for name in ("protected", "received"):
        run("bank", "create", name, "--action", "block")
    return run


def test_adding_a_partner_prints_its_key_alone(run: Run) -> None:
    """One line; for a StopNCII client a second one with the key that belongs to it; JSON has both."""
    assert run("partner", "add", "one", "--shares", "protected").stdout.startswith("noli_")
    assert len(run("partner", "add", "two", "--shares", "protected").stdout.splitlines()) == 1
    both = run("partner", "add", "three", "--shares", "protected", "--protocol", "stopncii").stdout.splitlines()
    assert [len(line) for line in both] == [48, 32]
    shown = json.loads(run("partner", "add", "four", "--json").stdout)
    assert sorted(shown) == ["key", "partner", "subscription_key"]
    assert run("partner", "key", "four", "--keep-old").stdout != shown["key"]


def test_what_is_agreed_is_shown_and_changed(run: Run) -> None:
    """Every part of it can be set at the start or later, and is listed for people and programs."""
    run(
        "partner",
        "add",
        "one",
        "--takes",
        "theirs=received",
        "--at-most",
        "log",
        "--protocol",
        "noli",
        "--scopes",
        "checks",
    )
    assert "theirs=received" in run("partner", "list").stdout
    assert "theirs into received, at most log" in run("partner", "show", "one").stdout
    run("partner", "set", "one", "--at-most", "block", "--per-hour", "5", "--suspend")
    run("partner", "set", "one", "--shares", "protected", "--keeps-withdrawn", "--protocol", "ncmec")
    shown = json.loads(run("partner", "set", "one", "--resume", "--json").stdout)
    assert shown == json.loads(run("partner", "show", "one", "--json").stdout)
    assert shown == json.loads(run("partner", "list", "--json").stdout)
    assert {name: shown[name] for name in ("shares", "per_hour", "protocol", "honours_withdrawal", "state")} == {
        "shares": ["protected"],
        "per_hour": 5,
        "protocol": "ncmec",
        "honours_withdrawal": False,
        "state": "active",
    }
    assert shown["takes"] == [{"theirs": "theirs", "bank": "received", "at_most": "block"}]
    run("partner", "set", "one", "--takes", "received")
    assert "all into received, at most review" in run("partner", "show", "one").stdout


def test_mistakes_are_explained(run: Run) -> None:
    """A bank, scope or partner that does not exist is named, and nothing is kept."""
    assert "'nope'" in run("partner", "add", "one", "--shares", "nope", status=1).stderr
    assert "names no bank" in run("partner", "add", "one", "--takes", "=received", status=2).stderr
    assert "scopes are" in run("partner", "add", "one", "--scopes", "everything", status=2).stderr
    missing = run("partner", "show", "one", status=1).stderr
    assert "'one'" in missing
    assert "noli partner list" in missing
    assert run("partner", "list", "--json").stdout == ""


def test_a_list_is_taken_looked_after_and_given_back(run: Run, tmp_path: Path) -> None:
    """Taken from a file, beyond the hour's agreement held, released, shown, begun anew, and traced by its canaries."""
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join([*(made_up(seed).hex() for seed in range(4)), "rubbish"]))
    source = ("--protocol", "file", "--url", str(listed), "--takes", "received", "--per-hour", "2")
    run("partner", "add", "list", *source)
    assert "list: ok; 2 taken, 0 withdrawn, 2 held, 1 refused so far" in run("sync").stdout
    shown = json.loads(run("sync", "list", "--json").stdout)
    assert (shown["status"], shown["taken"], shown["held"]) == ("ok", 2, 2)
    assert "more came within an hour" in run("partner", "held", "list").stdout
    assert len(run("partner", "held", "list", "--json").stdout.splitlines()) == 2
    status = run("partner", "status", "list").stdout
    assert "64 hexadecimal digits" in status
    assert json.loads(run("partner", "status", "--json").stdout)["name"] == "list"
    assert run("partner", "discard", "list", "--reason", "common").stdout == "discarded 0 entries of list\n"
    assert run("partner", "release", "list", "--reason", "flood").stdout == "released 2 entries of list\n"
    assert "begins at the beginning" in run("partner", "resync", "list").stdout
    listed.unlink()
    assert "cannot be read" in run("sync", "list", status=1).stdout
    run("partner", "set", "list", "--url", "")
    assert "Nothing is fetched" in run("sync", "list", status=2).stderr
    assert "no partner to fetch from" in run("sync").stderr
    assert "leads nowhere" in run("partner", "set", "list", "--user", "me", status=2).stderr
    listed.write_text(made_up(1).hex())
    assert "no partner's canary is among these 1 hashes" in run("partner", "trace", str(listed)).stdout
    assert run("partner", "trace", str(listed), "--json").stdout == ""


def test_our_own_identity_is_shown_and_changed(run: Run) -> None:
    """The key changes, or the epoch; the installation stays."""
    first = json.loads(run("partner", "identity", "--json").stdout)
    assert first["key"] in run("partner", "identity").stdout
    second = json.loads(run("partner", "identity", "--rotate", "--new-epoch", "--json").stdout)
    assert first["installation"] == second["installation"]
    assert first["key"] != second["key"]
    assert first["epoch"] != second["epoch"]


def test_opinions_beyond_the_agreement_wait(run: Run, tmp_path: Path) -> None:
    """They are counted in the status, listed with what they are about, and believed or forgotten by a person."""
    run("partner", "add", "one", "--shares", "protected", "--doubts-per-hour", "0")
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(made_up(seed).hex() for seed in range(3)))
    run("bank", "import", "protected", str(listed))
    with opened(tmp_path) as app:
        with app.store.transaction() as t:
            entries = [each.id for each in t.entries("protected")]
        given = [EntryFeedback(each, OpinionKind.FALSE_POSITIVE, "a holiday picture") for each in entries]
        app.feedback.on_entries(app.partners.get("one"), given)
    assert "3 opinions of one are held" in run("partner", "status").stderr
    assert json.loads(run("partner", "status", "one", "--json").stdout)["held_doubts"] == 3
    assert f"opinion on {entry_text(entries[0])} of protected: false positive" in run("partner", "held", "one").stdout
    assert json.loads(run("partner", "held", "one", "--json").stdout.splitlines()[0])["note"] == "a holiday picture"
    with opened(tmp_path) as app:
        app.feedback.on_entries(app.partners.get("one"), given[:1])
    assert run("partner", "release", "one", "--reason", "flood").stdout == "released 0 entries of one\n"
    assert run("partner", "release", "one", "--reason", "doubts").stdout == "released 0 entries and 3 opinions of one\n"
    assert "3 entries are disputed" in run("partner", "status").stderr
    assert json.loads(run("partner", "set", "one", "--doubts-per-hour", "7", "--json").stdout)["doubts_per_hour"] == 7
    assert run("partner", "discard", "one").stdout == "discarded 0 entries of one\n"


def test_receipts_are_listed(run: Run, tmp_path: Path) -> None:
    """Where a partner has come back they say when, for what, and whether it signed; else that there are none."""
    run("partner", "add", "one", "--shares", "protected")
    assert "has confirmed nothing" in run("partner", "receipts", "one").stderr
    with opened(tmp_path) as app:
        one = app.partners.get("one")
        app.outgoing.deliver(one, after=0, position=2)
        app.outgoing.confirm(one, 9)
    assert "has everything up to 2; not signed" in run("partner", "receipts", "one").stdout
    assert "everything up to 2 (not signed)" in run("partner", "status", "one").stdout
    shown = json.loads(run("partner", "receipts", "one", "--json").stdout)
    assert (shown["position"], shown["signature"], shown["signed_text"]) == (2, "", "")
    assert "no id of an entry" in run("partner", "receipts", "one", "--entry", "x", status=2).stderr
    assert run("partner", "receipts", "one", "--entry", "0000000000001").stdout == ""


def test_a_loop_follows_until_it_is_interrupted(run: Run, tmp_path: Path) -> None:
    """A list is taken over, and when another partner is added meanwhile its list, too; an interrupt ends it well."""
    for name, seed in (("one", 1), ("two", 2)):
        (tmp_path / name).write_text(made_up(seed).hex())
    take = ("--protocol", "file", "--takes", "received", "--url")
    run("partner", "add", "one", *take, str(tmp_path / "one"))
    command = [sys.executable, "-m", "noli", "sync", "--loop", "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            eventually(lambda: _entries(run) == 1)
            run("partner", "add", "two", *take, str(tmp_path / "two"))
            eventually(lambda: _entries(run) == 2)
        finally:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")


def _entries(run: Run) -> int:
    return int(json.loads(run("bank", "show", "received", "--json").stdout)["entries"])
