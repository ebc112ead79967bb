"""Playlists, to the letter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.archive.read import Part
from footage.playback.hls import Gaps, entries_listed, vod_playlist
from footage.playback.selection import Entry, select
from footage.timeline import Codecs, Run, SegmentTable
from kit.archive import CODECS, OTHER_CODECS

T = 1_790_000_000_000
QUERY = "signature=abc-_&exp=1800000000"


def shelf(*runs: tuple[int, Sequence[int], Codecs]) -> tuple[list[Entry], SegmentTable]:
    """Runs of (start, durations of segments, codecs), in ms after T, as a span over all sees them."""
    parts, starts, durations = [], [], []
    for start_ms, lengths, codecs in runs:
        at = T + start_ms
        run = Run(1, at, at + sum(lengths), 0, 0, codecs)
        parts.append(Part(run, run.start_ms, run.end_ms, 0))
        for length in lengths:
            starts.append(at)
            durations.append(length)
            at += length
    table = SegmentTable(
        np.array(starts, np.int64), np.array(durations, np.int64), np.zeros(len(starts), np.int64)
    )
    return select(parts), table


TWO_RUNS = shelf((0, [6000, 5960], CODECS), (30_000, [6040, 40], CODECS))


def test_gaps_closed_are_not_to_be_seen() -> None:
    assert (
        vod_playlist(*TWO_RUNS, Gaps.CLOSE, QUERY)
        == """\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:20.000Z
#EXTINF:6.000,
1790000000000.ts?signature=abc-_&exp=1800000000
#EXTINF:5.960,
1790000006000.ts?signature=abc-_&exp=1800000000
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:50.000Z
#EXTINF:6.040,
1790000030000.ts?signature=abc-_&exp=1800000000&shift=18040
#EXTINF:0.040,
1790000036040.ts?signature=abc-_&exp=1800000000&shift=18040
#EXT-X-ENDLIST
"""
    )


def test_gaps_with_the_tag() -> None:
    assert (
        vod_playlist(*TWO_RUNS, Gaps.DISCONTINUITY, QUERY)
        == """\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:20.000Z
#EXTINF:6.000,
1790000000000.ts?signature=abc-_&exp=1800000000
#EXTINF:5.960,
1790000006000.ts?signature=abc-_&exp=1800000000
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:50.000Z
#EXTINF:6.040,
1790000030000.ts?signature=abc-_&exp=1800000000
#EXTINF:0.040,
1790000036040.ts?signature=abc-_&exp=1800000000
#EXT-X-ENDLIST
"""
    )


def test_gaps_filled() -> None:
    assert (
        vod_playlist(*TWO_RUNS, Gaps.FILL, QUERY)
        == """\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:18
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:20.000Z
#EXTINF:6.000,
1790000000000.ts?signature=abc-_&exp=1800000000
#EXTINF:5.960,
1790000006000.ts?signature=abc-_&exp=1800000000
#EXT-X-GAP
#EXTINF:18.040,
gap-1790000011960.ts?signature=abc-_&exp=1800000000
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:50.000Z
#EXTINF:6.040,
1790000030000.ts?signature=abc-_&exp=1800000000
#EXTINF:0.040,
1790000036040.ts?signature=abc-_&exp=1800000000
#EXT-X-ENDLIST
"""
    )


def test_other_codecs_need_the_tag_also_where_gaps_are_closed() -> None:
    shown = shelf((0, [2000], CODECS), (9000, [2000], OTHER_CODECS), (20_000, [2000], OTHER_CODECS))
    assert vod_playlist(*shown, Gaps.CLOSE, "q").splitlines()[5:] == [
        "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:20.000Z",
        "#EXTINF:2.000,",
        "1790000000000.ts?q",
        "#EXT-X-DISCONTINUITY",
        "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:29.000Z",
        "#EXTINF:2.000,",
        "1790000009000.ts?q&shift=7000",
        "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:40.000Z",
        "#EXTINF:2.000,",
        "1790000020000.ts?q&shift=16000",
        "#EXT-X-ENDLIST",
    ]


def test_runs_that_touch_need_neither_shift_nor_gap() -> None:
    shown = shelf((0, [2000], CODECS), (2000, [2000], CODECS))
    for gaps in Gaps:
        text = vod_playlist(*shown, gaps, "q")
        assert "shift" not in text
        assert "gap" not in text.lower()
        assert text.count("#EXT-X-DISCONTINUITY\n") == (0 if gaps is Gaps.CLOSE else 1)
        assert text.count("#EXT-X-PROGRAM-DATE-TIME") == 2


@pytest.mark.parametrize(
    ("longest_ms", "target_s"),
    [
        (1, 1),
        (400, 1),
        (499, 1),
        (500, 1),
        (1499, 1),
        (1500, 2),
        (5999, 6),
        (6000, 6),
        (6499, 6),
        (6500, 7),
        (10_000, 10),
        (3_600_000, 3600),
    ],
)
def test_the_target_duration_is_the_longest_segment_to_the_nearest_second(
    longest_ms: int, target_s: int
) -> None:
    shown = shelf((0, [1, longest_ms, 1], CODECS))
    assert f"#EXT-X-TARGETDURATION:{target_s}\n" in vod_playlist(*shown, Gaps.CLOSE, "q")


@pytest.mark.parametrize(
    ("duration_ms", "written"),
    [(1, "0.001"), (40, "0.040"), (999, "0.999"), (1000, "1.000"), (60_070, "60.070")],
)
def test_durations_are_written_to_the_millisecond(duration_ms: int, written: str) -> None:
    assert f"#EXTINF:{written},\n" in vod_playlist(*shelf((0, [duration_ms], CODECS)), Gaps.CLOSE, "q")


@st.composite
def shelves(draw: st.DrawFn) -> tuple[list[Entry], SegmentTable]:
    """Any runs in order."""
    runs, at = [], 0
    for _ in range(draw(st.integers(1, 5))):
        at += draw(st.sampled_from([0, 1, 4999, 100_000]))
        lengths = draw(st.lists(st.integers(1, 20_000), min_size=1, max_size=6))
        runs.append((at, lengths, draw(st.sampled_from([CODECS, OTHER_CODECS]))))
        at += sum(lengths)
    return shelf(*runs)


def in_ms(text: str) -> list[int]:
    """Every EXTINF of a playlist."""
    written = [line[8:-1] for line in text.splitlines() if line.startswith("#EXTINF:")]
    return [int(seconds) * 1000 + int(ms) for seconds, ms in (one.split(".") for one in written)]


@given(shelves(), st.sampled_from(Gaps))
def test_the_sum_of_a_playlist_is_the_time_it_shows(
    shown: tuple[list[Entry], SegmentTable], gaps: Gaps
) -> None:
    entries, table = shown
    text = vod_playlist(entries, table, gaps, "q")
    listed = in_ms(text)
    if gaps is Gaps.FILL:
        assert sum(listed) == entries[-1].end_ms - entries[0].time_ms
    else:
        assert sum(listed) == sum(entry.duration_ms for entry in entries)
    assert len(listed) == entries_listed(entries, table, gaps)
    # RFC 8216, 4.3.3.1, of every one of them.
    target_s = int(text.partition("#EXT-X-TARGETDURATION:")[2].partition("\n")[0])
    assert target_s == max(1, *((ms + 500) // 1000 for ms in listed))


@given(shelves(), st.sampled_from(Gaps))
def test_every_segment_is_named_once_by_its_start(
    shown: tuple[list[Entry], SegmentTable], gaps: Gaps
) -> None:
    lines = vod_playlist(*shown, gaps, "q").splitlines()
    named = [int(line.split(".ts?")[0]) for line in lines if line[0].isdigit()]
    assert named == shown[1].start_ms.tolist()
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert lines.count("#EXT-X-ENDLIST") == 1


@given(shelves())
def test_every_segment_of_an_entry_is_shifted_alike(shown: tuple[list[Entry], SegmentTable]) -> None:
    entries, _ = shown
    for line in vod_playlist(*shown, Gaps.CLOSE, "q").splitlines():
        if line[0].isdigit():
            start_ms, _, shift = line.replace(".ts?q", "").partition("&shift=")
            [entry] = [e for e in entries if e.time_ms <= int(start_ms) < e.end_ms]
            assert int(shift or 0) == entry.shift_ms
