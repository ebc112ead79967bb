"""Every metric, declared once. docs/reference/metrics.md lists them; a test compares."""

from __future__ import annotations

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("footage_http_requests_total", "Requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "footage_http_request_seconds",
    "Time from a request to the end of its answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REQUESTS_OPEN = Gauge(
    "footage_http_requests_open", "Requests being answered now", multiprocess_mode="livesum"
)
LIMITED = Counter("footage_http_limited_total", "Requests refused, or broken off, by a limit", ["limit"])
BYTES_SERVED = Counter("footage_http_bytes_total", "Bytes of answers' bodies", ["route"])
PREVIEWS = Counter(
    "footage_previews_total", "Pictures asked for, by how they ended: decoded, cached, busy", ["result"]
)
SHEETS = Counter(
    "footage_storyboard_sheets_total",
    "Sheets of storyboards asked for, by how they ended: drawn, cached, busy",
    ["result"],
)
EXPORTS = Counter("footage_exports_total", "Movies streamed, by how they ended", ["result"])
EXPORTS_RUNNING = Gauge("footage_exports_running", "Movies being streamed now", multiprocess_mode="livesum")
EXPORT_JOBS = Counter(
    "footage_export_jobs_total", "Exports in the background that ended: done, failed, cancelled", ["result"]
)
EXPORT_JOBS_KEPT = Gauge(
    "footage_export_jobs_kept",
    "Exports in the background by state, those that ended until they expire",
    ["state"],
    multiprocess_mode="mostrecent",
)
EXPORT_JOBS_BYTES = Gauge(
    "footage_export_jobs_kept_bytes",
    "Bytes of the files of exports that are kept",
    multiprocess_mode="mostrecent",
)


def exposition() -> tuple[bytes, str]:
    """All metrics in the Prometheus text format, and its content type.

    With several workers each keeps its own in a shared folder and any of them answers for all.
    """
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
