# SPDX-License-Identifier: Apache-2.0
"""What was kept long enough is gone from the database, of each kind, and the ledger stays whole."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from noli.access.model import Role, SessionKind
from noli.adapters.sql import tables as t
from noli.adapters.sql.retention import SqlShelves
from noli.base.retention import CHECKS, SWEPT, Kind
from noli.casework import work
from noli.casework.model import AgeAnswer, Recipient, Situation, Submission
from noli.exchange.model import Bad, NewPartner, Protocol
from noli.jobs.model import Lease
from noli.matching.model import Answer, Probe
from noli.notices.figures import MEASURE
from noli.outbox.model import DeliveryState
from noli.retention.model import Due
from noli.retention.service import EVERY
from tests.support.casework import CALLER, made_up_item
from tests.support.notices import START
from tests.support.platform import FILLED, Platform, decision, hashes, upload

DAY = timedelta(days=1)


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    """A platform on each database, where nothing has to be reported before it is done."""
    with _platform(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Platform]:
    """The same on SQLite alone, for what does not depend on the database."""
    with _platform(tmp_path) as made:
        yield made


def _platform(folder: Path, url: str = "") -> Platform:
    settings = {"proof_of_work_bits": 1, "password_memory_mib": 8, "keep_cases_days": 800}
    return Platform(folder, url, jurisdictions="US", **settings)


def _due(platform: Platform, kind: Kind) -> int:
    return next(each.due.count for each in platform.app.retention.standing() if each.kind is kind)


def _rows(platform: Platform, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    with platform.app.database.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one())


def _one_of_each(platform: Platform) -> None:
    """Leave one thing of each kind behind that a clock runs for, all of one moment; checks have tests of their own."""
    app, now = platform.app, platform.clock.now()
    platform.post("/webhooks", {"url": "https://receiver.invalid/in", "types": ["notice.received"]})
    body = {"age": "adult", "filer": "self", "fields": FILLED, "notifier": "me", "contents": [upload(3)]}
    notice = platform.post("/notices", body, headers={"Idempotency-Key": "once"})["notice"]
    platform.post(f"/notices/{notice}/decisions", decision("remove", "intimate-without-consent"))
    platform.post(f"/notices/{notice}/copies", {"contents": [], "ended": True})
    app.sessions.open(SessionKind.STAFF, "nobody")
    app.checks.add([], [Probe("platform", bytes(32), Answer(bytes(16), 9), now)])
    submission = Submission(
        AgeAnswer.ADULT,
        Situation.FILES,
        "en",
        items=(made_up_item(5),),
        consents=frozenset({Recipient.HERE}),
        narrative="It was him.",
    )
    proof = work.solve(app.intake.challenge())
    app.intake.submit(submission, token=app.intake.new_token(), proof=proof, caller=CALLER)
    with app.database.engine.begin() as connection:
        case = connection.execute(sa.select(t.case_file.c.id)).scalar_one()
        delivered = {"state": DeliveryState.DELIVERED.value, "settled_at": now}
        connection.execute(t.outbox_delivery.update().values(delivered))
        # Proofs of work run out two hours after they were asked for.
        connection.execute(t.spent_challenge.update().values(expires_at=now))
    app.cases.request_withdrawal(case, erase=False)
    ada, _ = app.staff.create("ada", Role.MODERATOR)
    app.moderation.look(ada.id, notice, 1, "what", confirmed=True, contested=False, young=False)
    with app.exchange.transaction(write=True) as transaction:
        partner = transaction.add_partner(NewPartner("p", Protocol.NOLI), honours_withdrawal=True, now=now)
        transaction.quarantine(partner.id, [Bad("r", "unreadable")], now=now)


def test_each_kind_is_gone_after_its_time_and_the_ledger_is_whole(platform: Platform) -> None:
    """Not before it and not after it; what people wrote is unreadable, figures of what was decided are as they were."""
    _one_of_each(platform)
    start = platform.clock.now()
    ruled = _decided(platform)
    assert sum(ruled.values()) == 1
    periods = {kind: platform.app.config.kept(kind) or DAY for kind in SWEPT if kind is not CHECKS}
    for period in sorted(set(periods.values())):
        kinds = [kind for kind, each in periods.items() if each == period]
        platform.clock.time = start + period - timedelta(seconds=1)
        assert [_due(platform, kind) for kind in kinds] == [0] * len(kinds), period
        platform.app.retention.sweep()
        platform.clock.move(seconds=1)
        due = [(kind.name, _due(platform, kind)) for kind in kinds]
        assert all(count >= 1 for _, count in due), due
        swept = platform.app.retention.sweep()
        assert [(kind.name, swept[kind.name] >= 1, _due(platform, kind)) for kind in kinds] == [
            (kind.name, True, 0) for kind in kinds
        ]
    for table in (
        t.session,
        t.spent_challenge,
        t.probe,
        t.idempotency,
        t.look,
        t.quarantined,
        t.outbox_delivery,
        t.outbox_message,
    ):
        assert _rows(platform, table) == 0, table.name
    for table in (t.case_file, t.notice_file, t.record_file):
        assert _rows(platform, table, table.c.key_id.is_not(None)) == 0, table.name
    assert platform.app.ledger.verify().whole
    assert _decided(platform) == ruled
    counts = platform.app.reports.counts(since=START, until=START + DAY)
    assert (counts["notices"]["received"], counts["notices"]["remove"]) == (1, 1)


def _decided(platform: Platform) -> dict[tuple[date, str], int]:
    with platform.app.notices.store.transaction() as transaction:
        counted = transaction.counted(since=START.date())
    return {(day, name): count for (day, name), count in counted.items() if name.startswith(MEASURE)}


def _checked(platform: Platform, reference: str) -> str:
    """Let an upload match, and whoever reads matches read it."""
    made: str = platform.post("/checks", {"hashes": hashes(1)[:1], "content_ref": reference}, expect=200)["check_id"]
    platform.wait(minutes=1)
    platform.app.upkeep.record_matches()
    return made


def _protected(platform: Platform, action: str) -> None:
    platform.post("/banks", {"name": "protected", "action": action})
    platform.post("/banks/protected/entries", {"hashes": hashes(1)[:1]})


def test_checks_go_in_portions_and_the_next_one_is_read(platform: Platform) -> None:
    """What was refused stands in notices; the newest is emptied, so that no later one is passed over by who reads."""
    _protected(platform, "block")
    first, second = (_checked(platform, f"post-{number}") for number in range(2))
    shelves = SqlShelves(platform.app.database.engine, platform.app.keyring)
    later = platform.clock.now()
    assert shelves.due(CHECKS, before=START - DAY) == Due(0)
    assert shelves.due(CHECKS, before=later) == Due(2, START)
    assert shelves.forget(CHECKS, before=later, limit=1) == 1
    platform.get(f"/checks/{first}", expect=404)
    platform.get(f"/checks/{second}")
    assert shelves.forget(CHECKS, before=later, limit=9) == 1
    assert shelves.forget(CHECKS, before=later, limit=9) == 0
    platform.get(f"/checks/{second}", expect=404)
    assert platform.get("/checks")["checks"] == []
    assert _rows(platform, t.check_match) == 0
    [left] = _references(platform)
    assert left == ("", [])
    _checked(platform, "post-2")
    noticed = platform.get("/notices")["notices"]
    assert len(noticed) == 3, "the new match became a notice, and what was decided about the old ones is there"
    assert platform.app.ledger.verify().whole


def _references(platform: Platform) -> list[tuple[str, list[object]]]:
    query = sa.select(t.matched_check.c.content_ref, t.matched_check.c.hashes)
    with platform.app.database.engine.connect() as connection:
        return [(row.content_ref, row.hashes) for row in connection.execute(query)]


def test_a_check_stays_while_its_notice_is_at_work_or_held(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has to see how near it was; with the work done and the hold lifted it goes."""
    monkeypatch.setattr("noli.adapters.sql.retention._CHECKS", 1)
    _protected(platform, "review")
    kept = _checked(platform, "post-1")
    [notice] = [each["notice"] for each in platform.get("/notices")["notices"]]
    another = _checked(platform, "post-1")
    platform.clock.move(days=CHECKS.default + 1)
    assert _due(platform, CHECKS) == 0
    platform.app.retention.sweep()
    assert platform.get(f"/checks/{kept}")["content_ref"] == "post-1"
    platform.get(f"/checks/{another}")
    hold = {"reason": "The police asked.", "rule": "order 12", "author": "ada"}
    platform.post(f"/notices/{notice}/decisions", decision("keep", "false-match"))
    platform.post(f"/notices/{notice}/holds", hold)
    held = platform.get(f"/notices/{notice}")["holds"][0]["hold"]
    platform.app.retention.sweep()
    platform.get(f"/checks/{kept}")
    platform.post(f"/notices/{notice}/holds/{held}/lift", {"author": "ada"})
    assert _due(platform, CHECKS) == 2
    assert platform.app.retention.sweep()["checks"] == 2


def test_a_check_that_nobody_read_yet_stays(small: Platform) -> None:
    """However old it is: it becomes a notice first, also after a long standstill."""
    _protected(small, "block")
    small.post("/checks", {"hashes": hashes(1)[:1], "content_ref": "post-1"}, expect=200)
    small.clock.move(days=CHECKS.default + 1)
    assert "checks" not in small.app.retention.sweep()
    small.wait(minutes=1)
    assert "checks" not in small.app.retention.sweep(), "cases have not read it"
    small.app.upkeep.record_matches()
    assert small.app.retention.sweep() == {"checks": 1}
    assert len(small.get("/notices")["notices"]) == 1


def test_it_happens_by_itself(small: Platform) -> None:
    """The job is one of those that every server of the role does, and comes back."""
    small.app.sessions.open(SessionKind.STAFF, "nobody")
    small.clock.move(days=1)
    [task] = [each for each in small.app.tasks if each.kind == "retention"]
    assert task.every == EVERY
    task.run(Lease("retention", "", "", small.clock.now(), 0, 0))
    assert _rows(small, t.session) == 0


def test_a_database_without_keys_is_looked_at_all_the_same(small: Platform) -> None:
    """Where there is no key file no notice can need a check."""
    _protected(small, "block")
    _checked(small, "post-1")
    shelves = SqlShelves(small.app.database.engine, None)
    assert shelves.due(CHECKS, before=small.clock.now()).count == 1
