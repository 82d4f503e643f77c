# SPDX-License-Identifier: Apache-2.0
"""What is known of a notice's contents, put together for who decides: evidence first, so that nobody has to look.

A content can be decided about without looking where it is close to an entry that somebody confirmed and nobody doubts,
and nothing is missing in the notice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from noli.bank.model import Entry, EntryState, Opinion
from noli.bank.rules import standing
from noli.matching.model import Closeness
from noli.notices import record_rules
from noli.notices.model import Notice, NoticedContent
from noli.notices.ports import NoticeTransaction, SeenMatch
from noli.notices.records import PartyRecord
from noli.regimes.model import Need

#: Contents that are looked up; of larger groups the rest is only listed.
MOST = 20

# How close is close enough to trust an entry.
_CLOSE = frozenset({Closeness.SAME, Closeness.NEAR})


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one content.

    Attributes:
        content: The content.
        entry: The entry that stands for it; None where there is none, or it is gone.
        opinions: What people think of the entry, oldest first.
        match: How close the upload was.
        uploader: The record of who uploaded it.
    """

    content: NoticedContent
    entry: Entry | None = None
    opinions: Sequence[Opinion] = ()
    match: SeenMatch | None = None
    uploader: PartyRecord | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the entry is one that somebody confirmed and nobody doubts."""
        entry = self.entry
        if entry is None or entry.state is not EntryState.ACTIVE or entry.disputed:
            return False
        return self.content.kept_down or standing(self.opinions).confirmed


def known(transaction: NoticeTransaction, notice: Notice) -> list[Known]:
    """Return what is known of the first contents of a notice."""
    return [_known(transaction, each) for each in notice.contents[:MOST]]


def needs_no_look(notice: Notice, about: Sequence[Known]) -> bool:
    """Tell whether somebody can decide about a notice without looking at anything."""
    lacks = any(each.need is Need.REQUIRED for each in notice.lacks)
    return bool(about) and not lacks and all(_clear(each) for each in about)


def _clear(about: Known) -> bool:
    return about.confirmed and (about.match is None or about.match.closeness in _CLOSE)


def _known(transaction: NoticeTransaction, content: NoticedContent) -> Known:
    uploader = None
    if content.uploader is not None:
        uploader = record_rules.fold(content.uploader, transaction.record_history(content.uploader))
    if content.entry is None:
        return Known(content, uploader=uploader)
    entry = transaction.banks.entries_by_id([content.entry]).get(content.entry)
    opinions = () if entry is None else transaction.banks.opinions(entry.bank, entry.id)
    return Known(content, entry, tuple(opinions), transaction.match(content.entry, content.ref), uploader)
