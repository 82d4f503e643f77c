# SPDX-License-Identifier: Apache-2.0
"""Whatever can stand in the ledger or on a page has a word, in each language."""

from enum import StrEnum

import pytest

from noli.bank.model import EntryState, OpinionKind
from noli.casework import events as cases
from noli.exchange.model import PartnerState, Protocol, SyncStatus
from noli.matching.model import Closeness
from noli.notices import events as notices
from noli.notices import records
from noli.notices.model import Ground, Letter, Measure, NoticeState, Opening, Plea, Via
from noli.regimes.model import Duty, Field, Filer, Need, Party, SetBy
from noli.web.console import words
from noli.web.html.languages import catalogue

KINDS: tuple[type[StrEnum], ...] = (
    NoticeState, Opening, Filer, Via, Measure, Ground, Duty, SetBy, Party, Plea, Need, Field, EntryState, OpinionKind,
    Closeness, Letter, records.PartyRole, records.AccountMeasure, PartnerState, Protocol, SyncStatus,
)  # fmt: skip


def test_every_fact_of_the_ledger_has_a_word() -> None:
    """No entry about a case, a notice or a record is shown by its technical name."""
    kinds = {*cases.NAMES.values(), *notices.NAMES.values(), *records.NAMES.values()}
    assert kinds - set(words.FACTS) == set()


@pytest.mark.parametrize("kind", KINDS, ids=lambda each: each.__name__)
def test_every_member_has_a_word(kind: type[StrEnum]) -> None:
    """Each in English and in German, and no two alike."""
    english = [words.of(each) for each in kind]
    german = [catalogue("de").gettext(text) for text in english]
    assert len(set(english)) == len(set(german)) == len(list(kind))
