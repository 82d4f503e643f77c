# SPDX-License-Identifier: Apache-2.0
"""Rows about the console: its lists, and those of the API, at 100,000 of everything, over HTTP from processes."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from typing import Any

import httpx

from benchmarks import filling
from benchmarks.casework import Installation, filled
from benchmarks.measure import Row, faster, percentile
from noli.access.model import Role, Scope, SessionKind
from noli.access.sessions import csrf_of
from noli.app import App, load_config
from tests.support.browser import browsers
from tests.support.server import Server

#: What the first byte may take, in ms, and what a page may weigh with its style and scripts, in KB. Source: issue of
#: the console.
BAR_MS, BAR_KB = 150, 150

# Times that each page is asked for; seconds that the queue is looked at while its clocks count.
_ROUNDS, _WATCHED_S = 20, 5

_QUEUE = {"to_decide": "/console/notices", "all": "/console/notices?show=all", "missed": "/console/notices?show=missed"}

_PAGES = {
    **{f"queue_{name}": path for name, path in _QUEUE.items()},
    "queue_orders": "/console/notices?show=decide&opening=order",
    "queue_preserved": "/console/notices?show=held",
    "clocks": "/console/clocks",
    "clocks_mine": "/console/clocks?whose=mine",
    "clocks_free": "/console/clocks?whose=free",
    "clocks_staff": "/console/clocks?whose=staff1",
    "clocks_requests": "/console/clocks?kind=request&whose=free",
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

# What is searched for: one case and one notice, a host with hundreds of either, the beginning of a number, nothing.
_SOUGHT = {
    "link": filling.link(filling.FILES // 2),
    "host": "forum7.example",
    "number": filling.file_id("notice", filling.FILES // 3)[:6],
    "nothing": "https://nowhere.example/1",
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
        measured, sought, moved = _measured(installation)
    slowest = max(measured, key=lambda name: percentile(measured[name].times, 0.5))
    made = faster(
        "console-pages-100k" + ("" if kind == "sqlite" else f"-{kind}"),
        round(percentile(measured[slowest].times, 0.5), 2), BAR_MS, peer_name="bar", unit="ms",
        what=f"first byte of the slowest page ({slowest}) of console and API over HTTP, median, {filling.FILES:,} each "
        f"of open cases, notices, pursuits, entries and checks, on {kind}",
        heaviest_kb=max(each.weight_kb for each in measured.values()), weight_bar_kb=BAR_KB,
        p99_of_all_ms=round(max(percentile(each.times, 0.99) for each in measured.values()), 2),
        **{f"{name}_ms": round(percentile(each.times, 0.5), 2) for name, each in measured.items()},
        **{f"{name}_kb": each.weight_kb for name, each in measured.items()},
    )  # fmt: skip
    return [made] if kind != "sqlite" else [_queue(measured, moved), _search(sought), made]


def _search(sought: Mapping[str, list[float]]) -> Row:
    slowest = max(sought, key=lambda name: percentile(sought[name], 0.5))
    return faster(
        "console-search-100k", round(percentile(sought[slowest], 0.5), 2), BAR_MS, peer_name="bar", unit="ms",
        what=f"first byte of the slowest search ({slowest}) over HTTP, median, {filling.FILES:,} each of cases and "
        "notices, a link and a host of each",
        p99_of_all_ms=round(max(percentile(each, 0.99) for each in sought.values()), 2),
        **{f"{name}_ms": round(percentile(each, 0.5), 2) for name, each in sought.items()},
    )  # fmt: skip


def _queue(measured: "Mapping[str, _Measured]", moved: float) -> Row:
    times = {name: measured[f"queue_{name}"].times for name in _QUEUE}
    slowest = max(times, key=lambda name: percentile(times[name], 0.5))
    return faster(
        "console-queue-100k", round(percentile(times[slowest], 0.5), 2), BAR_MS, peer_name="bar", unit="ms",
        what=f"first byte of the queue's slowest page ({slowest}) over HTTP, median, {filling.FILES:,} open notices",
        p99_ms=round(percentile(times[slowest], 0.99), 2), first_after_start_ms=measured["queue_to_decide"].first_ms,
        weight_kb=measured["queue_to_decide"].weight_kb, weight_bar_kb=BAR_KB, layout_shift=moved, layout_shift_bar=0,
        **{f"{name}_ms": round(percentile(each, 0.5), 2) for name, each in times.items()},
    )  # fmt: skip


class _Measured:
    """One page: how long its first byte takes, at first and later, and what a first visit loads."""

    def __init__(self, client: httpx.Client, path: str) -> None:
        self.first_ms = round(_first_byte_ms(client, path), 2)
        self.times = [_first_byte_ms(client, path) for _ in range(_ROUNDS)]
        self.weight_kb = _weight_kb(client, path)


def _measured(installation: Installation) -> tuple[dict[str, _Measured], dict[str, list[float]], float]:
    """Ask a process for the console and one for the API, as a larger installation has them; neither does jobs.

    Returns:
        The pages and lists, how long searches took in ms, and how much the queue moved while its clocks counted.
    """
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
    sought: dict[str, list[float]] = {}
    moved = 0.0
    asked: dict[str, tuple[Mapping[str, str], Callable[..., httpx.Client]]] = {
        "console": (_PAGES, partial(httpx.Client, cookies={"k": session})),
        "api": (_LISTS, partial(httpx.Client, headers={"Authorization": f"Bearer {token}"})),
    }
    for role, (paths, connect) in asked.items():
        server = Server(installation.folder, address, key_file=key_file, role=role)
        try:
            with connect(base_url=server.client.base_url, timeout=60) as client:
                found |= {name: _Measured(client, path) for name, path in paths.items()}
                if role == "console":
                    sought = {name: _search_ms(client, text, csrf_of(session)) for name, text in _SOUGHT.items()}
                    moved = _layout_shift(str(client.base_url), session)
        finally:
            server.stop()
    return found, sought, moved


def _layout_shift(address: str, session: str) -> float:
    """Look at the queue in Chromium for some seconds; returns its cumulative layout shift, of which 0 is none."""
    with browsers() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "k", "value": session, "url": address}])
        page = context.new_page()
        page.add_init_script(
            "window.moved = 0; new PerformanceObserver((list) => { for (const each of list.getEntries())"
            " window.moved += each.value; }).observe({ type: 'layout-shift', buffered: true });"
        )
        page.goto(f"{address}{_QUEUE['to_decide']}")
        page.locator(".count").first.wait_for()
        page.wait_for_timeout(1000 * _WATCHED_S)
        return float(page.evaluate("window.moved"))


def _search_ms(client: httpx.Client, text: str, csrf: str) -> list[float]:
    sent = {"data": {"csrf": csrf, "find": text}, "headers": {"origin": str(client.base_url).rstrip("/")}}
    return [_first_byte_ms(client, "/console/search", "POST", **sent) for _ in range(_ROUNDS)]


def _first_byte_ms(client: httpx.Client, path: str, method: str = "GET", **sent: Any) -> float:  # noqa: ANN401 - what httpx takes
    start = time.perf_counter()
    with client.stream(method, path, **sent) as answer:
        parts = answer.iter_raw()
        next(parts, b"")
        took = time.perf_counter() - start
        for _ in parts:
            pass
    if answer.status_code not in {200, 303}:
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
    "console-search-100k": _ON_SQLITE,
    "console-pages-100k": _ON_SQLITE,
    "console-pages-100k-postgresql": partial(pages, "postgresql"),
}
