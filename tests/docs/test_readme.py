# SPDX-License-Identifier: Apache-2.0
"""The README's commands are there."""

import re
from pathlib import Path

import pytest

from noli.cli import demo_pictures

_PAGES = ["README.md", "CONTRIBUTING.md", "docs/tutorial/first-block.md"]


@pytest.mark.parametrize("page", _PAGES)
def test_make_targets_exist(root: Path, page: str) -> None:
    """Each target of make that a page names is in the Makefile, with its line of help."""
    targets = set(re.findall(r"^([a-z-]+):.*## ", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", (root / page).read_text("utf-8"), re.MULTILINE))
    assert named
    assert named <= targets


def test_demo_pictures_exist(root: Path) -> None:
    """The README posts the pictures that the demo draws."""
    readme = (root / "README.md").read_text("utf-8")
    assert f"data/demo/{demo_pictures.EDITED}" in readme
    assert f"data/demo/{demo_pictures.UNRELATED}" in readme
