# SPDX-License-Identifier: Apache-2.0
"""The file of a package: the same content is the same file, and everything in it is listed."""

import hashlib
import io
import json
import zipfile

from noli.custody import package
from tests.support.custody import ADA, SECRETS, Evidence, members


def test_the_same_content_is_the_same_file() -> None:
    """Made twice at one moment, two packages are equal byte by byte; members stand in order with one fixed time."""
    first, second = Evidence(), Evidence()
    body = {"b.txt": b"two", "a.txt": b"one"}
    made = [package.packed(body, b"{}", key=b"1" * 32, signature=b"s") for _ in (first, second)]
    assert made[0] == made[1]
    with zipfile.ZipFile(io.BytesIO(made[0])) as archive:
        infos = archive.infolist()
    assert [info.filename for info in infos] == ["a.txt", "b.txt", "manifest.json", "manifest.sig"]
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.external_attr >> 16 for info in infos} == {0o100600}


def test_the_manifest_lists_every_member() -> None:
    """Name, size and SHA-256 of each; the README names them as well, in the package's language."""
    world = Evidence()
    case = world.everything()
    _, content = world.desk.capture(case, language="de", actor=ADA)
    found = members(content)
    manifest = json.loads(found["manifest.json"])
    listed = {each["name"]: (each["size"], each["sha256"]) for each in manifest["members"]}
    body = {name: each for name, each in found.items() if not name.startswith("manifest")}
    assert listed == {name: (len(each), hashlib.sha256(each).hexdigest()) for name, each in body.items()}
    assert (manifest["case"], manifest["organisation"]) == (case, "Helpline <Example>")
    about = found["README.txt"].decode()
    assert about.startswith("BEWEISPAKET")
    assert all(f"  {name}\n" in about for name in found)


def test_nothing_that_the_person_told_is_in_any_file() -> None:
    """Neither the number nor the verifier, nor a word of theirs, in any member of a package with hashes."""
    world = Evidence()
    case = world.everything()
    _, content = world.desk.capture(case, with_hashes=True, actor=ADA)
    door, number = world.memory.world.doors[case], world.memory.world.numbers[case]
    hidden = [*SECRETS, number, door.verifier]
    text = "\n".join(each.decode() for each in members(content).values())
    assert [each for each in hidden if each in text] == []
    assert '"bank"' not in text
    assert '"held"' not in text
