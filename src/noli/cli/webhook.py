# SPDX-License-Identifier: Apache-2.0
"""``noli webhook``: addresses that are told of what happens."""

from dataclasses import replace
from pathlib import Path

import click

from noli.base.errors import Unavailable
from noli.cli import output
from noli.cli.installation import COMMAND_LINE, data_option, dry_run_option, json_option, opened
from noli.outbox.model import Delivery, DeliveryState, WebhookId

_STATES = click.Choice([str(each) for each in DeliveryState])


@click.group
def webhook() -> None:
    """Tell other programs of what happens here.

    \b
    Example:
      noli webhook create https://platform.example/noli --data data
    """


@webhook.command
@click.argument("url")
@click.option("--type", "types", multiple=True, default=("*",), metavar="TYPE", help="Only these messages: 'case.*'.")
@click.option("--note", default="", help="What it is for.")
@data_option
def create(url: str, *, types: tuple[str, ...], note: str, data: Path | None) -> None:
    """Make a webhook; print its id and its secret, which cannot be shown again.

    The receiver checks with the secret that messages come from here.

    \b
    Example:
      noli webhook create https://platform.example/noli --type 'case.*' --data data
    """
    with opened(data, create=True) as app:
        made, secret = app.webhooks.create(url, types, note=note, by=COMMAND_LINE)
    output.hint("The secret is shown once; keep it where the receiver is.")
    click.echo(f"{made.id} {secret}")


@webhook.command("list")
@json_option
@data_option
def list_webhooks(*, as_json: bool, data: Path | None) -> None:
    """List webhooks; secrets are not shown.

    \b
    Example:
      noli webhook list --data data
    """
    with opened(data) as app:
        found = app.webhooks.all()
    if as_json:
        for each in found:
            output.print_json(
                {
                    "id": each.id,
                    "url": each.url,
                    "types": list(each.types),
                    "note": each.note,
                    "enabled": each.enabled,
                    "created_by": each.created_by,
                    "created_at": each.created_at.isoformat(),
                }
            )
        return
    rows = [(each.id, each.url, ",".join(each.types), "yes" if each.enabled else "no", each.note) for each in found]
    output.print_table(("ID", "URL", "TYPES", "ENABLED", "NOTE"), rows)


@webhook.command
@click.argument("webhook_id", metavar="ID")
@json_option
@data_option
def test(webhook_id: str, *, as_json: bool, data: Path | None) -> None:
    """Post a test message now, once; exit status 1 where the receiver does not take it.

    \b
    Example:
      noli webhook test 0123456789abcdef --data data
    """
    with opened(data) as app:
        made = app.webhooks.test(WebhookId(webhook_id))
    if as_json:
        output.print_json(_as_json(made))
    if made.state is not DeliveryState.DELIVERED:
        raise Unavailable(made.reason)
    if not as_json:
        output.print_text(f"delivered, answered {made.status}")


@webhook.command
@click.argument("webhook_id", metavar="ID")
@click.option("--state", type=_STATES, help="Only these.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Most to list.")
@json_option
@data_option
def deliveries(webhook_id: str, *, state: str | None, limit: int, as_json: bool, data: Path | None) -> None:
    """List what was sent, is waiting, or was given up; newest first.

    \b
    Example:
      noli webhook deliveries 0123456789abcdef --state dead --data data
    """
    wanted = None if state is None else DeliveryState(state)
    with opened(data) as app:
        found = app.webhooks.deliveries(WebhookId(webhook_id), state=wanted, limit=limit)
    if as_json:
        for each in found:
            output.print_json(_as_json(each))
        return
    rows = [
        (each.number, each.message.type, each.message.subject, each.state, each.attempts, each.reason) for each in found
    ]
    output.print_table(("DELIVERY", "TYPE", "SUBJECT", "STATE", "ATTEMPTS", "REASON"), rows)


@webhook.command
@click.argument("webhook_id", metavar="ID")
@click.argument("delivery", nargs=-1, required=True, type=click.IntRange(1))
@data_option
def resend(webhook_id: str, *, delivery: tuple[int, ...], data: Path | None) -> None:
    """Let deliveries be tried again from the beginning, under the ids that they had; a server does the posting.

    \b
    Example:
      noli webhook resend 0123456789abcdef 17 --data data
    """
    with opened(data) as app:
        for number in delivery:
            app.webhooks.resend(WebhookId(webhook_id), number)
            output.print_text(f"{number} waits")


@webhook.command
@click.argument("webhook_id", metavar="ID")
@data_option
def disable(webhook_id: str, *, data: Path | None) -> None:
    """Keep nothing more for a webhook and send nothing; what waits is kept.

    \b
    Example:
      noli webhook disable 0123456789abcdef --data data
    """
    _switch(webhook_id, data, enabled=False)


@webhook.command
@click.argument("webhook_id", metavar="ID")
@data_option
def enable(webhook_id: str, *, data: Path | None) -> None:
    """Send again, what has waited first.

    \b
    Example:
      noli webhook enable 0123456789abcdef --data data
    """
    _switch(webhook_id, data, enabled=True)


@webhook.command
@click.argument("webhook_id", metavar="ID")
@dry_run_option
@data_option
def remove(webhook_id: str, *, dry_run: bool, data: Path | None) -> None:
    """Forget a webhook with its deliveries.

    \b
    Example:
      noli webhook remove 0123456789abcdef --data data
    """
    with opened(data) as app:
        found = app.webhooks.get(WebhookId(webhook_id))
        if not dry_run:
            app.webhooks.remove(found.id)
    output.print_text(f"{'would remove' if dry_run else 'removed'} {found.id} ({found.url})")


def _switch(webhook_id: str, data: Path | None, *, enabled: bool) -> None:
    with opened(data) as app:
        app.webhooks.change(WebhookId(webhook_id), lambda found: replace(found, enabled=enabled))
    output.print_text(f"{webhook_id} is {'enabled' if enabled else 'disabled'}")


def _as_json(each: Delivery) -> dict[str, object]:
    return {
        "delivery": each.number,
        "id": each.message.id,
        "type": each.message.type,
        "subject": each.message.subject,
        "state": each.state,
        "attempts": each.attempts,
        "status": each.status,
        "reason": each.reason,
    }
