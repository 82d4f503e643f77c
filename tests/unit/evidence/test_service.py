# SPDX-License-Identifier: Apache-2.0
"""Verifying and reading a ledger through the service."""

from noli.evidence.model import Fact, LedgerRoot
from noli.evidence.service import LedgerService
from tests.support.casework import Casework


def test_a_ledger_is_verified_and_read() -> None:
    """What was recorded verifies, is listed newest first, and by subject."""
    world = Casework()
    for number in range(5):
        with world.memory.transaction(write=True) as transaction:
            transaction.record(Fact("case.viewed", f"case-{number % 2}", "staff:1"), now=world.clock.now())
    service = LedgerService(world.memory)
    assert service.verify().whole
    assert not service.verify(noted=LedgerRoot(9, bytes(32))).whole
    assert [entry.sequence for entry in service.page()] == [5, 4, 3, 2, 1]
    assert [entry.sequence for entry in service.page(subject="case-1", before=4)] == [2]
