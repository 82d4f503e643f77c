# SPDX-License-Identifier: Apache-2.0
"""Noli inside the unmodified ``threatexchange`` of the package index, as its users load an extension."""

import io
import random
import subprocess
import sys
from pathlib import Path

import pytest
from threatexchange.extensions.manifest import ThreatExchangeExtensionManifest
from threatexchange.interface_validation import SignalTypeMapping
from threatexchange.signal_type.pdq import signal as builtin
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from noli.integrations.threatexchange import PdqIndex, PdqSignal
from tests.support.media import drawn, encoded, rotated_jpeg

_HEX = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"

# What a user of the command line types, one command a line.
_COMMANDS = """
config extensions add noli.integrations.threatexchange
config extensions add noli.integrations.threatexchange.builtin
config collab edit sample --create S
fetch
match --only-signal pdq --hashes photo {hashes}
match --only-signal noli_pdq --hashes photo {hashes}
hash photo {picture}
"""

_RUN = """
import pathlib, sys
from threatexchange.cli.main import inner_main
for line in sys.argv[2].strip().splitlines():
    inner_main(line.split(), pathlib.Path(sys.argv[1]))
from threatexchange.signal_type.pdq.signal import PdqSignal
print(PdqSignal.get_index_cls().__module__)
"""


def _flipped(value: str, bits: list[int]) -> str:
    return f"{int(value, 16) ^ sum(1 << bit for bit in bits):064x}"


def _hashes(count: int) -> list[str]:
    source = random.Random(7)
    return [source.randbytes(32).hex() for _ in range(count)]


def test_the_manifest_is_loaded_as_extensions_are() -> None:
    """The package finds the manifest by the module's name, and the type's name collides with none of its own."""
    manifest = ThreatExchangeExtensionManifest.load_from_module_name("noli.integrations.threatexchange")
    mapping = SignalTypeMapping(PdqSignal.get_content_types(), [builtin.PdqSignal, *manifest.signal_types])
    assert mapping.signal_type_by_name["noli_pdq"] is PdqSignal


def test_examples_are_valid_and_match_themselves() -> None:
    """What the package's helper asks of every signal type: a name, examples that are valid and equal to themselves."""
    assert PdqSignal.get_examples()
    for example in [*PdqSignal.get_examples(), PdqSignal.get_random_signal()]:
        assert PdqSignal.validate_signal_str(example) == example
        assert PdqSignal.compare_hash(example, example).match


@pytest.mark.parametrize("text", ["", "00" * 31, "zz" * 32, "a" * 65, "é" * 64])
def test_what_is_no_hash_is_refused(text: str) -> None:
    """Malformed signals raise, wherever they come in; the index stays as it was."""
    index: PdqIndex[int] = PdqIndex([(_HEX, 1)])
    with pytest.raises(ValueError, match="PDQ"):
        PdqSignal.validate_signal_str(text)
    with pytest.raises(ValueError, match="PDQ"):
        index.add_all([(_HEX, 2), (text, 3)])
    with pytest.raises(ValueError, match="PDQ"):
        index.query(text)
    assert [match.metadata for match in index.query(_HEX)] == [1]


def test_hashes_are_normalised() -> None:
    """Upper case and spaces around come out as the one spelling."""
    assert PdqSignal.validate_signal_str(f" {_HEX.upper()}\n") == _HEX


@pytest.mark.parametrize(("bits", "matched"), [(0, True), (31, True), (32, False), (256, False)])
def test_hashes_are_compared_up_to_31_bits(bits: int, *, matched: bool) -> None:
    """The comparison is the package's own: distance in bits, a match up to 31."""
    result = PdqSignal.compare_hash(_HEX, _flipped(_HEX, list(range(bits))))
    expected = builtin.PdqSignal.compare_hash(_HEX, _flipped(_HEX, list(range(bits))))
    assert (result.match, result.distance) == (matched, expected.distance)


def test_the_index_finds_what_the_package_finds() -> None:
    """Planted copies at every distance, duplicates and strangers: the same entries at the same distances."""
    source = random.Random(3)
    banked = _hashes(300)
    entries = [(value, f"entry {number}") for number, value in enumerate(banked)]
    entries += [(banked[0], "again"), *((_flipped(banked[1], [bit]), f"near {bit}") for bit in range(20))]
    queries = [_flipped(banked[bits], source.sample(range(256), bits)) for bits in range(34)] + _hashes(320)[-20:]
    ours, theirs = PdqIndex.build(entries), PDQIndex.build(entries)
    for query in queries:
        found = [(m.metadata, m.similarity_info.distance) for m in ours.query(query)]
        assert sorted(found) == sorted((m.metadata, m.similarity_info.distance) for m in theirs.query(query))
        assert [distance for _, distance in found] == sorted(distance for _, distance in found)


def test_entries_are_found_as_soon_as_they_are_added() -> None:
    """One by one or many at once, before and after the index folds them in; an empty index answers, too."""
    index: PdqIndex[int] = PdqIndex()
    assert (len(index), index.query(_HEX)) == (0, [])
    for number, value in enumerate(_hashes(200)):
        index.add(value, number)
        assert [match.metadata for match in index.query(value)] == [number]
    index.add_all([])
    assert len(index) == 200


def test_the_index_is_written_down_and_read_back() -> None:
    """It goes through the package's own serialisation with whatever its entries are, and can be added to afterwards."""
    file = io.BytesIO()
    PdqIndex([(_HEX, {"any": "thing"})]).serialize(file)
    file.seek(0)
    index: PdqIndex[object] = PdqIndex.deserialize(file)
    index.add(_flipped(_HEX, [1, 2]), "later")
    assert [match.metadata for match in index.query(_HEX)] == [{"any": "thing"}, "later"]


def test_pictures_are_hashed_as_a_viewer_shows_them() -> None:
    """A phone's picture on its side is hashed upright, where the package hashes it lying; others give ""."""
    upright, lying = (rotated_jpeg(drawn(), orientation) for orientation in (1, 6))
    ours = PdqSignal.hash_from_bytes(upright)
    assert PdqSignal.compare_hash(ours, builtin.PdqSignal.hash_from_bytes(upright), 4).match
    assert PdqSignal.compare_hash(ours, PdqSignal.hash_from_bytes(lying), 10).match
    assert not PdqSignal.compare_hash(ours, builtin.PdqSignal.hash_from_bytes(lying)).match
    assert PdqSignal.hash_from_bytes(encoded(drawn().point(lambda _: 99), "PNG")) == ""
    assert PdqSignal.hash_from_bytes(b"no picture") == ""


def test_the_command_line_gains_it_by_configuration_alone(tmp_path: Path) -> None:
    """Two commands add the extensions; fetched samples are then hashed, indexed and matched by Noli as pdq, too."""
    picture = tmp_path / "lying.jpg"
    picture.write_bytes(rotated_jpeg(drawn(), 6))
    hashes = tmp_path / "hashes.txt"
    hashes.write_text(_flipped(_HEX, [1, 2, 3]))
    commands = _COMMANDS.format(hashes=hashes, picture=picture)
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _RUN, str(tmp_path / "state"), commands],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    matched = [line.split()[:2] for line in lines if "(S)" in line]
    assert matched == [["pdq", "3"], ["noli_pdq", "3"]]
    hashed = dict(line.split() for line in lines if line.startswith(("pdq ", "noli_pdq ")) and len(line.split()) == 2)
    assert hashed["pdq"] == hashed["noli_pdq"] == PdqSignal.hash_from_bytes(picture.read_bytes())
    assert lines[-1] == "noli.integrations.threatexchange"
