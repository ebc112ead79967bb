"""The newest segments of a recorder as a live playlist that slides (RFC 8216, 6.2.2). Pure.

Every segment keeps the number that the index gave it, whoever asks and whichever process answers:
there is no memory here, so none has to be shared. A list never begins before one made earlier.
"""

from __future__ import annotations

from collections.abc import Sequence

from footage.archive.index import LiveSegment
from footage.playback.hls import END, extinf
from footage.playback.target_duration import steady_target_s
from footage.timeline import Span, format_ms

LOOK_BACK = 60
"""Segments to ask the index for: those that are listed, and those before them that tell how long
segments of this camera become."""
_LISTED = 6
_TARGETS_LISTED = 3
"""A segment leaves only where so many target durations stay (RFC 8216, 6.2.2)."""
_TARGETS_BEHIND = 2


def live_playlist(
    newest: Sequence[LiveSegment], limits: Span, query: str, *, usual_ms: int, ended: bool
) -> str | None:
    """The playlist of the last ``LOOK_BACK`` segments; None where nothing of them may be seen.

    ``limits`` are those of the token, ``query`` is its part of each URI. With ``ended`` the list is
    closed: nothing inside the limits can follow.
    """
    newest = _unbroken(newest)
    target_s = _target_s(newest, usual_ms)
    listed = [
        segment for segment in newest[_first_listed(newest, usual_ms) :] if segment.span.overlaps(limits)
    ]
    if not listed:
        return None
    lines = [
        "#EXTM3U\n#EXT-X-VERSION:3\n",
        f"#EXT-X-TARGETDURATION:{target_s}\n",
        f"#EXT-X-MEDIA-SEQUENCE:{listed[0].sequence}\n",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{listed[0].discontinuity}\n",
        # Without it players begin three target durations before the end, or more. Two are what
        # they need: a segment to play while the next one is filmed, and a reload that comes late.
        f"#EXT-X-START:TIME-OFFSET=-{_TARGETS_BEHIND * target_s}\n",
    ]
    before: LiveSegment | None = None
    for segment in listed:
        lines.append(_entry(segment, before, query))
        before = segment
    if ended:
        lines.append(END)
    return "".join(lines)


def _unbroken(newest: Sequence[LiveSegment]) -> Sequence[LiveSegment]:
    """What follows the last hole in the numbers: players count on, so no list can have one."""
    for at in range(len(newest) - 1, 0, -1):
        if newest[at].sequence != newest[at - 1].sequence + 1:
            return newest[at:]
    return newest


def _target_s(segments: Sequence[LiveSegment], usual_ms: int) -> int:
    return steady_target_s(max((s.duration_ms for s in segments), default=0), usual_ms)


def _first_listed(segments: Sequence[LiveSegment], usual_ms: int) -> int:
    """Where the list begins: as a server would have it that had seen one segment after the other.

    A target duration that rises asks for a longer list, yet what has left must not come back, as
    it would if the last segments alone were counted.
    """
    first = listed_ms = longest_ms = 0
    for at, segment in enumerate(segments):
        listed_ms += segment.duration_ms
        longest_ms = max(longest_ms, segment.duration_ms)
        needed_ms = _TARGETS_LISTED * 1000 * steady_target_s(longest_ms, usual_ms)
        while at - first >= _LISTED and listed_ms - segments[first].duration_ms >= needed_ms:
            listed_ms -= segments[first].duration_ms
            first += 1
    return first


def _entry(segment: LiveSegment, before: LiveSegment | None, query: str) -> str:
    lines = ""
    if before is None or segment.discontinuity != before.discontinuity:
        # As many tags as there were runs, for players count them (RFC 8216, 4.3.3.3).
        runs = 0 if before is None else segment.discontinuity - before.discontinuity
        lines += "#EXT-X-DISCONTINUITY\n" * runs
        lines += f"#EXT-X-PROGRAM-DATE-TIME:{format_ms(segment.start_ms)}\n"
    return f"{lines}{extinf(segment.duration_ms)}{segment.start_ms}.ts?{query}\n"
