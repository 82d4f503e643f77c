# SPDX-License-Identifier: Apache-2.0
"""Daft, on this machine or on the Ray cluster that its runner is set to (``DAFT_RUNNER=ray``)."""

import os

import daft
import msgspec

from noli.adapters.scan.engines import Order
from noli.adapters.scan.worker import ScanWorker
from noli.scanning.model import Unit


def run(order: Order) -> None:
    """Do all units, one row of a data frame each; see ``Order``."""
    # Its bar would write over ours.
    os.environ.setdefault("DAFT_PROGRESS_BAR", "0")
    folder, rows_per_s = order.folder, order.rows_per_s

    @daft.cls(max_concurrency=order.workers, use_process=True)
    class Scanning:
        def __init__(self) -> None:
            self._worker = ScanWorker(folder, rows_per_s=rows_per_s)

        def __call__(self, unit: str) -> int:
            self._worker.do(msgspec.json.decode(unit, type=Unit))
            return 1

    units = daft.from_pydict({"unit": [msgspec.json.encode(unit).decode() for unit in order.units]})
    # Rows go to workers one by one: each is seconds of work.
    units.into_batches(1).select(Scanning()(daft.col("unit"))).collect()
