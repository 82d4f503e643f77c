# SPDX-License-Identifier: Apache-2.0
"""What a partner may see, for protocols that ask by whole seconds and read in pages.

1. A checkpoint in seconds is never ahead of what was delivered, so that a fetch which is abandoned loses nothing, and
   never goes back. It is inclusive: what lies in its second comes again.
2. A page never crosses the place at which its fetch began. What was withdrawn before that was not delivered in this
   fetch, so that only who can have had it earlier is told; of what was withdrawn since, whoever may have got it on an
   earlier page is told.
3. Once a second lies well back, nothing can be added to it any more, and the checkpoint moves past it: a large import
   is not sent again and again.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from noli.base.clock import Clock
from noli.base.errors import InputError
from noli.exchange.model import Page, Partner, Visible
from noli.exchange.outgoing import Outgoing

#: Time after which nothing is added to a second any more: writers take the time before they wait for their turn.
SETTLED = timedelta(seconds=60)

# The last second that a date can be sure to have.
_LAST_S = 1 << 35

# Seconds by which a partner's clock may be ahead of ours; later times are refused.
_AHEAD_S = 86_400


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a fetch in pages stands; a partner hands it back, so nothing in it is secret or trusted.

    Attributes:
        after: Up to where it was read.
        known: The partner had what came up to here before the fetch began.
        began: The newest step when it began.
        seconds: The checkpoint so far.
    """

    after: int
    known: int
    began: int
    seconds: int

    def __str__(self) -> str:
        """Write it for a URL."""
        return f"{self.after}.{self.known}.{self.began}.{self.seconds}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read one. Raises InputError."""
        parts = text.split(".")
        if len(parts) != len(cls.__slots__) or not all(p.isascii() and p.isdigit() and len(p) <= 18 for p in parts):  # noqa: PLR2004 - digits below 2^63
            msg = "This page is not known; begin the fetch anew."
            raise InputError(msg)
        return cls(*map(int, parts))


@dataclass(frozen=True, slots=True)
class TimedPage:
    """A part of what a partner may see.

    Attributes:
        items: In the order in which they happened.
        cursor: Where the next page begins; None after the last.
        seconds: The checkpoint, whole seconds since 1970, once the items are stored.
    """

    items: tuple[Visible, ...]
    cursor: Cursor | None
    seconds: int


class TimedFeed:
    """Reads by seconds; safe to call from many threads and processes."""

    def __init__(self, outgoing: Outgoing, clock: Clock) -> None:
        """Keep the collaborators."""
        self._outgoing, self._clock = outgoing, clock

    def begin(self, seconds: int) -> Cursor:
        """Begin a fetch of what happened in this second or later. Raises InputError for one that is yet to come."""
        now = whole_seconds(self._clock.now())
        if not 0 <= seconds <= now + _AHEAD_S:
            msg = (
                "A time is given in whole seconds since 1970, and is not yet to come. Begin with the last one you got."
            )
            raise InputError(msg)
        seconds = min(seconds, now)
        after = self._outgoing.checkpoint_at(moment(seconds))
        # Of the second itself, the partner may have had any part.
        known = self._outgoing.checkpoint_at(moment(seconds + 1))
        return Cursor(after, known, self._outgoing.last(), seconds)

    def came_back(self, partner: Partner, cursor: Cursor) -> None:
        """Keep that a partner begins a fetch here: it has what it was given of what happened before."""
        self._outgoing.confirm(partner, cursor.after)

    def page(self, partner: Partner, cursor: Cursor, *, limit: int, until: int | None = None) -> TimedPage:
        """Read a page; it is empty only where there is nothing more at this moment.

        Args:
            partner: Who asks.
            cursor: Where the page begins.
            limit: Entries at most, without canaries.
            until: The last step that is given; None for the newest.
        """
        first = cursor.after
        while True:
            page, cursor = self._step(partner, cursor, limit=limit)
            if until is not None and page.next >= until:
                page = Page(tuple(item for item in page.items if item.sequence <= until), until, more=False)
            if page.items or not page.more:
                break
        self._outgoing.deliver(partner, after=first, position=page.next)
        if page.more:
            return TimedPage(page.items, cursor, cursor.seconds)
        settled = page.items and self._clock.now() - page.items[-1].at >= SETTLED
        return TimedPage(page.items, None, cursor.seconds + 1 if settled else cursor.seconds)

    def _step(self, partner: Partner, cursor: Cursor, *, limit: int) -> tuple[Page, Cursor]:
        before = cursor.after < cursor.began
        known = cursor.known if before else cursor.after
        page = self._outgoing.page(partner, after=cursor.after, limit=limit, known=known)
        if before and page.next > cursor.began:
            items = tuple(item for item in page.items if item.sequence <= cursor.began)
            page = Page(items, cursor.began, more=True)
        seconds = max([cursor.seconds, *(whole_seconds(item.at) for item in page.items[-1:])])
        return page, replace(cursor, after=page.next, seconds=seconds)


def moment(seconds: int) -> datetime:
    """Return the beginning of a second; the last there can be for all later ones."""
    return datetime.fromtimestamp(min(seconds, _LAST_S), UTC)


def whole_seconds(at: datetime) -> int:
    """Return the second in which something happened."""
    return int(at.timestamp())
