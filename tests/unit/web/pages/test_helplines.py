# SPDX-License-Identifier: Apache-2.0
"""Who helps: complete, of known age, in the languages of the pages."""

from datetime import UTC, timedelta

from noli.base.clock import SystemClock
from noli.web.html.languages import LANGUAGES
from noli.web.html.places import Contact, hotlines, police
from noli.web.pages.helplines import Helpline, helplines


def test_every_line_is_complete() -> None:
    """Each service has a note in every language, an https address, an audience and a source."""
    for each in helplines():
        assert all(each.note(language) for language in LANGUAGES), each.name
        assert set(LANGUAGES) <= set(each.notes)
        assert each.url.startswith("https://")
        assert each.audiences
        assert each.audiences <= {"adults", "young"}
        assert each.source
        assert all(len(code) == 2 and code.isupper() for code in each.countries)


def test_every_line_was_looked_at_lately() -> None:
    """A service that nobody has looked at for a year fails this test, so that somebody does."""
    today = SystemClock().now().astimezone(UTC).date()
    known: list[Helpline | Contact] = [*helplines(), *police(), *hotlines()]
    old = [each.name for each in known if today - each.checked > timedelta(days=365)]
    assert old == []


def test_nobody_is_left_without_help() -> None:
    """For adults and for others there is something in every country."""
    for audience in ("adults", "young"):
        assert [each for each in helplines() if not each.countries and audience in each.audiences]


def test_numbers_can_be_dialled() -> None:
    """A number is linked as digits, an address is shown without what machines need."""
    line = next(each for each in helplines() if each.name == "Revenge Porn Helpline")
    assert (line.dial, line.shown) == ("03456000459", "revengepornhelpline.org.uk")


def test_whom_to_call_is_named_in_the_visitors_language() -> None:
    """Each number and hotline says for which place it is, from the data alone; one is for everywhere else."""
    said = {each.name: each.where("de") for each in police()}
    assert said["112"] == "Europäische Union"
    assert all(each.name.isdigit() and each.where("en") and each.source for each in police())
    assert all(each.url.startswith("https://") and each.source for each in hotlines())
    assert [each.where("en") for each in hotlines()].count("") == 1
