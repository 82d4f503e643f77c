# SPDX-License-Identifier: Apache-2.0
"""The secret under which a bank's regions are hashed.

A region's frequencies show a part of the picture; sixty of them with their places show much of it. So they are never
kept: what is kept are signs after a secret rotation, and the secret is in the key file, not in the database. Each bank
has its own, and a new one after its regions were forgotten: hashes of two banks, or of before and after, cannot be
compared. Nobody but this installation can use them, so nothing is ever exchanged (see ``bank.ports``).
"""

import hashlib
from collections.abc import Callable

from noli.bank.model import Bank, BankId, KeyedRegions
from noli.base.secrecy import Keyring, Purpose
from noli.hashing.model import Regions

#: Random bytes that the kernel's transform takes (``native/regions.h``: NOLI_REGION_SECRET).
SECRET_BYTES = 864


class RegionSecrets:
    """Hashes regions for a bank."""

    def __init__(self, keyring: Callable[[], Keyring]) -> None:
        """Keep the way to the key file.

        Args:
            keyring: Opens it; called when a region is first hashed, so that an installation without any needs none.
        """
        self._keyring = keyring
        self._known: dict[tuple[BankId, int], bytes] = {}

    def keyed(self, bank: Bank, regions: Regions) -> KeyedRegions:
        """Hash what is to be registered.

        Raises:
            ConfigError: The key file is missing or cannot be used.
        """
        hashes = self.hashes(bank, regions, mirrored=False)
        return KeyedRegions(regions.size, regions.places, hashes, regions.at_ms)

    def hashes(self, bank: Bank, regions: Regions, *, mirrored: bool) -> bytes:
        """Hash what is looked for; with ``mirrored``, as if the picture were mirrored back.

        Raises:
            ConfigError: The key file is missing or cannot be used.
        """
        from noli.hashing import kernel  # noqa: PLC0415 - commands that match nothing need not load it

        return kernel.region_hashes(regions.coefs, self._secret(bank), mirrored)

    def _secret(self, bank: Bank) -> bytes:
        wanted = bank.id, bank.epoch
        if wanted not in self._known:
            digest = self._keyring().digest(Purpose.REGIONS, b"%d|%d" % wanted)
            self._known[wanted] = hashlib.shake_256(digest).digest(SECRET_BYTES)
        return self._known[wanted]
