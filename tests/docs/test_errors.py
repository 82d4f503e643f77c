# SPDX-License-Identifier: Apache-2.0
"""Every error has a code of its own, and a row in the reference."""

import re
from collections.abc import Iterator
from pathlib import Path

from noli.base.errors import NoliError
from noli.web.api.problems import STATUS


def _tree(error: type[NoliError]) -> Iterator[type[NoliError]]:
    yield error
    for child in error.__subclasses__():
        yield from _tree(child)


def _ours() -> list[str]:
    return [error.code for error in _tree(NoliError) if error.__module__.startswith("noli.")]


def test_codes_are_documented(root: Path) -> None:
    """The page on errors lists exactly the codes that exist, with the status they are answered with."""
    page = (root / "docs" / "reference" / "errors.md").read_text("utf-8")
    documented = {code: int(status) for code, status in re.findall(r"^\| `([\w-]+)` \| (\d+) \|", page, re.MULTILINE)}
    assert documented == {code: status for code, (status, _title) in STATUS.items()}


def test_every_code_has_a_status() -> None:
    """Each kind of error that the code defines is answered with a status of the table."""
    assert set(_ours()) <= set(STATUS)
