# SPDX-License-Identifier: Apache-2.0
"""Webhooks in memory, and a receiver that answers as it is told to."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from noli.base.errors import Forbidden, NoliError, NotFound
from noli.jobs.model import Lease
from noli.outbox.model import Delivery, DeliveryState, OutboxMessage, Webhook, WebhookId
from noli.outbox.ports import DELIVER
from noli.outbox.rules import wants
from tests.support.jobs import JobBook


@dataclass
class OutboxBook:
    """Everything that the outbox keeps; part of a world, so that a transaction can tell something."""

    jobs: JobBook = field(default_factory=JobBook)
    webhooks: dict[WebhookId, Webhook] = field(default_factory=dict)
    secrets: dict[WebhookId, bytes] = field(default_factory=dict)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    told: int = 0

    def tell(self, message: OutboxMessage) -> None:
        for webhook in self.webhooks.values():
            if wants(webhook, message.type):
                self.keep(webhook.id, message, due_at=message.at)
                self.jobs.schedule(DELIVER, webhook.id, due_at=message.at)

    def keep(self, webhook: WebhookId, message: OutboxMessage, *, due_at: datetime) -> Delivery:
        self.told += 1
        made = Delivery(self.told, webhook, message, DeliveryState.WAITING, 0, message.at, due_at)
        self.deliveries[made.number] = made
        return made


class MemoryWebhooks:
    """Keeps webhooks and deliveries: ``outbox.ports.Webhooks``."""

    def __init__(self, book: Callable[[], OutboxBook] | None = None) -> None:
        own = OutboxBook()
        self._book = book or (lambda: own)

    @property
    def book(self) -> OutboxBook:
        return self._book()

    def add(self, webhook: Webhook, *, secret: bytes) -> None:
        self.book.webhooks[webhook.id], self.book.secrets[webhook.id] = webhook, secret

    def get(self, webhook: WebhookId) -> Webhook:
        if webhook not in self.book.webhooks:
            msg = "There is no such webhook."
            raise NotFound(msg)
        return self.book.webhooks[webhook]

    def secret(self, webhook: WebhookId) -> bytes:
        self.get(webhook)
        return self.book.secrets[webhook]

    def all(self) -> list[Webhook]:
        return sorted(self.book.webhooks.values(), key=lambda each: (each.created_at, each.id))

    def change(self, webhook: Webhook, *, now: datetime) -> None:
        self.get(webhook.id)
        self.book.webhooks[webhook.id] = webhook
        if webhook.enabled:
            self.book.jobs.schedule(DELIVER, webhook.id, due_at=now, urgent=True)

    def remove(self, webhook: WebhookId) -> None:
        self.get(webhook)
        del self.book.webhooks[webhook]
        self.book.deliveries = {n: each for n, each in self.book.deliveries.items() if each.webhook != webhook}

    def tell_one(self, webhook: WebhookId, message: OutboxMessage, *, now: datetime) -> Delivery:
        self.get(webhook)
        return self.book.keep(webhook, message, due_at=now + timedelta(minutes=1))

    def due(self, webhook: WebhookId, *, now: datetime) -> Delivery | None:
        due = [each for each in self._waiting(webhook) if each.due_at <= now]
        return min(due, key=lambda each: (each.attempts, each.number), default=None)

    def next_due(self, webhook: WebhookId) -> datetime | None:
        return min((each.due_at for each in self._waiting(webhook)), default=None)

    def settle(self, delivery: Delivery, *, lease: Lease | None) -> None:
        if lease is not None:
            self.book.jobs.held(lease)
        self.book.deliveries[delivery.number] = delivery

    def delivery(self, webhook: WebhookId, number: int) -> Delivery:
        found = self.book.deliveries.get(number)
        if found is None or found.webhook != webhook:
            msg = "There is no such delivery."
            raise NotFound(msg)
        return found

    def deliveries(
        self, webhook: WebhookId, *, state: DeliveryState | None = None, before: int | None = None, limit: int = 100
    ) -> list[Delivery]:
        self.get(webhook)
        found = [each for each in self.book.deliveries.values() if each.webhook == webhook]
        kept = [each for each in found if state in {None, each.state} and (before is None or each.number < before)]
        return sorted(kept, key=lambda each: -each.number)[:limit]

    def resend(self, webhook: WebhookId, number: int, *, now: datetime) -> Delivery:
        fresh = {"state": DeliveryState.WAITING, "attempts": 0, "since": now, "due_at": now, "settled_at": None}
        again = replace(self.delivery(webhook, number), **fresh)  # type: ignore[arg-type] # a mapping of several types
        self.book.deliveries[number] = again
        self.book.jobs.schedule(DELIVER, webhook, due_at=now, urgent=True)
        return again

    def _waiting(self, webhook: WebhookId) -> list[Delivery]:
        waiting = [each for each in self.book.deliveries.values() if each.webhook == webhook]
        return [each for each in waiting if each.state is DeliveryState.WAITING]


class Receiver:
    """Takes what is posted; answers with the statuses or errors that were lined up, then with 204."""

    def __init__(self, *answers: int | NoliError) -> None:
        self.answers = list(answers)
        self.got: list[tuple[str, dict[str, Any], dict[str, str]]] = []

    def check(self, url: str) -> None:
        """Refuse one address."""
        if "inside" in url:
            msg = "This address leads inside."
            raise Forbidden(msg)

    def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> int:
        self.got.append((url, json.loads(content), dict(copy.copy(headers))))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, NoliError):
            raise answer
        return answer

    @property
    def ids(self) -> list[str]:
        return [headers["Webhook-Id"] for _, _, headers in self.got]
