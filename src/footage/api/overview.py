"""What the page's overview shows, in one answer: the storage, and every camera with its state."""

from __future__ import annotations

import msgspec
from litestar import Response, get

from footage.api.authorisation import require_key
from footage.api.camera_status import KeptForOut, kept_for_out, known_status
from footage.api.delivery import AnyRequest
from footage.api.json_bodies import json_answer
from footage.api.services import Injected
from footage.api.threads import in_thread
from footage.archive.index.kept import Totals
from footage.archive.keep import KeptFor, StoreFull, kept_for, refused, store_full
from footage.archive.keeper_report import Report
from footage.archive.read import Overview
from footage.timeline import Camera, CameraStatus, Scope

_DAY_MS = 86_400_000


class StorageOut(msgspec.Struct, frozen=True, rename="camel"):
    """What is kept in all, and the room for more; what is not known is null."""

    size_bytes: int
    free_bytes: int | None
    total_bytes: int | None
    max_bytes: int | None
    keep_free_bytes: int | None
    locked_bytes: int
    limit: str | None
    reach_ms: int | None
    text: str
    refused: str | None
    refused_text: str | None
    recorded_bytes_per_day: int
    days_to_full: float | None


class CameraOverview(msgspec.Struct, frozen=True, rename="camel"):
    """One camera's state, and what is kept of it."""

    id: str
    state: str
    reason: str | None
    detail: str | None
    is_online: bool
    first: int | None
    last: int | None
    size_bytes: int
    runs: int
    retention: KeptForOut


class OverviewOut(msgspec.Struct, frozen=True):
    """All of it."""

    storage: StorageOut
    cameras: list[CameraOverview]


@get("/v1/status")
@in_thread
def show_overview(request: AnyRequest, services: Injected) -> Response[bytes]:
    """The storage, and every camera with its state."""
    require_key(services, request, Scope.READ)
    now_ms = services.now_ms()
    overview = services.reader.overview(now_ms - _DAY_MS)
    written = services.cameras.statuses()
    report, locked = services.retention.report(), services.retention.locked_bytes(now_ms)

    def kept(camera: Camera, number: int) -> KeptFor:
        totals, locked_bytes = overview.totals.get(number), locked.get(number, 0)
        return kept_for(camera, totals, report, now_ms=now_ms, locked_bytes=locked_bytes)

    pairs = services.cameras.archives_of(list(services.cameras.every()))
    lengths = {archive.number: kept(camera, archive.number) for camera, archive in pairs}
    cameras = [
        _camera_out(
            camera,
            written.get(archive.number),
            overview.totals.get(archive.number),
            lengths[archive.number],
            now_ms,
        )
        for camera, archive in pairs
    ]
    full = store_full(report, lengths.values())
    return json_answer(OverviewOut(_storage_out(overview, report, full, sum(locked.values())), cameras))


ROUTES = (show_overview,)


def _storage_out(overview: Overview, report: Report, full: StoreFull, locked_bytes: int) -> StorageOut:
    room, a_day = overview.room, overview.bytes_since
    return StorageOut(
        size_bytes=overview.size_bytes,
        free_bytes=None if room is None else room.free_bytes,
        total_bytes=None if room is None else room.total_bytes,
        max_bytes=report.max_bytes,
        keep_free_bytes=report.free_bytes,
        locked_bytes=locked_bytes,
        limit=None if full.limit is None else full.limit.value,
        reach_ms=full.reach_ms,
        text=full.text,
        refused=None if report.refusal is None else report.refusal.value,
        refused_text=refused(report),
        recorded_bytes_per_day=a_day,
        days_to_full=None if room is None or not a_day else round(room.free_bytes / a_day, 2),
    )


def _camera_out(
    camera: Camera,
    written: CameraStatus | None,
    kept: Totals | None,
    length: KeptFor,
    now_ms: int,
) -> CameraOverview:
    status = known_status(camera, written, now_ms)
    return CameraOverview(
        id=str(camera.id),
        state=status.state.value,
        reason=None if status.reason is None else status.reason.value,
        detail=status.detail,
        is_online=status.is_online,
        first=None if kept is None else kept.first_ms,
        last=None if kept is None else kept.last_ms,
        size_bytes=0 if kept is None else kept.size_bytes,
        runs=0 if kept is None else kept.runs,
        retention=kept_for_out(length),
    )
