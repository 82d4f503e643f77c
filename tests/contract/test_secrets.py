# SPDX-License-Identifier: Apache-2.0
"""What the database gives away without the key file: nothing; and what changes of the past it refuses."""

import base64
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from noli.access.model import Role
from noli.adapters.sql import tables as t
from noli.adapters.sql.rewrap import key_ids, rewrap
from noli.app import App
from noli.base.config import Config
from noli.base.errors import ConfigError, IntegrityError
from noli.casework import work
from noli.casework.model import CaseId, NewLink, Receipt, Recovery
from tests.conftest import opened
from tests.support.casework import CALLER, made_up_item, submission

MARKS = (
    "marked-contact",
    "marked-label",
    "marked-narrative",
    "marked-link",
    "marked-note",
    "marked-message",
    "marked-reply",
)
MARKED = submission(
    made_up_item(1, label="marked-label"),
    contact="marked-contact@example.org",
    narrative="marked-narrative",
    links=(NewLink("https://site.example/marked-link", "marked-note"),),
    recovery=Recovery.CODE,
)


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[App]:
    """An installation on each kind of database, with slow hashing made quick."""
    settings = Config(data=tmp_path, database_url=database_url, password_memory_mib=8, proof_of_work_bits=4)
    opened(database_url, tmp_path).close()
    made = App.open(settings)
    made.indexes.load(made.store)
    yield made
    made.close()


def _submit(app: App) -> tuple[Receipt, CaseId]:
    proof = work.solve(app.intake.challenge())
    receipt = app.intake.submit(MARKED, token=app.intake.new_token(), proof=proof, caller=CALLER)
    return receipt, app.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case


def _everything(app: App, folder: Path) -> bytes:
    """Return every byte of the database: of its files, or of all its rows."""
    if app.database.engine.dialect.name == "sqlite":
        return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    found = []
    with app.database.engine.connect() as connection:
        for table in t.metadata.sorted_tables:
            for row in connection.execute(table.select()):
                found += [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row]
    return b"\n".join(found)


def _forms(mark: str) -> list[bytes]:
    plain = mark.encode()
    return [
        plain,
        plain[::-1],
        plain.hex().encode(),
        plain.hex().upper().encode(),
        base64.b64encode(plain)[: len(plain) // 3 * 4],
        mark.encode("utf-16-le"),
        mark.encode("utf-16-be"),
    ]


def test_plaintext_hunt(app: App, tmp_path: Path) -> None:
    """No text, number, word, code or token that was used can be found in any byte on the disk, in any common form."""
    receipt, case = _submit(app)
    app.cases.send_message(case, "marked-message")
    staff, set_up = app.staff.create("anna", Role.LEAD)
    app.desk.reply(staff, case, "marked-reply")
    session = app.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).session
    secret = app.staff.enrolment(set_up).secret
    # Single words of a passphrase are common; two of them in a row are not.
    words = receipt.passphrase.split()
    hunted = [
        *MARKS,
        receipt.number,
        receipt.number.replace("-", ""),
        receipt.recovery_code,
        session.token,
        secret,
        set_up,
    ]
    found = _everything(app, tmp_path)
    assert b"case.opened" in found
    hunted += [*(f"{one} {two}" for one, two in pairwise(words)), "-".join(words)]
    assert [mark for mark in hunted for form in _forms(mark) if form in found] == []


def test_the_database_does_not_tell_whose_entry_it_is(app: App) -> None:
    """Neither the bank names the case nor the case the entry, unless one has the key file."""
    _, case = _submit(app)
    entry = app.cases.view(case).items[0].entry
    assert entry is not None
    with app.database.engine.connect() as connection:
        bank = [str(row) for row in connection.execute(t.entry.select())]
        cases = [
            str(row)
            for table in (t.case_file, t.case_event, t.case_entry)
            for row in connection.execute(table.select())
        ]
        numbers = [bytes(row.digest) for row in connection.execute(t.case_entry.select())]
    assert not [row for row in bank if case in row]
    assert not [row for row in cases if str(entry) in row]
    assert entry.to_bytes(8) not in b"".join(numbers)


def test_erasing_leaves_nothing_to_open(app: App) -> None:
    """After erasing, even with the key file, no key is left that opens what was said."""
    _, case = _submit(app)
    app.cases.request_withdrawal(case, erase=True)
    with app.database.engine.connect() as connection:
        file = connection.execute(t.case_file.select()).one()
        private = [row.private for row in connection.execute(t.case_event.select())]
    assert (file.key_id, file.wrapped_key, file.number_sealed) == (None, None, None)
    assert set(private) == {None}
    assert key_ids(app.database.engine) == frozenset()


def test_sqlite_overwrites_the_destroyed_key(app: App, tmp_path: Path) -> None:
    """After erasing, the wrapped key is in no file any more, not even in the write-ahead log."""
    if app.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL overwrites at VACUUM; see docs/explanation/cases.md")
    _, case = _submit(app)
    with app.database.engine.connect() as connection:
        wrapped = bytes(connection.execute(sa.select(t.case_file.c.wrapped_key)).scalar_one())
    assert wrapped in _everything(app, tmp_path)
    app.cases.request_withdrawal(case, erase=True)
    assert wrapped not in _everything(app, tmp_path)


def test_a_sealed_text_moved_to_another_row_does_not_open(app: App) -> None:
    """Whoever swaps two people's sealed texts in the database is found out."""
    _, one = _submit(app)
    _, other = _submit(app)
    with app.database.engine.begin() as connection:
        rows = {
            row.case_id: row.private
            for row in connection.execute(t.case_event.select().where(t.case_event.c.sequence == 1))
        }
        for case, sealed in ((one, rows[other]), (other, rows[one])):
            update = t.case_event.update().where(t.case_event.c.case_id == case, t.case_event.c.sequence == 1)
            connection.execute(update.values(private=sealed))
    with pytest.raises(IntegrityError):
        app.cases.view(one)


def test_a_lost_key_file_is_not_made_anew(app: App, tmp_path: Path, database_url: str) -> None:
    """Where there are cases and the key file is gone, Noli says so instead of locking everybody out for good."""
    _submit(app)
    (tmp_path / "secrets" / "keys.json").unlink()
    again = App.open(Config(data=tmp_path, database_url=database_url))
    with pytest.raises(ConfigError, match="missing"):
        again.keyring.digest  # noqa: B018 - asking for it is the test
    again.close()


def test_the_key_file_may_lie_elsewhere(tmp_path: Path) -> None:
    """Where the settings name another place, the data folder holds no key."""
    elsewhere = tmp_path / "elsewhere" / "keys.json"
    app = App.open(Config(data=tmp_path / "data", key_file=str(elsewhere), password_memory_mib=8))
    app.staff.create("anna", Role.LEAD)
    app.close()
    assert elsewhere.exists()
    assert not (tmp_path / "data" / "secrets").exists()


def test_keys_are_rotated_and_an_interrupted_rotation_is_resumed(app: App) -> None:
    """Everything opens before, in the middle and after; the old key can go; a second run finishes the first."""
    cases = [_submit(app)[1] for _ in range(3)]
    app.staff.create("anna", Role.LEAD)
    engine = app.database.engine
    first = app.keyring.rotate()
    assert rewrap(engine, app.keyring, current=first, limit=1) == 2
    assert key_ids(engine) == {"k1", "k2"}
    assert [app.cases.view(case).contact for case in cases] == ["marked-contact@example.org"] * 3
    assert sum(app.rotate_keys(forget=True)) == 4
    assert key_ids(engine) == app.keyring.key_ids == {"k3"}
    assert [app.cases.view(case).contact for case in cases] == ["marked-contact@example.org"] * 3
    assert app.staff.all()


CHANGES = (
    "UPDATE ledger_entry SET actor = 'nobody' WHERE sequence = 1",
    "UPDATE ledger_entry SET sequence = 99 WHERE sequence = 1",
    "DELETE FROM ledger_entry WHERE sequence = 1",
    "DELETE FROM ledger_entry",
)


def test_the_ledger_refuses_to_be_changed(app: App) -> None:
    """Update, delete and replacing are refused by the database itself; the ledger stays whole."""
    _submit(app)
    changes = list(CHANGES)
    if app.database.engine.dialect.name == "sqlite":
        changes += [
            "INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry WHERE sequence = 1",
            "INSERT INTO ledger_entry SELECT 99, at, kind, subject, actor, commitment, leaf, link FROM ledger_entry",
        ]
    else:
        changes += ["TRUNCATE ledger_entry CASCADE"]
    for change in changes:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), app.database.engine.begin() as connection:
            connection.execute(sa.text(change))
    assert app.ledger.verify().whole


def test_a_change_past_the_triggers_is_found(app: App) -> None:
    """Who owns the database can drop the triggers; verifying still names what they did."""
    _submit(app)
    engine = app.database.engine
    before = app.ledger.verify().root
    drop = (
        ["DROP TRIGGER ledger_entry_no_update", "DROP TRIGGER ledger_entry_no_delete"]
        if engine.dialect.name == "sqlite"
        else ["ALTER TABLE ledger_entry DISABLE TRIGGER USER"]
    )
    with engine.begin() as connection:
        for statement in drop:
            connection.execute(sa.text(statement))
        connection.execute(sa.text("UPDATE ledger_entry SET actor = 'nobody' WHERE sequence = 2"))
    found = app.ledger.verify()
    # The entry is not what it was, and the event that it tells of says something else.
    assert [flaw.sequence for flaw in found.flaws] == [2, 2]
    assert not app.ledger.verify(noted=[before]).whole
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE ledger_entry SET actor = 'person' WHERE sequence = 2"))
    assert app.ledger.verify(noted=[before]).whole
