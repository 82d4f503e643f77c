# SPDX-License-Identifier: Apache-2.0
"""What a list shows of a pursuit."""

import pytest

from noli.base.errors import IntegrityError
from noli.pursuit.model import Pursuit, PursuitId, PursuitState, Rung
from noli.pursuit.summaries import summary
from tests.support.pursuit import Pursuits


def test_a_list_shows_the_next_deadline_and_the_highest_rung() -> None:
    """Counts, clocks and rungs; nothing that says where or whom."""
    desk = Pursuits()
    pursuit = desk.sent()
    listed = summary(pursuit)
    assert (listed.state, listed.rung, listed.copies, listed.requests) == (PursuitState.RUNNING, Rung.HOST, 2, 1)
    assert pursuit.requests[0].due is not None
    assert (listed.due_at, listed.lapsed) == (pursuit.requests[0].due.at, 0)
    assert "copies.example" not in repr(listed)


def test_a_pursuit_without_a_beginning_is_damage() -> None:
    """What cannot be is called by its name."""
    with pytest.raises(IntegrityError):
        summary(Pursuit(PursuitId("pursuit")))
