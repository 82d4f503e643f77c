# SPDX-License-Identifier: Apache-2.0
"""Code and glossary use the same words."""

import ast
import re
from pathlib import Path

import pytest

_ROW = re.compile(r"^\| `(\w+)` \| (.+) \| (.+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def rows(root: Path) -> list[tuple[str, list[str]]]:
    """Each word of the glossary with those it replaces."""
    text = (root / "docs" / "glossary.md").read_text("utf-8")
    return [(word, re.findall(r"`(\w+)`", instead)) for word, _meaning, instead in _ROW.findall(text)]


@pytest.fixture(scope="module")
def names(root: Path) -> set[str]:
    """Every class, and every member of an enumeration, in the package."""
    found = set()
    for path in (root / "src" / "noli").glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                found.add(node.name)
                found |= {
                    t.id for n in node.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)
                }
    return found


def test_every_word_is_in_the_code(rows: list[tuple[str, list[str]]], names: set[str]) -> None:
    """What the glossary explains exists in the code under this name."""
    assert rows
    assert [word for word, _instead in rows if word not in names] == []


def test_no_other_word_is_used(rows: list[tuple[str, list[str]]], names: set[str]) -> None:
    """What the glossary advises against names nothing in the code."""
    assert {word for _word, instead in rows for word in instead} & names == set()


def test_the_domain_is_explained(root: Path, rows: list[tuple[str, list[str]]]) -> None:
    """Each value of a domain package's model is in the glossary, unless its name says 'new'."""
    words = {word for word, _instead in rows}
    missing = {
        node.name
        for path in (root / "src" / "noli").glob("*/model.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith(("New", "_")) and not node.name.endswith("Kind")
    } - words
    assert missing - {"EntryState"} == set()
