# SPDX-License-Identifier: Apache-2.0
"""Entries of a bank: register, list, read, withdraw; opinions on them."""

import asyncio
from dataclasses import replace
from datetime import datetime

import msgspec

from noli.bank import service
from noli.bank.model import Entry, EntryId, NewEntry, Opinion, Provenance, entry_text, parse_entry
from noli.bank.ports import BankTransaction
from noli.base.errors import InputError, NotFound
from noli.hashing.model import Hash
from noli.web.api import decoding, schemas
from noli.web.api.checks import parse_hashes
from noli.web.api.forms import Form
from noli.web.api.once import once
from noli.web.api.operation import Call, Reply
from noli.web.api.problems import UnusableFile

# The form's part that is no text; only the others are parsed as such.
_FILE = "file"

# Bits of an entry's id: all that a signed 64-bit column holds.


async def add(call: Call) -> Reply:
    """Protect a picture: as hashes, or as a file of which every dihedral form and usual crop is registered."""
    is_form = isinstance(call.given, Form)
    entry = await _from_form(call, call.given) if is_form else _from_json(call, call.given)
    bank = call.path["bank"]

    def act(transaction: BankTransaction, now: datetime) -> schemas.EntryOut:
        [(made, _)] = service.register(transaction, bank, [entry], now=now, secrets_of_regions=call.app.region_secrets)
        return _shown(transaction.entry(bank, made))

    return await asyncio.to_thread(once, call, act)


def page(call: Call) -> schemas.EntryPage:
    """List a bank's entries."""
    limit, after = call.query.limit, call.query.after
    start = _entry(after) if after else None
    with call.app.store.transaction() as transaction:
        found = transaction.entries(call.path["bank"], after=start, limit=limit)
    following = entry_text(found[-1].id) if len(found) == limit else None
    return schemas.EntryPage([_shown(each) for each in found], following)


def show(call: Call) -> schemas.EntryOut:
    """Read an entry."""
    with call.app.store.transaction() as transaction:
        return _shown(transaction.entry(call.path["bank"], _entry(call.path["entry"])))


def withdraw(call: Call) -> Reply:
    """Withdraw an entry; repeating it changes nothing."""
    bank, entry, by = call.path["bank"], _entry(call.path["entry"]), call.key.name
    return once(call, lambda transaction, now: _shown(transaction.withdraw(bank, entry, by=by, now=now)))


def add_opinion(call: Call) -> Reply:
    """Keep the caller's opinion on an entry."""
    bank, entry, given = call.path["bank"], _entry(call.path["entry"]), call.given
    author = call.key.name
    return once(
        call,
        lambda transaction, now: _shown(
            transaction.add_opinion(bank, Opinion(entry, author, given.kind, given.note, now))
        ),
    )


def opinions(call: Call) -> schemas.OpinionList:
    """List opinions on an entry."""
    with call.app.store.transaction() as transaction:
        found = transaction.opinions(call.path["bank"], _entry(call.path["entry"]))
    return schemas.OpinionList(
        [
            schemas.OpinionOut(entry_text(each.entry), each.author, each.kind, each.note, each.created_at)
            for each in found
        ]
    )


def _from_json(call: Call, given: schemas.EntryIn) -> NewEntry:
    hashes = parse_hashes(given.hashes)
    origin = given.provenance or schemas.ProvenanceIn()
    return _new(call, hashes, note=given.note, labels=tuple(given.labels), origin=origin)


async def _from_form(call: Call, form: Form) -> NewEntry:
    try:
        fields = msgspec.convert({**form.fields, _FILE: ""}, schemas.EntryForm)
    except msgspec.ValidationError as error:
        msg = f"The form is not as described: {error}."
        raise InputError(msg) from error
    reading = await decoding.read(call, crops=True)
    if not reading.variants:
        raise UnusableFile(reading.outcome, reading.reason)
    origin = schemas.ProvenanceIn(fields.source, fields.reference)
    entry = _new(call, reading.variants, note=fields.note, labels=(), origin=origin)
    return replace(entry, regions=reading.registered_regions)


def _new(
    call: Call, hashes: tuple[Hash, ...], *, note: str, labels: tuple[str, ...], origin: schemas.ProvenanceIn
) -> NewEntry:
    provenance = Provenance(call.key.name, origin.source, origin.reference)
    return NewEntry(hashes=hashes, provenance=provenance, labels=labels, note=note)


def _entry(text: str) -> EntryId:
    entry = parse_entry(text)
    if entry is None:
        msg = "There is no such entry."
        raise NotFound(msg)
    return entry


def _shown(entry: Entry) -> schemas.EntryOut:
    origin = entry.provenance
    return schemas.EntryOut(
        entry=entry_text(entry.id),
        bank=entry.bank,
        state=entry.state,
        disputed=entry.disputed,
        note=entry.note,
        labels=list(entry.labels),
        provenance=schemas.ProvenanceOut(origin.added_by, origin.source, origin.reference),
        hashes=[
            schemas.EntryHash(
                type=each.type, value=each.hex, quality=each.quality, at_ms=each.at_ms, variant=each.variant
            )
            for each in entry.hashes
        ],
        created_at=entry.created_at,
        withdrawn_at=entry.withdrawn_at,
        withdrawn_by=entry.withdrawn_by,
    )
