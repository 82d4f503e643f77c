# SPDX-License-Identifier: Apache-2.0
"""``noli mail``: the key that mail is signed with, and reading the mailbox now."""

from pathlib import Path

import click

from noli.base.errors import ConfigError
from noli.cli import output
from noli.cli.installation import data_option, opened


@click.group
def mail() -> None:
    """Set up and look after the mail that requests go out by.

    \b
    Example:
      noli mail key --data data
    """


@mail.command
@data_option
def key(*, data: Path | None) -> None:
    """Print the DNS record that lets others verify the signature of your mail.

    \b
    Example:
      noli mail key --data data
    """
    with opened(data) as app:
        domain = app.config.mail_from.rpartition("@")[2]
        if not domain:
            msg = "The setting 'mail_from' is missing: the address that requests come from."
            raise ConfigError(msg)
        where, content = app.mail_signer.record(domain)
    output.print_text(f'{where}. IN TXT "{content}"')


@mail.command
@data_option
def read(*, data: Path | None) -> None:
    """Read the mailbox now; a running server does so each minute.

    \b
    Example:
      noli mail read --data data
    """
    with opened(data) as app:
        taken, left = app.correspondence.take_in()
    output.print_text(f"{taken} taken in, {left} left in the mailbox that answer no request")
