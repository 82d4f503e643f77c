# SPDX-License-Identifier: Apache-2.0
"""What ``outbox.ports`` promises, held against memory, SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from noli.adapters.keyring import KeyFile
from noli.adapters.sql.cases import SqlCases
from noli.adapters.sql.jobs import SqlJobs
from noli.adapters.sql.outbox import SqlWebhooks
from noli.adapters.sql.rewrap import rewrap
from noli.base.errors import NotFound
from noli.casework import rules
from noli.casework.model import CaseId
from noli.casework.ports import CaseTransaction, Door
from noli.jobs.model import Task
from noli.jobs.ports import Jobs, LeaseLost
from noli.outbox.model import Delivery, DeliveryState, OutboxMessage, Webhook, WebhookId
from noli.outbox.ports import DELIVER, Webhooks
from tests.conftest import opened
from tests.contract.test_case_store import OPENED, _append
from tests.support.cases import MemoryCases
from tests.support.jobs import MemoryJobs
from tests.support.outbox import MemoryWebhooks

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TASK = Task(kind=DELIVER, run=lambda _: None)


def _hook(number: int = 1, *types: str) -> Webhook:
    id_, at = WebhookId(f"w{number}"), NOW + number * SECOND
    return Webhook(id_, f"https://receiver.example/{number}", types or ("*",), "for us", True, "key", at)  # noqa: FBT003 - a field


class Stores:
    """Webhooks, jobs and transactions over one store."""

    def __init__(
        self, webhooks: Webhooks, jobs: Jobs, transaction: Callable[..., AbstractContextManager[CaseTransaction]]
    ) -> None:
        self.webhooks, self.jobs, self.transaction = webhooks, jobs, transaction

    def tell(self, *ids: str, type_: str = "case.opened") -> None:
        with self.transaction(write=True) as transaction:
            for each in ids:
                transaction.tell(OutboxMessage(each, type_, "CASE1", NOW, {"number": 1, "text": "ü"}))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Each implementation of the ports, empty."""
    if request.param == "memory":
        memory = MemoryCases()
        webhooks, jobs = MemoryWebhooks(lambda: memory.world.outbox), MemoryJobs(lambda: memory.world.outbox.jobs)
        yield Stores(webhooks, jobs, memory.transaction)
        return
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    database = opened(url, tmp_path)
    keys = KeyFile.make(tmp_path / "keys.json")
    yield Stores(
        SqlWebhooks(database.engine, keys), SqlJobs(database.engine), SqlCases(database.engine, keys).transaction
    )
    database.close()


def _waiting(number: int, hook: Webhook, id_: str) -> Delivery:
    message = OutboxMessage(id_, "case.opened", "CASE1", NOW, {"number": 1, "text": "ü"})
    return Delivery(number, hook.id, message, DeliveryState.WAITING, 0, NOW, NOW)


def test_webhooks_are_kept_changed_and_forgotten(stores: Stores) -> None:
    """Each is read back as it was kept, with its secret; what is forgotten takes its deliveries along."""
    store, one, two = stores.webhooks, _hook(1), _hook(2, "case.*", "match.found")
    store.add(two, secret=b"2" * 32)
    store.add(one, secret=b"1" * 32)
    assert store.all() == [one, two]
    assert (store.get(two.id), store.secret(two.id)) == (two, b"2" * 32)
    changed = replace(two, url="https://elsewhere.example/", types=("*",), note="", enabled=False)
    store.change(changed, now=NOW)
    assert store.get(two.id) == changed
    assert stores.jobs.waiting(DELIVER, two.id) is None
    store.change(two, now=NOW)
    assert stores.jobs.waiting(DELIVER, two.id) is not None
    stores.tell("m1")
    store.remove(two.id)
    assert store.all() == [one]
    assert [each.message.id for each in store.deliveries(one.id)] == ["m1"]
    for call in (store.get, store.secret, store.remove, store.deliveries):
        with pytest.raises(NotFound):
            call(two.id)
    with pytest.raises(NotFound):
        store.change(two, now=NOW)
    with pytest.raises(NotFound):
        store.tell_one(two.id, OutboxMessage("m", "t", "s", NOW), now=NOW)


def test_a_message_waits_for_each_webhook_that_wants_it(stores: Stores) -> None:
    """Wanting ones get a delivery and a job, in the order of telling; where nobody wants it nothing is kept."""
    one, two = _hook(1, "case.*"), _hook(2, "match.found")
    stores.webhooks.add(one, secret=bytes(32))
    stores.webhooks.add(two, secret=bytes(32))
    stores.tell("m0", type_="nobody.wants")
    stores.tell("m1", "m2")
    assert stores.webhooks.due(one.id, now=NOW - SECOND) is None
    first = stores.webhooks.due(one.id, now=NOW)
    assert first is not None
    assert first == _waiting(first.number, one, "m1")
    assert stores.webhooks.next_due(one.id) == NOW
    assert stores.jobs.waiting(DELIVER, one.id) is not None
    assert stores.webhooks.deliveries(two.id) == []
    assert stores.webhooks.next_due(two.id) is None
    assert stores.jobs.waiting(DELIVER, two.id) is None


def test_what_fails_tells_nobody(stores: Stores) -> None:
    """A transaction that is rolled back leaves no delivery and no job."""
    hook = _hook()
    stores.webhooks.add(hook, secret=bytes(32))

    def fail(transaction: CaseTransaction) -> None:
        transaction.tell(OutboxMessage("m1", "case.opened", "CASE1", NOW))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), stores.transaction(write=True) as transaction:
        fail(transaction)
    assert stores.webhooks.deliveries(hook.id) == []
    assert stores.jobs.waiting(DELIVER, hook.id) is None


def test_events_are_told_in_the_transaction_that_appends_them(stores: Stores) -> None:
    """Each event of a case is a message with its number and its place in the ledger, and nothing personal."""
    hook = _hook()
    stores.webhooks.add(hook, secret=bytes(32))
    case = CaseId("CASE1")
    with stores.transaction(write=True) as transaction:
        transaction.open(Door(case, b"n" * 32, "verifier", b"s" * 32, "en", NOW), number="NUMBER")
        _append(transaction, case, OPENED, now=NOW)
        after = rules.fold(case, transaction.history(case))
    assert after.version == 1
    [told] = stores.webhooks.deliveries(hook.id)
    assert told.message.id.startswith("evt_")
    assert (told.message.type, told.message.subject, told.message.at) == ("case.opened", case, NOW)
    assert told.message.data == {"number": 1, "ledger_sequence": 1}


def test_what_became_of_an_attempt_is_kept(stores: Stores) -> None:
    """A settled delivery is read back; those that failed wait for their time behind the others."""
    store, hook = stores.webhooks, _hook()
    store.add(hook, secret=bytes(32))
    stores.tell("m1", "m2")
    first = store.due(hook.id, now=NOW)
    assert first is not None
    failed = replace(first, attempts=1, due_at=NOW + MINUTE, status=500, reason="The receiver answered 500.")
    store.settle(failed, lease=None)
    second = store.due(hook.id, now=NOW)
    assert second is not None
    assert second.message.id == "m2"
    lease = stores.jobs.claim([TASK], now=NOW)
    assert lease is not None
    done = replace(second, state=DeliveryState.DELIVERED, attempts=1, status=204, settled_at=NOW)
    store.settle(done, lease=lease)
    assert store.delivery(hook.id, done.number) == done
    assert store.due(hook.id, now=NOW) is None
    assert store.next_due(hook.id) == NOW + MINUTE
    assert store.due(hook.id, now=NOW + MINUTE) == failed
    stores.tell("m3")
    fresh = store.due(hook.id, now=NOW + MINUTE)
    assert fresh is not None
    assert fresh.message.id == "m3"


def test_nothing_is_settled_under_a_lost_lease(stores: Stores) -> None:
    """Who was overtaken changes nothing."""
    store, hook = stores.webhooks, _hook()
    store.add(hook, secret=bytes(32))
    stores.tell("m1")
    lost, taken = stores.jobs.claim([TASK], now=NOW), stores.jobs.claim([TASK], now=NOW + MINUTE)
    assert lost is not None
    assert taken is not None
    delivery = store.due(hook.id, now=NOW)
    assert delivery is not None
    with pytest.raises(LeaseLost):
        store.settle(replace(delivery, attempts=9), lease=lost)
    assert store.delivery(hook.id, delivery.number) == delivery


def test_deliveries_are_listed_filtered_and_paged(stores: Stores) -> None:
    """Newest first; by state; pages follow each other; strangers' numbers lead nowhere."""
    store, hook, other = stores.webhooks, _hook(1), _hook(2)
    store.add(hook, secret=bytes(32))
    store.add(other, secret=bytes(32))
    stores.tell("m1", "m2", "m3")
    listed = store.deliveries(hook.id)
    assert [each.message.id for each in listed] == ["m3", "m2", "m1"]
    store.settle(replace(listed[1], state=DeliveryState.DEAD, settled_at=NOW), lease=None)
    assert [each.message.id for each in store.deliveries(hook.id, state=DeliveryState.DEAD)] == ["m2"]
    assert store.deliveries(hook.id, limit=1) == listed[:1]
    assert [each.message.id for each in store.deliveries(hook.id, before=listed[1].number)] == ["m1"]
    for webhook, number in ((hook.id, 999), (other.id, listed[0].number)):
        with pytest.raises(NotFound):
            store.delivery(webhook, number)
        with pytest.raises(NotFound):
            store.resend(webhook, number, now=NOW)


def test_a_dead_delivery_is_sent_again_from_the_beginning(stores: Stores) -> None:
    """It waits anew, its job is due at once however often it has failed."""
    store, hook = stores.webhooks, _hook()
    store.add(hook, secret=bytes(32))
    stores.tell("m1")
    lease = stores.jobs.claim([TASK], now=NOW)
    assert lease is not None
    stores.jobs.release(lease, due_at=NOW + 1000 * MINUTE, failures=9)
    [delivery] = store.deliveries(hook.id)
    dead = replace(delivery, state=DeliveryState.DEAD, attempts=80, status=500, reason="…", settled_at=NOW)
    store.settle(dead, lease=None)
    later = NOW + MINUTE
    again = store.resend(hook.id, dead.number, now=later)
    assert again == replace(dead, state=DeliveryState.WAITING, attempts=0, since=later, due_at=later, settled_at=None)
    assert store.delivery(hook.id, dead.number) == again
    job = stores.jobs.waiting(DELIVER, hook.id)
    assert job is not None
    assert (job.due_at, job.failures) == (later, 0)


def test_a_message_for_one_webhook_is_left_to_who_asked(stores: Stores) -> None:
    """It is nobody else's, and no job is asked for; later the job finds it, should its maker have died."""
    store, hook, other = stores.webhooks, _hook(1), _hook(2)
    store.add(hook, secret=bytes(32))
    store.add(other, secret=bytes(32))
    made = store.tell_one(hook.id, OutboxMessage("m1", "webhook.test", hook.id, NOW), now=NOW)
    assert store.deliveries(hook.id) == [made]
    assert store.deliveries(other.id) == []
    assert store.due(hook.id, now=NOW) is None
    assert store.due(hook.id, now=NOW + MINUTE) == made
    assert stores.jobs.waiting(DELIVER, hook.id) is None


def test_secrets_are_sealed_and_re_wrapped(database_url: str, tmp_path: Path) -> None:
    """The database alone does not hold a secret, and a rotated key file still opens it."""
    database = opened(database_url, tmp_path)
    keys = KeyFile.make(tmp_path / "keys.json")
    store, secret = SqlWebhooks(database.engine, keys), bytes(range(100, 132))
    store.add(_hook(), secret=secret)
    with database.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT wrapped_secret FROM webhook").scalar_one()
    assert secret not in bytes(row)
    assert rewrap(database.engine, keys, current=keys.rotate()) == 1
    keys.forget(frozenset({"k1"}))
    assert store.secret(_hook().id) == secret
    database.close()
