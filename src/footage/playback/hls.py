"""A selection as the text of an HLS playlist (RFC 8216). Pure.

Segments are named by their start; their URIs are relative and carry the caller's own token. How
players take gaps is measured in design/playlist-and-gaps.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from itertools import pairwise, repeat

from footage.playback.selection import Entry
from footage.playback.target_duration import steady_target_s
from footage.timeline import SegmentTable, format_ms

END = "#EXT-X-ENDLIST\n"


class Gaps(Enum):
    """What a playlist does where nothing is kept.

    CLOSE: timestamps are moved so that none shows. DISCONTINUITY: the tag, segments as they are
    kept. FILL: the tag, and an EXT-X-GAP segment as long as the hole, so that the player's time is
    wall time.
    """

    CLOSE = "close"
    DISCONTINUITY = "discontinuity"
    FILL = "fill"


def entries_listed(entries: Sequence[Entry], table: SegmentTable, gaps: Gaps) -> int:
    """How many segments the playlist will list, those that fill gaps included."""
    return len(table) + (len(_holes_ms(entries)) if gaps is Gaps.FILL else 0)


def vod_playlist(entries: Sequence[Entry], table: SegmentTable, gaps: Gaps, query: str) -> str:
    """The playlist of at least one entry; ``query`` is the token's part of each URI."""
    longest_ms = int(table.duration_ms.max())
    if gaps is Gaps.FILL:
        longest_ms = max([longest_ms, *_holes_ms(entries)])
    # The longest segment, rounded to the nearest second (RFC 8216, 4.3.3.1).
    head = _head(max((longest_ms + 500) // 1000, 1), "VOD")
    return "".join([head, *_body(entries, table, gaps, query), END])


def event_playlist(
    entries: Sequence[Entry],
    table: SegmentTable,
    gaps: Gaps,
    query: str,
    *,
    usual_ms: int,
    ended: bool,
) -> str:
    """The same as a list that grows at its end until it has ``ended``; no line of it ever changes.

    Segments are meant to be ``usual_ms`` long. What fills a gap does not count for the target
    duration: players reload by it, and would wait for hours after a gap of hours.
    """
    target_s = steady_target_s(int(table.duration_ms.max()), usual_ms)
    # Players begin a list without an end near its end, and this one was asked for from its start.
    start = "#EXT-X-START:TIME-OFFSET=0\n"
    body = _body(entries, table, gaps, query)
    return "".join([_head(target_s, "EVENT"), start, *body, END if ended else ""])


def _head(target_s: int, kind: str) -> str:
    return (
        f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{target_s}\n"
        f"#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:{kind}\n"
    )


def _body(entries: Sequence[Entry], table: SegmentTable, gaps: Gaps, query: str) -> list[str]:
    lines: list[str] = []
    starts = table.start_ms.searchsorted([entry.time_ms for entry in entries])
    ends = [*starts[1:], len(table)]
    before: Entry | None = None
    for entry, first, last in zip(entries, starts, ends, strict=True):
        if before is not None:
            if gaps is Gaps.FILL and entry.time_ms > before.end_ms:
                lines.append(_gap(before.end_ms, entry.time_ms, query))
            # RFC 8216, 4.3.2.3: the tag is due where timestamps jump or the encoding changes.
            if gaps is not Gaps.CLOSE or not entry.plays_after(before):
                lines.append("#EXT-X-DISCONTINUITY\n")
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{format_ms(entry.time_ms)}\n")
        moved = f"&shift={entry.shift_ms}" if gaps is Gaps.CLOSE and entry.shift_ms else ""
        lines += _segments(table, int(first), int(last), f".ts?{query}{moved}\n")
        before = entry
    return lines


def _segments(table: SegmentTable, first: int, last: int, ending: str) -> list[str]:
    durations = table.duration_ms[first:last].tolist()
    starts = table.start_ms[first:last].tolist()
    # Few lengths occur, and often: each is written once.
    heads = {duration: extinf(duration) for duration in set(durations)}
    return [
        f"{heads[duration]}{start}{end}"
        for duration, start, end in zip(durations, starts, repeat(ending), strict=False)
    ]


def _gap(start_ms: int, end_ms: int, query: str) -> str:
    """A segment that is not there, as long as the hole: hls.js spends a second on each of them."""
    return f"#EXT-X-GAP\n{extinf(end_ms - start_ms)}gap-{start_ms}.ts?{query}\n"


def _holes_ms(entries: Sequence[Entry]) -> list[int]:
    """How long the holes between the entries are; runs that meet leave none."""
    holes = (after.time_ms - before.end_ms for before, after in pairwise(entries))
    return [hole_ms for hole_ms in holes if hole_ms > 0]


def extinf(duration_ms: int) -> str:
    """How long the segment is that follows (RFC 8216, 4.3.2.1)."""
    return f"#EXTINF:{duration_ms // 1000}.{duration_ms % 1000:03},\n"
