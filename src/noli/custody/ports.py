# SPDX-License-Identifier: Apache-2.0
"""What packages need from outside: a place where they are kept.

One suite (``tests/contract/test_package_store.py``) holds every implementation to this page.
"""

from typing import Protocol

from noli.casework.model import CaseId


class PackageStore(Protocol):
    """Keeps packages by case and SHA-256; safe to call from many threads and processes."""

    @property
    def where(self) -> str:
        """Where that is, for people; no secret is in it."""
        ...

    def put(self, case: CaseId, digest: str, content: bytes) -> None:
        """Keep a package, whole or not at all; what is there already stays.

        Raises:
            Unavailable: It could not be kept.
        """
        ...

    def get(self, case: CaseId, digest: str) -> bytes:
        """Return a package.

        Raises:
            NotFound: It is not there.
            IntegrityError: It is there, and is not what was kept.
            Unavailable: The store does not answer.
        """
        ...

    def digests(self, case: CaseId) -> list[str]:
        """Return what is kept of a case, sorted. Raises Unavailable."""
        ...

    def forget(self, case: CaseId) -> None:
        """Delete everything that is kept of a case. Raises Unavailable."""
        ...

    def probe(self) -> None:
        """Write, read and delete something, to see that it can be done. Raises Unavailable."""
        ...
