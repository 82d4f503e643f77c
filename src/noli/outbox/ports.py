# SPDX-License-Identifier: Apache-2.0
"""What the outbox needs from outside: a place that keeps it, and somebody who posts.

One suite (``tests/contract/test_webhooks.py``) holds every implementation of the store to this page.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from noli.jobs.model import Lease
from noli.outbox.model import Delivery, DeliveryState, OutboxMessage, Webhook, WebhookId

#: Kind of the jobs that deliver; their subject is a webhook.
DELIVER = "webhook"


class OutboxTransaction(Protocol):
    """Tells messages inside a transaction that saves what they are about; one that fails tells nobody anything."""

    def tell(self, message: OutboxMessage) -> None:
        """Keep a message for every webhook that wants it, and ask for the job that delivers it."""
        ...


class Webhooks(Protocol):
    """Keeps webhooks and deliveries."""

    def add(self, webhook: Webhook, *, secret: bytes) -> None:
        """Keep a webhook, its secret sealed."""
        ...

    def get(self, webhook: WebhookId) -> Webhook:
        """Return a webhook. Raises NotFound."""
        ...

    def secret(self, webhook: WebhookId) -> bytes:
        """Return a webhook's secret. Raises NotFound."""
        ...

    def all(self) -> list[Webhook]:
        """List webhooks, oldest first."""
        ...

    def change(self, webhook: Webhook, *, now: datetime) -> None:
        """Keep a webhook as it is now; where it is enabled, what waits for it is due at once. Raises NotFound."""
        ...

    def remove(self, webhook: WebhookId) -> None:
        """Forget a webhook and its deliveries. Raises NotFound."""
        ...

    def tell_one(self, webhook: WebhookId, message: OutboxMessage, *, now: datetime) -> Delivery:
        """Keep a message for one webhook alone; whoever calls delivers it."""
        ...

    def due(self, webhook: WebhookId, *, now: datetime) -> Delivery | None:
        """Return a delivery that waits and is due, the first told first.

        What was tried less often goes before: a message that is refused every time holds up no other.
        """
        ...

    def next_due(self, webhook: WebhookId) -> datetime | None:
        """Return when the next delivery is due; None where none waits."""
        ...

    def settle(self, delivery: Delivery, *, lease: Lease | None) -> None:
        """Keep what became of an attempt.

        Raises:
            LeaseLost: It was made under a lease that another process has taken over.
        """
        ...

    def delivery(self, webhook: WebhookId, number: int) -> Delivery:
        """Return one delivery. Raises NotFound."""
        ...

    def deliveries(
        self, webhook: WebhookId, *, state: DeliveryState | None = None, before: int | None = None, limit: int = 100
    ) -> list[Delivery]:
        """List deliveries, newest first. Raises NotFound for the webhook."""
        ...

    def resend(self, webhook: WebhookId, number: int, *, now: datetime) -> Delivery:
        """Let a delivery wait again from the beginning, due now, and ask for its job. Raises NotFound."""
        ...


class Poster(Protocol):
    """Posts to addresses that somebody else chose."""

    def check(self, url: str) -> None:
        """Refuse an address that would never be posted to, whatever its name stands for. Raises Forbidden."""
        ...

    def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> int:
        """Post, and return the HTTP status; the answer's body is not read.

        Raises:
            Unavailable: There was no answer; says why.
            Forbidden: The address is one that nobody outside may make this server call.
        """
        ...
