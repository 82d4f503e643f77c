# SPDX-License-Identifier: Apache-2.0
"""Keep webhooks, and deliver to them.

Each webhook has one job: whoever holds it posts what waits, in the order in which it was told and what has failed last,
until nothing is left or an attempt fails; then the whole webhook waits, longer each time. So a receiver that is down
costs one attempt now and then, and the others are told meanwhile. What was posted but could not be kept as delivered is
posted again, under the same id.
"""

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from noli.base.clock import Clock
from noli.base.errors import Conflict, Forbidden, InputError, Unavailable
from noli.jobs.model import Lane, Lease, Task
from noli.outbox import rules
from noli.outbox.model import TEST, Delivery, DeliveryState, OutboxMessage, Webhook, WebhookId
from noli.outbox.ports import DELIVER, Poster, Webhooks

# Deliveries of one webhook in a row, and the term of the lease for them: longer than so many slow receivers take, name
# servers included.
_AT_ONCE = 4
_TERM = timedelta(minutes=5)

_ID_BYTES, _SECRET_BYTES = 8, 32


class NotDelivered(Unavailable):
    """A receiver did not take a message; it is tried again."""

    code = "not-delivered"


class WebhookService:
    """The use cases around webhooks; safe to call from many threads."""

    def __init__(
        self, store: Webhooks, clock: Clock, poster: Poster, *, dice: Callable[[], float], types: Collection[str]
    ) -> None:
        """Keep the collaborators; ``dice`` returns numbers from 0 to 1, ``types`` are those that messages have."""
        self._store, self._clock, self._poster, self._dice, self._types = store, clock, poster, dice, types

    @property
    def task(self) -> Task:
        """What the caretaker does."""
        return Task(kind=DELIVER, run=self.deliver, term=_TERM, lane=Lane.NETWORK)

    def create(self, url: str, types: Sequence[str], *, note: str, by: str) -> tuple[Webhook, str]:
        """Make a webhook.

        Returns:
            The webhook, and its secret, which nobody can be told again.

        Raises:
            InputError: The address or a type is none, or the address is one that is never called.
        """
        id_ = WebhookId(secrets.token_hex(_ID_BYTES))
        made = Webhook(id_, url, tuple(dict.fromkeys(types)), note, True, by, self._clock.now())  # noqa: FBT003 - a field
        self._check(made)
        secret = secrets.token_bytes(_SECRET_BYTES)
        self._store.add(made, secret=secret)
        return made, rules.secret_text(secret)

    def get(self, webhook: WebhookId) -> Webhook:
        """Return a webhook. Raises NotFound."""
        return self._store.get(webhook)

    def secret(self, webhook: WebhookId) -> str:
        """Return a webhook's secret as it was shown, for the answer to whoever made it. Raises NotFound."""
        return rules.secret_text(self._store.secret(webhook))

    def all(self) -> list[Webhook]:
        """List webhooks, oldest first."""
        return self._store.all()

    def change(self, webhook: WebhookId, change: Callable[[Webhook], Webhook]) -> Webhook:
        """Change a webhook. Raises NotFound, InputError; what was accepted before a rule stays as it is."""
        found = self._store.get(webhook)
        changed = change(found)
        if (changed.url, changed.types) != (found.url, found.types):
            self._check(changed)
        self._store.change(changed, now=self._clock.now())
        return changed

    def remove(self, webhook: WebhookId) -> None:
        """Forget a webhook and its deliveries. Raises NotFound."""
        self._store.remove(webhook)

    def deliveries(
        self, webhook: WebhookId, *, state: DeliveryState | None = None, before: int | None = None, limit: int = 100
    ) -> list[Delivery]:
        """List deliveries, newest first. Raises NotFound."""
        return self._store.deliveries(webhook, state=state, before=before, limit=limit)

    def resend(self, webhook: WebhookId, number: int) -> Delivery:
        """Send a delivery again, under the id that it had.

        Raises:
            NotFound: There is no such delivery.
            Conflict: It waits already.
        """
        if self._store.delivery(webhook, number).state is DeliveryState.WAITING:
            msg = "This delivery waits already; it is tried again by itself."
            raise Conflict(msg)
        return self._store.resend(webhook, number, now=self._clock.now())

    def test(self, webhook: WebhookId) -> Delivery:
        """Post a test message at once, once, and return what became of it. Raises NotFound."""
        found, now = self._store.get(webhook), self._clock.now()
        message = OutboxMessage(f"msg_{secrets.token_hex(16)}", TEST, found.id, now)
        delivery = self._store.tell_one(webhook, message, now=now)
        tried = self._attempt(found, delivery)
        if tried.state is DeliveryState.WAITING:
            tried = replace(tried, state=DeliveryState.DEAD, settled_at=self._clock.now())
        self._store.settle(tried, lease=None)
        return tried

    def deliver(self, lease: Lease) -> datetime | None:
        """Do the job of one webhook.

        Returns:
            When there is more to do; None where nothing waits.

        Raises:
            NotDelivered: The receiver did not take a message.
            LeaseLost: Another process has taken over.
        """
        webhook = next((each for each in self._store.all() if each.id == lease.subject), None)
        if webhook is None or not webhook.enabled:
            return None
        for _ in range(_AT_ONCE):
            delivery = self._store.due(webhook.id, now=self._clock.now())
            if delivery is None:
                return self._store.next_due(webhook.id)
            tried = self._attempt(webhook, delivery)
            self._store.settle(tried, lease=lease)
            if tried.state is not DeliveryState.DELIVERED:
                msg = "A webhook's receiver did not take a message."
                raise NotDelivered(msg)
        return self._clock.now()

    def _check(self, webhook: Webhook) -> None:
        rules.check_webhook(webhook, self._types)
        try:
            self._poster.check(webhook.url)
        except Forbidden as error:
            raise InputError(error.public) from error

    def _attempt(self, webhook: Webhook, delivery: Delivery) -> Delivery:
        secret, now = self._store.secret(webhook.id), self._clock.now()
        headers = rules.headers(delivery.message, secret, now=now)
        status, reason = None, ""
        try:
            status = self._poster.post(webhook.url, rules.body(delivery.message), headers)
        except (Unavailable, Forbidden) as error:
            reason = error.public
        return rules.answered(delivery, status, reason, now=self._clock.now(), dice=self._dice())
