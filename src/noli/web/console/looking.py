# SPDX-License-Identifier: Apache-2.0
"""Looking, only on demand: a small preview from the platform, counted and on record before it is fetched, never kept.

1. Nobody is shown anything by opening a notice, whatever link led there: a button asks, and the page that follows
   shows one preview. It stands in that page's own text, so there is no address that could show it again.
2. That page's address holds a proof that this session asked for this very content, and moment, within the last minute;
   another address, or the same one later, shows nothing.
3. What is confirmed is shown to one person, once; what may show somebody under 18 to nobody; and past the own limit
   only a pause brings more (``moderation/rules.py``).
"""

import hashlib
import hmac
from base64 import b64encode
from dataclasses import dataclass

from noli.base.errors import NotFound
from noli.moderation.model import Comfort, NoPreview, Shown, Unshown
from noli.moderation.rules import MOMENTS
from noli.moderation.service import NotShown
from noli.notices.known import Known
from noli.notices.model import Notice, NoticeId
from noli.web.api.operation import Call, Reply
from noli.web.console.guard import LanguageQuery, Visitor
from noli.web.html import render

# Seconds within which a preview that was asked for is shown.
_SHOWN_WITHIN_S = 60


class LookQuery(LanguageQuery):
    """What a page with a preview is asked with: of what, which moment, since when, and the proof of who asked."""

    look: str = ""
    moment: int = 0
    at: int = 0
    proof: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What a page says of the preview of one content.

    Attributes:
        why: Why it is not shown; None where it can be asked for.
        image: The address of the picture, which holds all of it; empty where none was asked for.
        shown: The preview, or why there is none; None where none was asked for.
        moment: Number of the moment that is shown.
    """

    why: Unshown | None
    image: str = ""
    shown: Shown | NoPreview | None = None
    moment: int = 0

    @property
    def is_video(self) -> bool:
        """Whether it is one moment of a video."""
        return isinstance(self.shown, Shown) and self.shown.at_ms is not None


#: The moments of a video that can be asked for.
ALL_MOMENTS = range(MOMENTS)


def ask(call: Call, visitor: Visitor) -> Reply:
    """Show the page again, with the preview of one content."""
    notice, content, at = NoticeId(call.path["notice"]), call.path["content"], int(call.app.clock.now().timestamp())
    moment = call.fields.one("moment") or "0"
    if moment not in map(str, ALL_MOMENTS):
        msg = "There is no such moment."
        raise NotFound(msg)
    proven = proof(visitor, notice, content, int(moment), at)
    where = f"/console/notices/{notice}"
    return render.redirect(call, where, look=content, moment=moment, at=str(at), proof=proven)


def view(call: Call, visitor: Visitor, notice: Notice, about: Known) -> View:
    """Return what is shown of a content; where its preview was asked for just now it is counted, then fetched."""
    if not _asked(call, visitor, notice, about.content.number):
        return View(unshown(call, visitor, notice, about))
    query: LookQuery = call.query
    try:
        comfort = _counted(call, visitor, notice, about)
    except NotShown as error:
        return View(error.why)
    ref, moment = about.content.ref, query.moment
    shown = call.app.previews.get(ref, moment=moment, side=comfort.side_px, grey=comfort.greyscale)
    image = ""
    if isinstance(shown, Shown):
        image = f"data:image/png;base64,{b64encode(shown.png).decode('ascii')}"
    return View(unshown(call, visitor, notice, about), image, shown, moment)


def clock(milliseconds: int) -> str:
    """Write a time in a video: minutes and seconds, hours where it has some."""
    hours, rest = divmod(milliseconds // 1000, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def _asked(call: Call, visitor: Visitor, notice: Notice, content: int) -> bool:
    """Tell whether this session asked for a content just now, as the page's address says."""
    query: LookQuery = call.query
    wanted = proof(visitor, notice.id, str(content), query.moment, query.at)
    fresh = 0 <= call.app.clock.now().timestamp() - query.at <= _SHOWN_WITHIN_S
    proven = hmac.compare_digest(wanted.encode(), query.proof.encode("utf-8", "surrogatepass"))
    return query.look == str(content) and fresh and proven


def _counted(call: Call, visitor: Visitor, notice: Notice, about: Known) -> Comfort:
    return call.app.moderation.look(
        visitor.staff.id,
        notice.id,
        about.content.number,
        subject(notice, about),
        confirmed=confirmed(notice, about),
        contested=bool(notice.open_complaints),
        young=notice.young_at is not None,
    )


def proof(visitor: Visitor, notice: NoticeId, content: str, moment: int, at: int) -> str:
    """Return what shows that this session asked."""
    said = f"preview|{notice}|{content}|{moment}|{at}".encode("utf-8", "surrogatepass")
    return hmac.new(visitor.token.encode(), said, hashlib.sha256).hexdigest()


def unshown(call: Call, visitor: Visitor, notice: Notice, about: Known) -> Unshown | None:
    """Return why a content would not be shown to somebody; None where it would."""
    return call.app.moderation.unshown(
        visitor.staff.id,
        subject(notice, about),
        confirmed=confirmed(notice, about),
        contested=bool(notice.open_complaints),
        young=notice.young_at is not None,
    )


def subject(notice: Notice, about: Known) -> str:
    """Return what is looked at: an entry is the same in every notice."""
    content = about.content
    return f"entry|{content.entry}" if content.entry is not None else f"content|{notice.id}|{content.number}"


def confirmed(notice: Notice, about: Known) -> bool:
    """Tell whether it is known what something is: somebody confirmed its entry, or it was decided about."""
    return about.confirmed or (notice.ruling is not None and notice.ruling.measure.final)
