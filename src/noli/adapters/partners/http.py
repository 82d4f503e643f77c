# SPDX-License-Identifier: Apache-2.0
"""Calls partners' servers through the guarded way out: ``exchange.ports.Http``."""

from collections.abc import Mapping

from noli.adapters.egress import Egress
from noli.base.errors import Forbidden, PartnerUnreachable, Unavailable
from noli.exchange.ports import HttpAnswer


class PartnerHttp:
    """Calls; safe from many threads."""

    def __init__(self, egress: Egress) -> None:
        """Keep the way out."""
        self._egress = egress

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        wait_s: float = 0,
        max_bytes: int = 64 * 1024 * 1024,
    ) -> HttpAnswer:
        """Call once."""
        try:
            answer = self._egress.call(method, url, body, headers, max_bytes=max_bytes, longer_s=_LONGER_S + wait_s)
        except (Unavailable, Forbidden) as error:
            raise PartnerUnreachable(error.public, detail=error.detail) from error
        return HttpAnswer(answer.status, answer.headers, answer.body)


# Seconds that a page of thousands of entries may take more than the answer to a webhook.
_LONGER_S = 50.0
