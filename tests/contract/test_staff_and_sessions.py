# SPDX-License-Identifier: Apache-2.0
"""What ``access.ports`` promises of staff and sessions, held against memory, SQLite and PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from noli.access.model import Passkey, Role, Session, SessionKind, Staff
from noli.access.ports import Sessions, StaffStore
from noli.adapters.keyring import KeyFile
from noli.adapters.sql.ledger import SqlLedger
from noli.adapters.sql.sessions import SqlSessions
from noli.adapters.sql.staff import SqlStaff
from noli.base.errors import Conflict, NotFound
from noli.evidence.service import LedgerService
from tests.conftest import opened
from tests.support.casework import MemorySessions
from tests.support.staff import MemoryStaff

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNTIL = NOW + timedelta(hours=48)
ANNA = Staff("id-anna", "anna", Role.LEAD, NOW)
LINK = b"link" * 8


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[StaffStore, Sessions]]:
    """Each implementation of the ports, empty; at the end the ledger of each database is verified."""
    if request.param == "memory":
        yield MemoryStaff(), MemorySessions()
        return
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    database = opened(url, tmp_path)
    yield SqlStaff(database.engine, KeyFile.make(tmp_path / "keys.json")), SqlSessions(database.engine)
    assert LedgerService(SqlLedger(database.engine)).verify().whole
    database.close()


@pytest.fixture
def staff(stores: tuple[StaffStore, Sessions]) -> StaffStore:
    """A store with one account that is not set up."""
    stores[0].add(ANNA, secret="SECRET", set_up=LINK, until=UNTIL)
    return stores[0]


@pytest.fixture
def sessions(stores: tuple[StaffStore, Sessions]) -> Sessions:
    """No sessions."""
    return stores[1]


def test_an_account_is_found(staff: StaffStore) -> None:
    """By name, by id and by its set-up token while that works; its secret is read back."""
    assert staff.find(name="anna") == staff.find(id="id-anna") == ANNA
    assert staff.find(name="id-anna") is None
    assert staff.by_set_up(LINK, now=UNTIL) == ANNA
    assert staff.by_set_up(LINK, now=UNTIL + timedelta(seconds=1)) is None
    assert staff.by_set_up(b"other", now=NOW) is None
    assert (staff.secret(ANNA), staff.verifier(ANNA)) == ("SECRET", None)
    assert staff.all() == [ANNA]
    with pytest.raises(NotFound):
        staff.secret(Staff("nobody", "nobody", Role.LEAD, NOW))


def test_a_name_is_taken_for_good(staff: StaffStore) -> None:
    """A second account of the name is refused, also when the first one was closed."""
    staff.disable(ANNA, now=NOW)
    with pytest.raises(Conflict, match="name"):
        staff.add(Staff("id-2", "anna", Role.LEAD, NOW), secret="OTHER", set_up=b"2" * 32, until=UNTIL)
    assert len(staff.all()) == 1


def test_an_account_is_set_up_once(staff: StaffStore) -> None:
    """The verifier is kept, the token is worth nothing any more, and a second set-up is refused."""
    staff.set_up(ANNA, verifier="verifier", step=5, now=NOW)
    found = staff.find(name="anna")
    assert found is not None
    assert (found.set_up_at, staff.verifier(ANNA)) == (NOW, "verifier")
    assert staff.by_set_up(LINK, now=NOW) is None
    with pytest.raises(Conflict):
        staff.set_up(ANNA, verifier="other", step=6, now=NOW)
    assert staff.verifier(ANNA) == "verifier"


def test_a_code_is_spent_once(staff: StaffStore) -> None:
    """The step of the set-up and every one that was used, with those before it, are refused."""
    staff.set_up(ANNA, verifier="verifier", step=5, now=NOW)
    assert [staff.spend(ANNA, step) for step in (5, 6, 6, 4, 8, 7, 9)] == [False, True, False, False, True, False, True]


def test_an_account_is_renewed_and_closed(staff: StaffStore) -> None:
    """Renewed it waits for its set-up with another secret; closed it has nothing to enter with."""
    staff.set_up(ANNA, verifier="verifier", step=5, now=NOW)
    staff.renew(ANNA, secret="FRESH", set_up=b"new" * 8, until=UNTIL, now=NOW)
    assert (staff.secret(ANNA), staff.verifier(ANNA)) == ("FRESH", None)
    assert staff.by_set_up(b"new" * 8, now=NOW) == ANNA
    staff.disable(ANNA, now=NOW)
    found = staff.find(id="id-anna")
    assert found is not None
    assert found.disabled_at == NOW
    assert staff.by_set_up(b"new" * 8, now=NOW) is None


def _session(subject: str = "case", *, at: datetime = NOW, kind: SessionKind = SessionKind.PERSON) -> Session:
    return Session(kind, subject, at, at)


def test_sessions_are_kept_until_they_end(sessions: Sessions) -> None:
    """Found by digest, touched, ended one by one; what is unknown changes nothing."""
    sessions.add(_session(), digest=b"1" * 32)
    assert sessions.find(b"1" * 32) == _session()
    assert sessions.find(b"2" * 32) is None
    later = NOW + timedelta(minutes=5)
    sessions.touch(b"1" * 32, now=later)
    sessions.touch(b"2" * 32, now=later)
    assert sessions.find(b"1" * 32) == Session(SessionKind.PERSON, "case", NOW, later)
    sessions.end(b"1" * 32)
    sessions.end(b"1" * 32)
    assert sessions.find(b"1" * 32) is None


def test_all_sessions_of_somebody_end(sessions: Sessions) -> None:
    """But one, or all; those of others stay."""
    for number in range(3):
        sessions.add(_session(), digest=b"%d" % number * 32)
    sessions.add(_session("other"), digest=b"o" * 32)
    sessions.add(_session(kind=SessionKind.STAFF), digest=b"s" * 32)
    sessions.end_all(SessionKind.PERSON, "case", but=b"1" * 32)
    assert [sessions.find(b"%d" % n * 32) is not None for n in range(3)] == [False, True, False]
    sessions.end_all(SessionKind.PERSON, "case")
    assert sessions.find(b"1" * 32) is None
    assert sessions.find(b"o" * 32) is not None
    assert sessions.find(b"s" * 32) is not None


def test_passkeys_and_recovery_codes_are_kept(staff: StaffStore) -> None:
    """They are found, used in the order of challenges, spent once, and gone when the account is renewed."""
    key = Passkey(b"key-1", ANNA.id, "Telephone", b"credential", NOW)
    staff.add_passkey(key)
    with pytest.raises(Conflict):
        staff.add_passkey(key)
    assert staff.passkeys(ANNA) == [staff.passkey(b"key-1")] == [key]
    assert staff.use_passkey(key, used_at=NOW, sign_count=3)
    assert not staff.use_passkey(key, used_at=NOW, sign_count=4)
    found = staff.passkey(b"key-1")
    assert found is not None
    assert (found.used_at, found.sign_count) == (NOW, 3)
    staff.set_recovery(ANNA, frozenset({b"a" * 32, b"b" * 32}), now=NOW)
    assert staff.spend_recovery(ANNA, b"a" * 32, now=NOW)
    assert not staff.spend_recovery(ANNA, b"a" * 32, now=NOW)
    assert staff.recovery_left(ANNA) == 1
    staff.remove_passkey(key, now=NOW)
    assert staff.passkey(b"key-1") is None
    staff.add_passkey(key)
    staff.renew(ANNA, secret="NEW", set_up=b"3" * 32, until=UNTIL, now=NOW)
    assert (staff.passkeys(ANNA), staff.recovery_left(ANNA)) == ([], 0)


def test_somebodys_sessions_are_listed(sessions: Sessions) -> None:
    """Newest first, and nobody else's."""
    for number, (subject, minutes) in enumerate((("anna", 0), ("bea", 1), ("anna", 2))):
        at = NOW + timedelta(minutes=minutes)
        sessions.add(Session(SessionKind.STAFF, subject, at, at), digest=bytes([number]) * 32)
    assert [digest[0] for digest, _ in sessions.of(SessionKind.STAFF, "anna")] == [2, 0]
