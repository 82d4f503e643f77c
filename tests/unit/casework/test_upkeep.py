# SPDX-License-Identifier: Apache-2.0
"""What time does: withdrawals take effect when they are due, and matches are told once each."""

import pytest

from noli.bank.model import EntryId
from noli.casework.commands import EraseEnded
from noli.casework.model import CaseId, WithdrawalDelay
from noli.casework.ports import SeenMatch, SeenStep
from noli.casework.upkeep import EVERY, REFUSED_REASON
from noli.jobs.model import Lease
from tests.support.casework import CALLER, Casework, made_up_item, submission


@pytest.fixture
def world() -> Casework:
    """Casework in memory."""
    return Casework()


def _open(world: Casework, seed: int, delay: WithdrawalDelay = WithdrawalDelay.AT_ONCE) -> CaseId:
    receipt = world.submit(submission(made_up_item(seed), delay=delay))
    return world.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case


def _entry(world: Casework, case: CaseId) -> EntryId:
    entry = world.cases.view(case).items[0].entry
    assert entry is not None
    return entry


def _matched(world: Casework, number: int, entry: EntryId, verdict: str = "block") -> SeenMatch:
    return SeenMatch(number, entry, "site", verdict, world.clock.now())


def test_a_withdrawal_takes_effect_when_it_is_due(world: Casework) -> None:
    """Not a second before 72 hours; then once, in whichever process comes first."""
    case = _open(world, 1, WithdrawalDelay.AFTER_72_HOURS)
    world.cases.request_withdrawal(case, erase=True)
    world.clock.move(hours=71, minutes=59)
    assert world.upkeep.complete_withdrawals() == 0
    world.clock.move(minutes=1)
    assert world.upkeep.complete_withdrawals() == 1
    assert world.upkeep.complete_withdrawals() == 0
    found = world.cases.view(case)
    assert found.ended_at == found.erased_at == world.clock.now()


def test_a_withdrawn_case_is_erased_when_it_was_kept_long_enough(world: Casework) -> None:
    """From what happened to it last; open ones are the person's own, and what is erased stays so."""
    ended, later, kept = (_open(world, seed) for seed in range(3))
    for case in (ended, later):
        world.cases.request_withdrawal(case, erase=False)
    world.clock.move(days=1)
    world.cases.send_message(later, "One more thing.")
    before = world.clock.now()
    assert world.upkeep.erase_ended(before.replace(hour=0), 9) == 1
    world.files.act(kept, lambda *_: [EraseEnded()], actor="system")
    world.files.act(ended, lambda *_: [EraseEnded()], actor="system")
    erased = {case: world.cases.view(case).erased_at is not None for case in (ended, later, kept)}
    assert erased == {ended: True, later: False, kept: False}
    assert world.upkeep.erase_ended(before, 9) == 1
    assert world.upkeep.erase_ended(before, 9) == 0


def test_matches_are_told_once(world: Casework) -> None:
    """Each match is counted once, for its own case; those of other banks are passed over."""
    one, other = _open(world, 1), _open(world, 2)
    mine, theirs = _entry(world, one), _entry(world, other)
    world.memory.found(_matched(world, 1, mine), _matched(world, 1, EntryId(5)), _matched(world, 2, theirs))
    world.memory.found(_matched(world, 3, mine), _matched(world, 4, mine, "review"))
    world.clock.move(minutes=1)
    assert world.upkeep.record_matches() == 5
    assert world.upkeep.record_matches() == 0
    assert (world.cases.view(one).matches, world.cases.view(other).matches) == (3, 1)
    found = [line.data for line in world.cases.view(one).timeline if line.key == "match.found"]
    assert [(data["verdict"], data["count"]) for data in found] == [("block", 2), ("review", 1)]


def test_it_is_a_job_of_its_own(world: Casework) -> None:
    """Servers do it again and again."""
    assert (world.upkeep.task.kind, world.upkeep.task.every) == ("cases", EVERY)


def test_one_round_ends_while_its_lease_lasts(world: Casework, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of matches is read over several rounds, ten portions each, so that no lease runs out; none is lost."""
    monkeypatch.setattr("noli.casework.upkeep._AT_ONCE", 1)
    case = _open(world, 1)
    world.memory.found(*(_matched(world, number, _entry(world, case)) for number in range(1, 13)))
    world.clock.move(minutes=1)
    lease = Lease("cases", "", "", world.clock.now(), 0, 0)
    told = []
    for _round in range(2):
        world.upkeep.look_after(lease)
        told.append(world.cases.view(case).matches)
    assert told == [10, 12]


def test_fresh_checks_are_left_for_later(world: Casework) -> None:
    """What has just been recorded is not read yet: an older number may still be on its way."""
    case = _open(world, 1)
    world.memory.found(_matched(world, 1, _entry(world, case)))
    assert world.upkeep.record_matches() == 0
    world.clock.move(seconds=16)
    assert world.upkeep.record_matches() == 1


def test_matches_of_what_was_withdrawn_are_not_told(world: Casework) -> None:
    """A match that is told after the withdrawal, or after erasing, changes nothing."""
    kept, erased = _open(world, 1), _open(world, 2)
    world.memory.found(_matched(world, 1, _entry(world, kept)), _matched(world, 2, _entry(world, erased)))
    versions = [world.cases.request_withdrawal(kept, erase=False).version]
    versions += [world.cases.request_withdrawal(erased, erase=True).version]
    world.clock.move(minutes=1)
    assert world.upkeep.record_matches() == 2
    assert [world.cases.view(case).version for case in (kept, erased)] == versions


def test_an_entry_that_no_item_has_any_more_is_passed_over(world: Casework) -> None:
    """A match of the place where an item was held before its release changes nothing."""
    case = _open(world, 1)
    world.memory.world.entries[EntryId(99)] = case
    world.memory.found(_matched(world, 1, EntryId(99)))
    world.clock.move(minutes=1)
    assert world.upkeep.record_matches() == 1
    assert world.cases.view(case).matches == 0


def _step(world: Casework, entry: EntryId, step: str, *, partner: str = "platform") -> None:
    steps = world.memory.world.steps
    steps.append(SeenStep(len(steps) + 1, entry, partner, step))


def test_what_partners_were_given_and_said_is_told_once(world: Casework) -> None:
    """Each step once for all entries of a case, again after it was shared anew; other entries are passed over."""
    case = _open(world, 1)
    entry = _entry(world, case)
    for step in ("shared", "shared", "confirmed", "confirmed", "told", "refused", "told"):
        _step(world, entry, step)
    _step(world, EntryId(5), "shared")
    assert world.upkeep.record_shares() == 8
    assert world.upkeep.record_shares() == 0
    [share] = world.cases.view(case).shares
    assert (share.recipient, share.refused) == ("platform", REFUSED_REASON)
    assert None not in {share.confirmed_at, share.told_at}
    keys = [line.key for line in world.cases.view(case).timeline]
    assert keys[-4:] == ["share.made", "share.confirmed", "withdrawal.told", "withdrawal.refused"]
    _step(world, entry, "shared")
    _step(world, entry, "withdrawn", partner="another")
    world.upkeep.look_after(Lease("cases", "", "", world.clock.now(), 0, 0))
    [share] = world.cases.view(case).shares
    assert (share.told_at, share.refused) == (None, "")
    _step(world, entry, "told")
    _step(world, entry, "withdrawn")
    world.upkeep.record_shares()
    [share] = world.cases.view(case).shares
    assert share.withdrawn_at is not None


def test_sharing_that_was_on_its_way_is_not_told_after_a_withdrawal(world: Casework) -> None:
    """Who has taken everything back is not told that it was shared."""
    case = _open(world, 1)
    entry = _entry(world, case)
    world.cases.request_withdrawal(case, erase=False)
    _step(world, entry, "shared")
    world.upkeep.record_shares()
    assert world.cases.view(case).shares == ()
