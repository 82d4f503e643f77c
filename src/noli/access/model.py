# SPDX-License-Identifier: Apache-2.0
"""API keys and scopes, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a key may do."""

    #: Post checks and read back recorded ones.
    CHECKS = "checks"
    #: Read and change banks and their entries.
    BANKS = "banks"
    #: See exact distances; only for whom the operator trusts with the banked hashes themselves.
    DISTANCES = "distances"
    #: Read Prometheus metrics.
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A caller. The token itself is never stored, only its SHA-256."""

    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None
