# SPDX-License-Identifier: Apache-2.0
"""What a list of pursuits shows of one, without opening anything that is sealed."""

from noli.base.errors import IntegrityError
from noli.pursuit.model import LADDER, Pursuit, PursuitSummary


def summary(pursuit: Pursuit) -> PursuitSummary:
    """Return what a list shows of a pursuit that was opened."""
    if pursuit.opened_at is None or pursuit.updated_at is None:
        msg = "A pursuit has no beginning; restore the database from a backup."
        raise IntegrityError(msg)
    asked = [request for request in pursuit.requests if not request.dropped]
    sent = [request.to.rung for request in asked if request.sent_at is not None]
    running = pursuit.running
    return PursuitSummary(
        id=pursuit.id,
        case=pursuit.case,
        opened_at=pursuit.opened_at,
        updated_at=pursuit.updated_at,
        state=pursuit.state,
        rung=max(sent, key=LADDER.index, default=None),
        copies=len(pursuit.copies),
        requests=len(asked),
        due_at=running[0].due.at if running and running[0].due else None,
        lapsed=sum(request.lapsed_at is not None for request in asked),
    )
