# SPDX-License-Identifier: Apache-2.0
"""The proof of work holds exactly where its rule says so."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from noli.base.errors import InputError
from noli.base.secrecy import Purpose
from noli.casework import work
from tests.support.secrecy import MemoryKeyring

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYRING = MemoryKeyring()


def test_a_solved_challenge_holds() -> None:
    """What the solver finds has the leading zero bits of the rule and is accepted until the challenge expires."""
    made = work.challenge(KEYRING, bits=10, now=NOW)
    proof = work.solve(made)
    assert int.from_bytes(hashlib.sha256(proof.encode()).digest()) >> 246 == 0
    assert proof.startswith(made.text + ".")
    proven = work.check(KEYRING, proof, now=NOW + work.VALID_FOR)
    assert proven.expires_at == made.expires_at
    assert proven.id == work.check(KEYRING, proof, now=NOW).id
    assert proven.id != work.check(KEYRING, work.solve(work.challenge(KEYRING, bits=1, now=NOW)), now=NOW).id


def test_no_work_may_be_asked() -> None:
    """With a difficulty of zero any counter holds."""
    made = work.challenge(KEYRING, bits=0, now=NOW)
    assert work.check(KEYRING, f"{made.text}.7", now=NOW).id


def test_an_expired_challenge_is_refused() -> None:
    """A proof that comes too late is not taken."""
    proof = work.solve(work.challenge(KEYRING, bits=2, now=NOW))
    with pytest.raises(InputError):
        work.check(KEYRING, proof, now=NOW + work.VALID_FOR + timedelta(seconds=1))


def test_work_that_was_not_done_is_refused() -> None:
    """A counter that does not hold is refused, and so is a difficulty that the caller lowered."""
    made = work.challenge(KEYRING, bits=30, now=NOW)
    with pytest.raises(InputError):
        work.check(KEYRING, f"{made.text}.1", now=NOW)
    easier = made.text.replace("w1.30.", "w1.0.")
    with pytest.raises(InputError):
        work.check(KEYRING, f"{easier}.1", now=NOW)


def test_a_challenge_of_another_server_is_refused() -> None:
    """Only challenges signed with this installation's key count."""

    class Other(MemoryKeyring):
        def digest(self, purpose: Purpose, data: bytes) -> bytes:
            return super().digest(purpose, b"other" + data)

    with pytest.raises(InputError):
        work.check(KEYRING, work.solve(work.challenge(Other(), bits=2, now=NOW)), now=NOW)


def test_what_is_no_proof_is_refused() -> None:
    """Anything that is not of the form of a proof is refused with the same words."""
    proof = work.solve(work.challenge(KEYRING, bits=0, now=NOW))
    assert work.check(KEYRING, proof, now=NOW).id
    for wrong in (
        "",
        "w1.1.2.3.4",
        "w1.1.2.3.4.5.6",
        proof.replace("w1.", "w2."),
        proof + "x",
        proof + "9" * 30,
        proof + "9" * 300,
        proof.rpartition(".")[0] + ".01",
        proof.replace("w1.0.", "w1.x."),
        proof.replace("w1.0.", "w1.0.99999999"),
        proof[:-1] + "\u0661",
    ):
        with pytest.raises(InputError, match="no longer valid"):
            work.check(KEYRING, wrong, now=NOW)
