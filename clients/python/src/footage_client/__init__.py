"""A client of Footage, the archive server for cameras: find, look at and save any past moment.

``Footage`` opens a server with an integration key, ``Archive`` one archive by a signed link;
``AsyncFootage`` and ``AsyncArchive`` are the same for asyncio. What can go wrong is a
``FootageError``.
"""

from footage_client.answers import (
    CameraInfo,
    Location,
    Place,
    Preview,
    Status,
    StoryboardCue,
    TimelineEntry,
    Totals,
)
from footage_client.asynchronous import AsyncArchive, AsyncCamera, AsyncFootage
from footage_client.blocking import Archive, Camera, Footage
from footage_client.defaults import __version__
from footage_client.errors import (
    BadRequest,
    Busy,
    Fault,
    FootageError,
    NotAuthorised,
    NotFound,
    NothingKept,
    RequestError,
    ServerError,
    ServiceError,
    TooMuch,
    Unreachable,
)
from footage_client.moments import Length, Moment

__all__ = [
    "Archive",
    "AsyncArchive",
    "AsyncCamera",
    "AsyncFootage",
    "BadRequest",
    "Busy",
    "Camera",
    "CameraInfo",
    "Fault",
    "Footage",
    "FootageError",
    "Length",
    "Location",
    "Moment",
    "NotAuthorised",
    "NotFound",
    "NothingKept",
    "Place",
    "Preview",
    "RequestError",
    "ServerError",
    "ServiceError",
    "Status",
    "StoryboardCue",
    "TimelineEntry",
    "TooMuch",
    "Totals",
    "Unreachable",
    "__version__",
]
