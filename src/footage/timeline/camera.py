"""A camera as its owner describes it. Unknown things are None."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Place:
    """A named place, by the id that the integrator's own system gave it."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Location:
    """Where a camera hangs: a site and, where known, a room in it."""

    id: str
    title: str
    room: Place | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a camera's video comes from. ``url`` may hold a password: it is never shown.

    ``transport`` of RTSP is ``tcp`` or ``udp``.
    """

    url: str = field(repr=False)
    transport: str = "tcp"
    with_audio: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A source of video; owns one archive.

    Its source's URL is not here: it may carry a password, goes into the index and is read back
    by the recorder alone. ``has_source`` tells that there is one.
    """

    id: UUID
    archive_id: UUID
    title: str
    archive_days: int | None = None
    archive_bytes: int | None = None
    device_id: str | None = None
    camera_model: str | None = None
    platform: str | None = None
    serial_number: str | None = None
    firmware_version: str | None = None
    application_version: str | None = None
    location: Location | None = None
    has_source: bool = False
    transport: str = "tcp"
    is_recorded: bool = True
    is_audio_recorded: bool = True
    created_ms: int = 0

    @property
    def is_to_be_recorded(self) -> bool:
        """True where a recorder has to look after it: switched on, with a source."""
        return self.is_recorded and self.has_source
