# SPDX-License-Identifier: Apache-2.0
"""The generated pages of the reference say what the code says today."""

from dataclasses import fields
from pathlib import Path

import pytest

from docs import generate
from noli.base.config import Config


@pytest.mark.parametrize("page", sorted(generate.PAGES))
def test_page_is_current(page: str) -> None:
    """Each generated page is as 'make reference' would write it now."""
    written = (generate.REFERENCE / page).read_text("utf-8")
    assert written == generate.PAGES[page](), "run 'make reference'"


def test_every_setting_is_documented(root: Path) -> None:
    """The page on configuration has a row for each setting, by its name in the file and in the environment."""
    page = (root / "docs" / "reference" / "configuration.md").read_text("utf-8")
    for setting in fields(Config):
        assert f"| `{setting.name}` | `NOLI_{setting.name.upper()}`" in page


def test_every_command_is_documented(root: Path) -> None:
    """The page on the command line has a section for each command."""
    from noli.cli import main

    page = (root / "docs" / "reference" / "cli.md").read_text("utf-8")
    for path, _text in generate.commands(main):
        assert f"\n## {path}\n" in page


def test_a_setting_without_a_comment_is_refused() -> None:
    """A setting that nobody explained stops the generator, with its name."""
    with pytest.raises(ValueError, match="'port'"):
        generate.comment("port", ["    host: str", "    port: int = 8000"])
