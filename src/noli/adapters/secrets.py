# SPDX-License-Identifier: Apache-2.0
"""Draws secrets from the key file: ``exchange.ports.Secrets``."""

from noli.base.secrecy import Keyring, Purpose


class DrawnSecrets:
    """Draws for one purpose; what is drawn for another cannot stand for it."""

    def __init__(self, keyring: Keyring, purpose: Purpose) -> None:
        """Keep the key file."""
        self._keyring, self._purpose = keyring, purpose

    def draw(self, *parts: str | int) -> bytes:
        """Return 32 bytes that follow from the parts."""
        return self._keyring.digest(self._purpose, "|".join(map(str, parts)).encode())
