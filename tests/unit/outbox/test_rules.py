# SPDX-License-Identifier: Apache-2.0
"""Which webhooks are told what, in which form, signed how, and for how long it is tried."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from noli.base.errors import InputError
from noli.outbox import rules
from noli.outbox.model import Delivery, DeliveryState, OutboxMessage, Webhook, WebhookId

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TYPES = ("case.opened", "match.found")
HOOK = Webhook(WebhookId("w1"), "https://receiver.example/noli", ("case.*", "match.found"), "", True, "key", NOW)  # noqa: FBT003 - a field
MESSAGE = OutboxMessage("evt_1", "case.opened", "CASE1", NOW, {"number": 1})
DELIVERY = Delivery(1, HOOK.id, MESSAGE, DeliveryState.WAITING, 0, NOW, NOW)


@pytest.mark.parametrize(
    ("type_", "wanted"),
    [("case.opened", True), ("case.", True), ("casework.x", False), ("match.found", True), ("match.found.more", False)],
)
def test_types_are_chosen_by_name_or_beginning(type_: str, *, wanted: bool) -> None:
    """An exact name means itself, a star after a dot all that begin so, a star alone everything."""
    assert rules.wants(HOOK, type_) is wanted
    assert rules.wants(replace(HOOK, types=("*",)), type_)
    assert not rules.wants(replace(HOOK, enabled=False), type_)


def test_a_message_is_signed_as_standard_webhooks_says() -> None:
    """The signature is over id, timestamp and body with the secret that was shown."""
    secret = bytes(range(32))
    shown = rules.secret_text(secret)
    headers = rules.headers(MESSAGE, secret, now=NOW)
    signed = b"evt_1." + headers["Webhook-Timestamp"].encode() + b"." + rules.body(MESSAGE)
    key = base64.b64decode(shown.removeprefix("whsec_"))
    assert headers["Webhook-Signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["Webhook-Id"] == headers["Idempotency-Key"] == "evt_1"
    assert json.loads(rules.body(MESSAGE)) == {
        "id": "evt_1",
        "type": "case.opened",
        "at": "2026-03-01T12:00:00+00:00",
        "subject": "CASE1",
        "data": {"number": 1},
    }


def test_a_delivery_is_tried_for_three_days() -> None:
    """An answer of 2xx settles it; anything else is tried again, later each time, and given up in the end."""
    done = rules.answered(DELIVERY, 204, "", now=NOW, dice=1)
    assert (done.state, done.attempts, done.settled_at) == (DeliveryState.DELIVERED, 1, NOW)
    refused = rules.answered(DELIVERY, 503, "", now=NOW, dice=1)
    assert (refused.state, refused.reason, refused.due_at) == (
        DeliveryState.WAITING,
        "The receiver answered 503.",
        NOW + timedelta(seconds=5),
    )
    late = NOW + rules.TRIED_FOR
    silent = rules.answered(refused, None, "It cannot be reached.", now=late - timedelta(seconds=1), dice=1)
    assert (silent.state, silent.status, silent.reason) == (DeliveryState.WAITING, None, "It cannot be reached.")
    dead = rules.answered(silent, 301, "", now=late, dice=1)
    assert (dead.state, dead.attempts, dead.settled_at) == (DeliveryState.DEAD, 3, late)


@pytest.mark.parametrize("url", ["https://a.example/x?y=z", "http://127.0.0.1:8000/", "https://[::1]/"])
@pytest.mark.parametrize("types", [("*",), ("case.*",), ("case.opened", "match.found")])
def test_webhooks_that_can_be_told_are_taken(url: str, types: tuple[str, ...]) -> None:
    """Web addresses and names of types are; where an address may lead is decided when it is called."""
    rules.check_webhook(replace(HOOK, url=url, types=types), TYPES)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "receiver.example",
        "ftp://receiver.example",
        "https://",
        "https://a:b@receiver.example/",
        "https://x.example:99999/",
        "https://x.example:0/",
        "https://[::1/",
        "https://x.example/ü",
        "https://x.example/a b",
        "https://x.example/" + "a" * 2000,
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Anything but a plain web address is refused before it is kept."""
    with pytest.raises(InputError, match="url"):
        rules.check_webhook(replace(HOOK, url=url), TYPES)


@pytest.mark.parametrize(
    "types",
    [
        (),
        ("",),
        ("a b",),
        ("*.*",),
        (".",),
        ("x" * 65,),
        ("*",) * 51,
        ("cases.*",),
        ("case",),
        ("case.opened", "case.o"),
    ],
)
def test_types_that_no_message_has_are_refused(types: tuple[str, ...]) -> None:
    """None, too many, or what is no name."""
    with pytest.raises(InputError, match="type"):
        rules.check_webhook(replace(HOOK, types=types), TYPES)
