# SPDX-License-Identifier: Apache-2.0
"""What staff type, taken apart."""

import pytest

from noli.moderation.finding import asked, link_terms, reference_terms
from noli.moderation.model import Asked


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("7kqm-2xrd 9tbb", "7KQM2XRD9TBB"),
        ("abcd", "ABCD"),
        ("abc", ""),
        ("a.bcd", ""),
        ("ü12345", ""),
        ("A" * 40, "A" * 16),
    ],
)
def test_letters_and_digits_begin_a_number(typed: str, begins: str) -> None:
    """However they are grouped; too few, or anything else, begin none."""
    assert asked(typed).begins == begins


def test_links_of_the_same_page_are_found_by_each_other() -> None:
    """Scheme, www, fragment, capitals of the host and a closing slash make no difference; the query does."""
    stored = set(link_terms("https://www.Forum.example/thread/5/?page=3#top"))
    for typed in (
        "http://forum.example/thread/5?page=3",
        "forum.example/thread/5?page=3",
        " WWW.forum.EXAMPLE/thread/5/?page=3",
    ):
        assert stored & set(asked(typed).terms), typed
    assert not stored & set(asked("https://forum.example/thread/5").terms)
    assert stored & set(asked("forum.example").terms) == {"host|forum.example"}


def test_anything_may_be_a_reference() -> None:
    """What is no link is one alone; parties are handed through."""
    assert asked("clip 77", parties=("R",)) == Asked("CLIP77", tuple(reference_terms("clip 77")), ("R",))
    assert reference_terms("  ") == ()
    for odd in ("http://[", "http://localhost/x", "ftp"):
        assert link_terms(odd) == ()
