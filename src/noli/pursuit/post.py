# SPDX-License-Identifier: Apache-2.0
"""Mail out and in: sends what staff let go, and takes in what comes back.

A mail keeps its message id however often it is tried, so that a receiver knows the one that it had. What comes back is
tied to its request by the message ids that it answers, or by the reference in its subject. What is tied to nothing
stays in the mailbox, for a person to read there; nothing of it is kept here.
"""

import re
from datetime import datetime, timedelta
from email.utils import getaddresses
from urllib.parse import urlsplit

from noli.base.errors import Conflict, Unavailable
from noli.casework.files import SYSTEM
from noli.jobs.model import Lane, Lease, Task
from noli.pursuit.commands import Command, NoteMailFailed, NoteMailSent, NoteReply
from noli.pursuit.model import Channel, ChannelKind, Mail, Pursuit, PursuitId, Request
from noli.pursuit.ports import Domains, Incoming, Mailbox, Mailer, Outgoing, PursuitTransaction, Undeliverable
from noli.pursuit.rules import request_of
from noli.pursuit.service import POST, PursuitService, working

#: Kind of the job that reads the mailbox.
READ = "mailbox"

#: How often the mailbox is read.
EVERY = timedelta(minutes=1)

# Longer than one slow mail server takes for the mails of a pursuit.
_TERM = timedelta(minutes=5)

# Mails that one round takes in, so that its lease is never used up.
_AT_ONCE = 100

_WITHDRAWN = "The case was withdrawn before this was sent."

_REFERENCE = re.compile(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}")


class Correspondence:
    """The use cases of mail; safe to call from many threads and processes."""

    def __init__(
        self, pursuits: PursuitService, domains: Domains, *, mailer: Mailer | None, mailbox: Mailbox | None
    ) -> None:
        """Keep the collaborators; None where the installation has no such server."""
        self._pursuits, self._domains, self._mailer, self._mailbox = pursuits, domains, mailer, mailbox

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What the caretaker does: send, and read."""
        send = Task(kind=POST, run=self.deliver, term=_TERM, lane=Lane.NETWORK)
        read = Task(kind=READ, run=self.collect, every=EVERY, term=_TERM, lane=Lane.NETWORK)
        return (*((send,) if self._mailer else ()), *((read,) if self._mailbox else ()))

    def deliver(self, lease: Lease) -> datetime | None:
        """Send what is queued in one pursuit.

        Raises:
            Unavailable: The mail server did not take it now; the job is tried again.
            LeaseLost: Another process has taken over.
        """
        id_ = PursuitId(lease.subject)
        with self._pursuits.store.transaction() as transaction:
            pursuit = self._pursuits.load(transaction, id_)
            wanted = _wanted(transaction, pursuit)
        for request, mail in _queued(pursuit):
            done = self._sent(request, mail) if wanted else NoteMailFailed(request.number, mail.message_id, _WITHDRAWN)
            with self._pursuits.store.transaction(write=True) as transaction:
                transaction.fence(lease)
                current = self._pursuits.load(transaction, id_)
                self._pursuits.apply(transaction, current, [done], actor=SYSTEM)
        return None

    def _sent(self, request: Request, mail: Mail) -> Command:
        if self._mailer is None:
            msg = "This installation has no mail server any more; set smtp_url."
            raise Unavailable(msg)
        earlier = request.thread[: request.thread.index(mail.message_id)]
        outgoing = Outgoing(
            message_id=mail.message_id,
            to=request.channel.address,
            subject=f"Re: {request.subject}" if earlier else request.subject,
            text=mail.text,
            references=earlier,
        )
        try:
            eml = self._mailer.send(outgoing, at=self._pursuits.clock.now())
        except Undeliverable as error:
            return NoteMailFailed(request.number, mail.message_id, error.public)
        return NoteMailSent(request.number, mail.message_id, self._pursuits.due(request), eml)

    def collect(self, _: Lease | None = None) -> datetime | None:
        """Read the mailbox, as a job."""
        self.take_in()
        return None

    def take_in(self) -> tuple[int, int]:
        """Take in what has come since the last time.

        Returns:
            How many mails were taken in, and how many are tied to no request.

        Raises:
            Unavailable: There is no mailbox, or it does not answer.
        """
        if self._mailbox is None:
            msg = "This installation has no mailbox; set imap_url."
            raise Unavailable(msg)
        taken = left = 0
        with self._mailbox.opened() as mailbox:
            with self._pursuits.store.transaction() as transaction:
                start = transaction.position(mailbox.name)
            for count, mail in enumerate(mailbox.after(start), 1):
                with self._pursuits.store.transaction(write=True) as transaction:
                    if transaction.position(mailbox.name) < mail.number:
                        tied = self._take(transaction, mail)
                        taken, left = taken + tied, left + (not tied)
                        transaction.advance(mailbox.name, mail.number)
                if count >= _AT_ONCE:
                    break
        return taken, left

    def _take(self, transaction: PursuitTransaction, mail: Incoming) -> bool:
        digest = self._pursuits.digest
        clues = [*mail.references, *_REFERENCE.findall(mail.subject)]
        tied = next((found for clue in clues if (found := transaction.tied(digest(clue))) is not None), None)
        if tied is None:
            return False
        pursuit = self._pursuits.load(transaction, tied[0])
        asked = request_of(pursuit, tied[1]).channel
        reply = NoteReply(
            number=tied[1],
            kind=mail.kind,
            expected=self._sites(mail) == {self._domains.registered(_host(asked))},
            sender=mail.sender,
            subject=mail.subject,
            text=mail.text,
            message_id=mail.message_id,
            attachments=mail.attachments,
            cut=mail.cut,
        )
        self._pursuits.apply(transaction, pursuit, [reply], actor=SYSTEM)
        return True

    def _sites(self, mail: Incoming) -> set[str]:
        """Return whose addresses a mail says that it is from; names beside them count for nothing."""
        hosts = (address.rpartition("@")[2] for _, address in getaddresses([mail.sender]))
        return {self._domains.registered(host) for host in hosts}


def _host(asked: Channel) -> str:
    if asked.kind is ChannelKind.MAIL:
        return asked.address.rpartition("@")[2]
    return urlsplit(asked.address).hostname or ""


def _queued(pursuit: Pursuit) -> list[tuple[Request, Mail]]:
    return [
        (request, mail)
        for request in pursuit.requests
        for mail in request.mails
        if mail.sent_at is None and not mail.failed
    ]


def _wanted(transaction: PursuitTransaction, pursuit: Pursuit) -> bool:
    try:
        working(transaction, pursuit.case)
    except Conflict:
        return False
    return True
