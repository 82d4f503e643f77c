# SPDX-License-Identifier: Apache-2.0
"""Opening a case: what the public pages do before anybody has logged in.

1. What must leave no trace (somebody may be under 18) or cannot be used is refused before anything else happens.
2. A submission that was answered before gets the same answer within ``ANSWERED_AGAIN_FOR``; items and links that it
   brings anew are added, nothing is doubled. Later it is refused: who has the receipt can enter the case.
3. Otherwise the proof of work is checked, and only then counts against the caller's quota: junk uses up nobody's.
4. Receipt and verifier are made; the passphrase is stored nowhere.
5. In one transaction the proof is spent, items are registered, the case is opened and recorded.

Nothing that a visitor gets back, nor how long it takes, depends on what is in a bank: items near common pictures are
held without a word (``files.py``), and hashes are refused only for what can be seen in themselves.
"""

from dataclasses import replace
from datetime import timedelta

from noli.access.delays import Quota
from noli.base.errors import Conflict, InputError
from noli.base.secrecy import Keyring, SlowHasher
from noli.casework import receipts, rules, work
from noli.casework.commands import AddItems, AddLinks, Command, NumberedLink, OpenCase
from noli.casework.files import PERSON, CaseFiles
from noli.casework.limits import check_submission
from noli.casework.model import Case, CaseId, Challenge, LinkId, NewLink, Receipt, Recovery, Submission
from noli.casework.ports import CaseTransaction, Door, WordLists

#: How long a submission that is sent again gets its receipt again: as long as connections and patience break.
ANSWERED_AGAIN_FOR = timedelta(minutes=15)


class Intake:
    """Opens cases; safe to call from many threads."""

    def __init__(
        self,
        files: CaseFiles,
        *,
        keyring: Keyring,
        hasher: SlowHasher,
        words: WordLists,
        quota: Quota,
        work_bits: int,
    ) -> None:
        """Keep the collaborators; ``work_bits`` is the difficulty of the proof of work."""
        self._files, self._keyring, self._hasher, self._words = files, keyring, hasher, words
        self._quota, self._work_bits = quota, work_bits

    def challenge(self) -> Challenge:
        """Make a proof-of-work challenge; the exact rule stands in ``casework/work.py``. Stores nothing."""
        return work.challenge(self._keyring, bits=self._work_bits, now=self._files.clock.now())

    def new_token(self) -> str:
        """Make a submission token, for pages without script.

        Pages with script make their own when the person presses "send": 32 random bytes in URL-safe base 64 without
        padding. A token must never be part of a page that is cached or that two people can get.
        """
        return receipts.new_token()

    def submit(self, submission: Submission, *, token: str, proof: str, caller: bytes) -> Receipt:
        """Open a case.

        Args:
            submission: Everything the person decided.
            token: The submission token; the same one when the same submission is sent again.
            proof: The solved challenge; not looked at where the submission was answered before.
            caller: From ``Callers``.

        Returns:
            The receipt, to be shown once.

        Raises:
            InputError: Under 18 or unsure; a part is missing, too long, too much; the proof does not hold or was used.
            Conflict: The submission was answered more than ``ANSWERED_AGAIN_FOR`` ago.
            Throttled: Too many from this caller, or too many at once.
            Unavailable: The banks are not loaded, or the database does not answer; nothing was stored.
        """
        check_submission(submission)  # 1
        secret = receipts.token_bytes(token)
        digest = receipts.submission_digest(secret)
        receipt = self._again(submission, secret, digest)  # 2
        if receipt is not None:
            return receipt
        proven = work.check(self._keyring, proof, now=self._files.clock.now())  # 3
        self._quota.take(caller)
        receipt = self._receipt(submission, secret)  # 4
        door = self._door(submission, digest, receipt)
        near = self._files.common(submission.items)
        try:
            with self._files.store.transaction(write=True) as transaction:  # 5
                if transaction.door_by_submission(digest) is not None:
                    raise _answered()
                self._spend(transaction, proven)
                self._open(transaction, door, receipt, submission, near)
        except Conflict:
            again = self._again(submission, secret, digest)
            if again is None:
                raise
            return again
        self._files.changed()
        return receipt

    def _again(self, submission: Submission, secret: bytes, digest: bytes) -> Receipt | None:
        with self._files.store.transaction() as transaction:
            door = transaction.door_by_submission(digest)
        if door is None:
            return None
        if self._files.clock.now() - door.opened_at > ANSWERED_AGAIN_FOR:
            raise _answered()
        case = self._files.load(door.case)
        if case.ended_at is None and case.withdrawal is None:
            self._ensure(door.case, submission)
        # What the first one said decides what was drawn; what differs now was not.
        return replace(
            self._receipt(replace(submission, language=door.language, recovery=case.recovery), secret), created=False
        )

    def _ensure(self, case: CaseId, submission: Submission) -> None:
        near = self._files.common(submission.items)

        def act(transaction: CaseTransaction, current: Case) -> tuple[Command, ...]:
            banked = self._files.banked(transaction, current, submission.items, near)
            return AddItems(banked), AddLinks(numbered(submission.links))

        self._files.act(case, act, actor=PERSON)

    def _receipt(self, submission: Submission, secret: bytes) -> Receipt:
        words = self._words.words(submission.language)
        wanted = submission.recovery is Recovery.CODE
        return Receipt(
            number=receipts.number_from(self._keyring, secret),
            passphrase=receipts.passphrase_from(self._keyring, secret, words),
            recovery_code=receipts.recovery_from(self._keyring, secret) if wanted else "",
        )

    def _door(self, submission: Submission, digest: bytes, receipt: Receipt) -> Door:
        number = receipts.read_number(receipt.number) or ""
        code = receipts.read_recovery(receipt.recovery_code)
        return Door(
            case=CaseId(receipts.random_id()),
            number=receipts.number_digest(self._keyring, number),
            verifier=self._hasher.hash(receipts.peppered(self._keyring, receipt.passphrase)),
            submission=digest,
            language=submission.language,
            opened_at=self._files.clock.now(),
            recovery=receipts.recovery_digest(self._keyring, code) if code else None,
        )

    def _spend(self, transaction: CaseTransaction, proven: work.Proof) -> None:
        if not transaction.spend(proven.id, expires_at=proven.expires_at):
            msg = "What was sent is no longer valid; send it again from the page."
            raise InputError(msg)

    def _open(
        self, transaction: CaseTransaction, door: Door, receipt: Receipt, submission: Submission, near: list[bool]
    ) -> None:
        transaction.open(door, number=receipt.number)
        case = rules.fold(door.case, ())
        banked = self._files.banked(transaction, case, submission.items, near)
        commands = (OpenCase(submission), AddItems(banked), AddLinks(numbered(submission.links)))
        self._files.apply(transaction, case, commands, actor=PERSON)


def _answered() -> Conflict:
    return Conflict("This was sent and answered before. Enter your case with its number and words, or start anew.")


def numbered(links: tuple[NewLink, ...]) -> tuple[NumberedLink, ...]:
    """Give links their ids."""
    return tuple(NumberedLink(LinkId(receipts.random_id()), link.url.strip(), link.note.strip()) for link in links)
