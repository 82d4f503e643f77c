# SPDX-License-Identifier: Apache-2.0
"""PySpark, on the master that Spark's own settings name; this machine if they name none. Needs Java 17 or newer."""

import os
import sys
from collections.abc import Iterator

import msgspec
import pyarrow as pa
from pyspark.sql import SparkSession

from noli.adapters.scan.engines import Order
from noli.adapters.scan.worker import ScanWorker
from noli.scanning.model import Unit


def run(order: Order) -> None:
    """Do all units, in as many tasks as there are units; see ``Order``."""
    # Its workers run the interpreter that runs this.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    folder, rows_per_s = order.folder, order.rows_per_s

    def scan(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        worker = ScanWorker(folder, rows_per_s=rows_per_s)
        try:
            for batch in batches:
                for unit in batch.column("unit").to_pylist():
                    worker.do(msgspec.json.decode(unit, type=Unit))
                yield pa.record_batch({"done": pa.array([len(batch)], pa.int64())})
        finally:
            worker.close()

    quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    builder = SparkSession.builder.appName("noli scan").config(map=quiet)
    if "SPARK_MASTER" not in os.environ and not SparkSession.getActiveSession():
        builder = builder.master(f"local[{order.workers}]")
    session = builder.getOrCreate()
    try:
        rows = [(msgspec.json.encode(unit).decode(),) for unit in order.units]
        units = session.createDataFrame(rows, "unit string").repartition(min(len(rows), order.workers * 4))
        units.mapInArrow(scan, "done bigint").count()
    finally:
        session.stop()
