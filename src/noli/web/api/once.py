# SPDX-License-Identifier: Apache-2.0
"""Writes that may be sent twice: the answer is kept with the change, in one transaction.

A caller that did not hear back sends the same request with the same ``Idempotency-Key`` and is given the answer of
the first time. Before a write is answered, this process's index has it: what is acknowledged is matchable.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import msgspec

from noli.bank.ports import BankTransaction
from noli.base.errors import Conflict, Unavailable
from noli.notices.ports import NoticeTransaction
from noli.pursuit.model import Pursuit, PursuitId
from noli.pursuit.ports import PursuitTransaction
from noli.pursuit.service import PursuitService
from noli.web.api.forms import Form
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


T = TypeVar("T")


def once_pursuit(
    call: Call, act: Callable[[PursuitService, T], Sequence[Pursuit]], *, ask: Callable[[PursuitService], T]
) -> list[Pursuit]:
    """Do a write to pursuits, unless it was done before; returns the pursuits as they are now. Raises as ``once``.

    Only their ids are kept for a repeat: what pursuits say is sealed, and goes with the case's key.

    Args:
        call: The request.
        act: Does the write with what was asked for, in the transaction that keeps the ids.
        ask: What has to be asked outside of that, of name servers for instance; not asked again by a repeat.
    """
    pursuits = call.app.pursuits
    with pursuits.store.transaction() as transaction:
        kept = _recalled(call, transaction.cases.banks)
        if kept is not None:
            return _loaded(pursuits, transaction, kept)
    asked = ask(pursuits)
    with pursuits.store.transaction(write=True) as transaction:
        inside = pursuits.within(transaction)

        def ids() -> list[PursuitId]:
            return [each.id for each in act(inside, asked)]

        return _loaded(pursuits, transaction, _kept(call, transaction.cases.banks, ids, call.app.clock.now()))


def _loaded(pursuits: PursuitService, transaction: PursuitTransaction, ids: bytes) -> list[Pursuit]:
    return [pursuits.load(transaction, PursuitId(each)) for each in msgspec.json.decode(ids, type=list[str])]


def once_apart(call: Call, act: Callable[[], msgspec.Struct]) -> Reply:
    """Do a write that has a transaction of its own, and answer it, or repeat the answer it had.

    Two requests under one key at the same moment may both be carried out. Raises Conflict as ``once``.
    """
    kept = _seen(call)
    return Reply(_keep(call, msgspec.json.encode(act())) if kept is None else kept)


async def once_found(call: Call, look: Callable[[], Awaitable[tuple[msgspec.Struct, bool]]]) -> Reply | msgspec.Struct:
    """Look something up, or repeat what was found; ``look`` also says whether anything was, and only that is kept.

    What finds nothing leaves nothing, so that there is nothing to repeat. Where the database is away, nothing was kept
    and nothing can be: the answer is given all the same. Raises Conflict as ``once``.
    """
    if not call.idempotency_key:
        return (await look())[0]
    with suppress(Unavailable):
        kept = await asyncio.to_thread(_seen, call)
        if kept is not None:
            return Reply(kept)
    answer, found = await look()
    if found:
        with suppress(Unavailable):
            return Reply(await asyncio.to_thread(_keep, call, msgspec.json.encode(answer)))
    return answer


def _seen(call: Call) -> bytes | None:
    if not call.idempotency_key:
        return None
    with call.app.store.transaction() as transaction:
        return _recalled(call, transaction)


def _keep(call: Call, body: bytes) -> bytes:
    """Keep an answer, unless another request under the same key was faster: then its answer is given."""
    if not call.idempotency_key:
        return body
    with call.app.store.transaction(write=True) as transaction:
        return _kept(call, transaction, lambda: msgspec.Raw(body), call.app.clock.now())


def _kept(
    call: Call,
    answers: BankTransaction,
    act: Callable[[], msgspec.Struct | Mapping[str, object] | Sequence[str] | msgspec.Raw],
    now: datetime,
) -> bytes:
    kept = _recalled(call, answers)
    if kept is not None:
        return kept
    body = msgspec.json.encode(act())
    if call.idempotency_key:
        answers.remember(call.key.name, call.idempotency_key, digest=_digest(call), response=body, now=now)
    return body


def _recalled(call: Call, answers: BankTransaction) -> bytes | None:
    given = call.idempotency_key
    kept = answers.recall(call.key.name, given) if given else None
    if kept is None:
        return None
    if not hmac.compare_digest(kept[0], _digest(call)):
        msg = "This Idempotency-Key was used for another request."
        raise Conflict(msg)
    return kept[1]


def _digest(call: Call) -> bytes:
    """Digest what was asked; a picture is kept by no more than this, and a form's boundary says nothing."""
    body, given = call.body, call.given
    if isinstance(given, Form):
        fields = msgspec.json.encode([given.file_part, sorted(given.fields.items()), given.file is None])
        body = hashlib.sha256(fields).digest() + (given.file or b"")
    parts = (call.operation.method, call.operation.path, *call.path.values())
    return hashlib.sha256("\0".join(parts).encode() + b"\0" + call.raw_query + b"\0" + body).digest()
