# SPDX-License-Identifier: Apache-2.0
"""The browser's kernel that is shipped is the one that the sources make."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from noli.web import page_hashing

PROJECT = Path(__file__).parents[2]

#: What the shipped kernel was made with: Debian 12's. Another version may make other bytes of the same sources.
CLANG = "14."


@pytest.fixture(scope="module")
def clang() -> None:
    """Skip where the kernel cannot be rebuilt; in CI it can."""
    compiler, linker = shutil.which("clang"), shutil.which("wasm-ld")
    version = "none"
    if compiler and linker:
        version = subprocess.run([compiler, "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()
    if not version.startswith(CLANG):
        reason = f"The browser's kernel is rebuilt with clang {CLANG}x and lld; here: {version}."
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)


@pytest.mark.usefixtures("clang")
@pytest.mark.parametrize("folder", ["one", "another/of a longer name"])
def test_the_shipped_kernel_is_rebuilt_byte_for_byte(tmp_path: Path, folder: str) -> None:
    """'make wasm' in any directory gives the bytes that are shipped, and prints their SHA-256."""
    place = tmp_path / folder
    shutil.copytree(PROJECT / "native", place / "native")
    shutil.copy(PROJECT / "Makefile", place)
    command = [shutil.which("make") or "make", "wasm", "WASM=made.wasm"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True)
    assert page_hashing.kernel_sha256() in done.stdout
    assert (place / "made.wasm").read_bytes() == (page_hashing.FOLDER / "pdq.wasm").read_bytes()
