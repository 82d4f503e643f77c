# SPDX-License-Identifier: Apache-2.0
"""The kernel on builds that stop at a bad memory access, at undefined behaviour and at a race between threads."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
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


def unmeasured() -> dict[str, str]:
    """Return the environment without what makes a child process measure coverage, here of a copy."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}


def test_the_kernel_is_clean_under_sanitizers(tmp_path: Path) -> None:
    """No kernel test touches memory that is not its own or relies on undefined behaviour."""
    address = runtime("libasan.so")
    if address is None:
        pytest.skip("This compiler has no address sanitizer.")
    build(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/kernel",
         "--ignore=tests/kernel/test_sanitizers.py"],
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
    others = ("pdq", "jpeg", "python", "regions", "wasm")
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
