# SPDX-License-Identifier: Apache-2.0
"""Check a package on any machine: a pure function over its bytes. It trusts nothing in them.

1. It is a ZIP file of bounded size whose members each have one plain name.
2. The manifest lists every member and no other, each with its size and SHA-256.
3. The manifest is signed by the key that it names; that is one which was given, where any was.
4. The ledger's root is signed by one of that ledger's keys; likewise.
5. Each ledger entry is what its hash says, and among the entries of that root.
6. What the entries' commitments were opened to is what they cover; each line of the story is about such an entry, and
   each mail is the one that its entry covers.

A key that comes with the package shows that nothing was changed since somebody made it, and not who: that takes the key
from somewhere else.
"""

import hashlib
import io
import json
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from noli.custody import package
from noli.custody.model import PackageCheck, PackageFinding
from noli.evidence import proofs
from noli.evidence.model import Fact
from noli.evidence.notes import key_id, parse_key, parse_notes, signed_text
from noli.evidence.ports import SignatureCheck
from noli.evidence.rules import commitment, leaf_of

#: Most that a package may hold, unpacked: no case comes near it, and a bomb stops at it.
MAX_BYTES, MAX_MEMBERS = 256 * 1024 * 1024, 20_000

# What reading hostile JSON and ZIP files raises.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError, AttributeError, IndexError, NotImplementedError,
    RuntimeError, EOFError, OverflowError,
)  # fmt: skip


class _Wrong(Exception):
    """What stops the checking, in words."""


def check(content: bytes, *, signed: SignatureCheck, keys: Sequence[bytes] = ()) -> PackageCheck:
    """Check a package.

    Args:
        content: The file.
        signed: Checks signatures.
        keys: Public keys of whom the package should be from, got elsewhere.
    """
    found: list[PackageFinding] = []
    manifest: Mapping[str, Any] = {}
    try:
        members = _members(content)
        manifest = _object(members, package.MANIFEST)
        found += _listed(members, manifest)
        found += _signature(members, manifest, signed, keys)
        found += _ledger(members, signed, keys)
    except _Wrong as error:
        found.append(PackageFinding(well=False, text=str(error)))
    return PackageCheck(tuple(found), manifest)


def members_of(content: bytes) -> dict[str, bytes]:
    """Return the members of a package that is kept here. Raises ValueError where it is none."""
    try:
        return _members(content)
    except _Wrong as error:
        raise ValueError(str(error)) from error


def _members(content: bytes) -> dict[str, bytes]:
    """Unpack; 1. in the module's text."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if len(infos) > MAX_MEMBERS or sum(info.file_size for info in infos) > MAX_BYTES:
                msg = "This file is larger than any evidence package: it was not unpacked."
                raise _Wrong(msg)
            if len({info.filename for info in infos}) != len(infos):
                msg = "Two members of this file have the same name."
                raise _Wrong(msg)
            # A member that is longer than it says fails here.
            return {info.filename: archive.read(info) for info in infos}
    except _UNREADABLE as error:
        msg = "This is no evidence package, or it is damaged: it cannot be unpacked."
        raise _Wrong(msg) from error


def _object(members: Mapping[str, bytes], name: str) -> Any:  # noqa: ANN401 - JSON
    try:
        value = json.loads(members[name])
    except (KeyError, ValueError, RecursionError) as error:
        msg = f"This is no evidence package, or it is damaged: {name} is missing or cannot be read."
        raise _Wrong(msg) from error
    if not isinstance(value, dict):
        msg = f"{name} is not what it should be."
        raise _Wrong(msg)
    return value


def _listed(members: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Iterator[PackageFinding]:
    """Compare members with the manifest; 2."""
    if manifest.get("format") != package.FORMAT:
        msg = f"This package has a form that this version does not know: {str(manifest.get('format'))[:40]!r}."
        raise _Wrong(msg)
    try:
        listed = {str(each["name"]): (each["size"], each["sha256"]) for each in manifest["members"]}
    except _UNREADABLE as error:
        msg = "The manifest's list of members cannot be read."
        raise _Wrong(msg) from error
    there = set(members) - {package.MANIFEST, package.SIGNATURE}
    wrong = [f"{name} is missing." for name in sorted(set(listed) - there)]
    wrong += [f"{name} is not in the manifest: it was added." for name in sorted(there - set(listed))]
    for name in sorted(there & set(listed)):
        if (len(members[name]), hashlib.sha256(members[name]).hexdigest()) != listed[name]:
            wrong.append(f"{name} was changed: it is not what the manifest lists.")
    yield from (PackageFinding(well=False, text=text) for text in wrong)
    if not wrong:
        yield PackageFinding(well=True, text=f"All {len(listed)} files are there and are what the manifest lists.")


def _signature(
    members: Mapping[str, bytes], manifest: Mapping[str, Any], signed: SignatureCheck, keys: Sequence[bytes]
) -> Iterator[PackageFinding]:
    """Check the manifest's signature; 3."""
    said = _object(members, package.SIGNATURE)
    public = parse_key(str(said.get("key")))
    try:
        signature = b64decode(str(said.get("signature")), validate=True)
    except ValueError:
        signature = b""
    if public is None or said.get("key") != manifest.get("key"):
        yield PackageFinding(well=False, text="The signature names no key, or another than the manifest.")
        return
    if not signed(public, package.PREFIX + members[package.MANIFEST], signature):
        yield PackageFinding(well=False, text=f"The manifest is not signed by the key {key_id(public)} that it names.")
        return
    yield PackageFinding(well=True, text=f"The manifest is signed by the key {key_id(public)}.")
    yield _known(public, keys)


def _known(public: bytes, keys: Sequence[bytes]) -> PackageFinding:
    if not keys:
        text = "Whose key that is was not checked: ask the organisation for its key, and give it with --key."
        return PackageFinding(well=True, text=text)
    if public in keys:
        return PackageFinding(well=True, text="That is a key which was given: the package is from its owner.")
    return PackageFinding(well=False, text="That is none of the keys which were given: it is from somebody else.")


def _ledger(members: Mapping[str, bytes], signed: SignatureCheck, keys: Sequence[bytes]) -> Iterator[PackageFinding]:
    """Check root, proofs, openings and the story; 4 to 6."""
    ledger, story = _object(members, package.LEDGER), _object(members, package.STORY)
    try:
        yield from _proofs(ledger, signed, keys)
        yield from _told(ledger, story, members)
    except _UNREADABLE as error:
        msg = "ledger.json or story.json is not what it should be."
        raise _Wrong(msg) from error


def _proofs(ledger: Mapping[str, Any], signed: SignatureCheck, keys: Sequence[bytes]) -> Iterator[PackageFinding]:
    notes, publics = parse_notes(ledger["root"]), {parse_key(each) for each in ledger["keys"]} - {None}
    by_id = {key_id(public): public for public in (keys or publics) if public is not None}
    root = notes[0] if len(notes) == 1 else None
    public = None if root is None else by_id.get(root.key)
    if root is None or public is None or not signed(public, signed_text(root.root, root.at), root.signature):
        yield PackageFinding(well=False, text="The ledger's root is not signed by a key of this ledger.")
        return
    text = f"The root of the ledger's first {root.root.size} entries was signed on {root.at:%Y-%m-%d %H:%M} UTC."
    yield PackageFinding(well=True, text=text)
    wrong, opened = 0, 0
    for each in ledger["entries"]:
        number = int(each["sequence"])
        fact = Fact(each["kind"], each["subject"], each["actor"], bytes.fromhex(each["commitment"]))
        leaf = leaf_of(number, datetime.fromisoformat(each["at"]), fact)
        proof = [bytes.fromhex(one) for one in each["proof"]]
        if not proofs.is_included(leaf, number - 1, size=root.root.size, proof=proof, root=root.root.root):
            wrong += 1
            yield PackageFinding(well=False, text=f"Entry {number} is not in the ledger of that root.")
        elif "content" in each:
            opened += 1
            covered = json.dumps(each["content"], sort_keys=True, separators=(",", ":")).encode("ascii")
            if commitment(bytes.fromhex(each["salt"]), covered) != fact.commitment:
                wrong += 1
                yield PackageFinding(well=False, text=f"What entry {number} covers was changed.")
    if not wrong:
        count = len(ledger["entries"])
        text = f"All {count} entries are in the ledger of that root; of {opened} it covers the whole content."
        yield PackageFinding(well=True, text=text)
    for stamp in ledger["timestamps"]:
        text = f"A time-stamp by {stamp['authority']} comes with it, of {stamp['at']}; check it with openssl ts."
        yield PackageFinding(well=True, text=text)


def _told(
    ledger: Mapping[str, Any], story: Mapping[str, Any], members: Mapping[str, bytes]
) -> Iterator[PackageFinding]:
    entries = {each["sequence"]: each for each in ledger["entries"]}
    wrong = 0
    for line in story["lines"]:
        entry = entries.get(line["ledger"], {})
        if any(line[name] != entry.get(name) for name in ("at", "kind", "actor")):
            wrong += 1
            yield PackageFinding(well=False, text=f"A line of the story is not that of ledger entry {line['ledger']}.")
            continue
        mail = entry.get("content", ["", {}, {}])[2].get("eml")
        mails = [name for name in line["files"] if name.endswith(".eml")]
        if mails and (mail is None or [members.get(name) for name in mails] != [mail.encode("ascii")]):
            wrong += 1
            yield PackageFinding(
                well=False, text=f"{mails[0]} is not the mail that ledger entry {line['ledger']} covers."
            )
    if not wrong:
        text = f"All {len(story['lines'])} lines of the story, and all mails that were sent, are those of the ledger."
        yield PackageFinding(well=True, text=text)
