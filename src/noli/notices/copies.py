# SPDX-License-Identifier: Apache-2.0
"""The search for copies of what was removed, in a catalogue of all that the platform has.

A removal asks for it as a job, in its own transaction. What is the same picture joins the notice, shares its lot, and
is told by webhook like any other content; who uploaded it gets a statement of reasons. What only resembles it is opened
for review, as an upload that resembles it would be. All that a search found is saved in one transaction with its end,
and only while the search is open: to do the job again changes nothing.

Where no catalogue is stored here, the platform searches and answers over the API.
"""

from datetime import datetime

from noli.hashing.model import PDQ_BYTES
from noli.jobs.model import Lease, Task
from noli.jobs.rules import LONGEST_TERM
from noli.matching.rules import SAME_BITS
from noli.notices.model import Notice, NoticeId, Via
from noli.notices.ports import Catalogue, NoticeTransaction
from noli.notices.service import COPIES, NoticeService
from noli.notices.upkeep import SYSTEM

#: Copies that one notice takes in by itself. Where there are more the search stays open, its clock runs on, and whoever
#: is warned by it writes all of them with 'noli catalogue match'.
MOST = 1000


class CopySearch:
    """The use case of searching; safe to call from many threads and processes."""

    def __init__(self, notices: NoticeService, catalogue: Catalogue) -> None:
        """Keep the service, and what is searched."""
        self._notices, self._catalogue = notices, catalogue

    @property
    def task(self) -> Task:
        """What processes share among them, one job for each removal."""
        return Task(kind=COPIES, run=self.search, term=LONGEST_TERM)

    def search(self, lease: Lease) -> datetime | None:
        """Search for copies of what one notice removed.

        Raises:
            Unavailable: The catalogue is empty; the job is tried again.
            IntegrityError: It is damaged; likewise.
            LeaseLost: Another process has taken the search over.
        """
        id_ = NoticeId(lease.subject)
        with self._notices.store.transaction() as transaction:
            notice = self._notices.load(transaction, id_)
            hashes = _hashes(transaction, notice)
            within = self._notices.kept_within(transaction)
        if not notice.copies_open:
            return None
        found = self._catalogue.near(hashes, within_bits=within, limit=MOST + 1)
        same = [each.ref for each in found if each.distance_bits <= SAME_BITS]
        near = [each.ref for each in found if each.distance_bits > SAME_BITS]
        with self._notices.writing() as transaction:
            transaction.fence(lease)
            if self._notices.load(transaction, id_).copies_open:
                self._notices.take_found(
                    transaction, id_, same=same[:MOST], near=near[:MOST], ended=len(found) <= MOST, actor=SYSTEM
                )
        return None


def _hashes(transaction: NoticeTransaction, notice: Notice) -> list[bytes]:
    """Return the hashes of what was removed: as the platform gave them, or those of the entry that was matched."""
    found: dict[bytes, None] = {}
    for each in notice.contents:
        if each.via is not Via.COPY:
            found |= dict.fromkeys(bytes.fromhex(value) for value in each.hashes)
            if not each.hashes and each.entry is not None:
                banked = transaction.banks.hashes_of(each.entry)
                found |= dict.fromkeys(banked[at : at + PDQ_BYTES] for at in range(0, len(banked), PDQ_BYTES))
    return list(found)
