# SPDX-License-Identifier: Apache-2.0
"""Looking, only on demand: a small preview from the platform, counted and on record before it is fetched, never kept.

1. Nobody is shown anything by opening a notice, whatever link led there: a button asks, and the page that follows
   shows one preview.
2. Both that page's address and the picture's hold a proof that this session asked for this very content within the last
   minute; another address, or the same one later, shows nothing.
3. What is confirmed is shown to one person, once; what may show somebody under 18 to nobody; and past the own limit
   only a pause brings more (``moderation/rules.py``).
"""

import hashlib
import hmac
from urllib.parse import urlencode

from noli.base.errors import Forbidden, NotFound
from noli.moderation.model import Unshown
from noli.notices.known import Known, known
from noli.notices.model import Notice, NoticeId
from noli.web.api.operation import Call, Reply
from noli.web.console.guard import LanguageQuery, Visitor
from noli.web.html import render

# Seconds within which a preview that was asked for is shown.
_SHOWN_WITHIN_S = 60

_PNG = "image/png"


class PreviewQuery(LanguageQuery):
    """What a preview is asked with: when it was asked for, and the proof of who did."""

    at: int = 0
    proof: str = ""


def ask(call: Call, visitor: Visitor) -> Reply:
    """Show the page again, with the preview of one content."""
    notice, content, at = NoticeId(call.path["notice"]), call.path["content"], int(call.app.clock.now().timestamp())
    where = f"/console/notices/{notice}"
    return render.redirect(call, where, look=content, at=str(at), proof=proof(visitor, notice, content, at))


def asked(call: Call, visitor: Visitor, content: str) -> bool:
    """Tell whether this session asked for a content just now, as its address says."""
    query: PreviewQuery = call.query
    wanted = proof(visitor, NoticeId(call.path["notice"]), content, query.at)
    fresh = 0 <= call.app.clock.now().timestamp() - query.at <= _SHOWN_WITHIN_S
    return fresh and hmac.compare_digest(wanted.encode(), query.proof.encode("utf-8", "surrogatepass"))


def preview(call: Call, visitor: Visitor) -> Reply:
    """Fetch and show one preview; it is counted and in the ledger first."""
    service, id_ = call.app.notices, NoticeId(call.path["notice"])
    if not asked(call, visitor, call.path["content"]):
        msg = "This preview was not asked for."
        raise Forbidden(msg)
    with service.store.transaction() as transaction:
        notice = service.load(transaction, id_)
        about = {str(each.content.number): each for each in known(transaction, notice)}.get(call.path["content"])
    if about is None or not call.app.previews.there_are(about.content.ref):
        msg = "There is no preview of this."
        raise NotFound(msg)
    comfort = call.app.moderation.look(
        visitor.staff.id,
        id_,
        about.content.number,
        subject(notice, about),
        confirmed=confirmed(notice, about),
        contested=bool(notice.open_complaints),
        young=notice.young_at is not None,
    )
    picture = call.app.previews.get(about.content.ref, side=comfort.side_px, grey=comfort.greyscale)
    return Reply(picture, _PNG)


def address(call: Call, content: int) -> str:
    """Return where a preview that was just asked for is shown."""
    query = urlencode({"at": call.query.at, "proof": call.query.proof})
    return f"/console/notices/{call.path['notice']}/contents/{content}/preview?{query}"


def proof(visitor: Visitor, notice: NoticeId, content: str, at: int) -> str:
    """Return what shows that this session asked."""
    said = f"preview|{notice}|{content}|{at}".encode("utf-8", "surrogatepass")
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
