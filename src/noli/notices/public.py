# SPDX-License-Identifier: Apache-2.0
"""What anybody may do through the public form, without an account: send a notice, and follow it up.

1. A form is sent with a token that its page alone knows; sent again it finds the same notice.
2. A notice is followed up with its number and a code, which follows from the number and is stored nowhere. A number
   that is none and a code that is wrong get the same refusal, and delays count for both.
3. Nobody's word is taken for who they are: no record is kept of who sends, and nobody is a trusted flagger here.
   Otherwise somebody could go first, or have another's notices suspended, by typing an address.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from noli.access.delays import Delays, Quota
from noli.base.errors import InputError, NotFound, Unauthenticated
from noli.casework.files import PERSON
from noli.casework.model import AgeAnswer
from noli.casework.receipts import token_bytes
from noli.notices import commands as c
from noli.notices.model import NewContent, NewNotice, Notice, NoticeId, Opening
from noli.notices.service import NoticeService
from noli.regimes.model import Field, Filer, Party

# Characters of the longest number or code that is looked at; ours have sixteen, and hyphens.
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Sent:
    """A notice that was sent, with what its sender is shown: its number, and the code that opens it."""

    notice: Notice
    number: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """What somebody typed to follow a notice up, and (from ``Callers``) who they are to us."""

    number: str
    code: str = field(repr=False)
    caller: bytes = field(repr=False)


class PublicNotices:
    """The use cases behind the public form; safe to call from many threads."""

    def __init__(self, notices: NoticeService, *, quota: Quota, delays: Delays) -> None:
        """Keep the collaborators."""
        self._notices, self._quota, self._delays = notices, quota, delays

    def send(self, new: NewNotice, *, age: AgeAnswer, token: str, caller: bytes) -> Sent:
        """Take a notice in; sent again with the same token it is the same notice.

        Raises:
            InputError: Somebody shown is or may be under 18, or it cannot be taken; nothing was stored.
            Throttled: Too many from this network.
        """
        token_bytes(token)
        if new.filer is Filer.TRUSTED_FLAGGER:
            msg = "Trusted flaggers send notices through the interface for programs, with a key of their own."
            raise InputError(msg)
        self._quota.take(caller)
        asked = replace(new, opening=Opening.REQUEST, notifier="", reference=token)
        with self._notices.writing() as transaction:
            notice, _ = self._notices.receive(transaction, asked, age=age, actor=PERSON)
        return Sent(notice, grouped(notice.id), grouped(self._notices.receipt(notice.id)))

    def open(self, key: Key) -> Notice:
        """Show a notice to who sent it; the ledger says that it was looked at. Raises Unauthenticated, Throttled."""
        return self._notices.view(self._entered(key), actor=PERSON)

    def give(self, key: Key, fields: Mapping[Field, str], contents: Sequence[NewContent]) -> Notice:
        """Give what was missing. Raises Unauthenticated, Throttled, Conflict, InputError."""
        notice = self._entered(key)
        with self._notices.writing() as transaction:
            return self._notices.give(transaction, notice, fields, contents, actor=PERSON)

    def complain(self, key: Key, text: str) -> Notice:
        """Complain about the decision. Raises Unauthenticated, Throttled, Conflict, InputError."""
        notice = self._entered(key)
        with self._notices.writing() as transaction:
            return self._notices.complain(transaction, notice, side=Party.NOTIFIER, text=text, actor=PERSON)

    def withdraw(self, key: Key) -> Notice:
        """Take the notice back. Raises Unauthenticated, Throttled, Conflict."""
        notice = self._entered(key)
        with self._notices.writing() as transaction:
            return self._notices.act(transaction, notice, [c.WithdrawNotice()], actor=PERSON)

    def _entered(self, key: Key) -> NoticeId:
        """Return whose number it is, where the code fits and there is such a notice."""
        number, code = NoticeId(_bare(key.number)), _bare(key.code)
        target = hashlib.sha256(f"notice|{number}".encode()).digest()
        self._delays.admit(target, key.caller)
        fits = hmac.compare_digest(self._notices.receipt(number).encode(), code.encode())
        if not (fits and self._exists(number)):
            self._delays.fail(target, key.caller)
            msg = "This number and this code do not belong together."
            raise Unauthenticated(msg)
        self._delays.succeed(target, key.caller)
        return number

    def _exists(self, number: NoticeId) -> bool:
        try:
            with self._notices.store.transaction() as transaction:
                transaction.listed(number)
        except NotFound:
            return False
        return True


def grouped(digits: str) -> str:
    """Write a number or code in groups of four."""
    return "-".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _bare(text: str) -> str:
    return "".join(each for each in text[:_LONGEST].upper() if each.isascii() and each.isalnum())
