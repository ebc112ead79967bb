"""How the recording of a camera goes, as programs read it: of the API and of the command line."""

from __future__ import annotations

import msgspec

from footage.archive.keep import KeptFor
from footage.timeline import Camera, CameraStatus, format_ms, status_now


class KeptForOut(msgspec.Struct, frozen=True, rename="camel"):
    """How long a camera's footage is kept, and why not longer."""

    target_ms: int | None
    target_bytes: int | None
    kept_ms: int
    limit: str | None
    locked_bytes: int
    text: str


class StatusOut(msgspec.Struct, frozen=True, rename="camel"):
    """State and counters of one camera's recording; what is not known is null."""

    state: str
    reason: str | None
    detail: str | None
    since: str | None
    updated: str | None
    is_online: bool
    last_packet: str | None
    last_segment_end: str | None
    age_ms: int | None
    recorded_ms: int
    bytes: int
    segments: int
    segments_dropped: int
    packets_dropped: int
    queued_segments: int
    drift_ms: int
    reconnects: dict[str, int]
    retention: KeptForOut


def known_status(camera: Camera, written: CameraStatus | None, now_ms: int) -> CameraStatus:
    """What can be said of ``camera`` now, from what its recorder wrote last."""
    return status_now(written, now_ms, is_recorded=camera.is_to_be_recorded)


def kept_for_out(kept: KeptFor) -> KeptForOut:
    """The same to be encoded."""
    return KeptForOut(
        target_ms=kept.target_ms,
        target_bytes=kept.target_bytes,
        kept_ms=kept.kept_ms,
        limit=None if kept.limit is None else kept.limit.value,
        locked_bytes=kept.locked_bytes,
        text=kept.text,
    )


def status_out(camera: Camera, written: CameraStatus | None, now_ms: int, kept: KeptFor) -> StatusOut:
    """The same to be encoded. ``since`` and ``updated`` are null where no recorder ever said."""
    status = known_status(camera, written, now_ms)
    last_segment_ms = status.last_segment_ms
    return StatusOut(
        state=status.state.value,
        reason=None if status.reason is None else status.reason.value,
        detail=status.detail,
        since=None if written is None else format_ms(status.since_ms),
        updated=None if written is None else format_ms(status.updated_ms),
        is_online=status.is_online,
        last_packet=_moment(status.last_packet_ms),
        last_segment_end=_moment(last_segment_ms),
        age_ms=None if last_segment_ms is None else max(now_ms - last_segment_ms, 0),
        recorded_ms=status.recorded_ms,
        bytes=status.size_bytes,
        segments=status.segments,
        segments_dropped=status.segments_dropped,
        packets_dropped=status.packets_dropped,
        queued_segments=status.queued,
        drift_ms=status.drift_ms,
        reconnects={reason.value: count for reason, count in sorted(status.reconnects.items())},
        retention=kept_for_out(kept),
    )


def _moment(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else format_ms(moment_ms)
