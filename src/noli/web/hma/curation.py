# SPDX-License-Identifier: Apache-2.0
"""``/c``: banks and what is in them.

HMA's ratio of matches has two values here, none and all: protection is not drawn by lot. A bank that is deleted is
disabled: it stops matching at once, and what was done is kept. Names never change.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

import msgspec

from noli.bank import service
from noli.bank.model import Action, Bank, BankPolicy, EntryId, EntryState, NewEntry, Provenance
from noli.bank.ports import BankTransaction
from noli.base.errors import Conflict, InputError, NotFound
from noli.hashing.model import Hash
from noli.web.api.once import once
from noli.web.api.operation import Call, Reply
from noli.web.api.problems import UnusableFile
from noli.web.hma import hashing, signals
from noli.web.hma.shapes import MAX_NOTE, PDQ, PHOTO, VIDEO, VPDQ, BankChange, BankIn, BankOut, Metadata, content_id

_BANKS_A_PAGE = 1000

# How HMA's callers write "always" and "never".
_SWITCH = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}


def banks(call: Call) -> Reply:
    """List all banks."""
    found: list[BankOut] = []
    after = ""
    with call.app.store.transaction() as transaction:
        while page := transaction.banks(after=after, limit=_BANKS_A_PAGE):
            found += map(_bank, page)
            after = page[-1].name
    return Reply.of(found)


def show_bank(call: Call) -> Reply:
    """Read a bank."""
    with call.app.store.transaction() as transaction:
        return Reply.of(_bank(transaction.bank(call.path["bank"])))


def create_bank(call: Call) -> Reply:
    """Create a bank; its matches ask for review, which who calls HMA's routes decides on anyway.

    One that was deleted, and so is off, is switched on again with what is in it: names are given once.
    """
    given: BankIn = call.given
    enabled = _enabled(given, otherwise=True)

    def act(transaction: BankTransaction, now: datetime) -> BankOut:
        try:
            before = transaction.bank(given.name)
        except NotFound:
            policy = BankPolicy(Action.REVIEW, enabled=enabled)
            return _bank(service.create_bank(transaction, given.name, policy, now=now))
        if before.policy.enabled:
            msg = f"A bank named {given.name!r} exists already."
            raise Conflict(msg)
        policy = replace(before.policy, enabled=enabled)
        return _bank(service.set_policy(transaction, given.name, policy, now=now))

    return once(call, act)


def change_bank(call: Call) -> Reply:
    """Switch a bank on or off."""
    name, given = call.path["bank"], call.given
    if given.name not in {None, name}:
        msg = "A bank's name never changes here: it stands in records. Create a bank of the new name instead."
        raise InputError(msg)

    def act(transaction: BankTransaction, now: datetime) -> BankOut:
        policy = transaction.bank(name).policy
        enabled = _enabled(given, otherwise=policy.enabled)
        return _bank(service.set_policy(transaction, name, replace(policy, enabled=enabled), now=now))

    return once(call, act)


def delete_bank(call: Call) -> Reply:
    """Stop a bank from matching, at once and everywhere; it can be switched on again."""
    name = call.path["bank"]

    def act(transaction: BankTransaction, now: datetime) -> dict[str, str]:
        policy = replace(transaction.bank(name).policy, enabled=False)
        service.set_policy(transaction, name, policy, now=now)
        return {"message": "Done"}

    return once(call, act)


async def add_content(call: Call) -> Reply:
    """Protect a file: of a picture all its forms and usual crops are registered, and the plain signal is told."""
    reading = await hashing.read(call, crops=True)
    if not reading.variants:
        raise UnusableFile(reading.outcome, reading.reason)
    fields = call.given.fields
    said = _metadata(fields)
    entry = _new(call, reading.variants, note=fields.get("note", ""), reference=said.content_id or said.content_uri)
    entry = replace(entry, regions=reading.registered_regions)
    return await asyncio.to_thread(_add, call, entry, signals.written(reading.hashes))


def add_signal(call: Call) -> Reply:
    """Protect what a hash stands for."""
    given = call.given
    if bool(given.pdq) == bool(given.vpdq):
        msg = f"Send one signal, {PDQ} or {VPDQ}."
        raise InputError(msg)
    hashes = signals.read(given.pdq or given.vpdq, PDQ if given.pdq else VPDQ)
    return _add(call, _new(call, hashes, note=given.note), signals.written(hashes))


def show_content(call: Call) -> Reply:
    """Read a content that matches; one that was deleted is gone."""
    with call.app.store.transaction() as transaction:
        entry = transaction.entry(call.path["bank"], _content(call))
        bank = transaction.bank(entry.bank)
    if entry.state is not EntryState.ACTIVE:
        msg = "This content was deleted."
        raise NotFound(msg)
    shown = {
        "id": entry.id,
        "disable_until_ts": 0,
        "collab_metadata": {},
        "original_media_uri": None,
        "bank": _bank(bank),
        "note": entry.note,
    }
    return Reply.of(shown | ({"signals": signals.written(entry.hashes)} if call.query.include_signals else {}))


def delete_content(call: Call) -> Reply:
    """Withdraw a content: it stops matching at once, everywhere, for good. Counts what was withdrawn: 1, or 0."""
    bank = call.path["bank"]

    def act(transaction: BankTransaction, now: datetime) -> dict[str, int]:
        transaction.bank(bank)
        try:
            entry = transaction.entry(bank, _content(call))
        except NotFound:
            return {"deleted": 0}
        if entry.state is not EntryState.ACTIVE:
            return {"deleted": 0}
        transaction.withdraw(bank, entry.id, by=call.key.name, now=now)
        return {"deleted": 1}

    return once(call, act)


def signal_types(_call: Call) -> Reply:
    """List the signal types that are served."""
    return Reply.of([{"name": name, "enabled_ratio": 1.0} for name in (PDQ, VPDQ)])


def content_types(_call: Call) -> Reply:
    """List the kinds of content that are served."""
    return Reply.of([{"name": name, "enabled": True} for name in (PHOTO, VIDEO)])


def _add(call: Call, entry: NewEntry, told: dict[str, str]) -> Reply:
    def act(transaction: BankTransaction, now: datetime) -> dict[str, object]:
        [(made, _)] = service.register(
            transaction, call.path["bank"], [entry], now=now, secrets_of_regions=call.app.region_secrets
        )
        return {"id": made, "signals": told}

    return once(call, act)


def _new(call: Call, hashes: tuple[Hash, ...], *, note: str, reference: str = "") -> NewEntry:
    if len(note) > MAX_NOTE or "\0" in note:
        msg = f"A note has {MAX_NOTE} characters at most, and no NUL."
        raise InputError(msg)
    return NewEntry(hashes, Provenance(call.key.name, "", reference), note=note)


def _metadata(fields: dict[str, str]) -> Metadata:
    try:
        return msgspec.convert(fields, Metadata)
    except msgspec.ValidationError as error:
        msg = f"The metadata is not as described: {error}."
        raise InputError(msg) from error


def _content(call: Call) -> EntryId:
    found = content_id(call.path["content"])
    if found is None:
        msg = "There is no such content."
        raise NotFound(msg)
    return found


def _enabled(given: BankIn | BankChange, *, otherwise: bool) -> bool:
    said = given.enabled if given.enabled_ratio is None else given.enabled_ratio
    if said is None:
        return otherwise
    enabled = _SWITCH.get(str(said).strip().lower())
    if enabled is None:
        msg = "enabled_ratio is 0 or 1 here: a bank matches always or never, not by lot."
        raise InputError(msg)
    return enabled


def _bank(bank: Bank) -> BankOut:
    return BankOut(bank.name, 1.0 if bank.policy.enabled else 0.0)
