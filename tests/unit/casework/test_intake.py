# SPDX-License-Identifier: Apache-2.0
"""Opening a case: what leaves no trace, what is never doubled, and what tells nothing."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from noli.access.delays import Quota
from noli.base.errors import Conflict, InputError, NotFound, Throttled, Unavailable
from noli.casework import work
from noli.casework.intake import ANSWERED_AGAIN_FOR, Intake
from noli.casework.model import AgeAnswer, CaseFilter, NewLink, Recovery, WithdrawalDelay
from noli.hashing.model import Hash
from tests.support.casework import CALLER, Casework, made_up_item, submission

LINK = NewLink(" https://site.example/a ", " profile ")


@pytest.fixture
def world() -> Casework:
    """Casework in memory."""
    return Casework()


def _cases(world: Casework) -> int:
    with world.store.transaction() as transaction:
        return len(transaction.page(CaseFilter()))


def _entries(world: Casework, bank: str = "intake") -> int:
    with world.store.transaction() as transaction:
        return transaction.banks.bank(bank).entries


@pytest.mark.parametrize("age", [AgeAnswer.UNDER_18, AgeAnswer.UNSURE])
def test_under_18_or_unsure_leaves_no_trace(world: Casework, age: AgeAnswer) -> None:
    """Nothing at all is made or stored: no case, no bank, no entry in the ledger, no hash computed."""
    with pytest.raises(InputError, match="Nothing was stored"):
        world.submit(submission(made_up_item(1), age=age))
    with world.store.transaction() as transaction:
        assert transaction.banks.banks() == []
        assert transaction.banks.last_sequence() == 0
    assert (_cases(world), list(world.memory.entries()), world.hasher.asked, world.common.asked) == (0, [], 0, 0)
    assert not world.memory.world.spent


def test_a_case_is_opened_with_what_was_submitted(world: Casework) -> None:
    """Items are registered in a bank that asks for review, each as one entry that tells nothing of the person."""
    receipt = world.submit(submission(made_up_item(1), made_up_item(2), links=(LINK,), recovery=Recovery.CODE))
    assert receipt.created
    assert receipt.recovery_code
    case = world.cases.view(world.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case)
    assert [item.label for item in case.items] == ["holiday", "holiday"]
    assert (case.links[0].url, case.links[0].note) == ("https://site.example/a", "profile")
    with world.store.transaction() as transaction:
        bank = transaction.banks.bank("intake")
        assert (bank.policy.action, bank.entries) == ("review", 2)
        for entry in transaction.banks.entries("intake"):
            assert len(entry.hashes) == 8
            said = f"{entry.provenance} {entry.labels} {entry.note}"
            assert case.id not in said
            assert "holiday" not in said


def test_no_recovery_by_default(world: Casework) -> None:
    """Without choosing one there is no recovery code."""
    assert world.submit(submission()).recovery_code == ""


def test_sending_twice_gives_the_same_receipt(world: Casework) -> None:
    """The answer that was lost on the way is given again, without a second case and without another proof."""
    token = world.intake.new_token()
    first = world.submit(submission(made_up_item(1), recovery=Recovery.CODE), token=token)
    world.clock.move(minutes=14)
    second = world.intake.submit(
        submission(made_up_item(1), recovery=Recovery.CODE), token=token, proof="", caller=CALLER
    )
    assert second == replace(first, created=False)
    assert (_cases(world), _entries(world)) == (1, 1)


def test_what_is_new_in_a_repeat_is_added(world: Casework) -> None:
    """Who goes back, adds a picture and sends again finds both in one case; language and choices stay as they were."""
    token = world.intake.new_token()
    first = world.submit(submission(made_up_item(1), language="de"), token=token)
    again = submission(made_up_item(1, label="other"), made_up_item(2), made_up_item(2), links=(LINK, LINK))
    second = world.submit(replace(again, recovery=Recovery.CODE), token=token)
    assert second == replace(first, created=False)
    case = world.cases.view(world.entrance.log_in(first.number, first.passphrase, caller=CALLER).case)
    assert (len(case.items), len(case.links), _entries(world)) == (2, 1, 2)


def test_a_repeat_after_the_withdrawal_adds_nothing(world: Casework) -> None:
    """A request that the network delivers late does not protect again what was withdrawn."""
    token = world.intake.new_token()
    first = world.submit(submission(made_up_item(1), delay=WithdrawalDelay.AFTER_72_HOURS), token=token)
    case = world.entrance.log_in(first.number, first.passphrase, caller=CALLER).case
    world.cases.request_withdrawal(case, erase=False)
    assert world.submit(submission(made_up_item(2)), token=token).number == first.number
    assert _entries(world) == 1


def test_a_token_is_no_second_key(world: Casework) -> None:
    """After a quarter of an hour the token gives nothing away any more."""
    token = world.intake.new_token()
    world.submit(submission(), token=token)
    world.clock.move(seconds=ANSWERED_AGAIN_FOR.total_seconds() + 1)
    with pytest.raises(Conflict, match="answered before"):
        world.submit(submission(), token=token)
    assert _cases(world) == 1


def test_pressing_send_many_times_makes_one_case(world: Casework) -> None:
    """Eight equal requests at the same moment make one case and get the same receipt."""
    token = world.intake.new_token()
    proof = work.solve(world.intake.challenge())
    receipts = []

    def send() -> None:
        receipts.append(world.submit(submission(made_up_item(1)), token=token, proof=proof))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(each.number, each.passphrase) for each in receipts}) == 1
    assert Counter(each.created for each in receipts) == {True: 1, False: 7}
    assert (_cases(world), _entries(world)) == (1, 1)


def test_who_comes_second_gets_the_first_ones_answer(world: Casework) -> None:
    """Where another process opened the case between looking and writing, its case is taken."""
    token = world.intake.new_token()
    again = world.submit
    raced = False

    def near(hashes: Sequence[Hash]) -> bool:
        nonlocal raced
        del hashes
        if not raced:
            raced = True
            again(submission(made_up_item(1)), token=token)
        return False

    world.common.near = near  # type: ignore[method-assign] # the moment between looking and writing
    receipt = again(submission(made_up_item(1)), token=token)
    assert not receipt.created
    assert (_cases(world), _entries(world)) == (1, 1)


def test_a_proof_is_taken_once(world: Casework) -> None:
    """One proof of work opens one case; without one there is none."""
    proof = work.solve(world.intake.challenge())
    world.submit(submission(), proof=proof)
    for wrong in (proof, "w1.nothing"):
        with pytest.raises(InputError, match="no longer valid"):
            world.submit(submission(), proof=wrong)
    assert _cases(world) == 1


def test_one_network_has_a_quota(world: Casework) -> None:
    """Past the quota a caller waits for the hour to end; another caller does not."""
    world.intake = Intake(
        world.files,
        keyring=world.keyring,
        hasher=world.hasher,
        words=world.words,
        quota=Quota(world.clock, per_hour=2),
        work_bits=0,
    )
    world.submit(submission())
    for _ in range(9):
        with pytest.raises(InputError):
            world.submit(submission(), proof="junk")
    world.submit(submission())
    with pytest.raises(Throttled) as refused:
        world.submit(submission())
    assert refused.value.retry_after_s == 3601
    proof = work.solve(world.intake.challenge())
    assert world.intake.submit(submission(), token=world.intake.new_token(), proof=proof, caller=b"other").created
    world.clock.move(hours=1)
    assert world.submit(submission()).created


def test_near_a_common_picture_it_is_held_without_a_word(world: Casework) -> None:
    """The answer is the same, the way is the same, but nothing matches until somebody has looked."""
    common, own = made_up_item(1), made_up_item(2)
    world.common.values = {common.hashes[3].value}
    held, free = world.submit(submission(common)), world.submit(submission(own))
    seen = []
    for receipt in (held, free):
        case = world.cases.view(world.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case)
        seen.append((case.timeline, len(receipt.passphrase.split()), case.protected[0].state))
        download = dict(world.cases.download(case.id))
        assert "held" not in str(download)
    assert seen[0] == seen[1]
    with world.store.transaction() as transaction:
        assert transaction.banks.bank("intake").entries == 1
        waiting = transaction.banks.bank("intake-held")
        assert (waiting.entries, waiting.policy.enabled) == (1, False)


def test_nothing_is_stored_while_the_banks_are_not_loaded(world: Casework) -> None:
    """Where it cannot be known whether a picture is common, the person is asked to try again; the proof stays good."""
    world.common.ready = False
    proof = work.solve(world.intake.challenge())
    with pytest.raises(Unavailable):
        world.submit(submission(made_up_item(1)), proof=proof)
    assert _cases(world) == 0
    world.common.ready = True
    assert world.submit(submission(made_up_item(1)), proof=proof).created


def test_a_failure_leaves_nothing_behind(world: Casework) -> None:
    """Where an item cannot be registered there is no case, no entry, and the proof is not spent."""
    proof = work.solve(world.intake.challenge())
    good = submission(made_up_item(1), made_up_item(2))
    bad = replace(good, items=(good.items[0], replace(good.items[1], hashes=())))
    with pytest.raises(InputError):
        world.submit(bad, proof=proof)
    with pytest.raises(NotFound):
        _entries(world)
    assert world.submit(good, proof=proof).created


def test_a_taken_number_is_a_conflict(world: Casework) -> None:
    """Should two submissions ever draw the same number, the second one is refused instead of sharing a case."""
    world.submit(submission(), token="A" * 43)
    door = next(iter(world.memory.world.doors.values()))
    world.memory.world.doors[door.case] = replace(door, submission=b"another")
    with pytest.raises(Conflict):
        world.submit(submission(), token="A" * 43)


def test_a_challenge_says_how_long_it_holds(world: Casework) -> None:
    """A page can show until when it may be left open."""
    assert world.intake.challenge().expires_at - world.clock.now() == timedelta(hours=2)
