# SPDX-License-Identifier: Apache-2.0
"""Each process serves what its role and the settings say, and always tells of itself."""

import pytest

from noli.base.config import ROLES, Config
from noli.web.asgi import _served
from noli.web.routes import HEALTH, ROUTES


def paths(config: Config) -> set[str]:
    """Return what a process with these settings serves."""
    return {operation.path for operation in ROUTES if _served(operation, config)}


def test_the_roles_together_serve_what_one_process_serves() -> None:
    """Nothing is lost by sharing out, and nothing is served that a single process would not."""
    together = set[str]().union(*(paths(Config(role=role)) for role in ROLES if role != "all"))
    assert together == paths(Config())


@pytest.mark.parametrize("role", ROLES)
def test_every_role_tells_of_itself(role: str) -> None:
    """Load balancers and Prometheus look at all of them."""
    assert paths(Config(role=role)) >= HEALTH


def test_a_role_serves_its_own() -> None:
    """What belongs to another role is not there; a worker has nothing but its health."""
    assert paths(Config(role="worker")) == HEALTH
    assert "/api/v1/checks" in paths(Config(role="api")) - paths(Config(role="console"))
    assert "/console" in paths(Config(role="console")) - paths(Config(role="api"))
    assert "/notice" in paths(Config(role="intake")) - paths(Config(role="exchange"))


def test_what_the_settings_leave_out_no_role_serves() -> None:
    """The setting ``parts`` comes first."""
    assert "/notice" not in paths(Config(role="intake", parts="intake,api"))


def test_jobs_are_done_by_workers_and_by_who_does_everything() -> None:
    """Other roles only answer."""
    assert {role for role in ROLES if Config(role=role).does_jobs} == {"worker", "all"}
