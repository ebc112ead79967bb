"""How other systems lay out their recordings: a file's path → whose it is and when it begins. Pure.

- ``mediamtx`` names files after its ``recordPath``, ``%path/%Y-%m-%d_%H-%M-%S-%f`` where nothing else
  is set, in the local time of its host.
- ``frigate`` keeps ``YYYY-MM-DD/HH/<camera>/MM.SS.mp4`` below ``recordings``, in UTC.
- ``plain`` is any pattern of strptime over the path below the folder, without its ending.

A name never says more than its digits: a start in whole seconds may be off by one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from pathlib import PurePath

from footage.timeline.span import LAST_MS, to_ms

ENDINGS = frozenset({".mp4", ".ts", ".mkv", ".mov", ".avi", ".m4v", ".flv", ".mpg", ".webm"})
_MEDIAMTX = "%Y-%m-%d_%H-%M-%S-%f"
_FRIGATE = re.compile(r"(?:.*/)?(\d{4}-\d\d-\d\d)/(\d\d)/([^/]+)/(\d\d\.\d\d)")
_EPOCH = "%s"
_FINE_MS, _COARSE_MS = 500, 2000
_HOUR_MS = 3_600_000


class LayoutName(StrEnum):
    """Whose."""

    MEDIAMTX = "mediamtx"
    FRIGATE = "frigate"
    PLAIN = "plain"


class Unfit(Exception):
    """A path does not tell when its file begins; the text says why."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A recording: the other system's name for its camera, empty where it has none, and its start."""

    camera: str
    start_ms: int


@dataclass(frozen=True, slots=True)
class Layout:
    """``zone`` is that of names that carry none; None where the layout itself says it."""

    name: LayoutName
    pattern: str = _MEDIAMTX
    zone: tzinfo | None = None

    @property
    def needs_zone(self) -> bool:
        """True where names alone do not tell the moment."""
        return self.name is not LayoutName.FRIGATE and not {"%z", _EPOCH} & set(
            re.findall("%.", self.pattern)
        )

    @property
    def tolerance_ms(self) -> int:
        """How far a file that follows on another may be from its end by name."""
        is_fine = self.name is not LayoutName.FRIGATE and "%f" in self.pattern
        return _FINE_MS if is_fine else _COARSE_MS

    def place(self, below: PurePath, modified_ms: int) -> Placed:
        """Whose recording ``below`` is, a path below the folder that was given. Raises Unfit.

        ``modified_ms`` tells the two hours of a night apart in which clocks are set back.
        """
        stem = below.with_suffix("").as_posix()
        if self.name is LayoutName.FRIGATE:
            return _frigate(stem)
        depth = self.pattern.count("/")
        parts = stem.split("/")
        camera, timed = "/".join(parts[: -1 - depth]), "/".join(parts[-1 - depth :])
        if self.pattern == _EPOCH:
            if not timed.isdigit() or int(timed) * 1000 > LAST_MS:
                raise Unfit("the name is no Unix time")
            return Placed(camera, int(timed) * 1000)
        try:
            moment = datetime.strptime(timed, self.pattern)  # noqa: DTZ007 the zone follows
        except ValueError:
            raise Unfit(f"the name does not fit {self.pattern!r}") from None
        if moment.tzinfo is None:
            assert self.zone is not None
            moment = _in_zone(moment, self.zone, modified_ms)
        return Placed(camera, to_ms(moment))


def _frigate(stem: str) -> Placed:
    match = _FRIGATE.fullmatch(stem)
    if match is None:
        raise Unfit("the path is not YYYY-MM-DD/HH/CAMERA/MM.SS")
    day, hour, camera, minute = match.groups()
    try:
        moment = datetime.strptime(f"{day} {hour} {minute}", "%Y-%m-%d %H %M.%S").replace(tzinfo=UTC)
    except ValueError:
        raise Unfit("there is no such time") from None
    return Placed(camera, to_ms(moment))


def _in_zone(moment: datetime, zone: tzinfo, modified_ms: int) -> datetime:
    """A local time as a moment; the file was written within the hour after it."""
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise Unfit("clocks were set forward over that time: it never was")
    back_ms = (_offset(first) - _offset(second)) // timedelta(milliseconds=1)
    since_ms = modified_ms - to_ms(first)
    if 0 <= since_ms < back_ms:
        return first
    if back_ms <= since_ms < back_ms + _HOUR_MS:
        return second
    raise Unfit("clocks were set back: that time was twice, and the file's own tells not which")


def _offset(moment: datetime) -> timedelta:
    """A moment's distance from UTC."""
    offset = moment.utcoffset()
    assert offset is not None
    return offset
