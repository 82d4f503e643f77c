# SPDX-License-Identifier: Apache-2.0
"""Fetches from a server that speaks NCMEC's hash-sharing v2 (XML): ``exchange.ports.Fetcher``.

Entries of a window of time come in no order, so the checkpoint is the end of a window that was read to its end, and the
place within one that was not. The next page is a path on our own base address, whatever else it looks like. XML is read
without entities or document types.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from noli.adapters.partners.answers import checked, pdq
from noli.bank.model import OpinionKind
from noli.base.clock import Clock
from noli.base.errors import PartnerUnreachable
from noli.exchange.model import Bad, Fetched, Given, Source, Told
from noli.exchange.ports import Http, HttpAnswer

#: Before the service existed.
_BEGINNING = datetime(2015, 1, 1, tzinfo=UTC)

# Entries of the last minute may still be written there.
_SETTLED = timedelta(minutes=1)

_TIME = "%Y-%m-%dT%H:%M:%SZ"
# What the name of a reason holds that says what we think; the names are the server's own.
_SAYS = {OpinionKind.FALSE_POSITIVE: "false positive", OpinionKind.DISPUTED: "disput"}

_NAMESPACE = "https://report.cybertip.org/hashsharing/v2"


class NcmecFetcher:
    """Fetches from one server; ``user`` and the secret are its name and password."""

    def __init__(self, http: Http, source: Source, secret: str, clock: Clock) -> None:
        """Keep the collaborators."""
        self._http, self._base, self._clock = http, source.url.rstrip("/"), clock
        self._headers = {"authorization": "Basic " + b64encode(f"{source.user}:{secret}".encode()).decode()}

    def pages(self, checkpoint: Mapping[str, Any], *, wait_s: float) -> Iterator[Fetched]:
        """Fetch one window, from the checkpoint to a minute ago, page by page."""
        del wait_s
        start = str(checkpoint.get("from", _BEGINNING.strftime(_TIME)))
        end = str(checkpoint.get("to", (self._clock.now() - _SETTLED).strftime(_TIME)))
        following = str(checkpoint.get("next", f"/v2/entries?{urlencode({'from': start, 'to': end})}"))
        if end <= start:
            return
        while True:
            root = _xml(self._http.call("GET", self._base + following, headers=self._headers))
            told, bad, skipped = _read(root)
            further = (root.findtext("{*}paging/{*}next") or "").strip()
            if not further:
                yield Fetched(told, bad, {"from": end}, skipped=skipped)
                return
            if not further.startswith("/v2/entries?") or further == following:
                msg = "The partner says that there is more, but not where."
                raise PartnerUnreachable(msg)
            following = further
            yield Fetched(told, bad, {"from": start, "to": end, "next": following}, skipped=skipped)

    def give(self, opinions: Sequence[Given]) -> Sequence[Bad]:
        """Send feedback, affirmative or negative; the reason is the one of theirs that says what we think."""
        headers = {**self._headers, "content-type": "application/xml"}
        reasons = self._reasons() if any(one.kind is not OpinionKind.TRUE_POSITIVE for one in opinions) else {}
        unsaid = []
        for one in opinions:
            root = ET.Element("feedbackSubmission", {"xmlns": _NAMESPACE})
            if one.kind is OpinionKind.TRUE_POSITIVE:
                ET.SubElement(root, "affirmative")
            else:
                fitting = [guid for guid, name in reasons.items() if _SAYS[one.kind] in name.casefold()]
                if not fitting:
                    known = ", ".join(reasons.values())[:200] or "none"
                    unsaid.append(
                        Bad(one.reference, f"Not sent that it is {one.kind}: no reason there says so ({known}).")
                    )
                    continue
                named = ET.SubElement(ET.SubElement(root, "negative"), "reasonIds")
                ET.SubElement(named, "guid").text = fitting[0]
            member, _, entry = one.reference.partition("-")
            url = f"{self._base}/v2/entries/{quote(member, safe='')}/{quote(entry, safe='')}/PDQ/feedback"
            checked(self._http.call("PUT", url, headers=headers, body=ET.tostring(root)))
        return unsaid

    def _reasons(self) -> dict[str, str]:
        """Return the reasons that there are, by their ids."""
        root = _xml(self._http.call("GET", f"{self._base}/v2/feedback/PDQ/reasons", headers=self._headers))
        return {
            guid: each.get("name") or each.findtext("{*}name") or ""
            for each in root.iterfind(".//{*}reason")
            if (guid := each.get("guid") or each.findtext("{*}guid"))
        }


def _xml(answer: HttpAnswer) -> ET.Element:
    body = checked(answer).body
    try:
        root: ET.Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        msg = "The partner's answer holds a document type, which its protocol does not have."
        raise PartnerUnreachable(msg) from error
    except (ET.ParseError, ValueError) as error:
        msg = "The partner's answer is not what its protocol says."
        raise PartnerUnreachable(msg, detail=str(error)[:100]) from error
    return root


def _read(root: ET.Element) -> tuple[tuple[Told, ...], tuple[Bad, ...], int]:
    told, bad, skipped = [], [], 0
    for image in root.iterfind("{*}images/*"):
        found = _told(image)
        if isinstance(found, Bad):
            bad.append(found)
        elif found is None:
            skipped += 1
        else:
            told.append(found)
    return tuple(told), tuple(bad), skipped


def _told(image: ET.Element) -> Told | Bad | None:
    kind = image.tag.rpartition("}")[2]
    member = image.find("{*}member")
    number, entry = "" if member is None else member.get("id", ""), (image.findtext("{*}id") or "").strip()
    reference = f"{number}-{entry}"
    try:
        at = datetime.fromisoformat((image.findtext("{*}timestamp") or "").strip())
    except ValueError:
        return Bad(reference, "It has no time.")
    version = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    if not number or not entry:
        return Bad(reference, "It has no id.")
    if kind == "deletedImage":
        return Told(reference, version, withdrawn=True)
    text = (image.findtext("{*}fingerprints/{*}pdq") or "").strip()
    if not text:
        # It has hashes of other kinds alone.
        return None
    value = pdq(reference, text)
    if isinstance(value, Bad):
        return value
    return Told(reference, version, withdrawn=False, hashes=(value,), opinion=_opinion(image))


def _opinion(image: ET.Element) -> OpinionKind | None:
    """Take negative feedback of anybody there for a dispute."""
    for each in image.iterfind("{*}feedback//{*}negativeFeedback"):
        if len(each) or (each.text or "").strip():
            return OpinionKind.DISPUTED
    return None
