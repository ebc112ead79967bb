"""What can go wrong in the archive.

ArchiveError
├─ Overlap             footage would cover time that is kept already (invariant 4)
├─ UnknownCamera       no camera of that id
├─ UnknownRun          the run to go on with was removed meanwhile
├─ LeaseLost           another recorder took the archive over (invariant 8)
├─ AlreadyExists       a camera, an archive or a key of that id or name is there
├─ Held                an export is made of what was to be removed (invariant 6)
├─ ExportsFull         as many exports wait, or as many bytes of them are kept, as may be
├─ LastAdmin           the last key that may do everything would go
├─ Locked              locks protect what was to be removed (invariant 6)
├─ MissingBytes        the index names bytes that the storage does not have
├─ WrongStorage        the storage is not the one of this index, or is not there (invariant 3)
└─ Unavailable         index or storage cannot be reached now; trying again later can help
   └─ Full             there is no room for more
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from footage.timeline import Span


class ArchiveError(Exception):
    """Any failure of the archive; its text may be shown to the operator."""


class Overlap(ArchiveError):
    """The wanted span would cover time that is kept already."""

    def __init__(self, wanted: Span, kept: Span) -> None:
        super().__init__(f"{wanted} overlaps what is kept from {kept}")
        self.wanted = wanted
        self.kept = kept


class UnknownCamera(ArchiveError):
    """No camera has that id."""


class UnknownRun(ArchiveError):
    """The run to go on with was removed meanwhile."""


class LeaseLost(ArchiveError):
    """Another recorder writes the archive now; nothing was written."""


class AlreadyExists(ArchiveError):
    """Something of that id or name is there already."""


class Held(ArchiveError):
    """An export is made of the footage: it can be removed when that has ended."""


class ExportsFull(ArchiveError):
    """There is no place for one more export now; its text may be shown to anybody."""


class LastAdmin(ArchiveError):
    """The last key of scope admin cannot be removed: nobody could do anything more."""


class Locked(ArchiveError):
    """Locks protect footage of the camera: it is removed when they are."""


class MissingBytes(ArchiveError):
    """Bytes that the index names are not in the storage."""


class WrongStorage(ArchiveError):
    """The storage carries another archive set's marker, or none: nothing is written or removed."""


class Unavailable(ArchiveError):
    """The index or the storage does not answer now."""


class Full(Unavailable):
    """There is no room for more; what is kept can still be read."""
