# SPDX-License-Identifier: Apache-2.0
"""Casework with everything in memory: services wired as in the composition root, a clock that tests move."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from noli.access.delays import Delays, Quota
from noli.access.model import Session, SessionKind
from noli.access.sessions import SessionService
from noli.base.errors import Unavailable
from noli.casework import work
from noli.casework.desk import Desk
from noli.casework.entrance import Entrance
from noli.casework.files import CaseFiles
from noli.casework.intake import Intake
from noli.casework.model import (
    AgeAnswer,
    ItemKind,
    NewItem,
    NewLink,
    Receipt,
    Recipient,
    Situation,
    Submission,
)
from noli.casework.ports import CaseStore
from noli.casework.service import CaseService
from noli.casework.upkeep import Upkeep
from noli.hashing.model import DIHEDRAL, Hash
from tests.support.cases import MemoryCases
from tests.support.secrecy import CheapHasher, MemoryKeyring

CALLER = b"caller"


class FakeClock:
    """Tells the time that it was set to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.time += timedelta(**by)


class NumberedWords:
    """7,500 made-up words."""

    def words(self, language: str) -> Sequence[str]:
        del language
        letters = "abcdefghijklmnopqrst"
        return [f"w{letters[n // 400]}{letters[n // 20 % 20]}{letters[n % 20]}" for n in range(7500)]


class FakeCommon:
    """Common pictures, by hash value."""

    def __init__(self) -> None:
        self.values: set[bytes] = set()
        self.ready = True
        self.asked = 0

    def near(self, hashes: Sequence[Hash]) -> bool:
        self.asked += len(hashes)
        if not self.ready:
            msg = "The banks are not loaded."
            raise Unavailable(msg)
        return any(one.value in self.values for one in hashes)


class MemorySessions:
    """Sessions in memory: ``access.ports.Sessions``."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Session] = {}

    def add(self, session: Session, *, digest: bytes) -> None:
        self.kept[digest] = session

    def find(self, digest: bytes) -> Session | None:
        return self.kept.get(digest)

    def touch(self, digest: bytes, *, now: datetime) -> None:
        if digest in self.kept:
            before = self.kept[digest]
            self.kept[digest] = Session(before.kind, before.subject, before.opened_at, now)

    def end(self, digest: bytes) -> None:
        self.kept.pop(digest, None)

    def of(self, kind: SessionKind, subject: str) -> list[tuple[bytes, Session]]:
        found = [(d, s) for d, s in self.kept.items() if (s.kind, s.subject) == (kind, subject)]
        return sorted(found, key=lambda each: (-each[1].opened_at.timestamp(), each[0]))

    def end_all(self, kind: SessionKind, subject: str, *, but: bytes = b"") -> None:
        self.kept = {d: s for d, s in self.kept.items() if (s.kind, s.subject) != (kind, subject) or d == but}


class Casework:
    """All services over one store."""

    def __init__(self, store: CaseStore | None = None, *, on_change: Callable[[], None] = lambda: None) -> None:
        self.clock = FakeClock()
        self.memory = MemoryCases()
        self.store = store or self.memory
        self.keyring, self.hasher, self.words = MemoryKeyring(), CheapHasher(), NumberedWords()
        self.common = FakeCommon()
        self.sessions = SessionService(MemorySessions(), self.clock)
        self.delays = Delays(self.clock)
        self.files = CaseFiles(self.store, self.clock, common=self.common, bank="intake", on_change=on_change)
        self.intake = Intake(
            self.files,
            keyring=self.keyring,
            hasher=self.hasher,
            words=self.words,
            quota=Quota(self.clock, per_hour=1000),
            work_bits=4,
        )
        self.entrance = Entrance(
            self.files,
            self.sessions,
            keyring=self.keyring,
            hasher=self.hasher,
            words=self.words,
            delays=self.delays,
        )
        self.cases = CaseService(self.files)
        self.desk = Desk(self.files, self.keyring)
        self.upkeep = Upkeep(self.files)

    def submit(self, submission: Submission, *, token: str = "", proof: str = "") -> Receipt:
        """Submit with a fresh token and a fresh proof, unless they are given."""
        proof = proof or work.solve(self.intake.challenge())
        return self.intake.submit(submission, token=token or self.intake.new_token(), proof=proof, caller=CALLER)


def made_up_item(seed: int, *, label: str = "holiday", kind: ItemKind = ItemKind.IMAGE) -> NewItem:
    """Return an item with eight made-up hashes of about 128 set bits."""
    dice = random.Random(seed)
    hashes = tuple(Hash(_balanced(dice), 90, variant=variant) for variant in DIHEDRAL)
    return NewItem(kind, label, hashes, times_ms=tuple(range(8)) if kind is ItemKind.VIDEO else ())


def _balanced(dice: random.Random) -> bytes:
    value = 0
    for bit in dice.sample(range(256), 128):
        value |= 1 << bit
    return value.to_bytes(32)


def submission(*items: NewItem, links: tuple[NewLink, ...] = (), **more: object) -> Submission:
    """Return a submission of an adult with these items."""
    situation = Situation.FILES if items else Situation.LINKS if links else Situation.THREAT
    given = {
        "age": AgeAnswer.ADULT,
        "situation": situation,
        "language": "en",
        "items": items,
        "links": links,
        "consents": frozenset(Recipient),
    }
    return Submission(**{**given, **more})  # type: ignore[arg-type] # tests name the fields
