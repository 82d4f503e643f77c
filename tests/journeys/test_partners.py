# SPDX-License-Identifier: Apache-2.0
"""Partners on the command line, as an operator uses it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from noli.cli import main

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
    assert "'one'" in run("partner", "show", "one", status=1).stderr
    assert run("partner", "list", "--json").stdout == ""
