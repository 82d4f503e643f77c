# SPDX-License-Identifier: Apache-2.0
"""Reads the regimes that come with the package, once."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from noli.base.errors import InputError
from noli.regimes import examples as examples_
from noli.regimes import schema
from noli.regimes.examples import Example
from noli.regimes.model import Law, RegimeId

_EXAMPLES = ".examples.toml"
_SHARED = {"places.toml", "questions.toml"}


@cache
def law() -> Law:
    """Return all regimes.

    Raises:
        InputError: A file cannot be used; the text names it and the place.
    """
    read = {name: content for name, content in _files() if not name.endswith(_EXAMPLES)}
    version = hashlib.sha256(repr(sorted(read.items())).encode()).hexdigest()[:16]
    places, questions = (read.pop(name) for name in sorted(_SHARED))
    return replace(schema.law(read, places, questions), version=version)


@cache
def examples() -> Mapping[RegimeId, tuple[Example, ...]]:
    """Return the examples of each regime; it has some, a test sees to that.

    Raises:
        InputError: A file cannot be used; the text names it and the place.
    """
    read = dict(_files())
    return {
        RegimeId(content["id"]): examples_.read(beside, read[beside])
        for name, content in sorted(read.items())
        if (beside := name.removesuffix(".toml") + _EXAMPLES) in read
    }


def _files() -> Iterator[tuple[str, Mapping[str, Any]]]:
    waiting: list[tuple[str, Traversable]] = [("", files("noli.regimes") / "data")]
    while waiting:
        path, place = waiting.pop()
        if place.is_dir():
            waiting += [(f"{path}/{each.name}".lstrip("/"), each) for each in place.iterdir()]
        else:
            try:
                yield path, tomllib.loads(place.read_text("utf-8"))
            except tomllib.TOMLDecodeError as error:
                msg = f"{path}: {error}."
                raise InputError(msg) from error
