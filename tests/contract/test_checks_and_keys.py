# SPDX-License-Identifier: Apache-2.0
"""What ``matching.ports.Checks`` and ``access.ports.Keys`` promise, held against memory, SQLite and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from noli.access.model import ApiKey, Scope
from noli.access.ports import Keys
from noli.bank.model import Action, BankPolicy, EntryId
from noli.bank.ports import BankStore
from noli.base.errors import Conflict, NotFound
from noli.hashing.model import Hash, Outcome
from noli.matching.model import Agreement, Answer, Check, Closeness, Decision, Match, Neighbour, Probe, Verdict
from noli.matching.ports import Blocks, Checks
from tests.conftest import opened
from tests.support.bits import some_hash
from tests.support.store import MemoryBanks, MemoryChecks, MemoryKeys

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

_BLOCK = Verdict.BLOCK


class _Checks(Checks, Blocks, Protocol):
    """What keeps checks, with what it knows of them."""


_Stores = tuple[_Checks, Keys, Neighbour]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[_Stores]:
    """Each implementation, with a neighbour whose bank exists."""
    database = None
    banks: BankStore
    checks: _Checks
    keys: Keys
    if request.param == "memory":
        banks, checks, keys = MemoryBanks(), MemoryChecks(), MemoryKeys()
    else:
        url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
        database = opened(url, tmp_path)
        banks, checks, keys = database.banks, database.checks, database.keys
    with banks.transaction(write=True) as t:
        bank = t.add_bank("one", BankPolicy(Action.BLOCK, 31, note="why"), now=NOW)
    yield checks, keys, Neighbour(bank, EntryId(7), 9, disputed=True)
    if database is not None:
        database.close()


def checked(name: str, *neighbours: Neighbour) -> Check:
    """Make a check that matched."""
    matches = tuple(Match(near, Closeness.NEAR, Verdict.REVIEW, "reason", 1) for near in neighbours)
    hashes = (Hash(some_hash(1), 80), Hash(some_hash(2), None))
    decision = Decision(Verdict.REVIEW, matches, "reason", capped=True)
    return Check(name, "post/1", "platform", Outcome.HASHED, decision, hashes, NOW)


def test_a_check_is_read_back_as_it_was_answered(stores: _Stores) -> None:
    """Decision, matches with the policy of that moment, hashes, reference and time."""
    checks, _, near = stores
    again = replace(near, entry=EntryId(9), looked_again=True)
    made = checked("c1", near, replace(near, entry=EntryId(8), distance_bits=31), again)
    checks.add([made])
    assert checks.get("c1") == made


def test_checks_are_listed_newest_first_in_pages(stores: _Stores) -> None:
    """A page goes on after the check it is given; one that is not there is said so."""
    checks, _, near = stores
    checks.add([checked(f"c{n}", near) for n in range(5)])
    assert [check.id for check in checks.page(limit=2)] == ["c4", "c3"]
    assert [check.id for check in checks.page(after="c3", limit=9)] == ["c2", "c1", "c0"]
    assert [len(checks.page(key=key)) for key in ("platform", "another")] == [5, 0]
    for act in (lambda: checks.get("none"), lambda: checks.page(after="none")):
        with pytest.raises(NotFound):
            act()


def test_what_an_entry_blocked_by_hash_is_counted(stores: _Stores) -> None:
    """Only blocks count, only by the hash of the whole, only since then; the newest come first."""
    checks, _, near = stores
    often, seldom = replace(near, entry=EntryId(8)), replace(near, entry=EntryId(9))
    by_regions = replace(often, agreement=Agreement(9, 900, 900))

    def blocked(name: str, neighbour: Neighbour, seed: int, *, hours: int = 0, verdict: Verdict = _BLOCK) -> Check:
        match = Match(neighbour, Closeness.NEAR, verdict, "reason", 1)
        hashes = (Hash(some_hash(99), 80), Hash(some_hash(seed), 80))
        at = NOW - timedelta(hours=hours)
        return Check(name, "", "platform", Outcome.HASHED, Decision(verdict, (match,), "reason"), hashes, at)

    checks.add([
        blocked("old", often, 1, hours=30), blocked("one", often, 2), blocked("two", often, 3),
        blocked("by regions", by_regions, 4), blocked("reviewed", often, 5, verdict=Verdict.REVIEW),
        blocked("another", seldom, 6),
    ])  # fmt: skip
    since = NOW - timedelta(hours=24)
    assert checks.blocking(since=since, least=2) == [8]
    assert sorted(checks.blocking(since=since, least=1)) == [8, 9]
    assert checks.blocked(EntryId(8), since=since, limit=9) == [some_hash(3), some_hash(2)]
    assert checks.blocked(EntryId(8), since=since, limit=1) == [some_hash(3)]


def test_what_keys_were_told_is_read_by_other_processes(stores: _Stores) -> None:
    """With the checks that it came with or alone, in order, from any number on."""
    checks, _, near = stores
    assert checks.probes(after=0, most=9) == (0, [])
    told = [
        Probe("k", some_hash(n), Answer(bytes([n]) * 16, None if n % 2 else n, exact=n > 2), NOW + timedelta(seconds=n))
        for n in range(4)
    ]
    checks.add([checked("c", near)], told[:3])
    first, read = checks.probes(after=0, most=9)
    assert read == told[:3]
    checks.add([], told[3:])
    assert checks.get("c").id == "c"
    assert checks.probes(after=first, most=9) == (first + 1, told[3:])
    assert checks.probes(after=0, most=2) == (first + 1, told[2:])
    assert checks.probes(after=first + 1, most=9) == (first + 1, [])


def test_no_checks_is_an_empty_page(stores: _Stores) -> None:
    """Before anything matched, the list is empty."""
    assert stores[0].page() == []


def test_a_key_is_found_by_its_digest(stores: _Stores) -> None:
    """With its scopes and its times, until and after it is revoked."""
    _, keys, _ = stores
    key = ApiKey("platform", frozenset({Scope.CHECKS, Scope.DISTANCES}), NOW)
    keys.add(key, digest=b"d" * 32)
    assert keys.find(b"d" * 32) == key
    assert keys.find(b"e" * 32) is None
    keys.revoke(replace(key, revoked_at=NOW))
    assert keys.find(b"d" * 32) == replace(key, revoked_at=NOW)


def test_a_key_name_is_taken_for_good(stores: _Stores) -> None:
    """Also the name of a revoked key."""
    _, keys, _ = stores
    key = ApiKey("platform", frozenset({Scope.CHECKS}), NOW)
    keys.add(key, digest=b"d" * 32)
    keys.revoke(replace(key, revoked_at=NOW))
    with pytest.raises(Conflict, match="platform"):
        keys.add(key, digest=b"e" * 32)
    with pytest.raises(NotFound):
        keys.revoke(replace(key, name="none"))


def test_keys_are_listed_by_name(stores: _Stores) -> None:
    """Revoked ones included."""
    _, keys, _ = stores
    for number, name in enumerate(("b", "a")):
        keys.add(ApiKey(name, frozenset({Scope.BANKS}), NOW), digest=bytes([number]) * 32)
    assert [key.name for key in keys.all()] == ["a", "b"]
