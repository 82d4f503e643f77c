# SPDX-License-Identifier: Apache-2.0
"""The addressee book is read strictly, and every entry that comes with the package says where it is from."""

from typing import Any

import pytest

from noli.adapters import addressees
from noli.base.errors import InputError
from noli.pursuit.book import book
from noli.pursuit.model import Rung

PLACES = frozenset({"US", "DE"})


def _entry(**more: object) -> dict[str, Any]:
    return {
        "name": "Racks",
        "rungs": ["host"],
        "channel": [{"kind": "mail", "address": "abuse@racks.example"}],
        "url": "https://racks.example/abuse",
        "checked": "2026-11-26",
        "by": "Noli project",
        "basis": "official",
        **more,
    }


def _read(*entries: dict[str, Any]) -> Any:
    files = {f"{number}.toml": {"addressee": {"racks": entry}} for number, entry in enumerate(entries)}
    return book(files, places=PLACES)


def test_an_entry_is_read_with_its_source() -> None:
    """What was read on a page of the addressee's own is verified; a reviewer may sign off the rest."""
    assert _read(_entry())["racks"].source.verified
    assert not _read(_entry(basis="nothing"))["racks"].source.verified
    assert _read(_entry(basis="nothing", reviewed_by="Ada", reviewed_on="2026-11-26"))["racks"].source.verified


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"colour": "red"}, "unknown field"),
        ({"channel": []}, "a rung and a channel"),
        ({"rungs": []}, "a rung and a channel"),
        ({"jurisdictions": ["XX"]}, "unknown jurisdictions XX"),
        ({"reviewed_by": "Ada"}, "names the reviewer and the day"),
        ({"channel": [{"kind": "mail", "address": "https://racks.example"}]}, "no address of a mail"),
        ({"channel": [{"kind": "form", "address": "http://racks.example"}]}, "no address of a form"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named(wrong: dict[str, Any], said: str) -> None:
    """A mistake stops the reading, and says in which file and entry it is."""
    with pytest.raises(InputError, match=f"0.toml.*{said}"):
        _read(_entry(**wrong))


def test_an_id_is_given_once() -> None:
    """The same id in two files is a mistake."""
    with pytest.raises(InputError, match="already"):
        _read(_entry(), _entry())


def test_the_book_that_comes_with_the_package_can_be_used() -> None:
    """It has somebody for every rung, each with a source and its date; what was not read is marked."""
    ours = addressees.book()
    assert {rung for each in ours.values() for rung in each.rungs} == set(Rung)
    assert all(each.source.url.startswith("https://") and each.source.by for each in ours.values())
    assert 0 < sum(each.source.verified for each in ours.values()) < len(ours)
