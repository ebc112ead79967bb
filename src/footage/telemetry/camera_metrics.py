"""The metrics of cameras: read off their statuses when somebody asks, by whichever worker is asked.

Recorders write statuses into the index and have no door of their own, so none of this is counted
here. docs/reference/metrics.md lists them; a test compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from footage.timeline import CameraStatus

_S = 1000


@dataclass(frozen=True, slots=True)
class CameraMetric:
    """One number of every camera, or one by each value of a second label.

    ``read`` takes the status and the time; None where it is not known. The camera is named by its
    id: its title may change, and would make a series of its own.
    """

    name: str
    meaning: str
    read: Callable[[CameraStatus, int], float | Mapping[str, int] | None]
    labels: tuple[str, ...] = ("camera",)

    @property
    def kind(self) -> str:
        """What Prometheus calls it; a counter only rises."""
        return "counter" if self.name.endswith("_total") else "gauge"


CAMERA_METRICS = (
    CameraMetric("footage_camera_online", "1 where video comes in, else 0", lambda s, _: s.is_online),
    CameraMetric(
        "footage_camera_recorded_seconds_total", "Footage recorded", lambda s, _: s.recorded_ms / _S
    ),
    CameraMetric(
        "footage_camera_recorded_bytes_total", "Bytes of footage recorded", lambda s, _: s.size_bytes
    ),
    CameraMetric("footage_camera_segments_total", "Segments recorded", lambda s, _: s.segments),
    CameraMetric(
        "footage_camera_segments_dropped_total",
        "Segments that came and could not be kept",
        lambda s, _: s.segments_dropped,
    ),
    CameraMetric(
        "footage_camera_packets_dropped_total",
        "Packets that nothing could decode or that came too late",
        lambda s, _: s.packets_dropped,
    ),
    CameraMetric(
        "footage_camera_last_segment_age_seconds",
        "Time since the end of the newest segment kept",
        lambda s, now_ms: None if s.last_segment_ms is None else (now_ms - s.last_segment_ms) / _S,
    ),
    CameraMetric(
        "footage_camera_drift_seconds",
        "How far the archive's time is ahead of the host's clock",
        lambda s, _: s.drift_ms / _S,
    ),
    CameraMetric(
        "footage_camera_queued_segments", "Segments that wait for the storage", lambda s, _: s.queued
    ),
    CameraMetric(
        "footage_camera_reconnects_total",
        "Connections that ended, by reason",
        lambda s, _: {reason.value: count for reason, count in sorted(s.reconnects.items())},
        labels=("camera", "reason"),
    ),
)


class _Cameras(Collector):
    """The statuses of one moment as metrics."""

    def __init__(self, statuses: Iterable[tuple[UUID, CameraStatus]], now_ms: int) -> None:
        self._statuses = [(str(camera_id), status) for camera_id, status in statuses]
        self._now_ms = now_ms

    def collect(self) -> Iterator[Metric]:
        """One family after the other, as the format asks."""
        for metric in CAMERA_METRICS:
            made = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = made(metric.name, metric.meaning, labels=metric.labels)
            for camera, status in self._statuses:
                value = metric.read(status, self._now_ms)
                if isinstance(value, Mapping):
                    for label, count in value.items():
                        family.add_metric([camera, label], count)
                elif value is not None:
                    family.add_metric([camera], value)
            yield family


def cameras_exposition(statuses: Iterable[tuple[UUID, CameraStatus]], now_ms: int) -> bytes:
    """The metrics of cameras in the Prometheus text format."""
    registry = CollectorRegistry()
    registry.register(_Cameras(statuses, now_ms))
    return generate_latest(registry)
