# SPDX-License-Identifier: Apache-2.0
"""Webhooks and deliveries in SQL: ``outbox.ports.Webhooks``, and telling inside another repository's transaction.

A webhook's secret is wrapped by the key file, so that a stolen database signs nothing.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row

from noli.adapters.sql import jobs
from noli.adapters.sql import tables as t
from noli.adapters.sql.engine import exclusive, transaction
from noli.base.errors import NotFound
from noli.base.secrecy import Keyring, WrappedKey
from noli.jobs.model import Lease
from noli.outbox.model import Delivery, DeliveryState, OutboxMessage, Webhook, WebhookId
from noli.outbox.ports import DELIVER
from noli.outbox.rules import wants

# How long the job of a webhook leaves a message alone that somebody posts by hand.
_BY_HAND = timedelta(minutes=1)

_hook, _message, _delivery = t.webhook.c, t.outbox_message.c, t.outbox_delivery.c

# All webhooks; made once, because every event asks who wants to hear of it.
_HOOKS = t.webhook.select().order_by(_hook.created_at, _hook.id)


class SqlWebhooks:
    """Keeps webhooks and deliveries."""

    def __init__(self, engine: Engine, keyring: Keyring) -> None:
        """Keep the collaborators."""
        self._engine, self._keyring = engine, keyring

    def add(self, webhook: Webhook, *, secret: bytes) -> None:
        """Keep a webhook."""
        wrapped = self._keyring.wrap(secret, place=webhook_place(webhook.id))
        values = {**_values(webhook), "key_id": wrapped.key_id, "wrapped_secret": wrapped.data}
        with exclusive(self._engine) as connection:
            connection.execute(t.webhook.insert().values(values))

    def get(self, webhook: WebhookId) -> Webhook:
        """Return a webhook."""
        with transaction(self._engine) as connection:
            return _read(_row(connection, webhook))

    def secret(self, webhook: WebhookId) -> bytes:
        """Return a webhook's secret."""
        with transaction(self._engine) as connection:
            row = _row(connection, webhook)
        return self._keyring.unwrap(WrappedKey(row.key_id, bytes(row.wrapped_secret)), place=webhook_place(webhook))

    def all(self) -> list[Webhook]:
        """List webhooks, oldest first."""
        with transaction(self._engine) as connection:
            return _all(connection)

    def change(self, webhook: Webhook, *, now: datetime) -> None:
        """Keep a webhook as it is now."""
        with exclusive(self._engine) as connection:
            _row(connection, webhook.id)
            connection.execute(t.webhook.update().where(_hook.id == webhook.id).values(_values(webhook)))
            if webhook.enabled:
                jobs.schedule(connection, DELIVER, webhook.id, due_at=now, urgent=True)

    def remove(self, webhook: WebhookId) -> None:
        """Forget a webhook and its deliveries."""
        with exclusive(self._engine) as connection:
            _row(connection, webhook)
            connection.execute(t.outbox_delivery.delete().where(_delivery.webhook_id == webhook))
            connection.execute(t.webhook.delete().where(_hook.id == webhook))

    def tell_one(self, webhook: WebhookId, message: OutboxMessage, *, now: datetime) -> Delivery:
        """Keep a message for one webhook alone."""
        with exclusive(self._engine) as connection:
            _row(connection, webhook)
            number = _keep(connection, message, [webhook], due_at=now + _BY_HAND)
            query = _deliveries().where(_delivery.message_number == number)
            return _delivered(connection.execute(query).one())

    def due(self, webhook: WebhookId, *, now: datetime) -> Delivery | None:
        """Return a delivery that waits and is due."""
        waits = _deliveries().where(*_waits(webhook), _delivery.due_at <= now)
        query = waits.order_by(_delivery.attempts, _delivery.number).limit(1)
        with transaction(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _delivered(row)

    def next_due(self, webhook: WebhookId) -> datetime | None:
        """Return when the next delivery is due."""
        # By its row and not by min(): the type of a time is lost in a function.
        query = sa.select(_delivery.due_at).where(*_waits(webhook)).order_by(_delivery.due_at).limit(1)
        with transaction(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def settle(self, delivery: Delivery, *, lease: Lease | None) -> None:
        """Keep what became of an attempt."""
        values = {
            "state": delivery.state.value,
            "attempts": delivery.attempts,
            "due_at": delivery.due_at,
            "status": delivery.status,
            "reason": delivery.reason,
            "settled_at": delivery.settled_at,
        }
        with transaction(self._engine, write=True) as connection:
            if lease is not None:
                jobs.fence(connection, lease)
            connection.execute(t.outbox_delivery.update().where(_delivery.number == delivery.number).values(values))

    def delivery(self, webhook: WebhookId, number: int) -> Delivery:
        """Return one delivery."""
        with transaction(self._engine) as connection:
            return _one(connection, webhook, number)

    def deliveries(
        self, webhook: WebhookId, *, state: DeliveryState | None = None, before: int | None = None, limit: int = 100
    ) -> list[Delivery]:
        """List deliveries, newest first."""
        query = _deliveries().where(_delivery.webhook_id == webhook).order_by(_delivery.number.desc()).limit(limit)
        if state is not None:
            query = query.where(_delivery.state == state.value)
        if before is not None:
            query = query.where(_delivery.number < before)
        with transaction(self._engine) as connection:
            _row(connection, webhook)
            return [_delivered(row) for row in connection.execute(query)]

    def resend(self, webhook: WebhookId, number: int, *, now: datetime) -> Delivery:
        """Let a delivery wait again from the beginning."""
        fresh = {"state": DeliveryState.WAITING.value, "attempts": 0, "since": now, "due_at": now, "settled_at": None}
        with exclusive(self._engine) as connection:
            _one(connection, webhook, number)
            connection.execute(t.outbox_delivery.update().where(_delivery.number == number).values(fresh))
            jobs.schedule(connection, DELIVER, webhook, due_at=now, urgent=True)
            return _one(connection, webhook, number)


def tell(connection: Connection, message: OutboxMessage) -> None:
    """Keep a message for every webhook that wants it, in an ``exclusive`` transaction."""
    wanting = [webhook.id for webhook in _all(connection) if wants(webhook, message.type)]
    if wanting:
        _keep(connection, message, wanting, due_at=message.at)
    for webhook in wanting:
        jobs.schedule(connection, DELIVER, webhook, due_at=message.at)


def webhook_place(webhook: str) -> str:
    """Return where the secret of a webhook stands, for wrapping."""
    return f"webhook|{webhook}|secret"


def _keep(connection: Connection, message: OutboxMessage, wanting: list[WebhookId], *, due_at: datetime) -> int:
    values = {"id": message.id, "type": message.type, "subject": message.subject, "at": message.at}
    kept = connection.execute(
        t.outbox_message.insert().values(**values, data=dict(message.data)).returning(_message.number)
    )
    number: int = kept.scalar_one()
    waiting = {"state": DeliveryState.WAITING.value, "attempts": 0, "reason": "", "since": message.at, "due_at": due_at}
    rows = [{"webhook_id": webhook, "message_number": number, **waiting} for webhook in wanting]
    connection.execute(t.outbox_delivery.insert(), rows)
    return number


def _all(connection: Connection) -> list[Webhook]:
    return [_read(row) for row in connection.execute(_HOOKS)]


def _row(connection: Connection, webhook: str) -> Row[*tuple[Any, ...]]:
    row = connection.execute(t.webhook.select().where(_hook.id == webhook)).one_or_none()
    if row is None:
        msg = "There is no such webhook."
        raise NotFound(msg)
    return row


def _one(connection: Connection, webhook: WebhookId, number: int) -> Delivery:
    query = _deliveries().where(_delivery.webhook_id == webhook, _delivery.number == number)
    row = connection.execute(query).one_or_none()
    if row is None:
        msg = "There is no such delivery; settled ones are forgotten after a while."
        raise NotFound(msg)
    return _delivered(row)


def _waits(webhook: WebhookId) -> tuple[sa.ColumnElement[bool], ...]:
    return _delivery.webhook_id == webhook, _delivery.state == DeliveryState.WAITING.value


def _deliveries() -> sa.Select[*tuple[Any, ...]]:
    columns = (_message.id, _message.type, _message.subject, _message.at, _message.data)
    return sa.select(t.outbox_delivery, *columns).join(t.outbox_message)


def _values(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "types": list(webhook.types),
        "note": webhook.note,
        "enabled": webhook.enabled,
        "created_by": webhook.created_by,
        "created_at": webhook.created_at,
    }


def _read(row: Row[*tuple[Any, ...]]) -> Webhook:
    types = tuple(row.types)
    return Webhook(WebhookId(row.id), row.url, types, row.note, row.enabled, row.created_by, row.created_at)


def _delivered(row: Row[*tuple[Any, ...]]) -> Delivery:
    return Delivery(
        number=row.number,
        webhook=WebhookId(row.webhook_id),
        message=OutboxMessage(row.id, row.type, row.subject, row.at, row.data),
        state=DeliveryState(row.state),
        attempts=row.attempts,
        since=row.since,
        due_at=row.due_at,
        status=row.status,
        reason=row.reason,
        settled_at=row.settled_at,
    )
