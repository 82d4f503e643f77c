# SPDX-License-Identifier: Apache-2.0
"""How a message is written, signed and tried again: pure functions.

Form and signature are those of Standard Webhooks (standardwebhooks.com, version 1), so that receivers find libraries:

1. The headers ``Webhook-Id``, ``Webhook-Timestamp`` (whole seconds) and ``Webhook-Signature`` go with each attempt.
2. The signature is ``v1,`` and base 64 of HMAC-SHA256 over id, ``.``, timestamp, ``.`` and the body as sent.
3. The secret is ``whsec_`` and base 64 of 32 random bytes.
4. A receiver refuses timestamps further than ``REPLAY_WINDOW`` from its clock, and ids that it had already.
"""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from noli.base.errors import InputError
from noli.jobs.rules import wait_after
from noli.outbox.model import Delivery, DeliveryState, OutboxMessage, Webhook

#: How far a timestamp may lie from the receiver's clock. Source: Standard Webhooks, "Verifying webhooks".
REPLAY_WINDOW = timedelta(minutes=5)

#: How long an undelivered message is tried. Over a weekend nobody repairs a receiver.
TRIED_FOR = timedelta(hours=72)

#: Characters of an address.
MAX_URL = 2000

#: Types of messages that one webhook may name.
MAX_TYPES = 50

# Characters of a type that are repeated in a refusal.
_MAX_TYPE = 64

_SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix, not a secret

# HTTP statuses that say that a message was taken.
_TAKEN = range(200, 300)


def wants(webhook: Webhook, type_: str) -> bool:
    """Tell whether a webhook is told of messages of this type."""
    return webhook.enabled and any(names(each, type_) for each in webhook.types)


def body(message: OutboxMessage) -> bytes:
    """Write a message as it is posted; the same bytes each time."""
    content = {
        "id": message.id,
        "type": message.type,
        "at": message.at.isoformat(),
        "subject": message.subject,
        "data": dict(message.data),
    }
    return json.dumps(content, separators=(",", ":")).encode("ascii")


def headers(message: OutboxMessage, secret: bytes, *, now: datetime) -> Mapping[str, str]:
    """Return the headers that go with an attempt made now."""
    timestamp = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json",
        # The same for every attempt at a message, under the name that each kind of receiver looks for.
        "Idempotency-Key": message.id,
        "Webhook-Id": message.id,
        "Webhook-Timestamp": timestamp,
        "Webhook-Signature": signature(secret, message.id, timestamp, body(message)),
    }


def signature(secret: bytes, id_: str, timestamp: str, content: bytes) -> str:
    """Sign what is sent."""
    digest = hmac.digest(secret, f"{id_}.{timestamp}.".encode("ascii") + content, hashlib.sha256)
    return f"v1,{b64encode(digest).decode('ascii')}"


def secret_text(secret: bytes) -> str:
    """Write a secret in the form in which it is shown, once."""
    return _SECRET_PREFIX + b64encode(secret).decode("ascii")


def answered(delivery: Delivery, status: int | None, reason: str, *, now: datetime, dice: float) -> Delivery:
    """Return a delivery after one more attempt.

    Args:
        delivery: As it was.
        status: HTTP status of the answer, None where there was none.
        reason: Why there was none.
        now: When the attempt ended.
        dice: From 0 to 1; spreads the next attempt.
    """
    tried = replace(delivery, attempts=delivery.attempts + 1, status=status, reason=reason)
    if status is not None and status in _TAKEN:
        return replace(tried, state=DeliveryState.DELIVERED, settled_at=now)
    if status is not None:
        tried = replace(tried, reason=f"The receiver answered {status}.")
    if now - delivery.since >= TRIED_FOR:
        return replace(tried, state=DeliveryState.DEAD, settled_at=now)
    return replace(tried, due_at=now + wait_after(tried.attempts, dice=dice))


def check_webhook(webhook: Webhook, types: Collection[str]) -> None:
    """Refuse a webhook that could never be told of anything; ``types`` are those that messages have.

    Raises:
        InputError: The address or a type is none; says which.
    """
    try:
        parts = urlsplit(webhook.url)
        plain = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        plain = False
    visible = webhook.url.isascii() and webhook.url.isprintable() and " " not in webhook.url
    if not plain or not visible or len(webhook.url) > MAX_URL or "@" in urlsplit(webhook.url).netloc:
        msg = f"A webhook's url is http:// or https://, a host and a path, {MAX_URL} ASCII characters at most."
        raise InputError(msg)
    if not 0 < len(webhook.types) <= MAX_TYPES:
        msg = f"A webhook names 1 to {MAX_TYPES} types of messages: 'case.opened', 'case.*' or '*'."
        raise InputError(msg)
    for each in webhook.types:
        if not any(names(each, type_) for type_ in types):
            kinds = ", ".join(sorted({f"'{type_.partition('.')[0]}.*'" for type_ in types}))
            msg = f"No message has the type {each[:_MAX_TYPE]!r}. There are '*', {kinds}, and each by its name."
            raise InputError(msg)


def names(given: str, type_: str) -> bool:
    """Tell whether what a webhook names covers a type of messages."""
    return given in {"*", type_} or (given.endswith(".*") and type_.startswith(given[:-1]))
