# SPDX-License-Identifier: Apache-2.0
"""All rows by name."""

from collections.abc import Callable

from benchmarks import (
    casework,
    checks,
    console,
    exchange,
    hashing,
    http,
    keeping,
    page,
    scans,
    search,
    serving,
    soak,
    videos,
)
from benchmarks.measure import Row

ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    **hashing.ROWS,
    **checks.ROWS,
    **search.ROWS,
    **http.ROWS,
    **page.ROWS,
    **scans.ROWS,
    **videos.ROWS,
    **casework.ROWS,
    **console.ROWS,
    **exchange.ROWS,
    **serving.ROWS,
    **soak.ROWS,
    **keeping.ROWS,
}


def measured(name: str) -> list[Row]:
    """Measure what this name stands for; some measure several rows in one go."""
    result = ROWS[name]()
    return result if isinstance(result, list) else [result]
