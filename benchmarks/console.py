# SPDX-License-Identifier: Apache-2.0
"""The row about the console: the queue's page at 100,000 open notices, over HTTP from a server process of its own."""

import time
from contextlib import closing

import httpx

from benchmarks import filling
from benchmarks.casework import filled
from benchmarks.measure import Row, faster, percentile
from noli.access.model import Role, SessionKind
from noli.app import App, load_config
from tests.support.server import Server

#: What the first byte may take, in ms, and what a page may weigh with its style and scripts, in KB. Source: issue of
#: the console.
BAR_MS, BAR_KB = 150, 150

# Times that each page is asked for.
_ROUNDS = 40

_PAGES = {"to_decide": "/console/notices", "all": "/console/notices?show=all", "missed": "/console/notices?show=missed"}


def queue() -> Row:
    """Measure the queue's first byte and weight."""
    with filled("sqlite") as (installation, _, _):
        installation.database.close()
        settings = {"data": installation.folder, "key_file": str(installation.folder / "keys.json")}
        with closing(App.open(load_config(settings))) as app:
            staff, _ = app.staff.create("bench", Role.LEAD)
            token = app.sessions.open(SessionKind.STAFF, staff.id).token
        server = Server(installation.folder, key_file=settings["key_file"])
        try:
            with httpx.Client(base_url=server.client.base_url, cookies={"k": token}, timeout=30) as client:
                times = {name: [_first_byte_ms(client, path) for _ in range(_ROUNDS)] for name, path in _PAGES.items()}
                weight = _weight_kb(client)
        finally:
            server.stop()
    slowest = max(times, key=lambda name: percentile(times[name], 0.5))
    return faster(
        "console-queue-100k", round(percentile(times[slowest], 0.5), 2), BAR_MS, peer_name="bar", unit="ms",
        what=f"first byte of the queue's slowest page ({slowest}) over HTTP, median, {filling.FILES:,} open notices",
        p99_ms=round(percentile(times[slowest], 0.99), 2), weight_kb=weight, weight_bar_kb=BAR_KB,
        **{f"{name}_ms": round(percentile(each, 0.5), 2) for name, each in times.items()},
    )  # fmt: skip


def _first_byte_ms(client: httpx.Client, path: str) -> float:
    start = time.perf_counter()
    with client.stream("GET", path) as answer:
        parts = answer.iter_raw()
        next(parts)
        took = time.perf_counter() - start
        for _ in parts:
            pass
    if answer.status_code != 200:
        msg = f"{path} answers {answer.status_code}"
        raise RuntimeError(msg)
    return 1000 * took


def _weight_kb(client: httpx.Client) -> float:
    """Return what a first visit to the queue loads: the page, its styles and its script."""
    page = client.get(_PAGES["to_decide"])
    parts = {each for each in page.text.split('"') if each.startswith("/static/")}
    return round((len(page.content) + sum(len(client.get(each).content) for each in parts)) / 1000, 1)


ROWS = {"console-queue-100k": queue}
