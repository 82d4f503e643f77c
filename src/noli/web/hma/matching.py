# SPDX-License-Identifier: Apache-2.0
"""``/m``: lookups. They are checks like any other: recorded where they match, and held to the probing budget.

``/m/lookup`` lists what stands after policy: entries of negative banks, and matches that these clear, are left out,
because whoever calls takes every bank that is named for a hit. ``/m/raw_lookup`` leaves policy aside.
"""

from collections.abc import Iterable

from noli.access.model import Scope
from noli.bank.model import DEFAULT_THRESHOLD_BITS, Action, entry_text
from noli.base.errors import Forbidden, InputError
from noli.hashing.model import Hash, Reading
from noli.matching.model import Check, Match, Verdict
from noli.matching.service import Upload
from noli.web.api import checks
from noli.web.api.operation import Call, Reply
from noli.web.hma import hashing, signals
from noli.web.hma.shapes import PDQ, VPDQ


async def by_signal(call: Call) -> Reply:
    """Look a signal up, or the file at a URL: the banks that match, each with its entries."""
    if call.query.url:
        return await by_file(call)
    made = await checks.made(call, _upload(call))
    return Reply.of(_by_bank(call, made))


async def by_file(call: Call) -> Reply:
    """Look a file up."""
    reading = await hashing.read(call)
    made = await checks.made(call, Upload.of(reading, content_ref=call.query.seed))
    return Reply.of({_type_of(reading): _by_bank(call, made)})


async def raw(call: Call) -> Reply:
    """Look a signal up in the index alone: ids, or with ``include_distance`` ids and distances."""
    if call.query.include_distance and Scope.DISTANCES not in call.key.scopes:
        msg = f"Distances take a key with the scope {Scope.DISTANCES!s}: 257 of them give a banked hash away."
        raise Forbidden(msg)
    made = await checks.made(call, _upload(call))
    found = _in_banks(call, made.decision.matches)
    if call.query.include_distance:
        return Reply.of({"matches": [_shown(call, match) for match in found]})
    return Reply.of({"matches": [match.neighbour.entry for match in found]})


def compare(call: Call) -> Reply:
    """Compare two signals of the caller's own."""
    one, other = (Hash.from_hex(text, signal_type=PDQ) for text in call.given.pdq)
    distance = (int.from_bytes(one.value) ^ int.from_bytes(other.value)).bit_count()
    return Reply.of({PDQ: [distance <= DEFAULT_THRESHOLD_BITS, {"distance": distance}]})


def index_status(call: Call) -> Reply:
    """Say how many hashes the index holds, and up to when it follows the banks: to this moment, if all is well.

    How large banks are that are not shared with it is no partner's business.
    """
    banks, indexes = call.key.banks, call.app.indexes
    size = indexes.hashes if banks is None else indexes.hashes_in(banks)
    state = {"built_to": _built_to(call), "present": indexes.ready, "size": size}
    return Reply.of({_asked_type(call) or PDQ: state})


def index_age(call: Call) -> Reply:
    """Compare the index with the banks: they are the same, unless the banks cannot be followed at this moment."""
    asked, built_to = _asked_type(call), _built_to(call)
    state = {
        "db_size": call.app.indexes.hashes,
        "index_size": call.app.indexes.hashes,
        "index_out_of_date": built_to < 0,
        "newest_db_item": built_to,
        "index_built_to": built_to,
    }
    return Reply.of(dict.fromkeys([asked] if asked else [PDQ, VPDQ], state))


def status(call: Call) -> Reply:
    """Say that lookups are answered, in the words that HMA's callers wait for."""
    app = call.app
    if not app.indexes.ready:
        return Reply(b"INDEX-NOT-LOADED", call.operation.media_type, 503)
    if app.follower.behind:
        return Reply(b"INDEX-STALE", call.operation.media_type, 503)
    return Reply(b"I-AM-ALIVE", call.operation.media_type)


def alive(call: Call) -> Reply:
    """Say that the process runs."""
    return Reply(b"I-AM-ALIVE", call.operation.media_type)


def _asked_type(call: Call) -> str:
    asked = str(call.query.signal_type)
    if asked not in {"", PDQ, VPDQ}:
        msg = f"No such signal type {asked!r}; served here: {PDQ}, {VPDQ}."
        raise InputError(msg)
    return asked


def _built_to(call: Call) -> int:
    """Return the second up to which the index follows the banks; -1 where it does not."""
    app = call.app
    return int(app.clock.now().timestamp()) if app.indexes.ready and not app.follower.behind else -1


def _upload(call: Call) -> Upload:
    query = call.query
    if not query.signal or not query.signal_type:
        msg = "A lookup takes signal and signal_type."
        raise InputError(msg)
    return Upload(signals.read(query.signal, query.signal_type), query.seed)


def _type_of(reading: Reading) -> str:
    return PDQ if reading.duration_ms is None else VPDQ


def _by_bank(call: Call, made: Check) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    for match in _in_banks(call, _standing(made.decision.matches)):
        found.setdefault(match.neighbour.bank.name, []).append(_shown(call, match))
    return found


def _standing(matches: Iterable[Match]) -> list[Match]:
    """Leave out what clears and what is cleared."""
    listed = list(matches)
    vetoed = {m.query for m in listed if m.neighbour.bank.policy.negative and not m.neighbour.disputed}
    return [match for match in listed if match.query not in vetoed and _asks(match)]


def _asks(match: Match) -> bool:
    """Say whether a match is a hit for callers who know no actions: all are, but negative and cleared ones."""
    policy = match.neighbour.bank.policy
    return not policy.negative and (match.verdict is not Verdict.ALLOW or policy.action is Action.LOG)


def _in_banks(call: Call, matches: Iterable[Match]) -> list[Match]:
    names = {name.strip() for name in call.query.banks.split(",") if name.strip()}
    return [match for match in matches if not names or match.neighbour.bank.name in names]


def _shown(call: Call, match: Match) -> dict[str, object]:
    near = match.neighbour
    shown: dict[str, object] = {
        "bank_content_id": near.entry,
        "entry": entry_text(near.entry),
        "closeness": match.closeness,
    }
    if Scope.DISTANCES in call.key.scopes:
        shown["distance"] = str(near.distance_bits)
    return shown
