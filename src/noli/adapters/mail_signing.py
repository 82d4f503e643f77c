# SPDX-License-Identifier: Apache-2.0
"""The key that mail is signed with by DKIM (RFC 6376), and the signature itself (decision 0044).

RSA with 2048 bits, because not every mail server verifies Ed25519 yet. The key is made when first needed and stays in
a file of its own beside the key file; its public half is what the operator puts into the DNS.
"""

from base64 import b64encode
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from noli.adapters.files import make_private
from noli.base.errors import ConfigError

_BITS, _EXPONENT = 2048, 65537

# What a signature covers; a header that is named but missing cannot be added later either.
_HEADERS = [
    b"from", b"to", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"mime-version", b"content-type",
    b"content-transfer-encoding", b"reply-to", b"cc",
]  # fmt: skip


class MailSigner:
    """Signs mail."""

    def __init__(self, path: Path, *, selector: str) -> None:
        """Keep where the key is, and under which name in the DNS its public half stands."""
        self._path, self._selector = path, selector

    def sign(self, mail: bytes, *, domain: str) -> bytes:
        """Return the mail with a signature of the domain in front. Raises ConfigError."""
        signature: bytes = dkim.sign(
            mail,
            self._selector.encode(),
            domain.encode("idna"),
            self._key(),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=_HEADERS,
        )
        return signature + mail

    def record(self, domain: str) -> tuple[str, str]:
        """Return name and content of the TXT record that lets others verify the signature. Raises ConfigError."""
        key = serialization.load_pem_private_key(self._key(), password=None)
        form, kind = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.DER
        public = b64encode(key.public_key().public_bytes(kind, form)).decode("ascii")
        return f"{self._selector}._domainkey.{domain}", f"v=DKIM1; k=rsa; p={public}"

    def _key(self) -> bytes:
        try:
            if not self._path.exists():
                self._make()
            return self._path.read_bytes()
        except OSError as error:
            msg = f"The key for signing mail, {self._path}, cannot be read or made: {error.strerror}."
            raise ConfigError(msg) from error

    def _make(self) -> None:
        key = rsa.generate_private_key(_EXPONENT, _BITS)
        # The form that dkimpy reads.
        form, plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        make_private(self._path, key.private_bytes(serialization.Encoding.PEM, form, plain))
