# SPDX-License-Identifier: Apache-2.0
"""Webhooks are made, told, retried, given up, sent again and tested."""

from dataclasses import replace
from datetime import timedelta

import pytest

from noli.base.errors import Conflict, Forbidden, InputError, NotFound, Unavailable
from noli.jobs.model import Lane
from noli.jobs.ports import LeaseLost
from noli.jobs.service import Runner
from noli.outbox.model import DeliveryState, OutboxMessage, Webhook, WebhookId
from noli.outbox.ports import DELIVER
from noli.outbox.rules import TRIED_FOR
from noli.outbox.service import NotDelivered, WebhookService
from tests.support.casework import FakeClock
from tests.support.jobs import MemoryJobs
from tests.support.outbox import MemoryWebhooks, OutboxBook, Receiver

HOUR = timedelta(hours=1)

TYPES = ("case.opened", "other")


class World:
    """A service with its jobs, a clock and a receiver that can be told what to answer."""

    def __init__(self) -> None:
        self.clock, self.book, self.receiver = FakeClock(), OutboxBook(), Receiver()
        self.store = MemoryWebhooks(lambda: self.book)
        self.service = WebhookService(self.store, self.clock, self.receiver, dice=lambda: 1.0, types=TYPES)
        self.failures: list[Exception] = []
        self.jobs = MemoryJobs(lambda: self.book.jobs)
        self.task = self.service.task
        report = lambda _, error: self.failures.append(error)  # noqa: E731 - one line in a world of a test
        self.runner = Runner(self.jobs, self.clock, [self.task], dice=lambda: 1.0, report=report)

    def hook(self, types: tuple[str, ...] = ("*",)) -> Webhook:
        return self.service.create("https://receiver.example/noli", types, note="for us", by="key")[0]

    def tell(self, *ids: str) -> None:
        for each in ids:
            self.book.tell(OutboxMessage(each, "case.opened", "CASE1", self.clock.now()))

    def work(self) -> None:
        """Do what is due now."""
        while self.runner.step(Lane.NETWORK):
            pass

    def states(self, hook: Webhook) -> dict[str, DeliveryState]:
        return {each.message.id: each.state for each in self.service.deliveries(hook.id)}


def test_messages_are_posted_in_order_and_once() -> None:
    """What was told is posted in the order in which it was told; afterwards there is nothing to do."""
    world = World()
    hook = world.hook()
    world.hook(("other",))
    ids = [f"m{number}" for number in range(10)]
    world.tell(*ids)
    world.work()
    assert world.receiver.ids == ids
    assert set(world.states(hook).values()) == {DeliveryState.DELIVERED}
    assert world.jobs.waiting(DELIVER, hook.id) is None
    world.work()
    assert len(world.receiver.got) == 10


def test_a_receiver_that_is_down_is_tried_again_under_the_same_id() -> None:
    """A failure lets the whole webhook wait; later everything arrives, each under one id."""
    world = World()
    hook = world.hook()
    world.receiver.answers = [Unavailable("It cannot be reached."), 500]
    world.tell("m1", "m2")
    world.work()
    assert world.receiver.ids == ["m1"]
    assert isinstance(world.failures[0], NotDelivered)
    assert world.service.deliveries(hook.id)[1].reason == "It cannot be reached."
    world.clock.move(seconds=5)
    world.work()
    world.clock.move(seconds=10)
    world.work()
    assert world.receiver.ids == ["m1", "m2", "m1", "m2"]
    assert set(world.states(hook).values()) == {DeliveryState.DELIVERED}
    assert world.jobs.waiting(DELIVER, hook.id) is None


def test_what_nobody_takes_for_three_days_is_dead_and_can_be_sent_again() -> None:
    """Given up it stays visible with its reason; sending it again starts from the beginning, under the same id."""
    world = World()
    hook = world.hook()
    world.receiver.answers = [Forbidden("That address is not called.")] * 1000
    world.tell("m1")
    until = world.clock.now() + TRIED_FOR + HOUR
    while (job := world.jobs.waiting(DELIVER, hook.id)) and world.clock.now() < until:
        world.clock.time = max(world.clock.time, job.due_at)
        world.work()
    [dead] = world.service.deliveries(hook.id, state=DeliveryState.DEAD)
    assert dead.reason == "That address is not called."
    assert dead.attempts > 70
    world.receiver.answers.clear()
    again = world.service.resend(hook.id, dead.number)
    assert (again.state, again.attempts) == (DeliveryState.WAITING, 0)
    with pytest.raises(Conflict):
        world.service.resend(hook.id, dead.number)
    world.work()
    assert world.states(hook) == {"m1": DeliveryState.DELIVERED}
    assert set(world.receiver.ids) == {"m1"}


def test_a_message_that_is_refused_does_not_hold_up_the_others() -> None:
    """However often one message is refused, those behind it are posted before its next attempt."""
    world = World()
    hook = world.hook()
    world.receiver.answers = [400, 204, 204, 400, 204]
    world.tell("bad", "good", "better")
    world.work()
    world.clock.move(seconds=5)
    world.work()
    assert world.receiver.ids == ["bad", "good", "better", "bad"]
    world.tell("late")
    world.clock.move(seconds=10)
    world.work()
    assert world.receiver.ids[4:] == ["late", "bad"]
    assert set(world.states(hook).values()) == {DeliveryState.DELIVERED}


def test_disabled_and_removed_webhooks_are_not_called() -> None:
    """Disabled, what waits stays and nothing new is kept; enabled again it is posted; removed, nothing is left."""
    world = World()
    hook = world.hook()
    world.tell("m1")
    world.service.change(hook.id, lambda found: replace(found, enabled=False))
    world.tell("m2")
    world.work()
    assert world.receiver.got == []
    world.service.change(hook.id, lambda found: replace(found, enabled=True, note="again"))
    world.work()
    assert world.receiver.ids == ["m1"]
    assert world.service.get(hook.id).note == "again"
    world.tell("m3")
    world.service.remove(hook.id)
    world.work()
    assert world.receiver.ids == ["m1"]
    assert world.service.all() == []
    with pytest.raises(NotFound):
        world.service.remove(hook.id)


def test_a_test_call_is_made_at_once_and_once() -> None:
    """Its outcome is returned and kept; a failed one is not tried again."""
    world = World()
    hook = world.hook(("case.opened",))
    assert world.service.test(hook.id).state is DeliveryState.DELIVERED
    world.receiver.answers = [404]
    failed = world.service.test(hook.id)
    assert (failed.state, failed.status) == (DeliveryState.DEAD, 404)
    assert [body["type"] for _, body, _ in world.receiver.got] == ["webhook.test", "webhook.test"]
    world.clock.move(days=1)
    world.work()
    assert len(world.receiver.got) == 2
    with pytest.raises(NotFound):
        world.service.test(WebhookId("none"))


def test_what_was_posted_under_a_lost_lease_is_posted_again_under_its_id() -> None:
    """A process that was overtaken while it posted keeps nothing; the other posts the same id."""
    world = World()
    hook = world.hook()
    world.tell("m1")

    class Slow(Receiver):
        def post(self, url: str, content: bytes, headers: object) -> int:
            world.clock.move(minutes=6)
            lease = world.jobs.claim([world.task], now=world.clock.now())
            assert lease is not None
            world.jobs.release(lease, due_at=world.clock.now())
            return super().post(url, content, headers)  # type: ignore[arg-type] # as it came

    slow = WebhookService(world.store, world.clock, Slow(), dice=lambda: 1.0, types=TYPES)
    lease = world.jobs.claim([world.task], now=world.clock.now())
    assert lease is not None
    with pytest.raises(LeaseLost):
        slow.deliver(lease)
    assert world.states(hook) == {"m1": DeliveryState.WAITING}
    world.work()
    assert world.receiver.ids == ["m1"]
    assert world.states(hook) == {"m1": DeliveryState.DELIVERED}


def test_what_could_never_be_told_is_refused() -> None:
    """A wrong address or type is refused when a webhook is made, and when it is changed."""
    world = World()
    hook = world.hook()
    with pytest.raises(InputError):
        world.service.create("nonsense", ["*"], note="", by="key")
    with pytest.raises(InputError):
        world.service.change(hook.id, lambda found: replace(found, types=()))
    with pytest.raises(InputError, match=r"'foo.bar'. There are '\*', 'case.\*', 'other.\*'"):
        world.service.create("https://receiver.example/", ["foo.bar"], note="", by="key")
    with pytest.raises(InputError, match="inside"):
        world.service.create("https://inside.example/", ["*"], note="", by="key")
    with pytest.raises(InputError, match="inside"):
        world.service.change(hook.id, lambda found: replace(found, url="https://inside.example/"))
    assert world.service.get(hook.id) == hook
    assert len(world.service.all()) == 1


def test_what_was_accepted_before_can_be_switched_off() -> None:
    """A webhook with a type that is refused today is changed in everything else."""
    world = World()
    old = replace(world.hook(), id=WebhookId("old"), types=("gone.*",))
    world.store.add(old, secret=b"s")
    assert not world.service.change(old.id, lambda found: replace(found, enabled=False)).enabled
    assert world.service.secret(old.id) == "whsec_cw=="
