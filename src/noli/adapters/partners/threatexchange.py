# SPDX-License-Identifier: Apache-2.0
"""Fetches from a server that speaks Meta's ThreatExchange ``threat_updates``: ``exchange.ports.Fetcher``.

The privacy group is the source's ``user``, the access token its secret; the token travels in the address, as the
protocol has it, and so into nothing that is logged here. The next page is asked for at our own base address, whatever
host the answer names.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

from noli.adapters.partners.answers import checked, json_of, pdq, record
from noli.bank.model import OpinionKind
from noli.base.errors import PartnerUnreachable
from noli.exchange.model import Bad, Fetched, Given, Source, Told
from noli.exchange.ports import Http

_FIELDS = (
    "id,indicator,type,last_updated,should_delete,descriptors{reactions,my_reactions,owner{id},tags,status,added_on}"
)
_LIMIT = 1000
_PDQ = "HASH_PDQ"

_DISAGREES = "DISAGREE_WITH_TAGS"

# Label of our entry that names the descriptor it came with.
_DESCRIPTOR = "descriptor:"

_REACTIONS = {
    OpinionKind.TRUE_POSITIVE: "HELPFUL",
    OpinionKind.FALSE_POSITIVE: _DISAGREES,
    OpinionKind.DISPUTED: _DISAGREES,
}


class _Paging(msgspec.Struct, frozen=True):
    next: str = ""


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]
    paging: _Paging = _Paging()


class _Descriptors(msgspec.Struct, frozen=True):
    data: list[dict[str, Any]] = []


class _Update(msgspec.Struct):
    id: str
    indicator: str
    type: str
    last_updated: int
    should_delete: bool = False
    descriptors: _Descriptors = _Descriptors()


class ThreatExchangeFetcher:
    """Fetches one privacy group of one server."""

    def __init__(self, http: Http, source: Source, secret: str) -> None:
        """Keep the collaborators."""
        self._http, self._base, self._token = http, source.url.rstrip("/"), secret
        self._group = source.user

    def pages(self, checkpoint: Mapping[str, Any], *, wait_s: float) -> Iterator[Fetched]:
        """Fetch pages until there is no next one."""
        del wait_s
        start = int(checkpoint.get("start", 0))
        newest, cursor = start, {str(k): str(v) for k, v in checkpoint.get("cursor", {}).items()}
        while True:
            asked = {"start_time": start, "limit": _LIMIT, "fields": _FIELDS, **cursor, "access_token": self._token}
            url = f"{self._base}/{quote(self._group, safe='')}/threat_updates/?{urlencode(asked)}"
            page = json_of(self._http.call("GET", url, headers={}), _Page)
            told, bad, last, skipped = _read(page.data)
            newest = max(newest, last)
            if not page.paging.next:
                yield Fetched(told, bad, {"start": newest}, skipped=skipped)
                return
            following = dict(parse_qsl(urlsplit(page.paging.next).query))
            following.pop("access_token", None)
            if following == cursor:
                msg = "The partner says that there is more, but not where."
                raise PartnerUnreachable(msg)
            cursor = following
            yield Fetched(told, bad, {"start": start, "cursor": cursor}, skipped=skipped)

    def give(self, opinions: Sequence[Given]) -> Sequence[Bad]:
        """React to the descriptor that an entry came with."""
        for one in opinions:
            named = (label.removeprefix(_DESCRIPTOR) for label in one.labels if label.startswith(_DESCRIPTOR))
            descriptor = next(named, one.reference)
            asked = {"reactions": _REACTIONS[one.kind], "access_token": self._token}
            url = f"{self._base}/{quote(descriptor, safe='')}/?{urlencode(asked)}"
            checked(self._http.call("POST", url, headers={}))
        return ()


def _read(updates: Sequence[msgspec.Raw]) -> tuple[tuple[Told, ...], tuple[Bad, ...], int, int]:
    told, bad, newest, skipped = [], [], 0, 0
    for raw in updates:
        one = record(raw, _Update)
        if isinstance(one, Bad):
            bad.append(one)
            continue
        newest = max(newest, one.last_updated)
        if one.type != _PDQ:
            skipped += 1
            continue
        gone = one.should_delete or not one.descriptors.data
        value = pdq(one.id, one.indicator) if not gone else None
        if isinstance(value, Bad):
            bad.append(value)
            continue
        hashes = () if value is None else (value,)
        told.append(Told(one.id, one.last_updated, gone, hashes=hashes, opinion=_opinion(one), labels=_labels(one)))
    return tuple(told), tuple(bad), newest, skipped


def _opinion(one: _Update) -> OpinionKind | None:
    """Take disagreement of anybody there for a dispute."""
    for descriptor in one.descriptors.data:
        if descriptor.get("status") == "NON_MALICIOUS":
            return OpinionKind.FALSE_POSITIVE
        reactions = descriptor.get("reactions")
        keys = [each.get("key") for each in reactions if isinstance(each, dict)] if isinstance(reactions, list) else []
        if _DISAGREES in keys:
            return OpinionKind.DISPUTED
    return None


def _labels(one: _Update) -> tuple[str, ...]:
    """Remember the descriptor: reactions go there."""
    named = [str(descriptor["id"]) for descriptor in one.descriptors.data if "id" in descriptor]
    return (f"{_DESCRIPTOR}{named[0]}",) if named else ()
