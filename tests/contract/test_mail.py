# SPDX-License-Identifier: Apache-2.0
"""Mail out and in, against mail servers of our own."""

import email
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import dkim
import pytest
from imapclient import IMAPClient

from noli.adapters.mail_in import MAX_TEXT, ImapMailbox
from noli.adapters.mail_out import SmtpMailer
from noli.adapters.mail_servers import MailServer
from noli.adapters.mail_signing import MailSigner
from noli.base.errors import ConfigError, Unavailable
from noli.pursuit.model import ReplyKind
from noli.pursuit.ports import Incoming, Outgoing, Undeliverable
from tests.support.mail import PASSWORD, Box, Sink, box, free_port, sink

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def taken() -> Iterator[Sink]:
    """A mail server that takes mail."""
    with sink() as kept:
        yield kept


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A mail server that gives mail, shared by the tests; each reads only what it let come in."""
    with box(tmp_path_factory.mktemp("imap")) as made:
        yield made


def _mailer(port: int, folder: Path, *, log_in: str = "") -> SmtpMailer:
    server = MailServer.parse(f"smtp://{log_in}127.0.0.1:{port}", "smtp")
    signer = MailSigner(folder / "secrets" / "mail.pem", selector="noli")
    return SmtpMailer(server, signer, sender="requests@helpline.example", name="Hilfe Größe")


def _mail(**more: object) -> Outgoing:
    given = {
        "message_id": "<1@helpline.example>",
        "to": "abuse@racks.example",
        "subject": "Request [AAAA]",
        "text": "Grüße.\n",
    }
    return Outgoing(**{**given, **more})  # type: ignore[arg-type] # tests name the fields


def _read(mailbox: Box, mail: EmailMessage | bytes) -> Incoming:
    before = mailbox.receive(mail)
    with ImapMailbox(MailServer.parse(mailbox.url, "imap")).opened() as opened:
        [found] = opened.after(before)
    return found


def _written(text: str = "We removed it.\n", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    given = {"From": "Abuse <abuse@racks.example>", "Subject": "Re: Request [AAAA]", "Message-ID": "<a@racks.example>"}
    for name, value in {**given, **headers}.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def test_a_mail_goes_out_whole_and_signed(taken: Sink, tmp_path: Path) -> None:
    """One receiver, plain text, threaded; the DKIM signature holds against the record that the operator publishes."""
    mailer = _mailer(taken.port, tmp_path)
    mailer.send(_mail(references=("<0@x>", "<9@y>")), at=NOW)
    [content] = taken.contents
    mail = email.message_from_bytes(content, policy=default)
    assert mail["To"] == "abuse@racks.example"
    assert mail["From"] == "Hilfe Größe <requests@helpline.example>"
    assert (mail["In-Reply-To"], mail["References"]) == ("<9@y>", "<0@x> <9@y>")
    assert mail.get_content().splitlines() == ["Grüße."]
    assert mail.get_content_type() == "text/plain"
    name, record = MailSigner(tmp_path / "secrets" / "mail.pem", selector="noli").record("helpline.example")
    assert name == "noli._domainkey.helpline.example"
    asked: list[bytes] = []

    def published(domain: bytes, timeout: int = 5) -> bytes:
        del timeout
        asked.append(domain)
        return record.encode()

    assert dkim.verify(content, dnsfunc=published)
    assert asked == [b"noli._domainkey.helpline.example."]
    assert not dkim.verify(content.replace(b"Request", b"Another", 1), dnsfunc=published)
    assert (tmp_path / "secrets" / "mail.pem").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("wrong", ["a@b.example\nBcc: c@d.example", "a@b.example, c@d.example", "abuse"])
def test_nothing_is_smuggled_into_a_header(taken: Sink, tmp_path: Path, wrong: str) -> None:
    """An address that is more than one, or more than an address, sends nothing."""
    with pytest.raises(ValueError, match=r".+"):
        _mailer(taken.port, tmp_path).send(_mail(to=wrong), at=NOW)
    assert taken.mails == []


def test_a_refusal_is_for_good_or_for_now(taken: Sink, tmp_path: Path) -> None:
    """A box that does not exist is for good; a server that is busy, away or wants another password is tried again."""
    mailer = _mailer(taken.port, tmp_path)
    with pytest.raises(Undeliverable):
        mailer.send(_mail(to="nobody@racks.example"), at=NOW)
    for answer, error in (("451 later", Unavailable), ("554 no", Undeliverable)):
        taken.answer = answer
        with pytest.raises(error):
            mailer.send(_mail(), at=NOW)
    with pytest.raises(Unavailable):
        _mailer(free_port(), tmp_path).send(_mail(), at=NOW)
    assert mailer.new_id() != mailer.new_id()


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_who_needs_a_password_shows_it(tmp_path: Path) -> None:
    """The mail server's own users log in; a wrong password is tried again, after somebody has corrected it."""
    with sink(log_in=True) as kept:
        _mailer(kept.port, tmp_path, log_in=f"noli:{PASSWORD}@").send(_mail(), at=NOW)
        assert len(kept.mails) == 1
        with pytest.raises(Unavailable):
            _mailer(kept.port, tmp_path, log_in="noli:wrong@").send(_mail(), at=NOW)


def test_servers_elsewhere_are_spoken_to_under_tls_alone(taken: Sink, tmp_path: Path) -> None:
    """A server that does not offer TLS is used on this machine only; under smtps nothing is said in the clear."""
    here = MailServer.parse(f"smtp://127.0.0.1:{taken.port}", "smtp")
    signer = MailSigner(tmp_path / "mail.pem", selector="noli")
    for server in (replace(here, here=False), replace(here, tls=True)):
        with pytest.raises(Unavailable):
            SmtpMailer(server, signer, sender="a@b.example", name="").send(_mail(), at=NOW)
    assert taken.mails == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://mail.example",
        "smtps://",
        "smtps://mail.example:port",
        "smtps://mail.example?x=1",
        "imaps://m.example",
    ],
)
def test_an_address_of_no_server_is_named(url: str) -> None:
    """What cannot be used says how it is written, and repeats no password."""
    with pytest.raises(ConfigError, match="smtps://user:password@"):
        MailServer.parse(url, "smtp")


def test_an_address_of_a_server_is_read() -> None:
    """Usual ports, folders, and passwords with signs in them."""
    server = MailServer.parse("imaps://a%40b:p%2Fw@mail.example/Answers", "imap")
    assert (server.port, server.tls, server.here, server.user, server.password) == (993, True, False, "a@b", "p/w")
    assert server.folder == "Answers"
    assert MailServer.parse("smtp://localhost", "smtp").here


def test_the_key_cannot_be_made(tmp_path: Path) -> None:
    """Where the folder is a file the operator is told so."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be read or made"):
        MailSigner(tmp_path / "file" / "mail.pem", selector="noli").record("b.example")


def test_an_answer_is_read_with_its_thread(mailbox: Box) -> None:
    """Sender, subject, text and what it answers; umlauts in headers and text survive."""
    mail = _written("Grüße\n", In_Reply_To="<1@us>", References="<0@us> <1@us>", Subject="Re: Größe")
    found = _read(mailbox, mail)
    assert (found.subject, found.text, found.kind) == ("Re: Größe", "Grüße", ReplyKind.ANSWER)
    assert (found.sender, found.message_id) == ("Abuse <abuse@racks.example>", "<a@racks.example>")
    assert set(found.references) == {"<0@us>", "<1@us>"}
    assert (found.attachments, found.cut) == (0, False)


def test_attachments_are_counted_and_never_fetched(mailbox: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures, and texts that are attached, stay on the server: no command asks for their parts."""
    asked: list[str] = []
    fetch = IMAPClient.fetch

    def watched(self: IMAPClient, messages: object, data: list[str], *more: object) -> object:
        asked.extend(data)
        return fetch(self, messages, data, *more)

    mail = _written("See the picture.\n")
    mail.add_alternative("<p>See the picture.</p>", subtype="html")
    mail.add_attachment(b"\xff\xd8\xff" * 50, maintype="image", subtype="jpeg", filename="proof.jpg")
    mail.add_attachment("attached words", filename="notes.txt")
    monkeypatch.setattr(IMAPClient, "fetch", watched)
    found = _read(mailbox, mail)
    assert (found.text, found.attachments) == ("See the picture.", 2)
    sections = [each for each in asked if "HEADER" not in each and each != "BODYSTRUCTURE"]
    assert sections == ["BODY.PEEK[1.1]<0.65536>"]


def test_markup_is_never_shown(mailbox: Box) -> None:
    """Where there is nothing but HTML its words are taken, and no script, style, address of a link or comment."""
    mail = _written()
    mail.set_content(
        "<html><head><title>T</title><style>p{}</style></head><body><p>We <b>removed</b> it.</p><script>alert(1)"
        "</script><a href='https://evil.example/'>here</a><!-- x --><br>&lt;img src=x&gt;</body></html>",
        subtype="html",
    )
    found = _read(mailbox, mail)
    assert found.text == "We removed it.\nhere\n<img src=x>"


def test_long_mail_is_cut(mailbox: Box) -> None:
    """A text is kept up to a length, and says that it was longer."""
    found = _read(mailbox, _written("x" * 78 + "\n" + ("word " * 15 + "\n") * 2000))
    assert len(found.text) <= MAX_TEXT
    assert found.cut


def test_control_characters_go(mailbox: Box) -> None:
    """Nothing drives a terminal or turns the direction of a page's text."""
    raw = b"From: a@b.example\r\nSubject: \x1b[31mred\r\nMessage-ID: <c@b>\r\n\r\nred\x1b[0m \xe2\x80\xaereversed\r\n"
    found = _read(mailbox, raw)
    assert found.text == "red[0m reversed"
    assert "\x1b" not in found.subject


def test_machines_are_recognised(mailbox: Box) -> None:
    """Receipts of ticket systems, absences and reports that a mail could not be delivered are no answers."""
    assert _read(mailbox, _written(Auto_Submitted="auto-replied")).kind is ReplyKind.AUTOMATIC
    assert _read(mailbox, _written(Auto_Submitted="no")).kind is ReplyKind.ANSWER
    assert _read(mailbox, _written(Precedence="bulk")).kind is ReplyKind.AUTOMATIC
    assert _read(mailbox, _written(From="MAILER-DAEMON@racks.example")).kind is ReplyKind.BOUNCE
    report = (
        b"From: x@y.example\r\nSubject: failed\r\nMessage-ID: <r@y>\r\nContent-Type: multipart/report;"
        b' report-type=delivery-status; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n'
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    )
    assert _read(mailbox, report).kind is ReplyKind.BOUNCE


def test_broken_mail_stops_nothing(mailbox: Box) -> None:
    """Unknown character sets, broken encodings, missing headers, deep nesting: it is read as far as it goes."""
    odd = b"Content-Type: text/plain; charset=klingon\r\nContent-Transfer-Encoding: base64\r\n\r\nSGFsbG8!!\r\n"
    found = _read(mailbox, odd)
    assert found.text.startswith("Hallo")
    assert found.message_id.startswith("<")
    assert found.sender == ""
    header = b"Subject: =?utf-8?b?w?= =?nope?q?x?=\r\nFrom: a@b\r\n\r\nx\r\n"
    assert _read(mailbox, header).text == "x"
    nested = b"Content-Type: text/plain\r\n\r\ndeep\r\n"
    for depth in range(15):
        edge = b"b%d" % depth
        nested = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--\r\n" % (
            edge,
            edge,
            nested,
            edge,
        )
    assert _read(mailbox, b"Subject: nested\r\n" + nested).text == ""


def test_a_mailbox_that_is_away_says_so() -> None:
    """Nobody listens, or the password is wrong: the job is tried again, and the setting is named."""
    with (
        pytest.raises(Unavailable, match="imap_url"),
        ImapMailbox(MailServer.parse(f"imap://a:b@127.0.0.1:{free_port()}", "imap")).opened(),
    ):
        pass


def test_a_wrong_password_is_no_answer(mailbox: Box) -> None:
    """A mailbox that does not let us in is not an empty one."""
    wrong = mailbox.url.replace(PASSWORD, "wrong")
    with pytest.raises(Unavailable, match="imap_url"), ImapMailbox(MailServer.parse(wrong, "imap")).opened():
        pass
