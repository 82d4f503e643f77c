# SPDX-License-Identifier: Apache-2.0
"""Ed25519 (RFC 8032): ``exchange.messages.Signer`` and ``Verifier``; keys are drawn from the key file."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from noli.base.secrecy import Keyring, Purpose


class Ed25519Signer:
    """Signs with one key."""

    def __init__(self, seed: bytes) -> None:
        """Keep the key of a 32-byte seed."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> str:
        """The public key, 64 hexadecimal digits."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, data: bytes) -> bytes:
        """Sign."""
        return self._key.sign(data)


class Ed25519Verifier:
    """Verifies."""

    def verify(self, public_key: str, signature: bytes, data: bytes) -> bool:
        """Tell whether a signature is good."""
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


class FeedKeys:
    """The keys of our feed: ``exchange.ports.SigningKeys``."""

    def __init__(self, keyring: Keyring) -> None:
        """Keep the key file."""
        self._keyring = keyring

    def signer(self, generation: int) -> Ed25519Signer:
        """Return the key of a generation."""
        return Ed25519Signer(self._keyring.digest(Purpose.FEED, f"key|{generation}".encode()))
