# SPDX-License-Identifier: Apache-2.0
"""The part of the composition root that wires pursuits: look-ups, letters, mail out and in. Wiring only."""

from functools import cached_property

from noli.adapters.addressees import book
from noli.adapters.domains import PublicSuffixes
from noli.adapters.mail_in import ImapMailbox
from noli.adapters.mail_out import SmtpMailer
from noli.adapters.mail_servers import MailServer
from noli.adapters.mail_signing import MailSigner
from noli.adapters.names import Resolver
from noli.adapters.regimes import law
from noli.adapters.registries import Registries
from noli.adapters.sql.pursuits import SqlPursuits
from noli.adapters.tracing import NetworkTracer
from noli.app_cases import CaseParts, key_path
from noli.base.errors import ConfigError
from noli.jobs.model import Task
from noli.pursuit.ladder import Ladder
from noli.pursuit.model import Letterhead
from noli.pursuit.post import Correspondence
from noli.pursuit.service import Known, PursuitService
from noli.regimes.model import Filer

#: Name of the file with the key that mail is signed with, beside the key file.
MAIL_KEY = "mail-signing.pem"


class PursuitParts(CaseParts):
    """What an App has for pursuits."""

    @cached_property
    def mail_signer(self) -> MailSigner:
        """Signs mail."""
        return MailSigner(key_path(self.config).with_name(MAIL_KEY), selector=self.config.dkim_selector)

    @cached_property
    def mailer(self) -> SmtpMailer | None:
        """Sends mail, where the settings name a mail server. Raises ConfigError where they cannot be used."""
        config = self.config
        if not config.smtp_url:
            return None
        if not config.mail_from:
            msg = "The setting 'smtp_url' needs 'mail_from' beside it: the address that requests come from."
            raise ConfigError(msg)
        server = MailServer.parse(config.smtp_url, "smtp")
        return SmtpMailer(server, self.mail_signer, sender=config.mail_from, name=config.organisation)

    @cached_property
    def pursuits(self) -> PursuitService:
        """Pursues the links of cases."""
        config = self.config
        registries = Registries(self.egress, self.clock, lists=config.rdap_url) if config.rdap_url else None
        head = Letterhead(config.organisation, config.mail_from, Filer(config.writes_as))
        return PursuitService(
            SqlPursuits(self.database.engine, self.keyring),
            self.case_files,
            self.clock,
            keyring=self.keyring,
            known=Known(law(), book(), head, frozenset(filter(None, config.jurisdictions.split(",")))),
            tracer=NetworkTracer(Resolver(config.dns_servers, asn_zone=config.asn_zone), registries),
            mailer=self.mailer,
        )

    @cached_property
    def correspondence(self) -> Correspondence:
        """Sends requests, and takes in what comes back."""
        url = self.config.imap_url
        mailbox = ImapMailbox(MailServer.parse(url, "imap")) if url else None
        return Correspondence(self.pursuits, PublicSuffixes(), mailer=self.mailer, mailbox=mailbox)

    @cached_property
    def ladder(self) -> Ladder:
        """Does what time asks for in pursuits."""
        return Ladder(self.pursuits, mailer=self.mailer, sends=self.config.next_step == "send")

    @cached_property
    def tasks(self) -> list[Task]:
        """Everything that happens by itself, with what pursuits need."""
        return [*super().tasks, self.ladder.task, *self.correspondence.tasks]
