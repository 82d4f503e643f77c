# SPDX-License-Identifier: Apache-2.0
"""Checks: from an upload to a decision, and what matched read back."""

import asyncio
import time
from collections.abc import Sequence

from msgspec import Struct

from noli.access.model import Scope
from noli.bank.model import entry_text
from noli.base.errors import HashFormatError, InputError, NotFound, Throttled
from noli.hashing.model import Hash, Reading
from noli.matching.model import Check, Match
from noli.matching.service import Upload
from noli.web.api import decoding, schemas
from noli.web.api.forms import Form
from noli.web.api.once import once_found
from noli.web.api.operation import Call, Reply
from noli.web.api.problems import Probing

# Hashes of one upload that are searched on the event loop, at about 10 microseconds each; more go to a thread.
_INLINE = 4


async def check(call: Call) -> Reply | Struct:
    """Check one upload: its hashes, or its file."""
    return await once_found(call, lambda: _one(call))


async def _one(call: Call) -> tuple[schemas.CheckOut, bool]:
    started = time.perf_counter()
    if isinstance(call.given, schemas.CheckIn):
        upload, kind = Upload(parse_hashes(call.given.hashes), _content_ref(call)), "hashes"
    else:
        upload, kind = Upload.of(await _read(call), content_ref=_content_ref(call)), "file"
    result = await made(call, upload)
    call.app.metrics.check_seconds.labels(kind).observe(time.perf_counter() - started)
    return _result(result, exact=Scope.DISTANCES in call.key.scopes), bool(result.decision.matches)


async def made(call: Call, upload: Upload) -> Check:
    """Check an upload for the caller's key, and count it.

    Raises:
        Probing: The key is probing.
        Unavailable: The banks are not loaded.
    """
    try:
        result = await _checked(call, upload)
    except Throttled as error:
        raise Probing(error) from error
    _count(call, [result])
    return result


async def _read(call: Call) -> Reading:
    """Hash the file, find its regions where a bank holds any, and look again where one holds none."""
    app = call.app
    return await decoding.read(
        call, regions=app.indexes.regions > 0, looks=app.looks_again, closer=app.closer(call.key.banks)
    )


async def check_batch(call: Call) -> Reply | Struct:
    """Check many uploads, one hash each."""
    return await once_found(call, lambda: asyncio.to_thread(_many, call))


def _many(call: Call) -> tuple[schemas.BatchOut, bool]:
    started = time.perf_counter()
    given: list[schemas.BatchHash] = call.given.hashes
    hashes = parse_hashes(given)
    uploads = [Upload((each,), item.content_ref) for each, item in zip(hashes, given, strict=True)]
    results = call.app.checker.check_many(uploads, key=call.key)
    _count(call, results)
    call.app.metrics.check_seconds.labels("batch").observe(time.perf_counter() - started)
    exact = Scope.DISTANCES in call.key.scopes
    answer = schemas.BatchOut([_result(each, exact=exact) for each in results])
    return answer, any(each.decision.matches for each in results)


def recorded(call: Call) -> schemas.RecordedCheck:
    """Read back a check that matched; a partner only its own."""
    made = call.app.checks.get(call.path["check"])
    if _whose(call) not in {None, made.key}:
        msg = f"There is no recorded check {made.id!r} of this key."
        raise NotFound(msg)
    return _recorded(call, made)


def recorded_page(call: Call) -> schemas.CheckPage:
    """List checks that matched, newest first; a partner's own."""
    limit = call.query.limit
    page = call.app.checks.page(after=call.query.after, limit=limit, key=_whose(call))
    return schemas.CheckPage([_recorded(call, each) for each in page], page[-1].id if len(page) == limit else None)


def parse_hashes(given: Sequence[schemas.HashIn]) -> tuple[Hash, ...]:
    """Read hashes, saying which of them is wrong.

    Raises:
        HashFormatError: One is not well-formed.
    """
    position = 0
    parsed = []
    try:
        for position, each in enumerate(given):  # noqa: B007 - read by the handler below
            parsed.append(Hash.from_hex(each.value, quality=each.quality, signal_type=each.type, at_ms=each.at_ms))
    except HashFormatError as error:
        msg = f"hashes[{position}]: {error.public}"
        raise HashFormatError(msg) from error
    return tuple(parsed)


async def _checked(call: Call, upload: Upload) -> Check:
    """Search here, unless there is much to search; go to a thread where something is hit: that waits on the store."""
    checker = call.app.checker
    if len(upload.hashes) + sum(map(len, upload.copies)) > _INLINE or any(upload.regions) or any(upload.looks):
        return await asyncio.to_thread(checker.check, upload, key=call.key)
    found = checker.look(upload, banks=call.key.banks)
    if found.entries:
        return await asyncio.to_thread(checker.conclude, found, key=call.key)
    return checker.conclude(found, key=call.key)


def _content_ref(call: Call) -> str:
    if isinstance(call.given, schemas.CheckIn):
        return call.given.content_ref
    ref = call.given.fields.get("content_ref", "") if isinstance(call.given, Form) else ""
    ref = ref or call.query.content_ref
    if len(ref) > schemas.MAX_REF or "\0" in ref:
        msg = f"content_ref has {schemas.MAX_REF} characters at most, and no NUL."
        raise InputError(msg)
    return ref


def _count(call: Call, results: Sequence[Check]) -> None:
    metrics = call.app.metrics
    for each in results:
        metrics.count(metrics.checks, each.decision.verdict, each.outcome)


def _result(made: Check, *, exact: bool) -> schemas.CheckOut:
    return schemas.CheckOut(
        check_id=made.id,
        decision=made.decision.verdict,
        outcome=made.outcome,
        reason=made.decision.reason,
        matches=[_match(each, made, exact=exact) for each in made.decision.matches],
        hashes=[
            schemas.HashOut(type=each.type, value=each.hex, quality=each.quality, at_ms=each.at_ms)
            for each in made.hashes
        ],
        capped=made.decision.capped,
    )


def _match(match: Match, made: Check, *, exact: bool) -> schemas.MatchOut:
    near = match.neighbour
    return schemas.MatchOut(
        bank=near.bank.name,
        entry=entry_text(near.entry),
        type=made.type_of(match),
        closeness=match.closeness,
        verdict=match.verdict,
        reason=match.reason,
        distance=near.distance_bits if exact and near.by_hash else None,
        at_ms=made.hashes[match.query].at_ms,
        segment=None if near.segment is None else schemas.SegmentOut(**near.segment.in_seconds()),
    )


def _whose(call: Call) -> str | None:
    """Return whose checks the caller may read back; None for everybody's."""
    return None if call.key.banks is None else call.key.name


def _recorded(call: Call, made: Check) -> schemas.RecordedCheck:
    result = _result(made, exact=Scope.DISTANCES in call.key.scopes)
    values = {name: getattr(result, name) for name in result.__struct_fields__}
    return schemas.RecordedCheck(**values, content_ref=made.content_ref, key=made.key, checked_at=made.checked_at)
