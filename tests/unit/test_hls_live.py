"""Playlists that grow: what one reload says, the next one does not take back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.archive.index import LiveSegment
from footage.archive.read import Part
from footage.playback.hls import Gaps, event_playlist
from footage.playback.hls_live import LOOK_BACK, live_playlist
from footage.playback.selection import Entry, select
from footage.playback.target_duration import steady_target_s
from footage.timeline import ALL_TIME, Run, SegmentTable, Span
from kit.archive import CODECS, OTHER_CODECS

T = 1_790_000_000_000
QUERY = "signature=abc-_&exp=1800000000"
USUAL_MS = 6000
LISTED = 6
STEPS = st.lists(
    st.tuples(
        st.sampled_from([1200, 4000, 6000, 6040, 9600, 31_000]), st.sampled_from([None, None, 0, 250])
    ),
    min_size=20,
    max_size=LOOK_BACK + 30,
)
"""Segments: how long, and for the first of a run how long after the one before it begins."""


def recorded(steps: Sequence[tuple[int, int | None]], first: int = 0) -> list[LiveSegment]:
    """The segments as an index numbers them."""
    found: list[LiveSegment] = []
    at_ms, run = T, 0
    for duration_ms, hole_ms in steps:
        if found and hole_ms is not None:
            at_ms, run = at_ms + hole_ms, run + 1
        found.append(LiveSegment(first + len(found), run, at_ms, duration_ms))
        at_ms += duration_ms
    return found


def live(segments: list[LiveSegment], limits: Span = ALL_TIME, *, ended: bool = False) -> str:
    text = live_playlist(segments[-LOOK_BACK:], limits, QUERY, usual_ms=USUAL_MS, ended=ended)
    assert text is not None
    return text


@dataclass(frozen=True)
class Heard:
    """A live playlist as a player reads it: RFC 8216 says how numbers are counted on."""

    target_s: int
    segments: list[LiveSegment]
    dated: set[int]


def heard(text: str) -> Heard:
    """Read a playlist, every line of it."""
    target_s = sequence = discontinuity = duration_ms = 0
    segments: list[LiveSegment] = []
    dated: set[int] = set()
    for line in text.splitlines():
        tag, _, value = line.partition(":")
        match tag:
            case "#EXT-X-TARGETDURATION":
                target_s = int(value)
            case "#EXT-X-MEDIA-SEQUENCE":
                sequence = int(value)
            case "#EXT-X-DISCONTINUITY-SEQUENCE":
                discontinuity = int(value)
            case "#EXT-X-DISCONTINUITY":
                assert segments, "no tag in front of the first"
                discontinuity += 1
            case "#EXT-X-PROGRAM-DATE-TIME":
                dated.add(sequence)
            case "#EXTINF":
                duration_ms = round(float(value.rstrip(",")) * 1000)
            case "#EXTM3U" | "#EXT-X-VERSION" | "#EXT-X-START":
                pass
            case _:
                start = re.fullmatch(rf"(\d+)\.ts\?{re.escape(QUERY)}", line)
                assert start, line
                segments.append(LiveSegment(sequence, discontinuity, int(start[1]), duration_ms))
                sequence += 1
    return Heard(target_s, segments, dated)


def test_the_last_segments_and_their_numbers() -> None:
    segments = recorded([(6000, None)] * 3 + [(2400, None), (6000, 1850), (5960, None), (6000, None)], 40)
    assert (
        live(segments)
        == """\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:41
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-START:TIME-OFFSET=-12
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:26.000Z
#EXTINF:6.000,
1790000006000.ts?signature=abc-_&exp=1800000000
#EXTINF:6.000,
1790000012000.ts?signature=abc-_&exp=1800000000
#EXTINF:2.400,
1790000018000.ts?signature=abc-_&exp=1800000000
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:42.250Z
#EXTINF:6.000,
1790000022250.ts?signature=abc-_&exp=1800000000
#EXTINF:5.960,
1790000028250.ts?signature=abc-_&exp=1800000000
#EXTINF:6.000,
1790000034210.ts?signature=abc-_&exp=1800000000
"""
    )


def test_a_run_that_slides_to_the_front_has_its_tag_counted() -> None:
    segments = recorded([(6000, None)] * 3 + [(6000, 500)] + [(6000, None)] * 5)
    first = heard(live(segments)).segments[0]
    assert (first.sequence, first.discontinuity) == (3, 1)
    assert "#EXT-X-DISCONTINUITY\n" not in live(segments)


@given(steps=STEPS)
def test_over_many_reloads(steps: list[tuple[int, int | None]]) -> None:
    """Each segment keeps its number and is listed until it slides out; nothing is skipped."""
    segments = recorded(steps, first=7)
    before: Heard | None = None
    for count in range(1, len(segments) + 1):
        now = heard(live(segments[:count]))
        first = now.segments[0].sequence - 7
        # What is heard is what was recorded: numbers, runs, times and lengths, up to the newest.
        assert now.segments == segments[first:count]
        assert now.dated == {
            segment.sequence
            for at, segment in enumerate(now.segments)
            if at == 0 or segment.discontinuity != now.segments[at - 1].discontinuity
        }
        assert all((s.duration_ms + 500) // 1000 <= now.target_s for s in now.segments)
        assert len(now.segments) >= min(count, LISTED)
        if before is not None:
            was_first = before.segments[0].sequence - 7
            assert first >= was_first, "a segment that has left does not come back"
            if first > was_first and count <= LOOK_BACK:
                stays_ms = sum(segment.duration_ms for segment in now.segments)
                assert stays_ms >= 3000 * now.target_s
                assert len(now.segments) >= LISTED
        before = now


@given(steps=STEPS)
def test_the_target_duration_falls_only_when_what_was_long_is_long_ago(
    steps: list[tuple[int, int | None]],
) -> None:
    segments = recorded(steps[:LOOK_BACK])
    targets = [heard(live(segments[:count])).target_s for count in range(1, len(segments) + 1)]
    assert targets == sorted(targets)


def test_a_camera_whose_segments_vary_a_little_has_one_target_duration() -> None:
    segments = recorded([(7000, None), (7960, None), (7400, None), (8040, None)] * 20)
    targets = {heard(live(segments[:count])).target_s for count in range(1, len(segments) + 1)}
    assert targets == {8}


@pytest.mark.parametrize(
    ("longest_ms", "usual_ms", "target_s"),
    [(0, 6000, 6), (6499, 6000, 6), (6500, 6000, 8), (10_000, 6000, 10), (10_501, 6000, 12),
     (100, 1000, 1), (30_000, 2000, 30), (60_499, 6000, 60), (60_500, 6000, 120), (500_000, 6000, 540)],
)  # fmt: skip
def test_target_durations_stand_on_steps(longest_ms: int, usual_ms: int, target_s: int) -> None:
    assert steady_target_s(longest_ms, usual_ms) == target_s


def test_long_segments_are_listed_for_three_target_durations() -> None:
    segments = recorded([(6000, None)] * 20 + [(31_000, None)] + [(6000, None)] * 40)
    listed = heard(live(segments))
    assert listed.target_s == 45
    total_ms = sum(segment.duration_ms for segment in listed.segments)
    assert 3 * 45_000 <= total_ms < 3 * 45_000 + 6000


def test_a_hole_in_the_numbers_is_not_listed_over() -> None:
    segments = recorded([(6000, None)] * 6)
    assert [s.sequence for s in heard(live([*segments[:2], *segments[3:]])).segments] == [3, 4, 5]


def test_players_count_the_runs_of_which_nothing_is_left() -> None:
    one, two = recorded([(6000, None), (6000, 500)])
    assert heard(live([one, two._replace(discontinuity=4)])).segments[-1].discontinuity == 4


def test_a_token_sees_its_part_and_the_end_of_it() -> None:
    segments = recorded([(6000, None)] * 6)
    limits = Span(T + 11_999, T + 24_000)
    assert [s.sequence for s in heard(live(segments, limits)).segments] == [1, 2, 3]
    assert live(segments, limits, ended=True).endswith("#EXT-X-ENDLIST\n")
    for nothing in (Span(0, T), Span(T + 36_000, ALL_TIME.end_ms), Span(T, T)):
        assert live_playlist(segments, nothing, QUERY, usual_ms=USUAL_MS, ended=False) is None
    assert live_playlist([], ALL_TIME, QUERY, usual_ms=USUAL_MS, ended=False) is None


def selection(segments: list[LiveSegment]) -> tuple[list[Entry], SegmentTable]:
    """The same segments as a span over all of them sees them; every third run has another picture."""
    parts = []
    for number, of_run in groupby(segments, key=lambda segment: segment.discontinuity):
        run_segments = list(of_run)
        start_ms, last = run_segments[0].start_ms, run_segments[-1]
        codecs = OTHER_CODECS if number % 3 == 2 else CODECS
        run = Run(number, start_ms, last.start_ms + last.duration_ms, 0, 0, codecs)
        parts.append(Part(run, run.start_ms, run.end_ms, 0))
    starts = np.array([segment.start_ms for segment in segments], np.int64)
    durations = np.array([segment.duration_ms for segment in segments], np.int64)
    return select(parts), SegmentTable(starts, durations, np.zeros(len(segments), np.int64))


@pytest.mark.parametrize("gaps", Gaps)
@given(steps=STEPS)
def test_a_list_that_is_followed_only_grows(gaps: Gaps, steps: list[tuple[int, int | None]]) -> None:
    segments = recorded(steps)
    texts = [
        event_playlist(*selection(segments[:count]), gaps, QUERY, usual_ms=USUAL_MS, ended=False)
        for count in range(1, len(segments) + 1)
    ]
    target = re.compile(r"#EXT-X-TARGETDURATION:(\d+)\n")
    for before, after in pairwise(texts):
        assert target.sub("", after).startswith(target.sub("", before))
        assert after.count(".ts?") > before.count(".ts?")
    steady = [int(found[1]) for text in texts if (found := target.search(text))]
    assert steady == sorted(steady)
    closed = event_playlist(*selection(segments), gaps, QUERY, usual_ms=USUAL_MS, ended=True)
    assert closed == texts[-1] + "#EXT-X-ENDLIST\n"


def test_a_list_to_follow_says_what_it_is() -> None:
    text = event_playlist(
        *selection(recorded([(6000, None), (6000, 3_600_000)])),
        Gaps.FILL,
        QUERY,
        usual_ms=USUAL_MS,
        ended=False,
    )
    assert (
        text
        == """\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-START:TIME-OFFSET=0
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:20.000Z
#EXTINF:6.000,
1790000000000.ts?signature=abc-_&exp=1800000000
#EXT-X-GAP
#EXTINF:3600.000,
gap-1790000006000.ts?signature=abc-_&exp=1800000000
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T15:13:26.000Z
#EXTINF:6.000,
1790003606000.ts?signature=abc-_&exp=1800000000
"""
    )
