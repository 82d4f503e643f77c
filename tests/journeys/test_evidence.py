# SPDX-License-Identifier: Apache-2.0
"""A helpline makes an evidence package of a case with real mail in it; a lawyer checks it on another machine."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from noli.app import App, load_config
from noli.base.config import Config
from noli.cli import examinations, main
from noli.evidence.notes import verifier_key
from tests.support.custody import members, repacked
from tests.support.helpline import Outside, open_case, outside, work_off
from tests.support.platform import Platform

DECLARED = ["statement", "good-faith", "accuracy"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """Name server, registry, mail server and mailbox."""
    with outside(tmp_path_factory.mktemp("outside")) as started:
        yield started


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)


def test_from_a_request_to_a_package_that_a_court_can_check(tmp_path: Path, world: Outside) -> None:
    """The mail in it is the one that the mail server got; it is right elsewhere, and wrong once a byte was changed."""
    with Platform(tmp_path / "data", **world.settings) as platform:
        case = open_case(platform.app)
        [pursuit] = platform.post(f"/cases/{case}/pursuits", {}, expect=200)["pursuits"]
        path = f"/pursuits/{pursuit['pursuit']}"
        platform.post(f"{path}/requests", {"rung": "host", "declared": DECLARED}, expect=200)
        platform.post(f"{path}/requests/1/send", {}, expect=200)
        work_off(platform.app)

        platform.post(f"/cases/{case}/evidence", {"language": "fr"}, expect=400)
        made = platform.post(f"/cases/{case}/evidence", {"language": "de", "with_hashes": True})
        assert platform.get(f"/cases/{case}/evidence")["packages"] == [made]
        assert (made["made_by"], made["with_hashes"]) == ("key:platform", True)
        content = platform.app.evidence.store.get(case, made["package"])
        found = members(content)
        [mail] = [body for name, body in found.items() if name.endswith(".eml")]
        assert mail == world.sink.contents[-1]
        assert b"DKIM-Signature" in mail
        key = verifier_key(platform.app.roots.public_keys()[-1])
        assert platform.app.ledger.verify().flaws == ()

        # On another machine: no data folder, no database.
        file = tmp_path / "evidence.zip"
        file.write_bytes(content)
        right = _run("evidence", "verify", file, "--key", key)
        assert right.exit_code == 0, right.output
        assert "the package is from its owner" in right.stdout
        assert json.loads(_run("evidence", "verify", file, "--json").stdout)["well"] is True
        name = next(name for name in found if name.endswith(".eml"))
        file.write_bytes(repacked(content, {name: mail.replace(b"To: ", b"To:  ", 1)}))
        wrong = _run("evidence", "verify", file, "--key", key)
        assert wrong.exit_code == 1
        assert f"WRONG  {name} was changed" in wrong.stdout

        platform.app.cases.request_withdrawal(case, erase=True)
        work_off(platform.app)
        assert platform.app.evidence.store.digests(case) == []
        platform.get(f"/cases/{case}/evidence/{made['package']}", expect=409)
        platform.post(f"/cases/{case}/evidence", {}, expect=409)
        assert len(platform.get(f"/cases/{case}/evidence")["packages"]) == 1


def test_packages_on_the_command_line(tmp_path: Path, world: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made, listed, shown and fetched; nothing is overwritten; a damaged one is told and not handed out."""
    for name, value in world.settings.items():
        monkeypatch.setenv(f"NOLI_{name.upper()}", str(value))
    data = tmp_path / "data"
    app = App.open(load_config({"data": data}))
    app.indexes.load(app.store)
    case = open_case(app)
    app.close()
    where = ("--data", data)
    assert "nothing here" in _run("evidence", "list", case, *where).stderr
    file = tmp_path / "evidence.zip"
    made = json.loads(_run("evidence", "capture", case, "--out", file, "--json", *where).stdout)
    assert (made["made_by"], file.stat().st_size) == ("command line", made["size"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert "is there already" in _run("evidence", "capture", case, "--out", file, *where).stderr
    assert made["package"] in _run("evidence", "list", case, *where).stdout
    assert json.loads(_run("evidence", "list", case, "--json", *where).stdout) == made
    short = made["package"][:8]
    assert "timeline.html" in _run("evidence", "show", case, short, *where).stdout
    assert len(json.loads(_run("evidence", "show", case, short, "--json", *where).stdout)["members"]) == 5
    again = tmp_path / "again.zip"
    assert made["package"] in _run("evidence", "fetch", case, short, "--out", again, *where).stdout
    assert again.read_bytes() == file.read_bytes()
    monkeypatch.chdir(tmp_path)
    assert f"evidence-{made['package'][:16]}.zip" in _run("evidence", "fetch", case, short, *where).stdout
    assert _run("evidence", "verify", again).exit_code == 0
    assert _run("evidence", "verify", again, "--key", "nonsense").exit_code == 2

    [kept] = (data / "packages").rglob("*.zip")
    kept.write_bytes(b"damaged")
    damaged = _run("evidence", "fetch", case, short, "--out", tmp_path / "no.zip", *where)
    assert damaged.exit_code == 1
    assert "damaged where it is kept" in damaged.stderr
    assert not (tmp_path / "no.zip").exists()


def test_the_doctor_tries_the_store(tmp_path: Path) -> None:
    """Where packages can be kept is said; where they cannot, also what to look at; without an installation nothing."""
    [found] = examinations.packages(Config(data=tmp_path))
    assert found.text == f"Evidence packages can be kept in {tmp_path}/packages."
    (tmp_path / "packages").write_text("in the way")
    [found] = examinations.packages(Config(data=tmp_path))
    assert "packages_url" in found.advice
    assert list(examinations.packages(Config(data=tmp_path / "none"))) == []
