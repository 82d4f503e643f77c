# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder read: the files of the repository, without what is made from them."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Made by tools, or an installation's own; the same list as in .gitignore.
_MADE = {
    ".git",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".schemathesis",
    ".uv",
    ".venv",
    "__pycache__",
    "artefacts",
    "build",
    "data",
    "site",
}


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every file of the repository."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in _MADE and not name.endswith(".egg-info")]
        found += [Path(folder, name) for name in names if not name.endswith(".so") and not name.startswith(".coverage")]
    return sorted(found)
