# SPDX-License-Identifier: Apache-2.0
"""Sends mail: ``pursuit.ports.Mailer`` over the operator's mail server. Plain text, one receiver, signed by DKIM."""

import secrets
import smtplib
import ssl
from contextlib import closing, suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from noli.adapters.mail_servers import MailServer
from noli.adapters.mail_signing import MailSigner
from noli.base.errors import Unavailable
from noli.pursuit.ports import Outgoing, Undeliverable

# Seconds that the mail server may take for one step.
_TIMEOUT_S = 20.0

_ID_BYTES = 16

# From here on an answer is for good. Source: RFC 5321, section 4.2.1.
_FOR_GOOD = 500


class SmtpMailer:
    """Sends mail; safe to call from many threads."""

    def __init__(self, server: MailServer, signer: MailSigner, *, sender: str, name: str) -> None:
        """Keep the collaborators; ``sender`` is our mail address and ``name`` what stands before it."""
        self._server, self._signer, self._sender, self._name = server, signer, sender, name
        self._domain = sender.rpartition("@")[2]

    def new_id(self) -> str:
        """Return a message id that nobody had before."""
        return f"<{secrets.token_hex(_ID_BYTES)}@{self._domain}>"

    def send(self, mail: Outgoing, *, at: datetime) -> str:
        """Hand a mail to the mail server, and return it as it was handed over."""
        content = self._signer.sign(self._written(mail, at), domain=self._domain)
        try:
            with closing(self._connected()) as connection:
                connection.sendmail(self._sender, [mail.to], content)
                with suppress(smtplib.SMTPException):
                    connection.quit()
        except smtplib.SMTPRecipientsRefused as error:
            code, _ = next(iter(error.recipients.values()))
            self._refused(code, error)
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            self._refused(error.smtp_code, error)
        except (smtplib.SMTPException, OSError) as error:
            msg = "The mail server cannot be reached, or does not let us in; see smtp_url."
            raise Unavailable(msg, detail=type(error).__name__) from error
        return content.decode("ascii")

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.tls:
            context = ssl.create_default_context()
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_S, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_S)
        try:
            if not server.tls and (not server.here or connection.has_extn("starttls")):
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
        except Exception:
            connection.close()
            raise
        return connection

    def _refused(self, code: int, error: Exception) -> None:
        if code >= _FOR_GOOD:
            msg = "The mail server refused this mail for good; the address may be wrong."
            raise Undeliverable(msg, retry=False, detail=str(code)) from error
        msg = "The mail server does not take this mail now."
        raise Unavailable(msg, detail=str(code)) from error

    def _written(self, mail: Outgoing, at: datetime) -> bytes:
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(self._name, addr_spec=self._sender)
        message["To"] = Address(addr_spec=mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = mail.message_id
        if mail.references:
            message["In-Reply-To"] = mail.references[-1]
            message["References"] = " ".join(mail.references)
        message.set_content(mail.text, cte="quoted-printable")
        return message.as_bytes()
