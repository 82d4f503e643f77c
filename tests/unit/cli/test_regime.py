# SPDX-License-Identifier: Apache-2.0
"""``noli regime``: the law as one reads it on the command line."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from noli.cli import main
from noli.cli import regime as command
from tests.support.regimes import PENDING, REGIME, law


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small made-up body of law in place of the shipped one, with one example that is wrong."""
    from noli.regimes import examples

    then = {"missing": ["contact"]}
    when = {"trigger": "order", "at": "2026-06-01T08:00:00Z"}
    data = {"example": [{"name": "One lacks the place.", "given": {}, "when": when, "then": then}]}
    laws = law(REGIME, PENDING)
    act = next(each for each in laws.regimes if each == "xu-act")
    monkeypatch.setattr(command, "load_law", lambda: laws)
    monkeypatch.setattr(command, "load_examples", lambda: {act: examples.read("act", data)})


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["regime", *arguments])


def _rows(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _run(*arguments, "--json").stdout.splitlines()]


def test_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each regime with since when it holds, and how much of it nobody verified."""
    lines = _run("list", "--on", "2026-06-01").stdout.splitlines()
    assert lines[0].split() == ["id", "place", "in", "force", "values", "unverified", "name"]
    assert lines[1].split() == ["pending", "*", "not", "yet", "1", "1", "Bill"]
    assert lines[2].split() == ["xu-act", "XU", "2024-01-01", "20", "1", "Act"]
    verified = {**PENDING, "in_force": REGIME["in_force"]}
    monkeypatch.setattr(command, "load_law", lambda: law(verified))
    assert _run("list").stdout.splitlines()[1].split() == ["pending", "*", "2024-01-01", "1", "0", "Bill"]
    assert [row["in_force"] for row in _rows("list", "--on", "2023-06-01")] == [None]


def test_show() -> None:
    """Each value in words with its provision; the unverified one is marked, the signed one names the reviewer."""
    shown = _run("show", "xu-act").stdout
    assert "clock remove (valid-request): PT24H (law): within 24 hours\n" in shown
    assert "clock remove (valid-request): PT2H (law): within two hours  [unverified]\n" in shown
    assert "since 2024-01-01 until 2025-01-01; The Act, s 11; looked at on 2026-01-15 by A. Reader" in shown
    assert "not in force: awaits a decree" in shown
    assert "signed off by B. Lawyer on 2026-01-20" in shown


def test_show_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reader should know besides stands below the value."""
    noted = {**REGIME, "in_force": [{**REGIME["in_force"][0], "note": "Mind the gap."}]}
    monkeypatch.setattr(command, "load_law", lambda: law(noted))
    assert "  Mind the gap.\n" in _run("show", "xu-act").stdout


def test_show_on_a_day() -> None:
    """On a day, a clock has one value."""
    rows = _rows("show", "xu-act", "--on", "2026-02-19")
    assert [row["value"] for row in rows if row["place"] == "clock remove (valid-request)"] == [
        "PT24H (law): within 24 hours"
    ]
    assert all(row["provision"] and row["checked"] and row["by"] for row in rows)


def test_show_what_there_is_not() -> None:
    """An unknown regime is an error that says where to look."""
    done = _run("show", "xu-other")
    assert done.exit_code == 1
    assert "no regime 'xu-other'" in done.stderr
    assert "noli regime list" in done.stderr


def test_check() -> None:
    """A wrong example fails; unverified and stale values are listed."""
    done = _run("check", "--on", "2026-06-01")
    assert done.exit_code == 1
    assert "WRONG  xu-act: One lacks the place. Missing: contact, location." in done.stdout
    assert "unverified  xu-act: clock remove (valid-request); A blog, s 6 as amended" in done.stdout
    assert "stale  pending: in force; A blog, draft" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 examples, 1 wrong. 2 values are unverified, 3 stale."
    (found,) = _rows("check", "--on", "2025-06-01")
    assert (found["examples"], len(found["failed"]), found["stale"]) == (1, 1, [])


def test_check_what_is_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped regimes lead to what their examples say."""
    monkeypatch.undo()
    (found,) = _rows("check")
    assert found["failed"] == []
    assert found["examples"] > 40
