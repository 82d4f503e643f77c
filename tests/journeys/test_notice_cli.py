# SPDX-License-Identifier: Apache-2.0
"""Notices on the command line: list, show, complete, decide, contest, import, and the demo."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from noli.app import App
from noli.base.config import Config
from noli.cli import main


def _run(*arguments: object, data: Path | None = None) -> Result:
    given = [str(each) for each in arguments] + (["--data", str(data)] if data is not None else [])
    return CliRunner().invoke(main, ["notice", *given], catch_exceptions=False)


def _ok(*arguments: object, data: Path | None = None) -> str:
    done = _run(*arguments, data=data)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty installation in the United States."""
    monkeypatch.setenv("NOLI_JURISDICTIONS", "US")
    App.open(Config(data=tmp_path / "data")).close()
    return tmp_path / "data"


WHY = ("--reason", "Seen by two.", "--rule", "Terms 4")


def test_a_notice_from_a_list_to_the_second_person(data: Path, tmp_path: Path) -> None:
    """Imported once, completed, previewed, decided, contested and answered by somebody else."""
    assert "nothing here" in _run("list", data=data).stderr
    lines = tmp_path / "notices.csv"
    lines.write_text(
        "age,url,filer,signature,reference\nadult,https://p.example/1,self,,T-1\nunsure,https://p.example/2,self,,\n"
    )
    done = _run("import", lines, data=data)
    assert done.exit_code == 1
    assert "line 3  not taken: Content that may show somebody under 18" in done.stdout
    again = [json.loads(line) for line in _run("import", lines, "--json", data=data).stdout.splitlines()]
    assert [each["created"] for each in again] == [False, False]
    notice = again[0]["notice"]
    assert notice in _ok("list", "--waiting", data=data)
    assert _run("complete", notice, "colour=red", data=data).exit_code == 2
    _ok("complete", notice, "signature=Me", "contact=me@example.org", "statement=yes", "good-faith=yes", data=data)
    shown = _ok("show", notice, data=data)
    assert "lacks" in shown
    assert "remove (" in shown
    remove = ("decide", notice, "--measure", "remove", "--ground", "intimate-without-consent", *WHY, "--author", "ada")
    preview = _ok(*remove, "--dry-run", data=data)
    assert "To who uploaded:" in preview
    assert "decided" in _ok(*remove, "--contractual", data=data)
    filed = _ok("complain", notice, "--side", "uploader", "--text", "No.", "--counter-notice", data=data)
    assert "complaint" in filed
    number = filed.split()[-1]
    answer = ("answer", notice, number, *WHY)
    keep = ("--instead", "keep", "--ground", "consent-shown")
    assert _run(*answer, *keep, "--author", "ada", data=data).exit_code == 1
    _ok(*answer, *keep, "--author", "bea", data=data)
    assert "counter-notice of the uploader: upheld" in _ok("show", notice, data=data)
    [listed] = [json.loads(line) for line in _ok("list", "--json", "--state", "decided", data=data).splitlines()]
    assert listed["id"] == notice
    assert json.loads(_ok("show", notice, "--json", data=data))["complaints"][0]["upheld"]


def test_the_demo_tells_four_stories() -> None:
    """Incomplete to second person, trusted flagger, fraud, and a clock that is missed; the ledger stays whole."""
    told = _ok("demo")
    for part in (
        "A notice comes in: incomplete",
        "removes it at hour 40",
        "uploaded again: block",
        "Bea upholds it",
        "uploaded again: allow",
        "First in the queue: the helpline",
        "Ada suspends: refused",
        "Ada suspends: done",
        "Escalated: lead",
        "Escalated: admin",
        "Breached: us-take-it-down remove",
        "The ledger is whole",
    ):
        assert part in told
