# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire about webhooks and their deliveries."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from noli.outbox.model import DeliveryState
from noli.outbox.rules import MAX_TYPES, MAX_URL
from noli.web.api.schemas import Limit, Note

Url = Annotated[str, Meta(max_length=MAX_URL, description="Where messages are posted.")]
Types = Annotated[
    list[Annotated[str, Meta(max_length=64)]],
    Meta(min_length=1, max_length=MAX_TYPES, description="Types of messages: `case.opened`, `case.*`, or `*` for all."),
]


class WebhookIn(Struct, forbid_unknown_fields=True):
    """A new webhook."""

    url: Url
    types: Types
    note: Note = ""


class WebhookChange(Struct, forbid_unknown_fields=True):
    """What is to change; what is left out stays."""

    url: Url | None = None
    types: Types | None = None
    note: Note | None = None
    enabled: bool | None = None


class WebhookOut(Struct):
    """A webhook."""

    id: str
    url: str
    types: list[str]
    note: str
    enabled: bool
    created_by: str
    created_at: datetime


class WebhookMade(WebhookOut):
    """A webhook that was just made, with its secret, which is shown here and never again."""

    secret: str


class WebhookList(Struct):
    """All webhooks, oldest first."""

    webhooks: list[WebhookOut]


class DeliveryQuery(Struct):
    """Query of a list of deliveries."""

    state: DeliveryState | None = None
    before: Annotated[int, Meta(ge=1, le=2**63 - 1, description="The `next` of the page before.")] | None = None
    limit: Limit = 100


class DeliveryOut(Struct):
    """One message on its way to one webhook."""

    delivery: int
    id: str
    type: str
    subject: str
    at: datetime
    data: dict[str, Any]
    state: DeliveryState
    attempts: int
    #: When it is tried next, while it waits.
    due_at: datetime | None
    #: HTTP status of the last answer.
    status: int | None
    reason: str
    settled_at: datetime | None


class DeliveryPage(Struct):
    """Deliveries, newest first."""

    deliveries: list[DeliveryOut]
    #: `before` of the next page; null on the last.
    next: int | None


class Removed(Struct):
    """What was removed."""

    id: str
