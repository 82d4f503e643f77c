# SPDX-License-Identifier: Apache-2.0
"""How long what is kept stands in one place, with a reason, and forgets no table."""

from collections import Counter
from datetime import timedelta

import pytest

from noli.adapters.config import load
from noli.adapters.sql.tables import metadata
from noli.base.config import Config
from noli.base.errors import ConfigError
from noli.base.retention import CHALLENGES, CHECKS, DAY, HOUR, LASTING, POLICY, SESSIONS, SWEPT, Ending

SET = [kind for kind in SWEPT if kind.setting]


def test_every_table_belongs_to_one_kind() -> None:
    """A new table needs a word on how long it is kept; nobody can forget it."""
    named = Counter(table for kind in POLICY for table in kind.tables)
    assert {name for name, count in named.items() if count > 1} == set()
    assert set(named) == set(metadata.tables)


def test_every_kind_says_why_and_what_happens_then() -> None:
    """What has a clock ends somehow; what has none is kept, and says until when; nothing is shredded without a rule."""
    assert len({kind.name for kind in POLICY}) == len(POLICY)
    assert all(kind.datum and kind.why and kind.since and kind.ends for kind in POLICY)
    assert all(kind.period is not None and kind.ending is not Ending.KEPT for kind in SWEPT)
    assert {kind.ending for kind in LASTING} == {Ending.KEPT}
    assert all(kind.rule for kind in SWEPT if kind.ending is Ending.SHREDDED)
    assert {kind.bounds for kind in LASTING} == {(0, 0)}


@pytest.mark.parametrize("kind", SET, ids=lambda kind: kind.name)
def test_a_period_is_set_within_its_bounds_alone(kind: object) -> None:
    """A setting counts from the floor to the ceiling; beyond, the start stops with its name."""
    assert kind in SET
    [found] = [each for each in SET if each is kind]
    low, high = found.bounds
    assert low <= found.default <= high
    assert load({found.setting: low}, environ={}).kept(found) == low * found.unit
    for wrong in (low - 1, high + 1):
        with pytest.raises(ConfigError, match=found.setting):
            load({found.setting: wrong}, environ={})


def test_defaults_are_those_of_the_policy() -> None:
    """Where nothing is set each kind is kept as long as its row says; what has no clock has no period."""
    config = Config()
    assert all(config.kept(kind) == kind.period for kind in POLICY)
    assert (CHECKS.setting, SESSIONS.setting, CHALLENGES.setting) == ("keep_checks_days", "keep_sessions_hours", "")
    assert (CHECKS.default * DAY, SESSIONS.default * HOUR) == (timedelta(days=200), timedelta(hours=12))
