# SPDX-License-Identifier: Apache-2.0
"""The command line as an operator uses it: real installation, real decoder, what is printed and with which status."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageOps

from noli.adapters.sql import tables
from noli.app import App, load_config
from noli.cli import main
from tests.conftest import opened
from tests.support import clips
from tests.support.media import drawn, encoded, rotated_jpeg
from tests.support.regions import scene

#: Seconds a server may take to start on a busy machine.
_PATIENCE_S = 120

#: Bits by which the hash of one picture may differ between formats.
_FORMAT_BITS = 10


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in an empty folder, without settings from outside; one decoding child is enough."""
    for name in os.environ:
        if name.startswith("NOLI_") and not name.startswith(("NOLI_KERNEL", "NOLI_TEST")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NOLI_DATA", str(tmp_path / "installation"))
    monkeypatch.setenv("NOLI_DECODE_WORKERS", "1")
    folder = tmp_path / "files"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture
def photo() -> Path:
    """A picture to protect."""
    path = Path("photo.jpg")
    path.write_bytes(encoded(drawn(), "JPEG", quality=95))
    return path


@pytest.fixture
def copy() -> Path:
    """An edited copy of it: mirrored, smaller, compressed."""
    path = Path("copy.jpg")
    path.write_bytes(encoded(ImageOps.mirror(drawn()).resize((400, 300)), "JPEG", quality=60))
    return path


@pytest.fixture
def other() -> Path:
    """Another picture."""
    path = Path("other.png")
    path.write_bytes(encoded(drawn(seed=7), "PNG"))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds, another drawing each."""
    folder = tmp_path_factory.mktemp("clip")
    return clips.encoded(folder / "clip.mp4", clips.scenes(seconds=6, width=320, height=180), codec="libx264")


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)


def _ok(*arguments: object) -> str:
    done = _run(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def _fails(*arguments: object, status: int = 1) -> str:
    """Run what must fail; return its explanation, which is a line or two."""
    done = _run(*arguments)
    assert done.exit_code == status, done.output
    assert done.stdout == ""
    assert 1 <= len(done.stderr.splitlines()) <= (2 if status == 1 else 4)
    assert "Traceback" not in done.stderr
    return done.stderr


def _distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


# --- hash ----------------------------------------------------------------------------------------------------------


def test_hash_is_the_same_in_every_format() -> None:
    """One photograph gives nearly one hash as JPEG, PNG, WebP, CMYK JPEG, palette PNG and rotated by EXIF."""
    picture = drawn(width=1000, height=700)
    palette = picture.quantize(palette=picture.quantize(256), dither=Image.Dither.FLOYDSTEINBERG)
    files = {
        "original.png": encoded(picture, "PNG"),
        "photo.jpg": encoded(picture, "JPEG", quality=90),
        "photo.webp": encoded(picture, "WEBP", quality=85),
        "cmyk.jpg": encoded(picture.convert("CMYK"), "JPEG", quality=92),
        "palette.png": encoded(palette, "PNG"),
        **{f"rotated-{turn}.jpg": rotated_jpeg(picture, turn) for turn in (3, 6, 8)},
    }
    for name, content in files.items():
        Path(name).write_bytes(content)
    answers = _lines(_ok("hash", "--json", *files))
    assert [one["file"] for one in answers] == list(files)
    assert {one["outcome"] for one in answers} == {"hashed"}
    values = {one["file"]: one["hashes"][0]["value"] for one in answers}
    far = {name: _distance(value, values["original.png"]) for name, value in values.items()}
    assert {name: bits for name, bits in far.items() if bits > _FORMAT_BITS} == {}


def test_hash_json(photo: Path) -> None:
    """Programs get file, outcome, hashes with type, value and quality, and an empty reason."""
    (answer,) = _lines(_ok("hash", "--json", photo))
    (one,) = answer.pop("hashes")
    assert answer == {"file": "photo.jpg", "outcome": "hashed", "reason": ""}
    assert one["type"] == "pdq"
    assert re.fullmatch("[0-9a-f]{64}", one["value"])
    assert 50 <= one["quality"] <= 100
    assert set(one) == {"type", "value", "quality"}


def test_hash_text(photo: Path) -> None:
    """People get value, quality and name in one line."""
    assert re.fullmatch(r"[0-9a-f]{64}  q=\d+  photo\.jpg\n", _ok("hash", photo))


def test_hash_all_forms(photo: Path, copy: Path) -> None:
    """All forms and crops are printed on request; a mirrored copy is near the mirrored form."""
    (answer,) = _lines(_ok("hash", "--json", "--all", photo))
    forms = {one["variant"]: one["value"] for one in answer["hashes"]}
    assert len(set(forms.values())) > 20
    (plain,) = _lines(_ok("hash", "--json", photo))
    assert forms["original"] == plain["hashes"][0]["value"]
    (mirrored,) = _lines(_ok("hash", "--json", copy))
    assert _distance(forms["flipped-horizontal"], mirrored["hashes"][0]["value"]) <= 24


def test_hash_other_pipeline(photo: Path) -> None:
    """The second pipeline is named with each hash that it made."""
    (answer,) = _lines(_ok("hash", "--json", "--pipeline", "nearest-512", photo))
    assert answer["hashes"][0]["pipeline"] == "nearest-512"


def test_hash_animation() -> None:
    """Each distinct frame of an animation has its hash and its number."""
    frames = [drawn(seed=seed, width=320, height=240) for seed in (1, 2)]
    Path("moving.gif").write_bytes(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100))
    (answer,) = _lines(_ok("hash", "--json", "moving.gif"))
    assert [one["frame"] for one in answer["hashes"]] == [0, 1]


def test_hash_video(clip: Path) -> None:
    """Frames of a video have type vpdq, number and time; one a second in Meta's text form on request."""
    (answer,) = _lines(_ok("hash", "--json", clip))
    assert (answer["outcome"], answer["duration_ms"]) == ("hashed", 6000)
    assert {one["type"] for one in answer["hashes"]} == {"vpdq"}
    assert [one["at_ms"] for one in answer["hashes"]][:3] == [0, 200, 500]
    lines = _ok("hash", "--vpdq", "--every", "1", clip).splitlines()
    assert [line.split(",")[3] for line in lines] == ["0.000", "1.000", "2.000", "3.000", "4.000", "5.000", "5.900"]
    values = {one["frame"]: one["value"] for one in answer["hashes"]}
    assert all(values[int(line.split(",")[0])] == line.split(",")[2] for line in lines)
    assert _run("hash", "--vpdq", "--json", clip).exit_code == 2


def test_a_video_keeps_its_times(clip: Path) -> None:
    """A banked video has one entry with a time a frame, in an export, after importing it, and from a vPDQ file."""
    for name in ("first", "second", "third"):
        _ok("bank", "create", name, "--action", "block")
    _ok("bank", "add", "first", clip)
    exported = _ok("bank", "export", "first")
    times = [one["at_ms"] for one in _lines(exported)]
    assert times == sorted(times)
    assert times[-1] == 5900
    Path("first.jsonl").write_text(exported)
    _ok("bank", "import", "second", "first.jsonl")
    again = _lines(_ok("bank", "export", "second"))
    assert [(one["value"], one["at_ms"]) for one in again] == [(one["value"], one["at_ms"]) for one in _lines(exported)]
    Path("clip.txt").write_text(_ok("hash", "--vpdq", clip))
    _ok("bank", "import", "third", "clip.txt")
    third = _lines(_ok("bank", "export", "third"))
    assert len({one["entry"] for one in third}) == 1
    # Registering a file takes more frames than hashing it.
    assert {one["at_ms"] for one in third} <= set(times)


def test_a_video_cropped_is_found_by_its_regions() -> None:
    """A quarter cut off each frame, a third off another side: a person is asked, whatever the bank does else."""
    pictures = [Image.fromarray(scene(seed)).convert("RGB") for seed in (3, 4)]
    clips.encoded(Path("whole.mp4"), [each for each in pictures for _ in range(15)], codec="libx264")
    cut = [each.crop((70, 40, 430, 330)) for each in pictures for _ in range(15)]
    clips.encoded(Path("cut.mp4"), cut, codec="libx264")
    _ok("bank", "create", "b", "--action", "block")
    _ok("bank", "add", "b", "whole.mp4")
    (answer,) = _lines(_ok("check", "--json", "cut.mp4"))
    (match,) = answer["matches"]
    assert (answer["decision"], match["type"], match["distance"]) == ("review", "region", None)
    assert match["segment"]["start"] == match["segment"]["banked_start"] == 0
    assert 2 <= match["segment"]["end"] <= 3


def test_hash_keeps_nothing(photo: Path, tmp_path: Path) -> None:
    """Hashing needs no installation and makes none."""
    _ok("hash", photo)
    assert not (tmp_path / "installation").exists()


def test_hash_bad_files_have_outcomes(photo: Path) -> None:
    """Bad files are reported each on its line; they are no error as long as something could be read."""
    Path("text.jpg").write_text("no picture")
    Path("cut.jpg").write_bytes(photo.read_bytes()[:3000])
    Path("empty.png").touch()
    Path("folder").mkdir()
    names = [photo, "text.jpg", "cut.jpg", "empty.png", "folder", "missing.jpg"]
    answers = _lines(_ok("hash", "--json", *names))
    assert [one["outcome"] for one in answers] == [
        "hashed", "unsupported", "corrupt", "unsupported", "unreadable", "unreadable",
    ]  # fmt: skip
    assert all(one["reason"] and one["hashes"] == [] for one in answers[1:])
    assert "folder" in answers[4]["reason"]
    assert "No such file" in answers[5]["reason"]


def test_hash_nothing_readable() -> None:
    """Where no file could be read, the exit status says so and the line says why."""
    done = _run("hash", "--json", "missing.jpg")
    assert done.exit_code == 1
    assert _lines(done.stdout)[0]["outcome"] == "unreadable"


def test_hash_too_large(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond the limit is too large, and the reason names the setting."""
    monkeypatch.setenv("NOLI_MAX_UPLOAD_BYTES", "1000")
    (answer,) = _lines(_ok("hash", "--json", photo))
    assert answer["outcome"] == "too_large"
    assert "max_upload_bytes" in answer["reason"]


def test_names_cannot_drive_the_terminal(photo: Path) -> None:
    """Control characters in a file's name are not printed."""
    evil = photo.rename("evil\x1b[2J\n.jpg")
    text = _ok("hash", evil)
    assert "\x1b" not in text
    assert text.count("\n") == 1


# --- banks ---------------------------------------------------------------------------------------------------------


def test_protect_check_withdraw(photo: Path, copy: Path, other: Path) -> None:
    """A mirrored copy of a registered picture is blocked, another picture allowed; after withdrawal both are."""
    _ok("bank", "create", "protected", "--action", "block")
    entry = _ok("bank", "add", "protected", photo, "--note", "n", "--label", "l").split()[0]
    blocked, allowed = _lines(_ok("check", "--json", copy, other))
    assert (blocked["decision"], allowed["decision"]) == ("block", "allow")
    assert blocked["outcome"] == "hashed"
    (match,) = blocked["matches"]
    assert (match["bank"], match["entry"], match["type"]) == ("protected", entry, "pdq")
    assert match["closeness"] in {"same", "near", "edge"}
    assert match["distance"] <= 31
    assert allowed["matches"] == []

    assert "would withdraw" in _ok("bank", "withdraw", "protected", entry, "--dry-run")
    assert _ok("check", copy).startswith("block  copy.jpg: entry ")
    assert _ok("bank", "withdraw", "protected", entry) == f"withdrawn  {entry}\n"
    assert _ok("check", copy).startswith("allow  copy.jpg: ")


def test_check_hash(photo: Path) -> None:
    """A hash can be checked without its file."""
    _ok("bank", "create", "protected", "--action", "review")
    _ok("bank", "add", "protected", photo)
    value = _lines(_ok("hash", "--json", photo))[0]["hashes"][0]["value"]
    (answer,) = _lines(_ok("check", "--json", "--hash", value))
    assert (answer["file"], answer["decision"]) == (None, "review")
    assert answer["hashes"][0]["value"] == value


def test_check_many_copies(photo: Path) -> None:
    """The operator may check any number of copies of one picture: nobody is held off as probing."""
    _ok("bank", "create", "protected", "--action", "block")
    _ok("bank", "add", "protected", photo)
    picture, names = drawn(), [f"{quality}.jpg" for quality in range(10, 90, 2)]
    for quality, name in zip(range(10, 90, 2), names, strict=True):
        Path(name).write_bytes(encoded(picture.rotate(quality / 20), "JPEG", quality=quality))
    assert len(_lines(_ok("check", "--json", *names))) == len(names)


def test_check_unreadable() -> None:
    """A file that is not there gets no decision, and the exit status says that nothing was checked."""
    _ok("bank", "create", "protected", "--action", "block")
    done = _run("check", "--json", "missing.jpg")
    assert done.exit_code == 1
    (answer,) = _lines(done.stdout)
    assert (answer["outcome"], answer["decision"]) == ("unreadable", None)


@pytest.mark.parametrize(
    "arguments", [("check", "--hash", "0f" * 32), ("bank", "list"), ("case", "list"), ("partner", "list")]
)
def test_a_mistyped_folder_is_no_empty_installation(arguments: tuple[str, ...]) -> None:
    """Nothing says "allow" or "nothing here" where there are no banks to ask, and nothing is made there."""
    done = _run(*arguments, "--data", "dtaa")
    assert done.exit_code == 2
    assert "There is no installation in dtaa" in done.stderr
    assert not Path("dtaa").exists()


@pytest.mark.parametrize("arguments", [(), ("--hash", "0f"), ("--hash", "x" * 64)])
def test_check_wrong_usage(arguments: tuple[str, ...]) -> None:
    """Nothing to check, or a hash that is none, is a mistake of usage."""
    assert _run("check", *arguments).exit_code == 2


def test_add_goes_on_after_a_bad_file(photo: Path) -> None:
    """A file that cannot be registered is reported; the others are registered."""
    _ok("bank", "create", "protected", "--action", "block")
    Path("text.jpg").write_text("no picture")
    done = _run("bank", "add", "protected", "text.jpg", photo)
    assert done.exit_code == 0
    assert "text.jpg: unsupported" in done.stderr
    assert re.fullmatch(r"[0-9A-Z]{13}  photo\.jpg\n", done.stdout)
    assert _run("bank", "add", "protected", "text.jpg").exit_code == 1


def test_add_dry_run(photo: Path) -> None:
    """A dry run hashes, says what it would do, and registers nothing."""
    _ok("bank", "create", "protected", "--action", "block")
    assert "would add" in _ok("bank", "add", "protected", photo, "--dry-run")
    assert _lines(_ok("bank", "list", "--json"))[0]["entries"] == 0


def test_bank_policy() -> None:
    """A bank's policy is shown, changed in the parts that are named, and not changed by a dry run."""
    _ok("bank", "create", "b", "--action", "log", "--threshold", "20", "--negative", "--note", "why")
    _ok("bank", "set", "b", "--action", "block", "--dry-run")
    _ok("bank", "set", "b", "--threshold", "10", "--disable", "--regions", "off")
    (bank,) = _lines(_ok("bank", "list", "--json"))
    assert _lines(_ok("bank", "show", "b", "--json")) == [bank]
    created = bank.pop("created_at")
    assert bank == {
        "name": "b", "action": "log", "threshold": 10, "negative": True, "enabled": False, "note": "why", "entries": 0,
        "video_seconds": 3.0, "video_share": 0.5, "regions": "off",
    }  # fmt: skip
    assert _ok("bank", "list") == (
        "NAME  ACTION  THRESHOLD  KIND      STATE  ENTRIES\nb     log     10         negative  off    0\n"
    )
    assert _ok("bank", "show", "b").splitlines()[-1].endswith(created)


def test_bank_mistakes() -> None:
    """Mistakes are told in a line or two, with the status of a mistake, and change nothing."""
    _ok("bank", "create", "b", "--action", "block")
    assert "b" in _fails("bank", "create", "b", "--action", "log")
    assert "noli bank list" in _fails("bank", "show", "missing")
    _fails("bank", "withdraw", "b", "not-an-entry")
    _fails("bank", "withdraw", "b", "0000000000001")
    _fails("bank", "create", "../b", "--action", "block", status=2)
    _fails("bank", "create", "c", "--action", "burn", status=2)
    _fails("bank", "create", "c", "--action", "log", "--threshold", "64", status=2)
    _fails("bank", "set", "b", status=2)
    assert [bank["name"] for bank in _lines(_ok("bank", "list", "--json"))] == ["b"]


def test_import_reports_bad_lines() -> None:
    """Good lines are imported, each bad one is reported by number; a dry run only reports."""
    _ok("bank", "create", "b", "--action", "block")
    Path("list.txt").write_text(f"pdq {'0f' * 32}\nnonsense\n{'a5' * 32}\n")
    dry = _run("bank", "import", "b", "list.txt", "--dry-run")
    assert dry.stdout == "would import 2 hashes, 0 already there, 1 bad lines\n"
    done = _run("bank", "import", "b", "list.txt")
    assert (done.exit_code, done.stdout) == (0, "imported 2 hashes, 0 already there, 1 bad lines\n")
    assert "line 2" in done.stderr
    assert _lines(_ok("bank", "show", "b", "--json"))[0]["entries"] == 2
    assert _lines(_ok("check", "--json", "--hash", "0f" * 32))[0]["decision"] == "block"


def test_import_nothing_usable() -> None:
    """A list without one good line fails, and so does a list for a bank that does not exist."""
    _ok("bank", "create", "b", "--action", "block")
    Path("bad.txt").write_text("nonsense\n")
    assert _run("bank", "import", "b", "bad.txt").exit_code == 1
    _fails("bank", "import", "missing", "bad.txt")


def test_export_can_be_imported(photo: Path, copy: Path) -> None:
    """What one bank exports another imports, entry by entry, once; nobody else may read the file."""
    _ok("bank", "create", "a", "--action", "log")
    _ok("bank", "add", "a", photo)
    _ok("bank", "export", "a", "--out", "a.jsonl")
    assert stat.S_IMODE(Path("a.jsonl").stat().st_mode) == 0o600
    assert _ok("bank", "export", "a") == Path("a.jsonl").read_text()
    _ok("bank", "create", "b", "--action", "block")
    hashes = len(Path("a.jsonl").read_text().splitlines())
    assert _ok("bank", "import", "b", "a.jsonl") == f"imported {hashes} hashes, 0 already there, 0 bad lines\n"
    assert _ok("bank", "import", "b", "a.jsonl") == f"imported 0 hashes, {hashes} already there, 0 bad lines\n"
    assert _lines(_ok("bank", "show", "b", "--json"))[0]["entries"] == 1
    assert _lines(_ok("check", "--json", copy))[0]["decision"] == "block"


# --- keys ----------------------------------------------------------------------------------------------------------


def test_key_life() -> None:
    """The token is alone on standard output and shown once; keys are listed and revoked by name."""
    done = _run("key", "create", "service", "--scopes", "checks,banks")
    assert done.exit_code == 0
    token = done.stdout.removesuffix("\n")
    assert re.fullmatch(r"\S{20,}", token)
    listed = _ok("key", "list", "--json")
    assert token not in listed + _ok("key", "list")
    assert (_lines(listed)[0]["name"], _lines(listed)[0]["scopes"]) == ("service", ["banks", "checks"])
    _ok("key", "revoke", "service", "--dry-run")
    assert _lines(_ok("key", "list", "--json"))[0]["revoked_at"] is None
    _ok("key", "revoke", "service")
    assert _lines(_ok("key", "list", "--json"))[0]["revoked_at"]


def test_key_mistakes() -> None:
    """A taken name, an unknown name and an unknown scope are told."""
    _ok("key", "create", "service", "--scopes", "checks")
    _fails("key", "create", "service", "--scopes", "checks")
    _fails("key", "revoke", "missing")
    assert "scopes are checks" in _fails("key", "create", "x", "--scopes", "checks,all", status=2)


# --- demo, doctor, serve -------------------------------------------------------------------------------------------


def test_demo_twice(tmp_path: Path) -> None:
    """The demo blocks its edited copy and allows the unrelated picture; running it again changes nothing."""
    folder = tmp_path / "installation" / "demo"
    first = _ok("demo")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert _without_code(_ok("demo")) == _without_code(first)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert stat.S_IMODE((folder / "token").stat().st_mode) == 0o600
    edited, unrelated = _lines(_ok("check", "--json", folder / "edited-copy.jpg", folder / "unrelated.jpg"))
    assert (edited["decision"], unrelated["decision"]) == ("block", "allow")
    assert edited["matches"][0]["distance"] <= 16
    for name in ("protected.jpg", "unrelated.jpg"):
        assert _lines(_ok("hash", "--json", folder / name))[0]["hashes"][0]["quality"] >= 80
    assert _lines(_ok("bank", "list", "--json"))[0]["entries"] == 1
    assert "edited-copy.jpg" in first
    assert "http://127.0.0.1:8000/api/v1/checks" in first


def _without_code(said: str) -> str:
    return re.sub(r"code now: \d{6} ", "", said)


def test_demo_log_in(tmp_path: Path) -> None:
    """Name, password and code that the demo prints open the console; where they are lost, there is another account."""
    folder = tmp_path / "installation"
    said = re.search(r"log in as (\S+), password (\S+)\n +one-time code now: (\d{6}) ", _ok("demo"))
    assert said is not None
    name, password, code = said.groups()
    with closing(App.open(load_config({"data": folder}))) as app:
        opened = app.staff.log_in(name, password=password, code=code, caller=b"test")
        assert app.staff.authenticate(opened.token).role == "lead"
    assert stat.S_IMODE((folder / "demo" / "log-in.json").stat().st_mode) == 0o600
    _ok("staff", "disable", "demo")
    assert "log in as demo-2," in _ok("demo")
    (folder / "demo" / "log-in.json").unlink()
    assert "log in as demo-3," in _ok("demo")


def test_demo_with_a_lost_token(tmp_path: Path) -> None:
    """Where the token is gone, the demo makes another key instead of failing."""
    _ok("demo")
    (tmp_path / "installation" / "demo" / "token").unlink()
    _ok("demo")
    assert [key["name"] for key in _lines(_ok("key", "list", "--json"))] == ["demo", "demo-2"]


def test_doctor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A good installation is found well; a folder that everybody may read is told with what to do."""
    monkeypatch.setenv("NOLI_PORT", "0")
    _ok("bank", "create", "b", "--action", "block")
    (tmp_path / "installation").chmod(0o700)
    findings = _lines(_ok("doctor", "--json"))
    assert {one["about"] for one in findings} >= {"version", "kernel", "folder", "database", "decoder", "clock", "port"}
    assert [one for one in findings if not one["ok"]] == []
    (tmp_path / "installation").chmod(0o755)
    done = _run("doctor")
    assert done.exit_code == 1
    assert "chmod o-rwx" in done.stdout
    assert done.stdout.endswith("1 problem found.\n")


def test_what_is_due_is_shown_swept_and_missed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every kind with its period as set; what nobody swept is a finding, and a sweep by hand says what went."""
    monkeypatch.setenv("NOLI_PORT", "0")
    monkeypatch.setenv("NOLI_KEEP_CHECKS_DAYS", "300")
    assert "There is no installation" in _fails("retention", "show", status=2)
    _ok("bank", "create", "b", "--action", "block")
    (tmp_path / "installation").chmod(0o700)
    shown = {one["kind"]: one for one in _lines(_ok("retention", "show", "--json"))}
    assert (shown["checks"]["hours"], shown["checks"]["setting"]) == (300 * 24, "keep_checks_days")
    assert shown["checks"]["least"]["source"].endswith("Art. 20(1)")
    assert (shown["ledger"]["hours"], shown["ledger"]["least"]) == (None, None)
    assert "Nothing was due" in _run("retention", "sweep").stderr
    old = datetime(2026, 1, 1, tzinfo=UTC)
    with closing(opened("", tmp_path / "installation")) as database, database.engine.begin() as connection:
        row = {"digest": b"d" * 32, "kind": "staff", "subject": "S", "opened_at": old, "seen_at": old}
        connection.execute(tables.session.insert().values(row))
    said = _ok("retention", "show")
    assert "300 d  checks" in said
    assert "due: 1, and the sweep is behind" in said
    done = _run("doctor")
    assert (done.exit_code, "1 of 'sessions' were kept longer" in done.stdout) == (1, True)
    assert _lines(_ok("retention", "sweep", "--json")) == [{"sessions": 1}]
    assert _run("doctor").exit_code == 0


def test_doctor_without_an_installation(tmp_path: Path) -> None:
    """The doctor says that there is no installation, and makes none."""
    done = _run("doctor")
    assert done.exit_code == 1
    assert "There is no installation" in done.stdout
    assert not (tmp_path / "installation").exists()


def test_doctor_with_an_empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder without a database is no fault, and stays without one."""
    monkeypatch.setenv("NOLI_PORT", "0")
    (tmp_path / "installation").mkdir(mode=0o700)
    assert "There is none yet" in _ok("doctor")
    assert list((tmp_path / "installation").iterdir()) == []


def test_doctor_with_a_damaged_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Damage is a finding with advice, and the other organs are looked at all the same."""
    monkeypatch.setenv("NOLI_PORT", "0")
    (tmp_path / "installation").mkdir(mode=0o700)
    (tmp_path / "installation" / "noli.db").write_bytes(b"no database" * 1000)
    done = _run("doctor")
    assert done.exit_code == 1
    assert "restore it from a backup" in done.stdout
    assert "A test picture was decoded" in done.stdout


def test_doctor_without_the_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A key file that is lost, open to others or damaged is told before it is needed; none is made in its place."""
    monkeypatch.setenv("NOLI_PORT", "0")
    _ok("staff", "create", "maria", "--role", "admin")
    file = tmp_path / "installation" / "secrets" / "keys.json"
    assert f"The key file {file} opens everything" in _ok("doctor")
    content = file.read_text()
    file.chmod(0o644)
    assert "chmod 600" in _run("doctor").stdout
    file.chmod(0o600)
    file.write_text(content[:40])
    assert "is damaged" in _run("doctor").stdout
    file.unlink()
    done = _run("doctor")
    assert (done.exit_code, file.exists()) == (1, False)
    assert "Restore the key file" in done.stdout


def test_doctor_before_an_upgrade(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An older schema is told and left as it is."""
    monkeypatch.setenv("NOLI_PORT", "0")
    (tmp_path / "installation").mkdir(mode=0o700)
    (tmp_path / "installation" / "noli.db").touch(mode=0o600)
    for _ in range(2):
        assert "older version" in _ok("doctor")


def test_doctor_with_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be used is a finding."""
    monkeypatch.setenv("NOLI_PORT", "seven")
    done = _run("doctor")
    assert done.exit_code == 1
    assert "NOLI_PORT" in done.stdout


def test_a_regime_that_is_not_in_force_says_so() -> None:
    """Neither the page nor the lines of JSON are empty; on a day on which it is in force nothing of it is said."""
    asked = ("regime", "show", "us-take-it-down", "--on")
    assert "is not in force on 2026-01-01. It begins on 2026-05-19." in _ok(*asked, "2026-01-01")
    [line] = _ok(*asked, "2026-01-01", "--json").splitlines()
    assert json.loads(line)["in_force"] is False
    assert "not in force" not in _ok(*asked, "2026-06-01")


def test_unknown_setting(monkeypatch: pytest.MonkeyPatch, photo: Path) -> None:
    """A misspelt setting stops the command and is named."""
    monkeypatch.setenv("NOLI_MAX_PIXEL", "7")
    assert "NOLI_MAX_PIXEL" in _fails("hash", photo, status=2)


def test_unwritable_folder(tmp_path: Path) -> None:
    """A data folder that cannot be made is told in plain lines."""
    (tmp_path / "installation").write_text("a file is in the way")
    done = _run("bank", "list")
    assert done.exit_code in {1, 2}
    assert "Traceback" not in done.stderr


@pytest.fixture
def port() -> int:
    """A port that is free."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def server(port: int, tmp_path: Path) -> Iterator[str]:
    """``noli serve`` in a process of its own, over the demo's data."""
    _ok("demo")
    command = [sys.executable, "-m", "noli", "serve", "--data", str(tmp_path / "installation"), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(process, f"{url}/readyz")
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=_PATIENCE_S)
        assert b"Traceback" not in errors


def _wait(process: "subprocess.Popen[bytes]", url: str) -> None:
    for _ in range(_PATIENCE_S * 20):
        try:
            if httpx.get(url, timeout=1).is_success:
                return
        except httpx.TransportError:
            assert process.poll() is None, process.communicate()[1]
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
    pytest.fail("the server did not become ready")


def test_serve(server: str, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's own curl command blocks the edited copy, and 'noli check' says the same; the port is known as ours."""
    monkeypatch.setenv("NOLI_PORT", str(port))
    commands = re.findall(r"curl (?:.*\\\n)?.*", _ok("demo"))
    answers = [
        json.loads(subprocess.run(["/bin/bash", "-c", command], capture_output=True, check=True).stdout)
        for command in commands
    ]
    assert [answer["decision"] for answer in answers] == ["block", "allow"]
    files = re.findall(r"file=@([^'\"\s]+)", "".join(commands))
    for answer, told in zip(answers, _lines(_ok("check", "--json", *files)), strict=True):
        assert told["decision"] == answer["decision"]
        assert told["hashes"] == answer["hashes"]
        shown = [{name: match[name] for name in answer["matches"][0]} for match in told["matches"]]
        assert shown == answer["matches"]
    (tmp_path / "installation").chmod(0o700)
    assert f"A server of Noli answers on 127.0.0.1 port {port}" in _ok("doctor")
    second = subprocess.run(
        [sys.executable, "-m", "noli", "serve", "--data", "other", "--port", str(port)],
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
    )
    assert second.returncode in {1, 2}
    assert str(port) in second.stderr
    assert "Traceback" not in second.stderr
    assert server.endswith(str(port))
