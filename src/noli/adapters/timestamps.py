# SPDX-License-Identifier: Apache-2.0
"""Asks a time-stamp authority (RFC 3161) when something existed: ``evidence.ports.TimestampAuthority``.

The authority learns a digest and nothing else. Its answer is believed only where its certificate leads to one that the
operator has named, and where it is about what was asked.
"""

from datetime import datetime
from pathlib import Path

import rfc3161_client as rfc3161
from cryptography import x509

from noli.adapters.egress import Egress
from noli.base.errors import ConfigError, Unavailable

# Bytes of an answer; with its certificates it has some thousands.
_MAX_BYTES = 32 * 1024

_HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}

_OK = 200


class Rfc3161Authority:
    """One time-stamp authority."""

    def __init__(self, egress: Egress, url: str, certificates: Path) -> None:
        """Read the certificates that are believed.

        Args:
            egress: Calls outside.
            url: Address of the authority.
            certificates: PEM file with the authority's root certificates.

        Raises:
            ConfigError: The file cannot be read, or holds no certificate.
        """
        self._egress, self._url = egress, url
        try:
            self._roots = x509.load_pem_x509_certificates(certificates.read_bytes())
        except (OSError, ValueError) as error:
            msg = f"The certificates of the time-stamp authority cannot be read from {certificates}."
            raise ConfigError(msg, detail=type(error).__name__) from error

    @property
    def name(self) -> str:
        """Its address."""
        return self._url

    def stamp(self, text: bytes) -> tuple[datetime, bytes]:
        """Have the digest of a text time-stamped."""
        request = rfc3161.TimestampRequestBuilder().data(text).nonce(nonce=True).build()
        answer = self._egress.send(self._url, request.as_bytes(), _HEADERS, max_bytes=_MAX_BYTES)
        if answer.status != _OK or not self._believed(text, answer.body, nonce=request.nonce):
            msg = "The time-stamp authority gave no answer that can be believed; see timestamp_certificates."
            raise Unavailable(msg)
        return rfc3161.decode_timestamp_response(answer.body).tst_info.gen_time, answer.body

    def check(self, text: bytes, token: bytes) -> bool:
        """Tell whether an answer is the authority's and about this text."""
        return self._believed(text, token, nonce=None)

    def _believed(self, text: bytes, token: bytes, *, nonce: int | None) -> bool:
        builder = rfc3161.VerifierBuilder(nonce=nonce, roots=list(self._roots))
        try:
            return builder.build().verify_message(rfc3161.decode_timestamp_response(token), text)
        except (rfc3161.VerificationError, ValueError):
            return False
