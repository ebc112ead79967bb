"""Invariant 5: what timeline, playlist and size promise together, over HTTP, for any runs and any span."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footage.timeline import Span
from kit.archive import CODECS, OTHER_CODECS, START_MS
from kit.site import Site


@dataclass(frozen=True)
class MadeRun:
    """A run of (duration in ms, bytes) segments that starts ``gap_ms`` after the one before."""

    gap_ms: int
    segments: tuple[tuple[int, int], ...]
    other_codecs: bool


@dataclass(frozen=True)
class Kept:
    """What must be there, worked out the slow way."""

    span: Span
    size_bytes: int
    run: int


runs_strategy = st.lists(
    st.builds(
        MadeRun,
        gap_ms=st.sampled_from([0, 1, 500, 30_000, 3_600_000]),
        segments=st.lists(
            st.tuples(st.integers(1, 12_000), st.integers(188, 900)), min_size=1, max_size=25
        ).map(tuple),
        other_codecs=st.booleans(),
    ),
    min_size=0,
    max_size=6,
)
EXTINF = re.compile(r"#EXTINF:(\d+)\.(\d{3}),")


def segments_of(text: str) -> list[tuple[int, str]]:
    """Duration in ms and URI of each segment of a playlist."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines):
        if match := EXTINF.fullmatch(line):
            found.append((int(match[1]) * 1000 + int(match[2]), lines[number + 1]))
    return found


def expected_entries(kept: list[Kept], span: Span) -> list[dict[str, int]]:
    """The timeline of a span, from the definition."""
    entries: list[dict[str, int]] = []
    offset = 0
    last_run = None
    for piece in kept:
        if not piece.span.overlaps(span):
            continue
        if piece.run != last_run:
            entries.append({"time": piece.span.start_ms, "duration": 0, "offset": offset})
            last_run = piece.run
        entries[-1]["duration"] += piece.span.duration_ms
        offset += piece.span.duration_ms
    return entries


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(runs=runs_strategy, data=st.data())
def test_the_three_answers_speak_of_the_same_segments(
    site: Site, runs: list[MadeRun], data: st.DataObject
) -> None:
    shelf = site.shelf()
    kept: list[Kept] = []
    moment = START_MS
    for number, run in enumerate(runs):
        moment += run.gap_ms
        shelf.add_run(moment, run.segments, OTHER_CODECS if run.other_codecs else CODECS)
        for duration_ms, size_bytes in run.segments:
            kept.append(Kept(Span(moment, moment + duration_ms), size_bytes, number))
            moment += duration_ms
    edges = sorted({START_MS - 5000, moment + 5000, *(piece.span.start_ms for piece in kept)})
    near_edges = st.sampled_from(edges).flatmap(lambda edge: st.integers(edge - 2, edge + 2))
    link = site.link(shelf)
    with httpx.Client(timeout=60) as client:
        for _ in range(4):
            start, end = sorted((data.draw(near_edges), data.draw(near_edges)))
            span = Span(start, end)
            wanted = {"start": start, "duration": end - start}
            timeline = client.get(link.of("timeline", **wanted)).json()
            size = client.get(link.of("size", **wanted)).json()
            entries = expected_entries(kept, span)
            overlapping = [piece for piece in kept if piece.span.overlaps(span)]
            assert timeline == entries
            assert size == {"size": sum(piece.size_bytes for piece in overlapping)}
            for discontinuity in ("true", "false"):
                answer = client.get(link.of("index.m3u8", **wanted, discontinuity=discontinuity))
                assert answer.status_code == (200 if entries else 404)
                listed = segments_of(answer.text)
                assert [duration for duration, _ in listed] == [
                    piece.span.duration_ms for piece in overlapping
                ]
                assert sum(d for d, _ in listed) == sum(entry["duration"] for entry in timeline)
        # The bytes of the segments, those of the last playlist by their own URIs.
        served = sum(len(client.get(f"{link.url}/{uri.split('&shift')[0]}").content) for _, uri in listed)
        assert served == size["size"]


def test_a_moment_is_found_in_the_playlist_as_promised(site: Site) -> None:
    """Promise 2: moment t of an entry is at playlist position offset + (t - time)."""
    shelf = site.shelf()
    shelf.add_run(START_MS, [(6000, 200)] * 10)
    shelf.add_run(START_MS + 100_000, [(5000, 200)] * 4)
    link = site.link(shelf)
    start = START_MS + 8000
    answer = link.get("timeline", start=start, duration=110_000).json()
    assert answer == [
        {"time": START_MS + 6000, "duration": 54_000, "offset": 0},
        {"time": START_MS + 100_000, "duration": 20_000, "offset": 54_000},
    ]
    text = link.get("index.m3u8", start=start, duration=110_000).text
    position = 0
    for duration_ms, uri in segments_of(text):
        time_ms = int(uri.split(".ts")[0])
        entry = next(e for e in reversed(answer) if e["time"] <= time_ms)
        assert position == entry["offset"] + (time_ms - entry["time"])
        position += duration_ms


def test_a_span_that_is_cut_to_a_token_keeps_the_promises(site: Site) -> None:
    shelf = site.shelf()
    shelf.add_run(START_MS, [(6000, 300)] * 10)
    link = site.link(shelf, from_ms=START_MS + 7000, to_ms=START_MS + 13_000)
    assert link.get("timeline").json() == [{"time": START_MS + 6000, "duration": 12_000, "offset": 0}]
    assert link.get("size").json() == {"size": 600}
    listed = segments_of(link.get("index.m3u8").text)
    assert len(listed) == 2
    for _, uri in listed:
        assert "&from=" in uri
        assert httpx.get(f"{link.url}/{uri}").status_code == 200
    assert link.get(f"{START_MS}.ts").status_code == 403
    assert link.get("preview", time=START_MS).status_code == 403
    info = link.get().json()
    assert (info["first"], info["last"], info["bytes"]) == (START_MS + 6000, START_MS + 18_000, 600)


@pytest.mark.parametrize(
    ("start", "duration"),
    [
        (START_MS, 60_000),
        (START_MS / 1000, 60),
        (f"{START_MS / 1000:.3f}", "60.000"),
        (f"{START_MS}.4", "59999.6"),
        (f"{START_MS:e}".replace("e+", "e"), "6e4"),
    ],
)
def test_seconds_and_milliseconds_mean_the_same(
    site: Site, start: float | str, duration: float | str
) -> None:
    shelf = site.shelf()
    shelf.add_run(START_MS, [(6000, 300)] * 20)
    found = site.link(shelf).get("timeline", start=start, duration=duration).json()
    assert found == [{"time": START_MS, "duration": 60_000, "offset": 0}]


def test_what_is_left_out_reaches_to_the_ends(site: Site) -> None:
    shelf = site.shelf()
    shelf.add_run(START_MS, [(6000, 300)] * 3)
    shelf.add_run(START_MS + 60_000, [(6000, 300)] * 3)
    link = site.link(shelf)
    assert [e["duration"] for e in link.get("timeline").json()] == [18_000, 18_000]
    assert [e["duration"] for e in link.get("timeline", start=START_MS + 12_000).json()] == [6000, 18_000]
    assert link.get("timeline", duration=6000).json() == [{"time": START_MS, "duration": 6000, "offset": 0}]


def test_nothing_kept(site: Site) -> None:
    shelf = site.shelf()
    link = site.link(shelf)
    assert link.get("timeline").json() == []
    assert link.get("size").json() == {"size": 0}
    playlist = link.get("index.m3u8")
    assert playlist.status_code == 404
    assert playlist.content == (
        b'{"status":404,"code":"PlaylistNotFound","description":"Archive playlist was not found"}'
    )
    preview = link.get("preview")
    assert preview.status_code == 404
    assert preview.content.decode() == (
        '{"type":"about:blank","title":"Not Found","status":404,"detail":"Preview not found",'
        f'"instance":"/archives/{shelf.archive.id}/preview"}}'
    )
    info = link.get().json()
    assert (info["first"], info["last"], info["bytes"], info["runs"]) == (None, None, 0, 0)
    shelf.add_run(START_MS, [(6000, 300)] * 3)
    for span in ({"start": START_MS, "duration": 0}, {"start": 0, "duration": 1}, {"start": START_MS * 2}):
        assert link.get("timeline", **span).json() == []
        assert link.get("index.m3u8", **span).status_code == 404
