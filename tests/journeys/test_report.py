# SPDX-License-Identifier: Apache-2.0
"""Decisions are reported as files, without personal data, with a list of whose they are for us alone."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from noli.app import App
from noli.base.config import Config
from noli.cli import main
from noli.cli.report import COLUMNS


def _run(*arguments: object, data: Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, [*map(str, arguments), "--data", str(data)], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def test_a_days_decisions_are_written_for_the_public_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both formats say the same; what may lead to a person is held back and named; today waits for tomorrow."""
    monkeypatch.setenv("NOLI_JURISDICTIONS", "EU")
    data, lines = tmp_path / "data", tmp_path / "notices.csv"
    App.open(Config(data=data)).close()
    lines.write_text("age,url,reference\nadult,https://p.example/1,T-1\nadult,https://p.example/2,T-2\n")
    made = [json.loads(line) for line in _run("notice", "import", lines, "--json", data=data)[1].splitlines()]
    decide = ("--measure", "remove", "--ground", "intimate-without-consent", "--reason", "Seen.", "--author", "ada")
    assert _run("notice", "decide", made[0]["notice"], *decide, "--rule", "§ 201a StGB", data=data)[0] == 0
    assert _run("notice", "decide", made[1]["notice"], *decide, "--rule", "ask anna@p.example", data=data)[0] == 0
    assert _run("report", "statements", data=data)[1] == "", "nothing of today is public today"
    span = ("--since", "2020-01-01", "--until", "2100-01-01")
    code, out, err = _run("report", "statements", *span, "--ids", tmp_path / "ids.csv", data=data)
    assert (code, f"{made[1]['notice']}, decision" in err, "held back" in err) == (1, True, True)
    [statement] = [json.loads(line) for line in out.splitlines()]
    assert set(statement) <= set(COLUMNS)
    [whose] = csv.DictReader((tmp_path / "ids.csv").read_text().splitlines())
    assert (whose["puid"], whose["subject"]) == (statement["puid"], made[0]["notice"])
    [row] = csv.DictReader(io.StringIO(_run("report", "statements", *span, "--format", "csv", data=data)[1]))
    assert {name: text for name, text in row.items() if text} == {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in statement.items()
    }
    counted = json.loads(_run("report", "counts", *span, "--json", data=data)[1])["counts"]
    assert (counted["notices"]["received"], counted["notices"]["remove"]) == (2, 2)
    assert "ground: intimate-without-consent" in _run("report", "counts", *span, data=data)[1]
    assert (
        "Nothing happened" in _run("report", "counts", "--since", "2000-02-29", "--until", "2000-03-01", data=data)[2]
    )
    assert (
        json.loads(_run("report", "counts", "--since", "2024-02-29", "--json", data=data)[1])["until"][:10]
        == "2025-03-01"
    )
    assert _run("report", "counts", "--since", "2026-01-02", "--until", "2026-01-02", data=data)[0] == 2
    assert _run("report", "counts", data=data)[0] == 0
    assert _run("report", "statements", "--since", "2026-01-02", "--until", "2026-01-02", data=data)[0] == 2
