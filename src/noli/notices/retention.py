# SPDX-License-Identifier: Apache-2.0
"""How long what is kept of notices and records, and why: as data, the same in every installation.

Other sweeps have times of their own, which stand beside them: settled deliveries (``outbox.rules.KEPT_FOR``), answers
under an ``Idempotency-Key``, looks of moderators (``moderation.service.KEPT_FOR``). Checks that matched are kept for as
long as the installation.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Kept:
    """How long one kind of datum is kept.

    Attributes:
        datum: What.
        days: How many days; None for as long as the installation lasts.
        since: From what they are counted.
        why: Why so long, and no longer.
        rule: How the erasure is cited in the ledger; empty where nothing is erased.
    """

    datum: str
    days: int | None
    since: str
    why: str
    rule: str = ""


#: How long a notice, and a record, are kept.
NOTICE_TIME, RECORD_TIME = timedelta(days=366), timedelta(days=731)

#: Texts, addresses, references, contact and letters of a notice.
NOTICE = Kept(
    datum="what people wrote in a notice, where the content is, whom it is about, and the letters",
    days=NOTICE_TIME.days,
    since="nothing was left to do",
    why="Complaints are possible for six months, and proceedings about them for about as long again.",
    rule="retention of notices",
)

#: Who is behind a record, and what was said in due process.
RECORD = Kept(
    datum="who sends notices or uploads, with warnings, answers and suspensions",
    days=RECORD_TIME.days,
    since="anything happened to it last",
    why="The longest suspension ends within half a year; what is older says nothing about today.",
    rule="retention of records",
)

#: What stays.
LEDGER = Kept(
    datum="the ledger and the open part of events: that something happened, when, by which rule, in pseudonymous ids",
    days=None,
    since="",
    why="It shows that nothing was changed afterwards; with the keys destroyed it is about nobody.",
)

#: How it is cited where somebody asked for it and no law that applies says so.
ON_REQUEST = "erasure on request"

#: The whole policy.
POLICY = (NOTICE, RECORD, LEDGER)
