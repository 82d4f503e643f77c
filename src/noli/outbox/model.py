# SPDX-License-Identifier: Apache-2.0
"""Outbox messages, webhooks and deliveries, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

WebhookId = NewType("WebhookId", str)

#: Type of the message that an entry has come to be disputed, and of the one that a test call sends.
DISPUTED, TEST = "entry.disputed", "webhook.test"


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """Something that other programs may want to know. Holds ids, never what people wrote.

    Attributes:
        id: Unique for good; sent with every attempt, so that a receiver knows what it had already.
        type: What happened, named as in the ledger (``case.opened``), or ``webhook.test``.
        subject: Pseudonymous id of what it happened to.
        at: When.
        data: More, as plain JSON values; nothing personal.
    """

    id: str
    type: str
    subject: str
    at: datetime
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of messages.

    Attributes:
        id: Random.
        url: Where messages are posted.
        types: Which: exact types, ``case.*`` for all that begin so, ``*`` for all.
        note: What it is for.
        enabled: Whether messages are kept for it and sent.
        created_by: Name of the key that made it, or ``command line``.
        created_at: When.
    """

    id: WebhookId
    url: str = field(repr=False)
    types: tuple[str, ...]
    note: str
    enabled: bool
    created_by: str
    created_at: datetime


class DeliveryState(StrEnum):
    """What became of a message on its way to one webhook."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    #: Given up; kept, to be looked at and sent again.
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one webhook.

    Attributes:
        number: Grows in the order in which messages were told.
        webhook: Where to.
        message: What.
        state: What became of it.
        attempts: How often it was tried.
        since: When trying began; anew where somebody asked for it.
        due_at: When it is tried next, while it waits.
        status: HTTP status of the last answer, None where there was none.
        reason: Why the last attempt failed, as one of our own sentences.
        settled_at: When it was delivered or given up.
    """

    number: int
    webhook: WebhookId
    message: OutboxMessage
    state: DeliveryState
    attempts: int
    since: datetime
    due_at: datetime
    status: int | None = None
    reason: str = ""
    settled_at: datetime | None = None
