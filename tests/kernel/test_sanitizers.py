# SPDX-License-Identifier: Apache-2.0
"""The kernel on builds that stop at a bad memory access, at undefined behaviour and at a race between threads."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.server import unmeasured

PROJECT = Path(__file__).parents[2]
#: What takes long there and reads no memory that its neighbours do not read: more pictures of a kind, more limits of
#: one path, and whether bits are right, which the usual build shows. Every path is run by what is left: the index
#: machine and the comparison of code paths go through all limits, the first share of a crop through every scale.
ALIKE = (
    *(f"test_crops.py::test_a_crop_is_near_the_full_hash_of_the_same_pixels[shares{share}-size{size}]"
      for share in (1, 2, 3) for size in (0, 1)),
    *(f"test_index.py::test_join_finds_what_search_finds[{limit}]" for limit in (1, 7, 23, 24, 32, 47, 48, 63)),
    *(f"test_index.py::test_a_bank_whose_hashes_share_their_beginning[{each}]" for each in ("1-63", "5-15", "5-31")),
    "test_pdq.py::test_photographs_hash_as_in_pdqhash",
    "test_pdq.py::test_scaled_decoding_hardly_moves_the_hash",
    *(f"test_regions.py::test_a_copy_agrees_with_its_original[{copy}]"
      for copy in ("smaller", "darker", "beside another", "a part replaced")),
    *(f"test_looks.py::test_what_a_copy_was_is_among_its_windows[{copy}]" for copy in ("turned", "framed", "pasted")),
    "test_regions.py::test_distances_are_kept_under_a_secret",
    "test_regions.py::test_hashes_are_signs_after_the_secret_rotation",
    "test_regions.py::test_other_pictures_do_not_agree",
    "test_regions.py::test_the_strongest_come_first_whatever_is_asked_for",
)  # fmt: skip
COMPILER = (sysconfig.get_config_var("CC") or "cc").split()[0]


def runtime(library: str) -> str | None:
    """Find a run-time library of the compiler."""
    try:
        done = subprocess.run([COMPILER, f"-print-file-name={library}"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    path = Path(done.stdout.strip())
    return str(path) if path.is_absolute() else None


def build(target: Path) -> None:
    """Build the extension with the sanitizers, and copy the package around it."""
    flags = "-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", str(target), "--build-temp",
         str(target / "temp")],
        cwd=PROJECT, env=os.environ | {"NOLI_CFLAGS": flags, "NOLI_LDFLAGS": "-fsanitize=address,undefined"},
        check=True, capture_output=True,
    )  # fmt: skip
    for source in (PROJECT / "src").rglob("*.py"):
        copy = target / source.relative_to(PROJECT / "src")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())


def test_the_kernel_is_clean_under_sanitizers(tmp_path: Path) -> None:
    """No kernel test touches memory that is not its own or relies on undefined behaviour."""
    address = runtime("libasan.so")
    if address is None:
        pytest.skip("This compiler has no address sanitizer.")
    build(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/kernel",
         "--ignore=tests/kernel/test_sanitizers.py", *(f"--deselect=tests/kernel/{each}" for each in ALIKE)],
        cwd=PROJECT, capture_output=True, text=True, check=False,
        env=unmeasured() | {
            "LD_PRELOAD": address,
            # The interpreter keeps memory until its end on purpose.
            "ASAN_OPTIONS": "detect_leaks=0",
            "PYTHONPATH": os.pathsep.join((str(tmp_path), str(PROJECT))),
            "NOLI_TEST_EXAMPLES": "5",
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_threads_do_not_race(tmp_path: Path) -> None:
    """Writers, readers and maintenance of one index never touch the same memory without order."""
    if runtime("libtsan.so") is None:
        pytest.skip("This compiler has no thread sanitizer.")
    native = PROJECT / "native"
    others = ("looks", "pdq", "jpeg", "python", "regions", "wasm")
    sources = [str(path) for path in native.glob("*.c") if not path.name.startswith(others)]
    program = tmp_path / "threads"
    subprocess.run(
        [COMPILER, "-std=c11", "-O1", "-g", "-fsanitize=thread", "-pthread", f"-I{native}", *sources,
         str(Path(__file__).with_name("threads.c")), "-o", str(program)],
        check=True, capture_output=True,
    )  # fmt: skip
    done = subprocess.run([str(program)], capture_output=True, text=True, check=False)
    if "unexpected memory mapping" in done.stderr:
        pytest.skip("The kernel places memory where this thread sanitizer does not expect it.")
    assert done.returncode == 0, done.stderr[-4000:]
