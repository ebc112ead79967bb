"""What can go wrong with media.

MediaError
├─ NotReadable     not a file that FFmpeg can take apart, or of a kind that is refused
│  ├─ NoVideo      readable, but without a video track
│  └─ Encrypted    the tracks are encrypted
├─ Broken          reading broke off part of the way; what came before was good
└─ NoPicture       the bytes did not decode to a picture
"""


class MediaError(Exception):
    """Any failure with media; its text may be shown to the operator."""


class NotReadable(MediaError):
    """The file cannot be taken apart."""


class NoVideo(NotReadable):
    """The file has no video track."""


class Encrypted(NotReadable):
    """The file's tracks are encrypted."""


class Broken(MediaError):
    """Reading broke off; everything handed out before was good."""


class NoPicture(MediaError):
    """The bytes did not decode to a picture."""
