"""What the server answers, as values: moments as datetimes in UTC beside their milliseconds. Pure.

What the server adds in a later version is ignored. Parsing raises KeyError, TypeError or ValueError
where an answer is not what it must be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from footage_client.links import SignedLink
from footage_client.moments import datetime_of

_TIME = r"(\d{2,}):(\d\d):(\d\d)\.(\d{3})"
_CUE = re.compile(rf"^{_TIME} --> {_TIME}\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Place:
    """A named place."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Location:
    """A site and, where known, a room in it."""

    id: str
    title: str
    room: Place | None


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """What is known of a camera, as it was when it was asked for; what is not known is None."""

    id: UUID
    title: str
    device_id: str | None
    archive_days: int | None
    is_online: bool
    last_online: datetime | None
    is_recorded: bool
    is_audio_recorded: bool
    transport: str
    camera_model: str | None
    platform: str | None
    serial_number: str | None
    firmware_version: str | None
    application_version: str | None
    location: Location | None


@dataclass(frozen=True, slots=True)
class Totals:
    """An archive in numbers; None where nothing is kept."""

    id: UUID
    first_ms: int | None
    last_ms: int | None
    size_bytes: int
    runs: int

    @property
    def first(self) -> datetime | None:
        """The first moment kept."""
        return None if self.first_ms is None else datetime_of(self.first_ms)

    @property
    def last(self) -> datetime | None:
        """The moment at which what is kept ends."""
        return None if self.last_ms is None else datetime_of(self.last_ms)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A run as a span sees it: when its first segment starts, how long it is, and where it plays."""

    start_ms: int
    duration_ms: int
    offset_ms: int

    @property
    def end_ms(self) -> int:
        """Where its last segment ends."""
        return self.start_ms + self.duration_ms

    @property
    def start(self) -> datetime:
        """When its first segment starts."""
        return datetime_of(self.start_ms)

    @property
    def end(self) -> datetime:
        """When its last segment ends."""
        return datetime_of(self.end_ms)

    @property
    def duration(self) -> timedelta:
        """Its length."""
        return timedelta(milliseconds=self.duration_ms)

    @property
    def offset(self) -> timedelta:
        """Its place in the playlist of the same span: moment t plays at ``offset + (t - start)``."""
        return timedelta(milliseconds=self.offset_ms)


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture, and when the frame that it shows was taken."""

    jpeg: bytes = field(repr=False)
    frame_ms: int

    @property
    def frame_time(self) -> datetime:
        """When the frame was taken."""
        return datetime_of(self.frame_ms)


@dataclass(frozen=True, slots=True)
class Status:
    """How the recording of a camera goes; what is not known is None. Counters only rise."""

    state: str
    reason: str | None
    detail: str | None
    since: datetime | None
    updated: datetime | None
    is_online: bool
    last_packet: datetime | None
    last_segment_end: datetime | None
    age_ms: int | None
    recorded_ms: int
    size_bytes: int
    segments: int
    segments_dropped: int
    packets_dropped: int
    queued_segments: int
    drift_ms: int
    reconnects: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class StoryboardCue:
    """A thumbnail: for which positions in the playlist of the same span, and which box of which sheet.

    ``sheet_url`` is signed. The box is in pixels.
    """

    start_ms: int
    end_ms: int
    sheet_url: str = field(repr=False)
    left: int
    top: int
    width: int
    height: int


def camera_of(body: Any) -> tuple[CameraInfo, SignedLink]:
    """A camera, and the signed link to its archive."""
    token = {"signature": str(body["archiveApiToken"]["signature"])}
    exp_s = int(body["archiveApiToken"]["exp"])
    info = CameraInfo(
        id=UUID(body["id"]),
        title=body["title"],
        device_id=body["deviceId"],
        archive_days=body["archiveDays"],
        is_online=body["isOnline"],
        last_online=_moment(body["lastOnlineDate"]),
        is_recorded=body["isRecorded"],
        is_audio_recorded=body["isAudioRecorded"],
        transport=body["transport"],
        camera_model=body["cameraModel"],
        platform=body["platform"],
        serial_number=body["serialNumber"],
        firmware_version=body["firmwareVersion"],
        application_version=body["applicationVersion"],
        location=_location(body["location"]),
    )
    return info, SignedLink(body["archiveApiUrl"], {**token, "exp": str(exp_s)}, exp_s)


def page_of(body: Any) -> tuple[list[tuple[CameraInfo, SignedLink]], str | None]:
    """A page of cameras, and what the next one begins after; None on the last."""
    return [camera_of(camera) for camera in body["cameras"]], body["next"]


def status_of(body: Any) -> Status:
    """How the recording of a camera goes."""
    return Status(
        state=body["state"],
        reason=body["reason"],
        detail=body["detail"],
        since=_moment(body["since"]),
        updated=_moment(body["updated"]),
        is_online=body["isOnline"],
        last_packet=_moment(body["lastPacket"]),
        last_segment_end=_moment(body["lastSegmentEnd"]),
        age_ms=body["ageMs"],
        recorded_ms=body["recordedMs"],
        size_bytes=body["bytes"],
        segments=body["segments"],
        segments_dropped=body["segmentsDropped"],
        packets_dropped=body["packetsDropped"],
        queued_segments=body["queuedSegments"],
        drift_ms=body["driftMs"],
        reconnects=dict(body["reconnects"]),
    )


def totals_of(body: Any) -> Totals:
    """An archive in numbers."""
    return Totals(UUID(body["id"]), body["first"], body["last"], int(body["bytes"]), int(body["runs"]))


def timeline_of(body: Any) -> list[TimelineEntry]:
    """The entries of a timeline."""
    return [TimelineEntry(int(e["time"]), int(e["duration"]), int(e["offset"])) for e in body]


def cues_of(text: str, url: str) -> list[StoryboardCue]:
    """The cues of a storyboard that came from ``url``. Raises ValueError where it is none."""
    if not text.startswith("WEBVTT"):
        raise ValueError("not a WebVTT text")
    cues = []
    for match in _CUE.finditer(text):
        start, end, box = match.groups()[:4], match.groups()[4:8], match.groups()[9:]
        left, top, width, height = map(int, box)
        sheet = urljoin(url, match[9])
        cues.append(StoryboardCue(_ms(*start), _ms(*end), sheet, left, top, width, height))
    return cues


def _ms(hours: str, minutes: str, seconds: str, ms: str) -> int:
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(ms)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _location(body: Any) -> Location | None:
    if body is None:
        return None
    room = body["room"]
    return Location(body["id"], body["title"], room and Place(room["id"], room["title"]))
