# SPDX-License-Identifier: Apache-2.0
"""Letters exist for every measure and ground, in each language, and hold what a person needs to contest."""

from datetime import timedelta

import pytest

from noli.notices import letters
from noli.notices.model import Ground, Letter, Measure, NewNotice, Opening
from noli.regimes.model import Party
from tests.support.notices import EVERYWHERE, START, Desk, complete, content


@pytest.mark.parametrize("language", letters.LANGUAGES)
@pytest.mark.parametrize("measure", Measure)
def test_every_decision_can_be_told(measure: Measure, language: str) -> None:
    """Each measure with each ground that speaks for it has its words, and both sides can read them."""
    desk = Desk(facts=EVERYWHERE)
    for ground in (each for each in Ground if each.restricts is measure.restricts):
        notice = desk.receive(complete(language=language, uploader_language=language))
        territory = "DE" if measure is Measure.GEO_RESTRICT else ""
        until = START + timedelta(days=9) if measure.restricts else None
        notice = desk.rule(notice, measure, ground, territory=territory, until=until)
        told = [each for each in notice.messages if each.letter in {Letter.DECISION, Letter.STATEMENT}]
        sides = {Party.NOTIFIER, Party.UPLOADER} if measure.restricts else {Party.NOTIFIER}
        assert {each.to for each in told} == sides
        for each in told:
            assert "{" not in each.text
            assert ("Streitbeilegung" if language == "de" else "dispute settlement") in each.text


def test_a_statement_says_who_found_it() -> None:
    """What we found ourselves is not said to be notified; a machine that decided is named as one."""
    desk = Desk()
    notice = desk.rule(desk.receive(NewNotice(opening=Opening.POLICY, contents=(content(1),))), Measure.REMOVE)
    assert "came upon it ourselves" in notice.messages[-1].text
    assert "A person made the decision" in notice.messages[-1].text


def test_an_unknown_language_is_answered_in_english() -> None:
    """Old files may hold a language that letters are no longer written in."""
    assert letters.receipt("tlh") == letters.receipt("en")
