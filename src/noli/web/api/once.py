# SPDX-License-Identifier: Apache-2.0
"""Writes that may be sent twice: the answer is kept with the change, in one transaction.

A caller that did not hear back sends the same request with the same ``Idempotency-Key`` and is given the answer of
the first time. Before a write is answered, this process's index has it: what is acknowledged is matchable.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from noli.bank.ports import BankTransaction
from noli.base.errors import Conflict
from noli.notices.ports import NoticeTransaction
from noli.web.api.operation import Call, Reply

Act = Callable[[BankTransaction, datetime], msgspec.Struct | Mapping[str, object]]


def once(call: Call, act: Act) -> Reply:
    """Do a write and answer it, or repeat the answer it had.

    Args:
        call: The request; its key's name is the scope of its ``Idempotency-Key``.
        act: Does the write and returns what to answer.

    Raises:
        Conflict: The same ``Idempotency-Key`` came with another request.
    """
    now = call.app.clock.now()
    with call.app.store.transaction(write=True) as transaction:
        body = _kept(call, transaction, lambda: act(transaction, now), now)
    call.app.catch_up()
    return Reply(body)


def once_notice(call: Call, act: Callable[[NoticeTransaction], msgspec.Struct]) -> Reply:
    """Do a write to notices or records and answer it, or repeat the answer it had. Raises Conflict as ``once``."""
    with call.app.notices.writing() as transaction:
        return Reply(_kept(call, transaction.banks, lambda: act(transaction), call.app.clock.now()))


def _kept(
    call: Call,
    answers: BankTransaction,
    act: Callable[[], msgspec.Struct | Mapping[str, object]],
    now: datetime,
) -> bytes:
    given, digest = call.idempotency_key, _digest(call)
    kept = answers.recall(call.key.name, given) if given else None
    if kept is not None:
        if not hmac.compare_digest(kept[0], digest):
            msg = "This Idempotency-Key was used for another request."
            raise Conflict(msg)
        return kept[1]
    body = msgspec.json.encode(act())
    if given:
        answers.remember(call.key.name, given, digest=digest, response=body, now=now)
    return body


def _digest(call: Call) -> bytes:
    """Digest what was asked; a picture is kept by no more than this."""
    parts = (call.operation.method, call.operation.path, *call.path.values())
    return hashlib.sha256("\0".join(parts).encode() + b"\0" + call.body).digest()
