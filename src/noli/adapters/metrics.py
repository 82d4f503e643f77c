# SPDX-License-Identifier: Apache-2.0
"""Counters and gauges for Prometheus.

Labels are closed sets (decisions, outcomes, route templates), never banks, keys or content:
a metric that names a bank would tell its readers which protected pictures are being uploaded.
One registry an App, so that two of them in one process do not mix.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

#: Media type of ``Metrics.render``: the text format every Prometheus reads.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Seconds. A lookup takes tens of microseconds, a large picture tenths of a second.
_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)

# Ending of the files in which processes leave what they count.
_SUFFIX = ".prom"


class Metrics:
    """What this process counts."""

    def __init__(self) -> None:
        """Start all counters at zero."""
        registry = CollectorRegistry()
        self._registry = registry
        self.checks = Counter(
            "noli_checks", "Uploads checked, by decision and outcome.", ["decision", "outcome"], registry=registry
        )
        self.check_seconds = Histogram(
            "noli_check_seconds", "Seconds a check took.", ["kind"], buckets=_BUCKETS, registry=registry
        )
        self.requests = Counter("noli_requests", "Requests answered.", ["route", "status"], registry=registry)
        self.throttled = Counter("noli_throttled", "Requests turned away, by reason.", ["reason"], registry=registry)
        self.decoding = Gauge("noli_decoding", "Files being decoded or waiting for it.", registry=registry)

        self._shared: tuple[Path, int] | None = None

        # Looking a label up costs more than counting; the sets are closed, so this stays small.
        self._counters: dict[tuple[str, ...], Counter] = {}

    def count(self, counter: Counter, *labels: str) -> None:
        """Count one under these labels."""
        known = self._counters.get((counter._name, *labels))  # noqa: SLF001 - the library offers no public name
        if known is None:
            known = self._counters[counter._name, *labels] = counter.labels(*labels)  # noqa: SLF001 - as above
        known.inc()

    def gauge(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """Add a gauge that is read when Prometheus asks."""
        Gauge(name, documentation, registry=self._registry).set_function(read)

    def share(self, folder: Path, number: int) -> None:
        """From now on tell what all processes count that leave it in a folder, this one under its number."""
        self._shared = folder, number

    def leave(self) -> None:
        """Leave what this process counts, where it shares."""
        if self._shared is not None:
            folder, number = self._shared
            unfinished = folder / f"{number}.unfinished"
            unfinished.write_bytes(generate_latest(self._registry))
            unfinished.replace(shared_file(folder, number))

    def render(self) -> bytes:
        """Write everything in the text format of Prometheus."""
        if self._shared is None:
            return generate_latest(self._registry)
        self.leave()
        return generate_latest(_All(self._shared[0]))


class _All(Collector):
    """What all processes count, each sample labelled with its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Put the samples of each metric together."""
        together: dict[str, Metric] = {}
        for file in sorted(self._folder.glob(f"*{_SUFFIX}")):
            with suppress(OSError):  # its process has just ended
                for metric in text_string_to_metric_families(file.read_text("utf-8")):
                    known = together.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                    for one in metric.samples:
                        known.samples.append(one._replace(labels={**one.labels, "worker": file.stem}))
        return together.values()


def shared_file(folder: Path, number: int) -> Path:
    """Name the file in which a process leaves what it counts."""
    return folder / f"{number}{_SUFFIX}"
