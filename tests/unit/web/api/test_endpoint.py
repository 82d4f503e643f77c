# SPDX-License-Identifier: Apache-2.0
"""So many requests are answered at one time; the next one is told so at once."""

from types import SimpleNamespace
from typing import cast

import pytest

from noli.adapters.metrics import Metrics
from noli.app import App
from noli.base.config import Config
from noli.web.api.endpoint import Gate
from noli.web.api.problems import Overloaded
from noli.web.routes import ROUTES

CHECK = next(each for each in ROUTES if each.path == "/api/v1/checks")
READY = next(each for each in ROUTES if each.path == "/readyz")


def test_requests_beyond_the_limit_are_turned_away_at_once() -> None:
    """Health is told even then, and who is done makes room, whatever became of it."""
    metrics = Metrics()
    gate = Gate(cast("App", SimpleNamespace(config=Config(calls_at_once=2), metrics=metrics)))
    with gate.place(CHECK), gate.place(CHECK):
        with pytest.raises(Overloaded) as refused, gate.place(CHECK):
            pass
        assert refused.value.retry_after_s == 1
        with gate.place(READY):
            assert b"noli_calls 3.0" in metrics.render()
    with pytest.raises(MemoryError), gate.place(CHECK):
        raise MemoryError
    assert b"noli_calls 0.0" in metrics.render()
