# SPDX-License-Identifier: Apache-2.0
"""The file of a package: what is in it, in which order, and the text that is signed.

A ZIP file whose members stand in the order of their names with one fixed time, so that the same content is the same
file. ``manifest.json`` lists every other member with size and SHA-256; ``manifest.sig`` signs the manifest. Whoever
changes, adds or removes a member has a manifest that is wrong, or one that nobody signed.
"""

import hashlib
import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from noli.custody import story
from noli.custody.model import Known, Making, Proven, StoryLine
from noli.custody.page import page
from noli.custody.words import ABOUT
from noli.evidence.events import Opening
from noli.evidence.notes import signed_text, verifier_key, write_note

#: Raised when the form changes in a way that a reader has to know of.
FORMAT = "noli-evidence-1"

#: What comes before the manifest in what is signed: nothing else that the same key signs begins so.
PREFIX = b"noli-evidence-package-1\n"

#: Names of the members that are always there.
README, PAGE, STORY, LEDGER, MANIFEST, SIGNATURE = (
    "README.txt", "timeline.html", "story.json", "ledger.json", "manifest.json", "manifest.sig",
)  # fmt: skip
HASHES, ROOT, STAMP = "hashes.json", "root.txt", "timestamp.tsr"

# Any time will do, so it is the first that the format can hold.
_TIME = (1980, 1, 1, 0, 0, 0)

# A plain file that its owner may read and write, made on Unix.
_MODE, _UNIX = 0o100600 << 16, 3


def content(known: Known, proven: Proven, making: Making) -> dict[str, bytes]:
    """Return the members of a package, but for manifest and signature."""
    told, files = story.lines(known, making.language)
    made = {
        PAGE: page(known, told, making),
        STORY: _json(_story(known, told, making)),
        LEDGER: _json(_ledger(known, told, proven)),
        ROOT: signed_text(proven.signed.root, proven.signed.at),
        **files,
    }
    if making.with_hashes:
        made[HASHES] = _json({item: [_hash(one) for one in each] for item, each in known.hashes.items()})
    if proven.timestamps:
        made[STAMP] = proven.timestamps[-1].token
    listed = "".join(f"  {name}\n" for name in sorted({*made, README, MANIFEST, SIGNATURE}))
    return {**made, README: (ABOUT[making.language] + listed).encode()}


def manifest(members: Mapping[str, bytes], known: Known, proven: Proven, making: Making) -> bytes:
    """Return the manifest of a package's members."""
    return _json(
        {
            "format": FORMAT,
            "case": known.case.id,
            "made_at": making.at.isoformat(),
            "made_by": making.by,
            "organisation": making.organisation,
            "language": making.language,
            "with_hashes": making.with_hashes,
            "key": verifier_key(proven.keys[-1]),
            "root": str(proven.signed.root),
            "members": [
                {"name": name, "size": len(members[name]), "sha256": hashlib.sha256(members[name]).hexdigest()}
                for name in sorted(members)
            ],
        }
    )


def packed(members: Mapping[str, bytes], manifest_: bytes, *, key: bytes, signature: bytes) -> bytes:
    """Return the file."""
    signed = {"key": verifier_key(key), "signature": b64encode(signature).decode("ascii")}
    everything = {**members, MANIFEST: manifest_, SIGNATURE: _json(signed)}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(everything):
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, _MODE, _UNIX
            archive.writestr(info, everything[name])
    return file.getvalue()


def _story(known: Known, told: Sequence[StoryLine], making: Making) -> dict[str, object]:
    return {
        "format": FORMAT,
        "case": known.case.id,
        "language": making.language,
        **story.summary(known),
        "lines": [
            {
                "at": each.at.isoformat(),
                "actor": each.actor,
                "kind": each.kind,
                "ledger": each.ledger,
                "says": each.says,
                "files": list(each.files),
            }
            for each in told
        ],
    }


def _ledger(known: Known, told: Sequence[StoryLine], proven: Proven) -> dict[str, object]:
    openings = {opening.ledger_sequence: opening for _, opening in known.openings}
    wanted = {each.ledger for each in told}
    entries = []
    for proof in proven.inclusions:
        entry = proof.entry
        if entry.sequence in wanted:
            entries.append(
                {
                    "sequence": entry.sequence,
                    "at": entry.at.isoformat(),
                    "kind": entry.fact.kind,
                    "subject": entry.fact.subject,
                    "actor": entry.fact.actor,
                    "commitment": entry.fact.commitment.hex(),
                    "leaf": entry.leaf.hex(),
                    "proof": [each.hex() for each in proof.hashes],
                    **_opened(openings[entry.sequence]),
                }
            )
    return {
        "root": write_note(proven.signed),
        "keys": [verifier_key(each) for each in proven.keys],
        "timestamps": [
            {"authority": each.authority, "at": each.at.isoformat(), "token": b64encode(each.token).decode("ascii")}
            for each in proven.timestamps
        ],
        "entries": entries,
    }


def _opened(opening: Opening[Any]) -> dict[str, object]:
    if not story.is_open(opening):
        return {}
    written = opening.written
    return {"salt": opening.salt.hex(), "content": [written.name, dict(written.open), dict(written.private)]}


def _hash(one: Any) -> dict[str, object]:  # noqa: ANN401 - a Hash; its fields are enough
    return {"type": one.type.value, "value": one.hex, "quality": one.quality, "variant": one.variant.value}


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
