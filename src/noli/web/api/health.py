# SPDX-License-Identifier: Apache-2.0
"""Whether this process lives, whether it can answer, and what it counts."""

from contextlib import suppress

from noli.base.errors import Unavailable
from noli.web.api import schemas
from noli.web.api.operation import Call, Reply


async def alive(_call: Call) -> schemas.Alive:
    """Say that the process runs."""
    return schemas.Alive()


def ready(call: Call) -> schemas.Ready:
    """Say whether the index is loaded and follows the change sequence.

    Raises:
        Unavailable: The process is ending, or the index is not loaded yet or has been behind for too long.
    """
    app = call.app
    if app.draining:
        msg = "This process ends; others answer."
        raise Unavailable(msg)
    if not app.indexes.ready:
        msg = "The index is being loaded."
        raise Unavailable(msg)
    if app.follower.behind:
        msg = "The index cannot follow the database at this moment; it still matches what it holds."
        raise Unavailable(msg)
    lag: int | None = None
    with suppress(Unavailable):
        lag = app.lag()
    return schemas.Ready(ready=True, sequence=app.indexes.sequence, lag=lag, lag_s=round(app.follower.lag_s, 3))


def metrics(call: Call) -> Reply:
    """Write the counters for Prometheus."""
    return Reply(call.app.metrics.render(), call.operation.media_type)
