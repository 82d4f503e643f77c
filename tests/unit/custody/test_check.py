# SPDX-License-Identifier: Apache-2.0
"""A package is checked without the installation, and whatever was changed in it is named in words."""

import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from noli.custody import check as module
from noli.custody import package
from noli.custody.check import members_of
from noli.evidence.notes import verifier_key
from tests.support.custody import ADA, Evidence, checked, members, repacked
from tests.support.signing import signature

OTHER = b"2" * 32


@pytest.fixture(scope="module")
def world() -> Evidence:
    """A helpline with a case at which everything happened."""
    made = Evidence(stamped=True)
    made.everything()
    return made


@pytest.fixture(scope="module")
def content(world: Evidence) -> bytes:
    """Its package."""
    [case] = world.memory.world.doors
    return world.desk.capture(case, actor=ADA)[1]


def _wrong(content: bytes, *keys: bytes) -> list[str]:
    found = checked(content, *keys)
    assert not found.well
    return [each.text for each in found.findings if not each.well]


def _signed(content: bytes, changes: dict[str, bytes], *, public: bytes = b"1" * 32) -> bytes:
    """Change members and sign anew: what somebody does who has the key, or another one."""
    kept = {**members(content), **changes}
    manifest = json.loads(kept[package.MANIFEST])
    body = {name: each for name, each in kept.items() if name not in {package.MANIFEST, package.SIGNATURE}}
    listed = json.loads(_manifest(body))
    manifest |= {"members": listed, "key": verifier_key(public)}
    text = json.dumps(manifest).encode()
    return package.packed(body, text, key=public, signature=signature(public, package.PREFIX + text))


def _manifest(body: dict[str, bytes]) -> str:
    import hashlib

    return json.dumps(
        [{"name": n, "size": len(b), "sha256": hashlib.sha256(b).hexdigest()} for n, b in sorted(body.items())]
    )


def _edited(content: bytes, name: str, edit: Callable[[Any], object]) -> bytes:
    value = json.loads(members(content)[name])
    edit(value)
    return _signed(content, {name: json.dumps(value).encode()})


def test_a_package_that_nobody_touched_is_right(world: Evidence, content: bytes) -> None:
    """Files, signature, root, entries and story are each said to be right; the key is compared where one is given."""
    found = checked(content)
    assert found.well
    texts = " ".join(each.text for each in found.findings)
    assert "files are there" in texts
    assert "ask the organisation for its key" in texts
    assert "A time-stamp by https://time.example/" in texts
    assert found.manifest["made_by"] == ADA
    known = checked(content, *world.signer.publics)
    assert known.well
    assert "from its owner" in " ".join(each.text for each in known.findings)


def test_somebody_elses_key_is_named(content: bytes) -> None:
    """A package by another key than the given one is not from its owner, whatever it says of itself."""
    assert any("from somebody else" in text for text in _wrong(content, OTHER))


@pytest.mark.parametrize("name", ["README.txt", "timeline.html", "story.json", "ledger.json", "root.txt"])
def test_a_changed_member_is_named(content: bytes, name: str) -> None:
    """One byte more in any file shows."""
    changed = repacked(content, {name: members(content)[name] + b" "})
    assert f"{name} was changed: it is not what the manifest lists." in _wrong(changed)


def test_a_missing_or_added_member_is_named(content: bytes) -> None:
    """What was taken out and what was put in is told."""
    changed = repacked(content, {"README.txt": None, "extra.txt": b"more"})
    assert _wrong(changed)[:2] == ["README.txt is missing.", "extra.txt is not in the manifest: it was added."]


def test_a_manifest_that_nobody_signed_is_named(content: bytes) -> None:
    """A manifest made anew for changed files has no signature of the key."""
    manifest = json.loads(members(content)[package.MANIFEST])
    changed = repacked(content, {package.MANIFEST: json.dumps({**manifest, "made_by": "x"}).encode()})
    assert any("not signed by the key" in text for text in _wrong(changed))
    other = {"key": verifier_key(OTHER), "signature": b64encode(b"x" * 64).decode()}
    assert any(
        "names no key" in text for text in _wrong(repacked(content, {package.SIGNATURE: json.dumps(other).encode()}))
    )
    none = {"key": manifest["key"], "signature": "?"}
    assert any(
        "not signed" in text for text in _wrong(repacked(content, {package.SIGNATURE: json.dumps(none).encode()}))
    )
    signed = _signed(content, {}, public=OTHER)
    assert checked(signed).well
    assert any("from somebody else" in text for text in _wrong(signed, b"1" * 32))


def test_the_key_itself_cannot_tell_another_story(content: bytes) -> None:
    """Whoever signs anew with the right key still needs the ledger: entries, contents, lines and mails show it."""
    mail = next(name for name in members(content) if name.endswith(".eml"))
    assert any("is not the mail" in text for text in _wrong(_signed(content, {mail: b"To: nobody\r\n\r\nNo.\r\n"})))

    def entry_changed(ledger: Any) -> None:
        ledger["entries"][0]["at"] = "2020-01-01T00:00:00+00:00"

    assert any(
        "Entry" in text and "is not in" in text for text in _wrong(_edited(content, "ledger.json", entry_changed))
    )

    def content_changed(ledger: Any) -> None:
        opened = next(each for each in ledger["entries"] if each["kind"] == "pursuit.copy-added")
        opened["content"][2]["url"] = "https://elsewhere.example/"

    assert any("covers was changed" in text for text in _wrong(_edited(content, "ledger.json", content_changed)))

    def closed(ledger: Any) -> None:
        for each in ledger["entries"]:
            each.pop("content", None)

    assert any("is not the mail" in text for text in _wrong(_edited(content, "ledger.json", closed)))

    def root_changed(ledger: Any) -> None:
        ledger["root"] = ledger["root"].replace("noli-ledger\n", "noli-ledger\n9", 1)

    assert any("root is not signed" in text for text in _wrong(_edited(content, "ledger.json", root_changed)))

    def line_changed(story: Any) -> None:
        story["lines"][0]["actor"] = "staff:eve"

    assert any("line of the story" in text for text in _wrong(_edited(content, "story.json", line_changed)))

    def line_invented(story: Any) -> None:
        story["lines"].append({**story["lines"][0], "ledger": 9999})

    assert any("line of the story" in text for text in _wrong(_edited(content, "story.json", line_invented)))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ledger.json", "{}", "not what it should be"),
        ("story.json", "[]", "not what it should be"),
        ("ledger.json", "[" * 100_000, "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said(content: bytes, name: str, value: str, said: str) -> None:
    """A member of another form stops the checking with a sentence."""
    assert any(said in text for text in _wrong(_signed(content, {name: value.encode()})))


def test_a_manifest_of_another_form_is_said(content: bytes) -> None:
    """A newer form, and a list that is none."""
    manifest = json.loads(members(content)[package.MANIFEST])
    for change, said in (({"format": "noli-evidence-9"}, "does not know"), ({"members": 7}, "cannot be read")):
        changed = repacked(content, {package.MANIFEST: json.dumps({**manifest, **change}).encode()})
        assert said in _wrong(changed)[0]


def test_what_is_no_package_is_said(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """No ZIP file, a cut one, an empty one, two members of one name, and one that is far too large."""
    for nothing in (b"", b"picture", content[: len(content) // 2]):
        assert "cannot be unpacked" in _wrong(nothing)[0]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w"):
        pass
    assert "manifest.json is missing" in _wrong(file.getvalue())[0]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", b"2")
    assert "the same name" in _wrong(file.getvalue())[0]
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    assert "larger than any" in _wrong(content)[0]


def test_the_members_of_a_package_can_be_read(content: bytes) -> None:
    """What is kept here is unpacked under the same bounds."""
    assert members_of(content) == members(content)
    with pytest.raises(ValueError, match="cannot be unpacked"):
        members_of(b"")
