# SPDX-License-Identifier: Apache-2.0
"""Ray Data, on the cluster that ``RAY_ADDRESS`` names, or one that is started on this machine."""

import os
from typing import Any

import msgspec

from noli.adapters.scan.engines import Order
from noli.adapters.scan.worker import ScanWorker
from noli.scanning.model import Unit

# Ray reports how it is used to its maker unless it is told not to, before it is imported.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
import ray.data


class Scanning:
    """An actor: one worker for all units that it is given."""

    def __init__(self, folder: str, rows_per_s: float) -> None:
        """Map the banks."""
        self._worker = ScanWorker(folder, rows_per_s=rows_per_s)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Do one unit."""
        self._worker.do(msgspec.json.decode(row["unit"], type=Unit))
        return {"done": 1}


def run(order: Order) -> None:
    """Do all units, one row of a data set each; see ``Order``."""
    begun = not ray.is_initialized()
    if begun:
        # An address from the environment is taken where there is one.
        ray.init(log_to_driver=False, include_dashboard=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        rows = [{"unit": msgspec.json.encode(unit).decode()} for unit in order.units]
        blocks = min(len(rows), order.workers * 4)
        ray.data.from_items(rows, override_num_blocks=blocks).map(
            Scanning,
            fn_constructor_args=(order.folder, order.rows_per_s),
            compute=ray.data.ActorPoolStrategy(size=min(order.workers, len(rows))),
        ).materialize()
    finally:
        if begun:
            ray.shutdown()
