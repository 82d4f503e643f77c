# SPDX-License-Identifier: Apache-2.0
"""Verify and read the ledger. Appending is done where things happen, in their transaction (``LedgerTransaction``)."""

from collections.abc import Iterator, Sequence
from datetime import date

from noli.evidence import rules
from noli.evidence.model import Flaw, LedgerEntry, LedgerRoot, SignedRoot, TimestampToken, Verification
from noli.evidence.notes import key_id, signed_text
from noli.evidence.ports import Ledger, SignatureCheck, TimestampAuthority


class LedgerService:
    """The use cases around the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        check: SignatureCheck | None = None,
        keys: Sequence[bytes] = (),
        authority: TimestampAuthority | None = None,
    ) -> None:
        """Keep the collaborators.

        Args:
            ledger: The ledger.
            check: Checks signatures.
            keys: Public keys that roots may be signed with; where there are none, signatures are not looked at.
            authority: Whose time-stamps are checked; where there is none, they are not looked at.
        """
        self._ledger, self._check, self._authority = ledger, check, authority
        self._keys = {key_id(public): public for public in keys}

    def verify(self, *, noted: Sequence[LedgerRoot] = (), notes: Sequence[SignedRoot] = ()) -> Verification:
        """Read all of it and recompute everything.

        Args:
            noted: Roots that were noted earlier, elsewhere.
            notes: The same with their signatures.
        """
        with self._ledger.whole() as found:
            signed = [*found.roots, *notes]
            verified = rules.verify(
                found.entries,
                references=found.references,
                referring=found.referring,
                noted=[*noted, *(each.root for each in signed)],
            )
            flaws = (
                *verified.flaws,
                *(flaw for each in dict.fromkeys(signed) for flaw in self._signature(each)),
                *(flaw for each in found.timestamps for flaw in self._timestamp(each, found.roots)),
            )
            return Verification(verified.root, flaws[: rules.MAX_FLAWS])

    def page(
        self, *, subject: str = "", kind: str = "", day: date | None = None, before: int | None = None, limit: int = 100
    ) -> list[LedgerEntry]:
        """List entries, newest first: of one subject, kind and day (in UTC), or of all; those before an entry."""
        return self._ledger.page(subject=subject, kind=kind, day=day, before=before, limit=limit)

    def _signature(self, signed: SignedRoot) -> Iterator[Flaw]:
        if self._check is None or not self._keys:
            return
        public = self._keys.get(signed.key)
        text = signed_text(signed.root, signed.at)
        if public is None or not self._check(public, text, signed.signature):
            size = signed.root.size
            yield Flaw(size, f"The root of the first {size} entries is not signed by a key of this ledger.")

    def _timestamp(self, token: TimestampToken, roots: Sequence[SignedRoot]) -> Iterator[Flaw]:
        if self._authority is None:
            return
        signed = next((each for each in roots if each.root.size == token.size), None)
        if signed is None or not self._authority.check(signed_text(signed.root, signed.at), token.token):
            text = f"The time-stamp of the root of the first {token.size} entries is not the authority's, or not of it."
            yield Flaw(token.size, text)
