# SPDX-License-Identifier: Apache-2.0
"""Fetches from a server that speaks StopNCII v1: ``exchange.ports.Fetcher``.

Unlike the common client it reads ``hashStatus``: what is withdrawn or deleted there is dropped here. The checkpoint is
the time that the server names; it is asked for again including it, so nothing is skipped, and what comes twice changes
nothing. The page token is kept, too, so that a fetch of millions goes on where it was interrupted.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from noli.adapters.partners.answers import checked, json_of, pdq, record, written
from noli.bank.model import OpinionKind
from noli.base.errors import PartnerUnreachable
from noli.exchange.model import Bad, Fetched, Given, Source, Told
from noli.exchange.ports import Http

#: Records asked for at a time; the common client asks for 800.
PAGE_SIZE = 5000

# What the common client begins with; servers may take smaller numbers for none.
_BEGINNING = 10

_GONE = frozenset({"Withdrawn", "Deleted"})
_THERE = frozenset({"Active", "Received", "Unknown"})
_IMAGE = "ImagePDQ"

_FEEDBACK = {
    OpinionKind.TRUE_POSITIVE: "Blocked",
    OpinionKind.FALSE_POSITIVE: "NotBlocked",
    OpinionKind.DISPUTED: "PendingReview",
}


class _Page(msgspec.Struct):
    hashRecords: list[msgspec.Raw]  # noqa: N815 - the protocol's names
    hasMoreRecords: bool  # noqa: N815
    nextSetTimestamp: int  # noqa: N815
    nextPageToken: str | None = None  # noqa: N815


# What services there say, as our words; their other words say nothing about the entry.
_MEANT = {"Blocked": OpinionKind.TRUE_POSITIVE, "NotBlocked": OpinionKind.FALSE_POSITIVE}


class _Feedback(msgspec.Struct):
    feedbackValue: str | None = None  # noqa: N815 - the protocol's names


class _Record(msgspec.Struct):
    lastModtimestamp: int  # noqa: N815
    signalType: str  # noqa: N815
    hashValue: str  # noqa: N815
    hashStatus: str  # noqa: N815
    CSPFeedbacks: list[_Feedback] | None = None


class StopNciiFetcher:
    """Fetches from one server; the secret is its two keys with a comma between them."""

    def __init__(self, http: Http, source: Source, secret: str) -> None:
        """Keep the collaborators."""
        self._http, self._base = http, source.url.rstrip("/")
        function, _, subscription = secret.partition(",")
        self._headers = {"x-functions-key": function, "ocp-apim-subscription-key": subscription or function}

    def pages(self, checkpoint: Mapping[str, Any], *, wait_s: float) -> Iterator[Fetched]:
        """Fetch pages until the server says that there are no more."""
        del wait_s
        start, token = int(checkpoint.get("start", _BEGINNING)), str(checkpoint.get("token", ""))
        while True:
            asked = {"startTimestamp": start, "pageSize": PAGE_SIZE} | ({"nextPageToken": token} if token else {})
            url = f"{self._base}/FetchHashes?{urlencode(asked)}"
            page = json_of(self._http.call("GET", url, headers=self._headers), _Page)
            told, bad, skipped = _read(page.hashRecords)
            if not page.hasMoreRecords:
                # Never back behind where we were, whatever the server says.
                yield Fetched(told, bad, {"start": max(start, page.nextSetTimestamp)}, skipped=skipped)
                return
            if not page.nextPageToken or page.nextPageToken == token:
                msg = "The partner says that there is more, but not where."
                raise PartnerUnreachable(msg)
            token = page.nextPageToken
            yield Fetched(told, bad, {"start": start, "token": token}, skipped=skipped)

    def give(self, opinions: Sequence[Given]) -> Sequence[Bad]:
        """Send opinions; an entry is known by its hash."""
        feedback = [{"tags": [], "feedbackValue": _FEEDBACK[one.kind], "hashValue": one.reference} for one in opinions]
        body = written({"count": len(feedback), "hashFeedbacks": feedback})
        headers = {**self._headers, "content-type": "application/json"}
        checked(self._http.call("POST", f"{self._base}/SubmitFeedback", headers=headers, body=body))
        return ()


def _read(records: Sequence[msgspec.Raw]) -> tuple[tuple[Told, ...], tuple[Bad, ...], int]:
    told, bad, skipped = [], [], 0
    for raw in records:
        one = record(raw, _Record)
        if isinstance(one, Bad):
            bad.append(one)
            continue
        if one.signalType != _IMAGE:
            skipped += 1
            continue
        found = _told(one)
        if isinstance(found, Bad):
            bad.append(found)
        else:
            told.append(found)
    return tuple(told), tuple(bad), skipped


def _told(one: _Record) -> Told | Bad:
    if one.hashStatus not in _GONE | _THERE:
        return Bad(one.hashValue, f"The status {one.hashStatus[:64]!r} is not known here.")
    value = pdq(one.hashValue, one.hashValue)
    if isinstance(value, Bad):
        return value
    withdrawn = one.hashStatus in _GONE
    return Told(
        value.hex,
        one.lastModtimestamp,
        withdrawn=withdrawn,
        hashes=() if withdrawn else (value,),
        opinion=_opinion(one),
    )


def _opinion(one: _Record) -> OpinionKind | None:
    """Take what services there say of it: where they do not agree, it is disputed."""
    said = {_MEANT[each.feedbackValue] for each in one.CSPFeedbacks or () if each.feedbackValue in _MEANT}
    return OpinionKind.DISPUTED if len(said) > 1 else next(iter(said), None)
