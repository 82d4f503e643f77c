# SPDX-License-Identifier: Apache-2.0
"""Counters and gauges for Prometheus.

Labels are closed sets (decisions, outcomes, route templates), never banks, keys or content:
a metric that names a bank would tell its readers which protected pictures are being uploaded.
One registry an App, so that two of them in one process do not mix.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

#: Media type of ``Metrics.render``: the text format every Prometheus reads.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Seconds. A lookup takes tens of microseconds, a large picture tenths of a second.
_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)


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

    def render(self) -> bytes:
        """Write everything in the text format of Prometheus."""
        return generate_latest(self._registry)
