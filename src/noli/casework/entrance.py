# SPDX-License-Identifier: Apache-2.0
"""Coming back: number and words open a session; a recovery code gives new words.

Nobody learns whether a case exists without its words: an unknown number, a wrong word and a number that is none take
the same steps, cost one slow hash each, and get the same refusal. Delays (``access/delays.py``) count for all of them.
"""

from dataclasses import dataclass, field

from noli.access.delays import Delays
from noli.access.model import OpenedSession, SessionKind
from noli.access.sessions import SessionService
from noli.base.errors import Unauthenticated
from noli.base.secrecy import Keyring, SlowHasher
from noli.casework import receipts
from noli.casework.commands import Command, ReplacePassphrase
from noli.casework.files import PERSON, CaseFiles
from noli.casework.model import Case, CaseId, Receipt
from noli.casework.ports import CaseTransaction, WordLists


@dataclass(frozen=True, slots=True)
class Entered:
    """A person at their case."""

    case: CaseId
    session: OpenedSession = field(repr=False)


class Entrance:
    """Lets people into their cases; safe to call from many threads."""

    def __init__(
        self,
        files: CaseFiles,
        sessions: SessionService,
        *,
        keyring: Keyring,
        hasher: SlowHasher,
        words: WordLists,
        delays: Delays,
    ) -> None:
        """Keep the collaborators."""
        self._files, self._sessions = files, sessions
        self._keyring, self._hasher, self._words, self._delays = keyring, hasher, words, delays

    def log_in(self, number: str, passphrase: str, *, caller: bytes) -> Entered:
        """Open a session.

        Args:
            number: Case number as typed.
            passphrase: Words as typed: any case, blanks or dashes between them.
            caller: From ``Callers``.

        Raises:
            Unauthenticated: They do not fit; it does not say what.
            Throttled: This caller has to wait, or too many are logging in at once.
        """
        digest = receipts.number_digest(self._keyring, receipts.read_number(number) or f"none:{number[:64]}")
        self._delays.admit(digest, caller)
        with self._files.store.transaction() as transaction:
            door = transaction.door(number=digest)
        verifier = None if door is None else door.verifier
        right = self._hasher.verify(verifier, receipts.peppered(self._keyring, passphrase))
        if door is None or not right:
            self._delays.fail(digest, caller)
            msg = "This number and these words do not belong together. Please check both, letter by letter."
            raise Unauthenticated(msg)
        self._delays.succeed(digest, caller)
        return Entered(door.case, self._sessions.open(SessionKind.PERSON, door.case))

    def authenticate(self, token: str) -> CaseId:
        """Return whose session this is. Raises Unauthenticated."""
        return CaseId(self._sessions.find(SessionKind.PERSON, token).subject)

    def recover(self, code: str, *, caller: bytes) -> Receipt:
        """Make new words with a recovery code; the old ones and all sessions stop working.

        The code goes on working: whoever loses the answer on the way can ask again.

        Returns:
            The number (empty where the case was erased) and the new words; no code.

        Raises:
            Unauthenticated: There is no such code.
            Throttled: This caller has to wait, or too many are logging in at once.
        """
        digest = receipts.recovery_digest(self._keyring, receipts.read_recovery(code) or f"none:{code[:64]}")
        self._delays.admit(digest, caller)
        with self._files.store.transaction() as transaction:
            door = transaction.door_by_recovery(digest)
        passphrase = receipts.new_passphrase(self._words.words(door.language if door else "en"))
        verifier = self._hasher.hash(receipts.peppered(self._keyring, passphrase))
        if door is None:
            self._delays.fail(digest, caller)
            msg = "This recovery code is not known. Look at it again, letter by letter."
            raise Unauthenticated(msg)
        self._delays.succeed(digest, caller)
        numbers: list[str] = []

        def act(transaction: CaseTransaction, case: Case) -> list[Command]:
            transaction.replace_verifier(case.id, verifier)
            numbers.append(transaction.number_of(case.id))
            return [ReplacePassphrase()]

        self._files.act(door.case, act, actor=PERSON)
        self._sessions.close_all(SessionKind.PERSON, door.case)
        return Receipt(numbers[-1], passphrase)
