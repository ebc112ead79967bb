"""A span as pictures to scrub over: which moments, where in the player's time, where on which sheet.

Pure. A cue says "from this playlist position to that one, this box of that sheet". Positions are
those of ``index.m3u8`` of the same span: both stand on the same entries (promise 2), so gaps, which
take no time in the playlist, make no cue. The text is WebVTT with media fragments
(``#xywh=``), the form in which players take thumbnails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from footage.media.picture import fitted
from footage.playback.selection import Entry
from footage.timeline import Codecs

EMPTY_VTT = "WEBVTT\n"
MAX_PICTURES = 2000
"""The most that one storyboard may have."""
USUAL_WIDTH, LEAST_WIDTH, GREATEST_WIDTH = 160, 16, 640
_USUAL_PICTURES = 100
_SHEET_SIDE = 10
_SHEET_PIXELS = 1600
"""No sheet is larger than so many pixels squared: it is drawn in memory, three bytes a pixel."""


class Cue(NamedTuple):
    """The picture of wall time ``moment_ms``, for the playlist's [``position_ms``, ``end_ms``)."""

    position_ms: int
    end_ms: int
    moment_ms: int


class Box(NamedTuple):
    """A place on a sheet, in pixels."""

    sheet: int
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Sheets of ``columns`` by ``rows`` boxes, all of one size, filled row by row."""

    width: int
    height: int
    columns: int
    rows: int

    @property
    def boxes(self) -> int:
        """How many pictures a full sheet holds."""
        return self.columns * self.rows

    def box(self, number: int) -> Box:
        """Where the picture of that number is; it stays there however many follow."""
        sheet, place = divmod(number, self.boxes)
        row, column = divmod(place, self.columns)
        return Box(sheet, column * self.width, row * self.height, self.width, self.height)

    def size(self, pictures: int) -> tuple[int, int]:
        """Width and height of a sheet that holds so many, at least one."""
        rows = -(-pictures // self.columns)
        return min(pictures, self.columns) * self.width, rows * self.height


def layout(codecs: Codecs, width: int) -> Layout:
    """Boxes of ``width`` with the aspect of a run; none wider than its own pictures."""
    is_known = codecs.width and codecs.height
    source = (codecs.width, codecs.height) if is_known else (width, width * 9 // 16)
    wide, high = fitted(*source, width, _SHEET_PIXELS)
    return Layout(wide, high, _fitting(wide), _fitting(high))


def usual_interval_ms(entries: Sequence[Entry]) -> int:
    """Whole seconds, so that there are about a hundred pictures, or fewer."""
    length_ms = sum(entry.duration_ms for entry in entries)
    return max(-(-length_ms // (_USUAL_PICTURES * 1000)), 1) * 1000


def pictures(entries: Sequence[Entry], interval_ms: int) -> int:
    """How many cues ``cues`` makes, without making them."""
    return sum(len(positions) for _, positions in _positions(entries, interval_ms))


def cues(entries: Sequence[Entry], interval_ms: int) -> list[Cue]:
    """Ascending, one after the other without a hole, from 0 to the end of the playlist.

    Each is ``interval_ms`` long. A run begins one of its own, and so cuts the one before, unless
    that would be shorter than half the interval: then it goes on for that long. So there are never
    more than two pictures an interval, however many runs there are. What is added to the end of
    the span changes no cue but the last.
    """
    begun = [
        (position, entry.time_ms + position - entry.offset_ms)
        for entry, positions in _positions(entries, interval_ms)
        for position in positions
    ]
    if not begun:
        return []
    ends = [*(position for position, _ in begun[1:]), entries[-1].offset_ms + entries[-1].duration_ms]
    return [Cue(position, end, moment) for (position, moment), end in zip(begun, ends, strict=True)]


def vtt(made: Sequence[Cue], boxes: Layout, query: str) -> str:
    """The cues as WebVTT; ``query`` is that of each sheet's URI, its number aside."""
    lines = [EMPTY_VTT]
    for number, cue in enumerate(made):
        sheet, left, top, width, height = boxes.box(number)
        lines.append(
            f"\n{_timestamp(cue.position_ms)} --> {_timestamp(cue.end_ms)}\n"
            f"storyboard.jpg?{query}&sheet={sheet}#xywh={left},{top},{width},{height}\n"
        )
    return "".join(lines)


def _positions(entries: Sequence[Entry], interval_ms: int) -> Iterator[tuple[Entry, range]]:
    """The playlist positions at which the cues of each entry begin."""
    earliest_ms = 0
    for entry in entries:
        first_ms = max(entry.offset_ms, earliest_ms)
        positions = range(first_ms, entry.offset_ms + entry.duration_ms, interval_ms)
        if positions:
            earliest_ms = positions[-1] + (interval_ms + 1) // 2
        yield entry, positions


def _fitting(side: int) -> int:
    return max(min(_SHEET_PIXELS // side, _SHEET_SIDE), 1)


def _timestamp(position_ms: int) -> str:
    """Hours, minutes, seconds (WebVTT, 4.1); hours may have more than two digits."""
    seconds, ms = divmod(position_ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"
