# SPDX-License-Identifier: Apache-2.0
"""The code that pages hash with: it says what Python says, and is what its lists say."""

import base64
import hashlib
import json
import re

from noli.base.config import Config
from noli.hashing.model import DIHEDRAL, MIN_QUALITY, Outcome
from noli.web import page_hashing

FOLDER = page_hashing.FOLDER


def script(name: str) -> str:
    """Read one of the scripts."""
    return (FOLDER / name).read_text("utf-8")


def test_pages_cut_the_same_crops() -> None:
    """The list of crops in the page is that of the server ('make reference' writes it)."""
    assert script("crops.js") == page_hashing.crops_module()


def test_pages_name_the_same_forms() -> None:
    """The page labels the kernel's eight hashes as the server does."""
    block = re.search(r"FORMS = Object\.freeze\(\[(.*?)\]\)", script("kernel.js"), re.DOTALL)
    assert block is not None
    assert re.findall(r'"([^"]+)"', block[1]) == [str(form) for form in DIHEDRAL]


def test_pages_have_the_same_limits() -> None:
    """Least quality, most pixels and most frames of a picture are the server's."""
    assert f"MIN_QUALITY = {MIN_QUALITY};" in script("pictures.js")
    assert f"MAX_PIXELS = {Config().max_pixels:_};" in script("worker.js")
    assert f"MAX_FRAMES = {Config().max_frames};" in script("worker.js")


def test_pages_know_the_same_outcomes() -> None:
    """What the page says of a file are the server's outcomes; it has 'cancelled' where the server has 'timed_out'."""
    line = re.search(r"@property \{([^}]+)\} outcome", script("hasher.js"))
    assert line is not None
    assert set(re.findall(r'"(\w+)"', line[1])) == {*Outcome} - {Outcome.TIMED_OUT} | {"cancelled"}


def test_vendored_files_are_those_listed() -> None:
    """Each file of others' has its version, licence and SHA-384 in the list, and is unchanged."""
    vendor = FOLDER / "vendor"
    packages = json.loads((vendor / "vendored.json").read_text("utf-8"))
    listed = {name: digest for package in packages for name, digest in package["files"].items()}
    found = {path.relative_to(vendor).as_posix(): path for path in vendor.rglob("*") if path.is_file()}
    del found["vendored.json"]
    assert {name: _sha384(path.read_bytes()) for name, path in found.items()} == listed
    assert all(package["version"] and package["licence"] for package in packages)
    assert all((vendor / package["licence_text"]).is_file() for package in packages)


def _sha384(data: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


def test_the_kernels_digest_is_that_of_the_file() -> None:
    """The digest for the page's footer is what 'sha256sum' says."""
    assert page_hashing.kernel_sha256() == hashlib.sha256((FOLDER / "pdq.wasm").read_bytes()).hexdigest()


def test_the_policy_names_no_other_origin() -> None:
    """What a hashing page is allowed names itself, blobs and its one Trusted Types policy; nothing inline, no eval."""
    header = page_hashing.policy_header()
    assert header.startswith("default-src 'none'; ")
    assert "http" not in header
    assert "unsafe-inline" not in header
    assert "'unsafe-eval'" not in header
    assert "trusted-types noli-worker" in header


def test_every_file_has_a_media_type() -> None:
    """Nothing lies in the folder that a server would not know how to name."""
    assert {path.suffix for path in FOLDER.rglob("*") if path.is_file()} <= {*page_hashing.MEDIA_TYPES}


def test_scripts_name_no_other_origin() -> None:
    """Our own scripts hold no address of anywhere."""
    assert [path.name for path in FOLDER.glob("*.js") if re.search(r"https?://", path.read_text("utf-8"))] == []
