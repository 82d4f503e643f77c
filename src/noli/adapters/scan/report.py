# SPDX-License-Identifier: Apache-2.0
"""Sends what a scan found to an installation's notices, over its API: one notice for each object of the catalogue.

A notice has the object's id as its reference, so that sending it again, also after it was cut short, changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from noli.adapters.egress import Egress
from noli.base.errors import Forbidden, InputError, Unauthenticated, Unavailable

#: Notices in one request, the most that the interface takes.
AT_ONCE = 1000

_PATH = "/api/v1/notices/import"

# Bytes of an answer: some 200 a notice.
_ANSWER_BYTES = 4 * 1024 * 1024

# Seconds that a request may take more than a webhook: each notice is a transaction.
_LONGER_S = 300.0

# Entries that a notice names; an object near hundreds of them is near to what everybody has.
_NAMED = 5

_OK, _UNAUTHENTICATED, _FORBIDDEN = 200, 401, 403


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one object.

    Attributes:
        id: Its id in the catalogue.
        notice: Number of its notice; None where it was not taken.
        created: False where it was there already.
        error: Why it was not taken, or empty.
    """

    id: str
    notice: str | None
    created: bool
    error: str


def found(matches: Path, *, banks: Sequence[str] = ()) -> dict[str, list[str]]:
    """Read a scan's output: the objects that matched, each with what it matched, nearest first.

    Args:
        matches: The output.
        banks: Only what matched these; all where there are none.

    Raises:
        InputError: It is no output of a scan.
    """
    try:
        table = pq.read_table(matches, columns=["id", "bank", "entry", "distance"])
    except (OSError, pa.ArrowException) as error:
        msg = f"{matches} is no output of 'noli scan'."
        raise InputError(msg, detail=str(error)) from error
    objects: dict[str, list[str]] = {}
    for row in table.sort_by("distance").to_pylist():
        if not banks or row["bank"] in banks:
            objects.setdefault(str(row["id"]), []).append(f"{row['entry']} of bank {row['bank']}")
    return objects


def send(objects: dict[str, list[str]], *, to: str, token: str, egress: Egress) -> Iterator[Sent]:
    """Open a notice for each object that has none.

    Args:
        objects: As ``found`` returns them.
        to: Address of the installation.
        token: A key with the scope ``notices``.
        egress: Calls it.

    Yields:
        What became of each, in their order.

    Raises:
        Unavailable: It does not answer; what was sent before stays.
        Unauthenticated: The key is none.
        Forbidden: It has not the scope, or the address is none that may be called.
    """
    ids = list(objects)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for at in range(0, len(ids), AT_ONCE):
        some = ids[at : at + AT_ONCE]
        body = msgspec.json.encode({"notices": [_notice(each, objects[each]) for each in some]})
        url = to.rstrip("/") + _PATH
        answer = egress.call("POST", url, body, headers, max_bytes=_ANSWER_BYTES, longer_s=_LONGER_S)
        if answer.status == _UNAUTHENTICATED:
            msg = "The installation does not know this key."
            raise Unauthenticated(msg)
        if answer.status == _FORBIDDEN:
            msg = "The key needs the scope 'notices'."
            raise Forbidden(msg)
        if answer.status != _OK:
            msg = f"The installation answered {answer.status}; send it again later, what was taken stays."
            raise Unavailable(msg)
        for id_, told in zip(some, msgspec.json.decode(answer.body)["results"], strict=True):
            yield Sent(id_, told["notice"], told["created"], told["error"])


def _notice(id_: str, entries: Sequence[str]) -> dict[str, object]:
    """Write one notice. Only pictures of adults are banked, and a copy of one shows the same person."""
    return {
        "age": "adult",
        "opening": "policy",
        "reference": f"scan:{id_}",
        "contents": [{"ref": id_}],
        "fields": {"reasons": f"A scan found it near {', '.join(entries[:_NAMED])}."},
    }
