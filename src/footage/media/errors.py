"""What can go wrong with media.

MediaError
├─ NotReadable     not a file that FFmpeg can take apart, or of a kind that is refused
│  ├─ NoVideo      readable, but without a video track
│  └─ Encrypted    the tracks are encrypted
├─ NotLive         a live source does not give video, with the reason
├─ Broken          reading broke off part of the way; what came before was good
└─ NoPicture       the bytes did not decode to a picture
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from footage.timeline import Reason


class MediaError(Exception):
    """Any failure with media; its text may be shown to the operator."""


class NotReadable(MediaError):
    """The file cannot be taken apart."""


class NoVideo(NotReadable):
    """The file has no video track."""


class Encrypted(NotReadable):
    """The file's tracks are encrypted."""


class NotLive(MediaError):
    """A live source cannot be reached or gives no more; ``reason`` says why.

    Its text never holds the source's URL.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Broken(MediaError):
    """Reading broke off; everything handed out before was good."""


class NoPicture(MediaError):
    """The bytes did not decode to a picture."""
