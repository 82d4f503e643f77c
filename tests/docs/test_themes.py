# SPDX-License-Identifier: Apache-2.0
"""The themes differ in colours alone, so that whatever else is right in the light is right in the dark."""

import re
from pathlib import Path

import noli

_WEB = Path(noli.__file__).parent / "web"

#: What a colour is written as here.
_COLOUR = re.compile(r"#[0-9a-f]{3,8}|rgb\(.+\)|var\(--[a-z-]+\)|none|(0 [^,]+(rgb\([^)]+\)|#[0-9a-f]{3,8})(, )?)+")


def test_the_dark_theme_changes_tokens_that_are_colours() -> None:
    """One block of one file, with nothing in it but colours and shadows that the light theme has, too."""
    texts = {path: path.read_text("utf-8") for path in (_WEB / "static").rglob("*.css")}
    [themed] = [path for path, text in texts.items() if "prefers-color-scheme" in text]
    light, dark = texts[themed].split("@media (prefers-color-scheme: dark)")
    changed = re.findall(r"([\w-]+):\s*([^;]+);", dark)
    assert changed
    for name, value in changed:
        assert name.startswith("--"), name
        assert f"{name}:" in light, name
        assert _COLOUR.fullmatch(value), (name, value)


def test_nothing_else_asks_for_the_theme() -> None:
    """Neither a page nor a script shows or does something else in the dark."""
    for path in (*(_WEB / "templates").rglob("*.html"), *(_WEB / "static").rglob("*.js")):
        assert "prefers-color-scheme" not in path.read_text("utf-8"), path
