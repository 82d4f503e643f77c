# SPDX-License-Identifier: Apache-2.0
"""Coming back: with number and words, with nothing less; and with a recovery code."""

import pytest

from noli.base.errors import Throttled, Unauthenticated
from noli.casework.model import Receipt, Recovery
from tests.support.casework import CALLER, Casework, made_up_item, submission


@pytest.fixture
def world() -> Casework:
    """Casework in memory."""
    return Casework()


@pytest.fixture
def receipt(world: Casework) -> Receipt:
    """A case with a recovery code."""
    return world.submit(submission(made_up_item(1), recovery=Recovery.CODE))


def test_number_and_words_open_the_case(world: Casework, receipt: Receipt) -> None:
    """Typed with small letters and dashes they open a session, which opens the case, until it is closed."""
    words = receipt.passphrase.upper().replace(" ", "-")
    entered = world.entrance.log_in(receipt.number.lower().replace("-", " "), words, caller=CALLER)
    token = entered.session.token
    assert world.entrance.authenticate(token) == entered.case
    world.sessions.close(token)
    with pytest.raises(Unauthenticated):
        world.entrance.authenticate(token)


def test_refusals_are_all_alike(world: Casework, receipt: Receipt) -> None:
    """Unknown number, no number, wrong words: the same words and the same cost."""
    other = world.submit(submission())
    said, cost = set(), set()
    for number, words in (
        (receipt.number, other.passphrase),
        (receipt.number, ""),
        ("0000-0000-0000", receipt.passphrase),
        ("no number at all", receipt.passphrase),
        ("", ""),
        ("\ud800", "\ud800"),
    ):
        before = world.hasher.asked
        with pytest.raises(Unauthenticated) as refused:
            world.entrance.log_in(number, words, caller=b"guesser")
        said.add((refused.value.public, refused.value.detail))
        cost.add(world.hasher.asked - before)
    assert len(said) == 1
    assert cost == {1}


def test_who_guesses_waits_and_the_owner_does_not(world: Casework, receipt: Receipt) -> None:
    """A thousand wrong attempts are slowed down to a few; the right words from elsewhere still open at once."""
    tried, waits = 0, set[int]()
    for _ in range(1000):
        try:
            world.entrance.log_in(receipt.number, "wrong words", caller=b"guesser")
        except Unauthenticated:
            tried += 1
        except Throttled as refused:
            waits.add(refused.retry_after_s)
        world.clock.move(seconds=1)
    assert tried < 20
    assert min(waits) >= 1
    with pytest.raises(Throttled):
        world.entrance.log_in(receipt.number, receipt.passphrase, caller=b"guesser")
    assert world.entrance.log_in(receipt.number, receipt.passphrase, caller=b"owner").case


def test_waiting_tells_nothing(world: Casework, receipt: Receipt) -> None:
    """A number that exists and one that does not are throttled after the same number of failures."""
    counts = []
    for number in (receipt.number, "0000-0000-0000"):
        count = 0
        while not _waits(world, number):
            count += 1
        counts.append(count)
    assert counts[0] == counts[1] > 0


def _waits(world: Casework, number: str) -> bool:
    """Fail once more; tell whether that was refused as too fast."""
    try:
        world.entrance.log_in(number, "wrong", caller=number.encode())
    except Unauthenticated:
        return False
    except Throttled:
        return True
    raise AssertionError


def test_a_recovery_code_gives_new_words(world: Casework, receipt: Receipt) -> None:
    """The new words open the case, the old ones and every session stop working; asking again works again."""
    before = world.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER)
    new = world.entrance.recover(receipt.recovery_code.lower(), caller=CALLER)
    assert new.number == receipt.number
    assert new.passphrase != receipt.passphrase
    with pytest.raises(Unauthenticated):
        world.entrance.authenticate(before.session.token)
    with pytest.raises(Unauthenticated):
        world.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER)
    assert world.entrance.log_in(new.number, new.passphrase, caller=CALLER).case == before.case
    newer = world.entrance.recover(receipt.recovery_code, caller=CALLER)
    assert world.entrance.log_in(newer.number, newer.passphrase, caller=CALLER).case
    assert [line.key for line in world.cases.view(before.case).timeline].count("passphrase.replaced") == 2


def test_an_unknown_recovery_code_is_refused(world: Casework, receipt: Receipt) -> None:
    """A wrong code costs as much as a right one, and guessing is slowed down."""
    before = world.hasher.asked
    for code in (receipt.recovery_code[:-1], "no code", ""):
        with pytest.raises(Unauthenticated):
            world.entrance.recover(code, caller=CALLER)
    assert world.hasher.asked == before + 3
    for _ in range(4):
        with pytest.raises(Unauthenticated):
            world.entrance.recover("no code", caller=CALLER)
    with pytest.raises(Throttled):
        world.entrance.recover("no code", caller=CALLER)
