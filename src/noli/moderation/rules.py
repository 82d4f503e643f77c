# SPDX-License-Identifier: Apache-2.0
"""How little is looked at: pure functions over what was looked at.

1. A sitting is a row of looks without a pause of ``PAUSE`` between them. Past the own limit nothing is shown until a
   pause has been made.
2. What is confirmed is shown to one person, once. Only where somebody complained may another one look.
3. What may show somebody under 18 is shown to nobody again.
4. Of a video a few moments can be asked for, one at a time; each is a look.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from noli.base.errors import InputError
from noli.moderation.model import Comfort, DeskSettings, Exposure, Look, SavedView, Unshown

#: What counts as a pause.
PAUSE = timedelta(minutes=15)

#: Least and most of each number that somebody may set.
BOUNDS = {
    "side_px": (80, 400),
    "most_looks": (1, 100),
    "break_after_min": (10, 240),
    "undo_s": (5, 60),
}

#: Saved views of one person, and characters of a name and of an address.
MOST_VIEWS, LONGEST_NAME, LONGEST_QUERY = 20, 40, 400

#: Moments of a video that can be asked for.
MOMENTS = 5

_DAY = timedelta(hours=24)


def checked(comfort: Comfort) -> Comfort:
    """Refuse what is out of bounds. Raises InputError."""
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(comfort, name) <= most:
            msg = f"{name} is a whole number from {least} to {most}."
            raise InputError(msg)
    return comfort


def with_view(settings: DeskSettings, view: SavedView) -> DeskSettings:
    """Save a view; one of the same name is replaced. Raises InputError."""
    if not 1 <= len(view.name) <= LONGEST_NAME or len(view.query) > LONGEST_QUERY:
        msg = f"A view has a name of 1 to {LONGEST_NAME} characters."
        raise InputError(msg)
    others = tuple(each for each in settings.views if each.name != view.name)
    if len(others) >= MOST_VIEWS:
        msg = f"There are {MOST_VIEWS} views at most; remove one first."
        raise InputError(msg)
    return replace(settings, views=(*others, view))


def without_view(settings: DeskSettings, name: str) -> DeskSettings:
    """Forget a view; an unknown one changes nothing."""
    return replace(settings, views=tuple(each for each in settings.views if each.name != name))


def sitting(looks: Sequence[Look], now: datetime) -> list[Look]:
    """Return the looks since the last pause, oldest first; ``looks`` are one person's, oldest first."""
    found: list[Look] = []
    for each in looks:
        if found and each.at - found[-1].at >= PAUSE:
            found.clear()
        found.append(each)
    return found if found and now - found[-1].at < PAUSE else []


def exposure(looks: Sequence[Look], comfort: Comfort, now: datetime) -> Exposure:
    """Return how much somebody looked at; ``looks`` are theirs of the last day, oldest first."""
    current = sitting(looks, now)
    left = max(0, comfort.most_looks - len(current))
    lasted = now - current[0].at if current else timedelta()
    return Exposure(
        sitting=len(current),
        today=sum(now - each.at <= _DAY for each in looks),
        left=left,
        pause_due=lasted >= timedelta(minutes=comfort.break_after_min) or not left,
        pause_until=None if left else current[-1].at + PAUSE,
    )


def unshown(own: Exposure, before: Sequence[Look], *, confirmed: bool, contested: bool, young: bool) -> Unshown | None:
    """Return why a preview is not shown; None where it is.

    Args:
        own: Of who asks.
        before: Who looked at the same subject before.
        confirmed: Whether it is known what it is: it stands in a bank, or was decided about.
        contested: Whether somebody complained, and waits.
        young: Whether somebody said that it may show somebody under 18.
    """
    if young:
        return Unshown.YOUNG
    if not own.left:
        return Unshown.LIMIT
    if confirmed and before and not contested:
        return Unshown.SEEN
    return None


def share_at(moment: int) -> int:
    """Return how far into a video a moment lies, in thousandths: in the middle of its part. Raises InputError."""
    if not 0 <= moment < MOMENTS:
        msg = f"A moment is a whole number from 0 to {MOMENTS - 1}."
        raise InputError(msg)
    return (2 * moment + 1) * 1000 // (2 * MOMENTS)
