# SPDX-License-Identifier: Apache-2.0
"""A pool of processes on this machine; nothing to install."""

import atexit
import multiprocessing
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from noli.adapters.scan.engines import Order
from noli.adapters.scan.worker import ScanWorker
from noli.base.errors import Unavailable
from noli.scanning.model import Unit

# Units handed out for each worker: it never waits for the next, and few are lost with it.
_AHEAD = 2

_worker: ScanWorker | None = None


def run(order: Order) -> None:
    """Do all units in processes of their own; see ``Order``.

    Raises:
        Unavailable: A worker died; the parts that were done are kept.
    """
    left = list(reversed(order.units))
    workers = min(order.workers, len(left))
    context = multiprocessing.get_context("spawn")
    waiting: set[Future[None]] = set()
    pool = ProcessPoolExecutor(workers, context, _begin, (order.folder, order.rows_per_s))
    try:
        while left or waiting:
            while left and len(waiting) < workers * _AHEAD:
                waiting.add(pool.submit(_do, left.pop()))
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for each in done:
                each.result()
    except BrokenProcessPool as error:
        msg = "A worker of the scan was killed, perhaps for want of memory; run the same command again to go on."
        raise Unavailable(msg) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(folder: str, rows_per_s: float) -> None:
    global _worker  # noqa: PLW0603 - a pool's process has no other place for what its initializer made
    _worker = ScanWorker(folder, rows_per_s=rows_per_s)
    atexit.register(_worker.close)


def _do(unit: Unit) -> None:
    if _worker is None:  # pragma: no cover - the pool begins each process before it hands out work
        msg = "this process was not begun"
        raise RuntimeError(msg)
    _worker.do(unit)
