# SPDX-License-Identifier: Apache-2.0
"""The rows of the table of routes (``web/routes.py``) about webhooks."""

from noli.access.model import Scope
from noli.web.api import schemas_webhooks as schemas
from noli.web.api import webhooks
from noli.web.api.operation import Kind, Operation

_ALL = "/api/v1/webhooks"
_ONE = "/api/v1/webhooks/{webhook}"

WEBHOOKS: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path=_ALL,
        handler=webhooks.create,
        summary="Make a webhook; the answer holds its secret, once.",
        scope=Scope.WEBHOOKS,
        idempotent=True,
        status=201,
        body={Kind.JSON: schemas.WebhookIn},
        answer=schemas.WebhookMade,
    ),
    Operation(
        method="GET",
        path=_ALL,
        handler=webhooks.listed,
        summary="List webhooks, oldest first.",
        scope=Scope.WEBHOOKS,
        answer=schemas.WebhookList,
    ),
    Operation(
        method="GET",
        path=_ONE,
        handler=webhooks.show,
        summary="Read a webhook.",
        scope=Scope.WEBHOOKS,
        answer=schemas.WebhookOut,
    ),
    Operation(
        method="PATCH",
        path=_ONE,
        handler=webhooks.change,
        summary="Change a webhook, disable or enable it.",
        scope=Scope.WEBHOOKS,
        idempotent=True,
        body={Kind.JSON: schemas.WebhookChange},
        answer=schemas.WebhookOut,
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        handler=webhooks.remove,
        summary="Remove a webhook with its deliveries.",
        scope=Scope.WEBHOOKS,
        idempotent=True,
        answer=schemas.Removed,
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/test",
        handler=webhooks.test,
        summary="Post a test message now, once, and say what became of it.",
        scope=Scope.WEBHOOKS,
        idempotent=True,
        answer=schemas.DeliveryOut,
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/deliveries",
        handler=webhooks.deliveries,
        summary="List what was sent, waits or was given up, newest first.",
        scope=Scope.WEBHOOKS,
        query=schemas.DeliveryQuery,
        answer=schemas.DeliveryPage,
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/deliveries/{{delivery}}/resend",
        handler=webhooks.resend,
        summary="Let a settled delivery be tried again, under the id that it had.",
        scope=Scope.WEBHOOKS,
        idempotent=True,
        answer=schemas.DeliveryOut,
        problems=("conflict",),
    ),
)
