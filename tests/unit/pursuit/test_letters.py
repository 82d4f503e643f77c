# SPDX-License-Identifier: Apache-2.0
"""Requests in words: everything that the law asks for, in both languages, and nothing about who is shown."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from noli.adapters import regimes
from noli.casework.model import LinkId
from noli.pursuit import law as fit
from noli.pursuit.letters import LANGUAGES, Matter, letter, period_words, subject
from noli.pursuit.model import Copy, Rung
from noli.regimes.model import Content, Deadline, Field, Filer, RegimeId
from tests.support.pursuit import HEAD, START

LAW = regimes.law()
US = LAW.regimes[RegimeId("us-take-it-down")]
DSA = LAW.regimes[RegimeId("eu-dsa-hosting")]
HOUSE = LAW.regimes[RegimeId("house-rules")]
URL = "https://www.copies.example/1"


def _clock(regime: Any) -> Deadline | None:
    return fit.clock(regime, filer=Filer.HELPLINE, at=START)


def _matter(**more: object) -> Matter:
    given: dict[str, object] = {
        "rung": Rung.SITE,
        "copies": (Copy(LinkId("link"), URL),),
        "content": frozenset({Content.AUTHENTIC}),
        "regimes": (US,),
        "clock": _clock(US),
        "house": False,
        "filer": Filer.HELPLINE,
        "head": HEAD,
        "fields": {},
        "said": frozenset(Field),
        "person": "",
        "earlier": (),
        "language": "en",
        "reference": "AAAA-BBBB",
    }
    return Matter(**{**given, **more})  # type: ignore[arg-type] # tests name the fields


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rung", list(Rung))
@pytest.mark.parametrize("filer", list(Filer))
def test_every_letter_is_whole(language: str, rung: Rung, filer: Filer) -> None:
    """For each rung, filer and language: the address, the law with its clock, the contact, the reference."""
    text = letter(_matter(rung=rung, filer=filer, language=language))
    assert URL in text
    assert "TAKE IT DOWN Act" in text
    assert ("48 hours" if language == "en" else "48 Stunden") in text
    assert HEAD.contact in text
    assert "[AAAA-BBBB]" in text
    assert "None" not in text
    assert "{" not in text


def test_a_subject_says_nothing_about_anybody() -> None:
    """Who sees the mailbox learns that there is a request, and its reference."""
    assert subject(_matter()) == "Request for removal [AAAA-BBBB]"
    assert subject(_matter(language="de")) == "Bitte um Entfernung [AAAA-BBBB]"
    assert subject(_matter(language="fr")) == subject(_matter())


def test_what_was_not_declared_is_not_said() -> None:
    """A declaration stands in a letter only where somebody stands in for it; own words go before the template."""
    bare = letter(_matter(said=frozenset({Field.LOCATION})))
    for phrase in ("did not agree", "good faith", "true and complete", "act for the person"):
        assert phrase not in bare
    own = letter(_matter(fields={Field.STATEMENT: "She never agreed.", Field.REASONS: "Section 201a."}))
    assert "She never agreed." in own
    assert "Section 201a." in own
    assert "shows a person in an intimate way" not in own


def test_a_law_without_a_number_is_quoted_as_it_is() -> None:
    """The DSA says "without undue delay"; the number of hours is ours and is said so."""
    text = letter(_matter(regimes=(DSA,), clock=_clock(DSA)))
    assert "without undue delay" in text
    assert "We look again after 24 hours" in text
    borrowed = letter(_matter(regimes=(DSA,), clock=_clock(HOUSE), house=True))
    assert "House rules" not in borrowed
    assert "the law gives you" not in borrowed
    timeless = letter(_matter(regimes=(DSA,), clock=None))
    assert "Digital Services Act" in timeless
    assert "look again" not in timeless


def test_without_a_law_the_addressees_own_terms_are_invoked() -> None:
    """Nobody is told that our house rules bind them."""
    text = letter(_matter(rung=Rung.PAYMENT, regimes=(), clock=_clock(HOUSE)))
    assert "your own terms of use" in text
    assert "24 hours" in text
    assert "House rules" not in text


def test_whom_we_asked_before_is_told_with_the_day() -> None:
    """A host learns that the site was asked and did nothing."""
    text = letter(_matter(rung=Rung.HOST, earlier=(("copies.example", date(2026, 11, 20)),)))
    assert "copies.example on 20 November 2026" in text
    assert "still there" in text


def test_who_is_shown_stands_where_it_was_given() -> None:
    """As the name of who writes, or as the name that searches must not lead from."""
    mine = letter(_matter(filer=Filer.SELF, person="Kim Doe", fields={Field.CONTACT: "kim@mail.example"}))
    assert "Signed: Kim Doe" in mine
    assert "kim@mail.example" in mine
    assert HEAD.organisation not in mine
    assert "Searches for this name" in letter(_matter(rung=Rung.SEARCH, person="Kim Doe"))
    assert "Signed: the person shown" in letter(_matter(filer=Filer.SELF))
    assert "Signed: Bea" in letter(_matter(fields={Field.SIGNATURE: "Bea"}))


def test_what_a_computer_made_is_called_that() -> None:
    """A synthetic picture is named as one in the reasons."""
    assert "made or altered by a computer" in letter(_matter(content=frozenset({Content.SYNTHETIC})))


@pytest.mark.parametrize(
    ("period", "english", "german"),
    [
        ("PT48H", "48 hours", "48 Stunden"),
        ("P1D", "1 day", "1 Tag"),
        ("P3BD", "3 business days", "3 Werktagen"),
        ("P1MT1H30M", "1 month 1 hour 30 minutes", "1 Monat 1 Stunde 30 Minuten"),
    ],
)
def test_periods_are_put_into_words(period: str, english: str, german: str) -> None:
    """Each unit is named, singular and plural, as the law counts it."""
    clock = _clock(US)
    assert clock is not None
    assert period_words(replace(clock, period=period), "en") == english
    assert period_words(replace(clock, period=period), "de") == german
