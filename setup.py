# SPDX-License-Identifier: Apache-2.0
"""Build the native kernel as one extension module on CPython's stable ABI."""

import os
from pathlib import Path

from setuptools import Extension, setup

# Source: gcc 12 manual. -ffp-contract=off keeps PDQ bit-identical on CPUs with fused multiply-add;
# an implicit declaration would truncate pointers, so it stops the build. Nobody here listens for floating-point traps;
# told so, the compiler chooses between two values without a branch, and takes many at once. No value changes.
FLAGS = [
    "-std=c11",
    "-O3",
    "-ffp-contract=off",
    "-fno-trapping-math",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-Werror=implicit-function-declaration",
    "-Werror=incompatible-pointer-types",
]

setup(
    ext_modules=[
        Extension(
            "noli.hashing._native",
            sources=[str(path) for path in sorted(Path("native").glob("*.c")) if path.name != "wasm.c"],
            depends=[str(path) for path in sorted(Path("native").glob("*.h"))],
            define_macros=[("Py_LIMITED_API", "0x030b0000")],
            extra_compile_args=FLAGS + os.environ.get("NOLI_CFLAGS", "").split(),
            extra_link_args=os.environ.get("NOLI_LDFLAGS", "").split(),
            py_limited_api=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
