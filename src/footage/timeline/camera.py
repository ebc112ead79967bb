"""A camera as its owner describes it. Unknown things are None."""

from __future__ import annotations

from dataclasses import dataclass
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
    device_id: str | None = None
    camera_model: str | None = None
    platform: str | None = None
    serial_number: str | None = None
    firmware_version: str | None = None
    application_version: str | None = None
    location: Location | None = None
    has_source: bool = False
    created_ms: int = 0
