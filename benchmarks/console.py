# SPDX-License-Identifier: Apache-2.0
"""Rows about the console: its lists, and those of the API, at 100,000 of everything, over HTTP from processes."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial

import httpx

from benchmarks import filling
from benchmarks.casework import Installation, filled
from benchmarks.measure import Row, faster, percentile
from noli.access.model import Role, Scope, SessionKind
from noli.app import App, load_config
from tests.support.server import Server

#: What the first byte may take, in ms, and what a page may weigh with its style and scripts, in KB. Source: issue of
#: the console.
BAR_MS, BAR_KB = 150, 150

# Times that each page is asked for.
_ROUNDS = 20

_QUEUE = {"to_decide": "/console/notices", "all": "/console/notices?show=all", "missed": "/console/notices?show=missed"}

_PAGES = {
    **{f"queue_{name}": path for name, path in _QUEUE.items()},
    "queue_orders": "/console/notices?show=decide&opening=order",
    "queue_preserved": "/console/notices?show=held",
    "clocks": "/console/clocks",
    "figures": "/console/figures",
    "cases": "/console/cases",
    "cases_waiting": "/console/cases?show=waiting",
    "cases_unassigned": "/console/cases?show=unassigned",
    "pursuits": "/console/pursuits",
    "pursuits_running": "/console/pursuits?state=running",
    "records": "/console/records",
    "banks": "/console/banks",
    "entries": f"/console/banks/{filling.BANK}",
    "partners": "/console/partners",
    "ledger": "/console/ledger",
}

_LISTS = {
    "api_notices": "/api/v1/notices",
    "api_records": "/api/v1/records",
    "api_pursuits": "/api/v1/pursuits",
    "api_entries": f"/api/v1/banks/{filling.BANK}/entries",
    "api_checks": "/api/v1/checks",
    "api_banks": "/api/v1/banks",
    "api_partners": "/api/v1/partners",
    "api_roots": "/api/v1/ledger/roots",
}


def pages(kind: str) -> list[Row]:
    """Measure first bytes and weights of all lists; the queue's also as a row of its own, on SQLite."""
    with filled(kind) as (installation, _, _):
        filling.fill_lists(installation.database.engine, installation.keys)
        measured = _measured(installation)
    # A page for who leads, made from all decisions of two weeks, is told but is no list.
    lists = {name: each for name, each in measured.items() if name != "figures"}
    slowest = max(lists, key=lambda name: percentile(lists[name].times, 0.5))
    made = faster(
        "console-pages-100k" + ("" if kind == "sqlite" else f"-{kind}"),
        round(percentile(lists[slowest].times, 0.5), 2), BAR_MS, peer_name="bar", unit="ms",
        what=f"first byte of the slowest list ({slowest}) of console and API over HTTP, median, {filling.FILES:,} each "
        f"of open cases, notices, pursuits, entries and checks, on {kind}",
        heaviest_kb=max(each.weight_kb for each in measured.values()), weight_bar_kb=BAR_KB,
        p99_of_all_ms=round(max(percentile(each.times, 0.99) for each in lists.values()), 2),
        **{f"{name}_ms": round(percentile(each.times, 0.5), 2) for name, each in measured.items()},
        **{f"{name}_kb": each.weight_kb for name, each in measured.items()},
    )  # fmt: skip
    return [made] if kind != "sqlite" else [_queue(measured), made]


def _queue(measured: "Mapping[str, _Measured]") -> Row:
    times = {name: measured[f"queue_{name}"].times for name in _QUEUE}
    slowest = max(times, key=lambda name: percentile(times[name], 0.5))
    return faster(
        "console-queue-100k", round(percentile(times[slowest], 0.5), 2), BAR_MS, peer_name="bar", unit="ms",
        what=f"first byte of the queue's slowest page ({slowest}) over HTTP, median, {filling.FILES:,} open notices",
        p99_ms=round(percentile(times[slowest], 0.99), 2), first_after_start_ms=measured["queue_to_decide"].first_ms,
        weight_kb=measured["queue_to_decide"].weight_kb, weight_bar_kb=BAR_KB,
        **{f"{name}_ms": round(percentile(each, 0.5), 2) for name, each in times.items()},
    )  # fmt: skip


class _Measured:
    """One page: how long its first byte takes, at first and later, and what a first visit loads."""

    def __init__(self, client: httpx.Client, path: str) -> None:
        self.first_ms = round(_first_byte_ms(client, path), 2)
        self.times = [_first_byte_ms(client, path) for _ in range(_ROUNDS)]
        self.weight_kb = _weight_kb(client, path)


def _measured(installation: Installation) -> dict[str, _Measured]:
    """Ask a process for the console and one for the API, as a larger installation has them; neither does jobs."""
    url = installation.database.engine.url
    address = "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=False)
    key_file = str(installation.folder / "keys.json")
    given = {"data": installation.folder, "key_file": key_file, "database_url": address}
    installation.database.close()
    with closing(App.open(load_config(given))) as app:
        staff, _ = app.staff.create("bench", Role.LEAD)
        session = app.sessions.open(SessionKind.STAFF, staff.id).token
        _, token = app.access.create("bench", frozenset(Scope))
    found: dict[str, _Measured] = {}
    asked: dict[str, tuple[Mapping[str, str], Callable[..., httpx.Client]]] = {
        "console": (_PAGES, partial(httpx.Client, cookies={"k": session})),
        "api": (_LISTS, partial(httpx.Client, headers={"Authorization": f"Bearer {token}"})),
    }
    for role, (paths, connect) in asked.items():
        server = Server(installation.folder, address, key_file=key_file, role=role)
        try:
            with connect(base_url=server.client.base_url, timeout=60) as client:
                found |= {name: _Measured(client, path) for name, path in paths.items()}
        finally:
            server.stop()
    return found


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


def _weight_kb(client: httpx.Client, path: str) -> float:
    """Return what a first visit to a page loads: the page, its styles and its scripts."""
    page = client.get(path)
    if not page.headers["content-type"].startswith("text/html"):
        return round(len(page.content) / 1000, 1)
    parts = {each for each in page.text.split('"') if each.startswith("/static/")}
    return round((len(page.content) + sum(len(client.get(each).content) for each in parts)) / 1000, 1)


_ON_SQLITE = partial(pages, "sqlite")

ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    "console-queue-100k": _ON_SQLITE,
    "console-pages-100k": _ON_SQLITE,
    "console-pages-100k-postgresql": partial(pages, "postgresql"),
}
