# SPDX-License-Identifier: Apache-2.0
"""``noli sync``: fetch from partners now, or again and again."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from noli.base.errors import NoliError
from noli.cli import output
from noli.cli.installation import data_option, json_option, opened
from noli.cli.partner_flow import status_json
from noli.exchange.model import PartnerState, Protocol, SyncState, SyncStatus
from noli.exchange.sync import LISTEN_S

if TYPE_CHECKING:
    from noli.app import App

# Seconds between looks at which partners are due.
_LOOK_S = 1.0

# Partners that are fetched from at one time.
_AT_ONCE = 16


@click.command("sync")
@click.argument("partner", required=False)
@click.option("--once/--loop", default=True, show_default=True, help="Fetch once, or go on until interrupted.")
@json_option
@data_option
def sync(partner: str | None, *, once: bool, as_json: bool, data: Path | None) -> None:
    """Fetch from one partner, or from all, and send them what we think of their entries.

    A running server does this by itself. With --loop another Noli's feed is listened to, so that what is added there is
    here at once. The exit status of a single fetch is 1 where a partner could not be fetched from.

    \b
    Example:
      noli sync helpline --data data
    """
    with opened(data) as app:
        if partner is not None:
            app.partners.get(partner)
        if once:
            failed = [name for name in _names(app, partner) if not _once(app, name, as_json=as_json)]
            if failed:
                raise SystemExit(1)
            return
        with _interrupted() as stop:
            follow(app, partner, stop)


def _names(app: "App", partner: str | None) -> list[str]:
    if partner is not None:
        return [partner]
    names = [each.name for each in app.partners.all() if each.source is not None and each.state is PartnerState.ACTIVE]
    if not names:
        output.hint("There is no partner to fetch from; 'noli partner add NAME --url …' makes one.")
    return names


def _once(app: "App", name: str, *, as_json: bool) -> bool:
    state = app.syncer.run(name)
    if as_json:
        output.print_json(status_json(app.partner_status.of(name)))
    else:
        counts = state.counts
        numbers = f"{counts.taken} taken, {counts.withdrawn} withdrawn, {counts.held} held, {counts.refused} refused"
        output.print_text(f"{name}: {state.status}; {numbers} so far{'; ' if state.reason else ''}{state.reason}")
    return state.status is SyncStatus.OK


def follow(app: "App", partner: str | None, stop: threading.Event) -> None:
    """Fetch from one partner, or from all, whenever they are due, until it is stopped."""
    busy: set[str] = set()

    def run(name: str, *, listens: bool) -> None:
        try:
            state = app.syncer.run(name, wait_s=LISTEN_S if listens else 0)
            while listens and state.status is SyncStatus.OK and not stop.wait(_until(app, state)):
                state = app.syncer.run(name, wait_s=LISTEN_S)
        except NoliError as error:
            output.hint(f"noli: {name}: {error.public}")
        finally:
            busy.discard(name)

    with ThreadPoolExecutor(_AT_ONCE, "noli-sync") as pool:
        while not stop.is_set():
            for each in app.syncer.due():
                if each.name not in busy and partner in {None, each.name}:
                    busy.add(each.name)
                    pool.submit(run, each.name, listens=each.protocol is Protocol.NOLI)
            stop.wait(_LOOK_S)


def _until(app: "App", state: SyncState) -> float:
    """Return the seconds until a partner is asked again."""
    return 0.0 if state.next_at is None else max(0.0, (state.next_at - app.clock.now()).total_seconds())


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """Let an interrupt end the loop after what is being done."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
