# SPDX-License-Identifier: Apache-2.0
"""Whatever people, staff, time and platforms do: nothing is lost, nothing doubled, nothing withdrawn matches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from noli.access.model import Role, Staff
from noli.bank.model import EntryState
from noli.base.errors import Conflict
from noli.casework import rules
from noli.casework.events import Event, ItemAdded
from noli.casework.model import Case, CaseId, ItemState, NewLink, Receipt, WithdrawalDelay
from noli.casework.ports import SeenMatch
from noli.casework.summaries import summary
from noli.evidence.service import LedgerService
from tests.support.cases import MemoryCases, MemoryCaseTransaction
from tests.support.casework import CALLER, Casework, FakeClock, made_up_item, submission

LEAD = Staff("lead", "lead", Role.LEAD, FakeClock().now(), FakeClock().now())


class Cases(RuleBasedStateMachine):
    """Everything that may happen to cases, in any order."""

    cases = Bundle("cases")

    def __init__(self) -> None:
        super().__init__()
        self.world = Casework()
        self.world.common.values = {made_up_item(seed).hashes[0].value for seed in range(0, 40, 5)}
        self.receipts: dict[CaseId, Receipt] = {}
        self.tokens: dict[str, tuple[CaseId, datetime]] = {}
        self.expected: dict[CaseId, set[int]] = {}
        self.checks = 0

    @rule(target=cases, seeds=st.sets(st.integers(0, 39), max_size=3), delay=st.sampled_from(WithdrawalDelay))
    def submit(self, seeds: set[int], delay: WithdrawalDelay) -> Any:
        token = self.world.intake.new_token()
        receipt = self.world.submit(submission(*map(made_up_item, sorted(seeds)), delay=delay), token=token)
        case = self.world.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case
        assert case not in self.receipts
        self.receipts[case] = receipt
        self.expected[case] = set(seeds)
        self.tokens[token] = case, self.world.clock.now()
        return case

    @rule(target=cases, data=st.data(), seed=st.integers(0, 39))
    def submit_again(self, data: st.DataObject, seed: int) -> Any:
        if not self.tokens:
            return multiple()
        token = data.draw(st.sampled_from(sorted(self.tokens)))
        case, at = self.tokens[token]
        try:
            receipt = self.world.submit(submission(made_up_item(seed)), token=token)
        except Conflict:
            assert self.world.clock.now() - at > timedelta(minutes=15)
            return multiple()
        assert receipt.number == self.receipts[case].number
        found = self.world.cases.view(case)
        if found.ended_at is None and found.withdrawal is None:
            self.expected[case].add(seed)
        return case

    @rule(case=cases, seed=st.integers(0, 39))
    def add(self, case: CaseId, seed: int) -> None:
        try:
            self.world.cases.add_items(case, (made_up_item(seed),))
        except Conflict:
            found = self.world.cases.view(case)
            assert found.ended_at is not None or found.withdrawal is not None
        else:
            self.expected[case].add(seed)

    @rule(case=cases, erase=st.booleans())
    def withdraw(self, case: CaseId, erase: bool) -> None:  # noqa: FBT001 - drawn by name
        self.world.cases.request_withdrawal(case, erase=erase)

    @rule(case=cases)
    def revoke(self, case: CaseId) -> None:
        self.world.cases.revoke_withdrawal(case)

    @rule(case=cases)
    def release(self, case: CaseId) -> None:
        for item in self.world.cases.view(case).protected:
            if item.held and self.world.cases.view(case).withdrawal is None:
                self.world.desk.release(LEAD, case, item.id)

    @rule(case=cases)
    def look(self, case: CaseId) -> None:
        self.world.desk.view(LEAD, case)

    @rule(case=cases)
    def link(self, case: CaseId) -> None:
        try:
            self.world.cases.add_links(case, (NewLink("https://site.example/a"),))
        except Conflict:
            assert self.world.cases.view(case).withdrawal or self.world.cases.view(case).ended_at

    @rule(case=cases)
    def match(self, case: CaseId) -> None:
        for item in self.world.cases.view(case).items:
            if item.entry is not None:
                self.checks += 1
                self.world.memory.found(SeenMatch(self.checks, item.entry, "site", "block", self.world.clock.now()))

    @rule(minutes=st.sampled_from([1, 20, 60 * 24, 60 * 73]))
    def wait(self, minutes: int) -> None:
        self.world.clock.move(minutes=minutes)
        self.world.upkeep.complete_withdrawals()
        while self.world.upkeep.record_matches():
            pass

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        for case, seeds in self.expected.items():
            found = self.world.cases.view(case)
            assert len(found.items) == len(seeds)
            assert found == rules.fold(case, self.world.memory.world.histories[case])
            assert self.world.memory.world.listed[case] == summary(found)
            assert (found.ended_at is None) == (len(found.protected) == len(found.items)) or not found.items

    @invariant()
    def what_matches_is_what_is_protected(self) -> None:
        banks = self.world.memory.world.banks.entries
        active = {id_: entry.bank for id_, entry in banks.items() if entry.state is EntryState.ACTIVE}
        wanted = {}
        for case in self.expected:
            for item in self.world.cases.view(case).items:
                if item.state is ItemState.PROTECTED:
                    assert item.entry is not None
                    wanted[item.entry] = "intake-held" if item.held else "intake"
        assert active == wanted

    @invariant()
    def the_ledger_is_whole(self) -> None:
        assert LedgerService(self.world.memory).verify().whole
        entries = [entry.fact.kind for entry in self.world.memory.entries() if entry.fact.kind != "case.viewed"]
        assert len(entries) == sum(map(len, self.world.memory.world.histories.values()))


TestCases = Cases.TestCase
TestCases.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)


class _Overtaking(MemoryCases):
    """A store in which somebody else always changes the case first."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator["MemoryCaseTransaction"]:
        with super().transaction(write=write) as transaction:
            if write and self.times:
                transaction.append = self._refuse  # type: ignore[method-assign, assignment] # what a slower process meets
            yield transaction

    def _refuse(self, _case: Case, events: Sequence[Event], **_: Any) -> Any:
        if isinstance(events[0], ItemAdded):
            self.times -= 1
        msg = "This case was changed meanwhile."
        raise Conflict(msg)


def test_who_is_overtaken_decides_again_once() -> None:
    """Where somebody else changed the case meanwhile it is read anew and tried once more; then it is a conflict."""
    store = _Overtaking(0)
    world = Casework(store)
    receipt = world.submit(submission(made_up_item(1)))
    case = world.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case
    store.times = 1
    assert len(world.cases.add_items(case, (made_up_item(2),)).items) == 2
    store.times = 2
    with pytest.raises(Conflict, match="Somebody else"):
        world.cases.add_items(case, (made_up_item(3),))
    with store.transaction() as transaction:
        assert transaction.banks.bank("intake").entries == 2
