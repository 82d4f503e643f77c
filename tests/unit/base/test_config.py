# SPDX-License-Identifier: Apache-2.0
"""What a process is for follows from its role and from the parts that are on."""

import pytest

from noli.base.config import Config


@pytest.mark.parametrize(
    ("role", "parts", "served", "does_jobs"),
    [
        ("all", "intake,api", {"intake", "api"}, True),
        ("api", "intake,api", {"api"}, False),
        ("api", "intake", set(), False),
        ("worker", "intake,api", set(), True),
    ],
)
def test_a_role_serves_what_is_on(role: str, parts: str, served: set[str], *, does_jobs: bool) -> None:
    """It serves of the parts that are on those of its role, and jobs are done by workers and by who does all."""
    config = Config(role=role, parts=parts)
    assert config.served == frozenset(served)
    assert config.does_jobs is does_jobs
