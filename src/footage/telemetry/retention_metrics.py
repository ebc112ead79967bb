"""The metrics of retention: read off the keeper's last report when somebody asks.

The keeper has no door of its own. docs/reference/metrics.md lists them; a test compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_S = 1000


@dataclass(frozen=True, slots=True)
class RetentionMetric:
    """One number of the report, or one by each value of a label; None where it is not known."""

    name: str
    meaning: str
    read: Callable[[Mapping[str, Any]], float | Mapping[str, int] | None]
    labels: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What Prometheus calls it; a counter only rises."""
        return "counter" if self.name.endswith("_total") else "gauge"


RETENTION_METRICS = (
    RetentionMetric(
        "footage_retention_removed_blocks_total",
        "Blocks taken out of sight, by the limit that took them",
        lambda report: report["removed_blocks"],
        labels=("limit",),
    ),
    RetentionMetric(
        "footage_retention_removed_bytes_total",
        "Bytes taken out of sight, by the limit that took them",
        lambda report: report["removed_bytes"],
        labels=("limit",),
    ),
    RetentionMetric(
        "footage_retention_deleted_bytes_total",
        "Bytes deleted from the storage",
        lambda report: report["deleted_bytes"],
    ),
    RetentionMetric(
        "footage_retention_last_turn_seconds",
        "When the keeper looked last, Unix time",
        lambda report: None if report["passed_ms"] is None else report["passed_ms"] / _S,
    ),
    RetentionMetric(
        "footage_retention_refused",
        "1 where the keeper removes nothing, or nothing for its age, by reason",
        lambda report: {} if report["refusal"] is None else {report["refusal"]: 1},
        labels=("reason",),
    ),
    RetentionMetric(
        "footage_retention_stuck_bytes",
        "Bytes over the limits of the store that are locked or being read",
        lambda report: report["stuck_bytes"],
    ),
    RetentionMetric("footage_locked_bytes", "Bytes that locks keep", lambda report: report["locked_bytes"]),
)


class _Retention(Collector):
    """One report as metrics."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        self._report = report

    def collect(self) -> Iterator[Metric]:
        """One family after the other, as the format asks."""
        for metric in RETENTION_METRICS:
            made = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = made(metric.name, metric.meaning, labels=metric.labels)
            value = metric.read(self._report)
            if isinstance(value, Mapping):
                for label, count in value.items():
                    family.add_metric([label], count)
            elif value is not None:
                family.add_metric([], value)
            yield family


def retention_exposition(report: Mapping[str, Any]) -> bytes:
    """The metrics of retention in the Prometheus text format."""
    registry = CollectorRegistry()
    registry.register(_Retention(report))
    return generate_latest(registry)
