# SPDX-License-Identifier: Apache-2.0
"""Reads the addressee book that comes with the package, once."""

import tomllib
from functools import cache
from importlib.resources import files

from noli.adapters.regimes import law
from noli.base.errors import InputError
from noli.pursuit import book as book_
from noli.pursuit.model import Book


@cache
def book() -> Book:
    """Return the addressee book.

    Raises:
        InputError: A file cannot be used; the text names it and the place.
    """
    read = {}
    for place in (files("noli.pursuit") / "data").iterdir():
        try:
            read[place.name] = tomllib.loads(place.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            msg = f"{place.name}: {error}."
            raise InputError(msg) from error
    return book_.book(read, places=frozenset(law().jurisdictions))
