# SPDX-License-Identifier: Apache-2.0
"""Migrations begin with nothing."""

import pytest

from tests.conftest import Cluster


@pytest.fixture
def postgresql_url(cluster: Cluster) -> str:
    """A PostgreSQL database without tables."""
    return cluster.empty()
