# SPDX-License-Identifier: Apache-2.0
"""Webhooks: make, list, change, remove, test; what was delivered, and sending it again."""

from dataclasses import replace

import msgspec

from noli.base.errors import NotFound
from noli.outbox.model import Delivery, DeliveryState, Webhook, WebhookId
from noli.web.api import schemas_webhooks as schemas
from noli.web.api.once import once_apart
from noli.web.api.operation import Call, Reply

# Digits of the largest number that a database keeps.
_MAX_DIGITS = 18


def create(call: Call) -> schemas.WebhookMade:
    """Make a webhook and show its secret, which no kept answer holds."""
    given: schemas.WebhookIn = call.given

    def make() -> schemas.WebhookOut:
        return _shown(call.app.webhooks.create(given.url, given.types, note=given.note, by=call.key.name)[0])

    made = msgspec.json.decode(once_apart(call, make).body, type=schemas.WebhookOut)
    return schemas.WebhookMade(**msgspec.structs.asdict(made), secret=call.app.webhooks.secret(WebhookId(made.id)))


def listed(call: Call) -> schemas.WebhookList:
    """List webhooks."""
    return schemas.WebhookList([_shown(each) for each in call.app.webhooks.all()])


def show(call: Call) -> schemas.WebhookOut:
    """Read a webhook."""
    return _shown(call.app.webhooks.get(_id(call)))


def change(call: Call) -> Reply:
    """Change what is given of a webhook."""
    given: schemas.WebhookChange = call.given
    asked = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not None}
    if given.types is not None:
        asked["types"] = tuple(given.types)
    return once_apart(call, lambda: _shown(call.app.webhooks.change(_id(call), lambda found: replace(found, **asked))))


def remove(call: Call) -> Reply:
    """Remove a webhook with its deliveries."""

    def act() -> schemas.Removed:
        call.app.webhooks.remove(_id(call))
        return schemas.Removed(_id(call))

    return once_apart(call, act)


def test(call: Call) -> Reply:
    """Post a test message now."""
    return once_apart(call, lambda: _delivery(call.app.webhooks.test(_id(call))))


def deliveries(call: Call) -> schemas.DeliveryPage:
    """List deliveries."""
    query: schemas.DeliveryQuery = call.query
    found = call.app.webhooks.deliveries(_id(call), state=query.state, before=query.before, limit=query.limit)
    return schemas.DeliveryPage(
        [_delivery(each) for each in found], found[-1].number if len(found) == query.limit else None
    )


def resend(call: Call) -> Reply:
    """Let a delivery be tried again from the beginning."""
    text = call.path["delivery"]
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        msg = "There is no such delivery."
        raise NotFound(msg)
    return once_apart(call, lambda: _delivery(call.app.webhooks.resend(_id(call), int(text))))


def _id(call: Call) -> WebhookId:
    return WebhookId(call.path["webhook"])


def _shown(webhook: Webhook) -> schemas.WebhookOut:
    return schemas.WebhookOut(
        id=webhook.id,
        url=webhook.url,
        types=list(webhook.types),
        note=webhook.note,
        enabled=webhook.enabled,
        created_by=webhook.created_by,
        created_at=webhook.created_at,
    )


def _delivery(each: Delivery) -> schemas.DeliveryOut:
    message = each.message
    return schemas.DeliveryOut(
        delivery=each.number,
        id=message.id,
        type=message.type,
        subject=message.subject,
        at=message.at,
        data=dict(message.data),
        state=each.state,
        attempts=each.attempts,
        due_at=each.due_at if each.state is DeliveryState.WAITING else None,
        status=each.status,
        reason=each.reason,
        settled_at=each.settled_at,
    )
