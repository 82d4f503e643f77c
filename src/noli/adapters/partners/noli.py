# SPDX-License-Identifier: Apache-2.0
"""Fetches from another Noli: ``exchange.ports.Fetcher`` over the feed that ``exchange.messages`` describes."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from noli.adapters.partners.answers import checked, written
from noli.base.errors import PartnerDistrusted
from noli.exchange.messages import MAX_ITEMS, Position, Signer, Verifier, read_page, write_receipt
from noli.exchange.model import Bad, Fetched, Given, Source
from noli.exchange.ports import Http

_FEED = "/exchange/noli/v1"
_NONCE_BYTES = 16
_CONFLICT = 409


class NoliFetcher:
    """Fetches from one installation."""

    def __init__(
        self, http: Http, verifier: Verifier, signer: Callable[[], Signer], source: Source, secret: str
    ) -> None:
        """Keep the collaborators; ``signer`` is asked for who signs our receipts."""
        self._http, self._verifier, self._signer, self._source = http, verifier, signer, source
        self._base = source.url.rstrip("/") + _FEED
        self._headers = {"authorization": f"Bearer {secret}"}

    def pages(self, checkpoint: Mapping[str, Any], *, wait_s: float) -> Iterator[Fetched]:
        """Fetch pages until there is nothing more; only the first answer is waited for."""
        agreed = self._source.public_key
        # A key that was agreed on anew counts more than the one that the old one had led to.
        known = checkpoint if checkpoint.get("agreed") == agreed else {}
        place = Position(
            installation=checkpoint.get("installation", ""),
            epoch=checkpoint.get("epoch", ""),
            after=checkpoint.get("after", 0),
            digest=checkpoint.get("digest", ""),
            key=known.get("key", agreed),
            to=checkpoint.get("to", ""),
        )
        more = True
        while more:
            nonce = secrets.token_hex(_NONCE_BYTES)
            asked = {
                "after": place.after,
                "previous": place.digest,
                "nonce": nonce,
                "limit": MAX_ITEMS,
                "wait": int(wait_s),
            }
            url = f"{self._base}/changes?{urlencode(asked)}"
            # Everything up to this place is stored: ``sync`` asks for the next page only then.
            signed = {"noli-receipt": write_receipt(place, self._signer())} if place.digest else {}
            answer = self._http.call("GET", url, headers=self._headers | signed, wait_s=wait_s)
            if answer.status == _CONFLICT:
                msg = (
                    "The partner does not know our checkpoint: it or we were set back, to a backup perhaps."
                    " 'noli partner resync' begins anew."
                )
                raise PartnerDistrusted(msg)
            signature = checked(answer).headers.get("noli-signature", "")
            read = read_page(answer.body, signature, before=place, nonce=nonce, verifier=self._verifier)
            more, wait_s = read.more, 0
            if read.position.after == place.after and not more:
                return
            place = read.position
            yield Fetched(read.told, read.bad, {**asdict(place), "agreed": agreed})

    def give(self, opinions: Sequence[Given]) -> Sequence[Bad]:
        """Send opinions."""
        body = written({"opinions": [{"entry": one.reference, "kind": str(one.kind)} for one in opinions]})
        headers = {**self._headers, "content-type": "application/json"}
        checked(self._http.call("POST", f"{self._base}/opinions", headers=headers, body=body))
        return ()
