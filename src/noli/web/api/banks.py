# SPDX-License-Identifier: Apache-2.0
"""Banks: create, list, read, change."""

from dataclasses import replace
from datetime import datetime

import msgspec

from noli.bank import service
from noli.bank.model import Bank, BankPolicy
from noli.bank.ports import BankTransaction
from noli.web.api import schemas
from noli.web.api.once import once
from noli.web.api.operation import Call, Reply


def create(call: Call) -> Reply:
    """Create a bank."""
    given: schemas.BankIn = call.given
    policy = BankPolicy(
        action=given.action,
        threshold_bits=given.threshold,
        negative=given.negative,
        enabled=given.enabled,
        note=given.note,
        video_seconds=given.video_seconds,
        video_share=given.video_share,
        regions=given.regions,
    )
    return once(call, lambda transaction, now: _shown(service.create_bank(transaction, given.name, policy, now=now)))


def page(call: Call) -> schemas.BankPage:
    """List banks by name."""
    limit = call.query.limit
    with call.app.store.transaction() as transaction:
        found = transaction.banks(after=call.query.after, limit=limit)
    return schemas.BankPage([_shown(each) for each in found], found[-1].name if len(found) == limit else None)


def show(call: Call) -> schemas.BankOut:
    """Read a bank."""
    with call.app.store.transaction() as transaction:
        return _shown(transaction.bank(call.path["bank"]))


def change(call: Call) -> Reply:
    """Change what is given of a bank's policy."""
    name, given = call.path["bank"], call.given

    def act(transaction: BankTransaction, now: datetime) -> schemas.BankOut:
        policy = transaction.bank(name).policy
        return _shown(service.set_policy(transaction, name, _changed(policy, given), now=now))

    return once(call, act)


def _changed(policy: BankPolicy, given: schemas.BankChange) -> BankPolicy:
    asked = msgspec.structs.asdict(given)
    asked["threshold_bits"] = asked.pop("threshold")
    return replace(policy, **{name: value for name, value in asked.items() if value is not None})


def _shown(bank: Bank) -> schemas.BankOut:
    policy = bank.policy
    return schemas.BankOut(
        name=bank.name,
        action=policy.action,
        threshold=policy.threshold_bits,
        negative=policy.negative,
        enabled=policy.enabled,
        note=policy.note,
        video_seconds=policy.video_seconds,
        video_share=policy.video_share,
        regions=policy.regions,
        entries=bank.entries,
        created_at=bank.created_at,
    )
