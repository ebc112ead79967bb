"""Storyboards on paper: which moments, where in the player's time, where on which sheet."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.archive.read import Part
from footage.playback.selection import Entry, select
from footage.playback.storyboard import (
    EMPTY_VTT,
    GREATEST_WIDTH,
    LEAST_WIDTH,
    Cue,
    cues,
    layout,
    pictures,
    usual_interval_ms,
    vtt,
)
from footage.timeline import Run
from kit.archive import CODECS

T = 1_790_000_000_000
RUNS = st.lists(st.tuples(st.integers(0, 100_000), st.integers(1, 60_000)), max_size=12)
INTERVALS = st.integers(1, 90_000)


def entries_of(*runs: tuple[int, int]) -> list[Entry]:
    """Runs of (ms after the one before, length in ms), as a span over all of them sees them."""
    parts, at = [], T
    for gap_ms, length_ms in runs:
        at += gap_ms
        parts.append(Part(Run(1, at, at + length_ms, 0, 0, CODECS), at, at + length_ms, 0))
        at += length_ms
    return select(parts)


def test_one_run() -> None:
    assert cues(entries_of((0, 25_000)), 10_000) == [
        Cue(0, 10_000, T),
        Cue(10_000, 20_000, T + 10_000),
        Cue(20_000, 25_000, T + 20_000),
    ]


def test_a_run_begins_a_cue_of_its_own() -> None:
    """And so cuts the one before, which began in another run."""
    assert cues(entries_of((0, 18_000), (60_000, 12_000)), 10_000) == [
        Cue(0, 10_000, T),
        Cue(10_000, 18_000, T + 10_000),
        Cue(18_000, 28_000, T + 78_000),
        Cue(28_000, 30_000, T + 88_000),
    ]


def test_unless_the_one_before_would_be_shorter_than_half_the_interval() -> None:
    assert cues(entries_of((0, 12_000), (60_000, 12_000)), 10_000) == [
        Cue(0, 10_000, T),
        Cue(10_000, 15_000, T + 10_000),
        Cue(15_000, 24_000, T + 75_000),
    ]


def test_runs_too_short_for_a_picture_have_none() -> None:
    many = entries_of(*[(1000, 100)] * 100)
    assert [cue.position_ms for cue in cues(many, 2000)] == [0, *range(1000, 10_000, 1000)]


@given(RUNS, INTERVALS)
def test_cues_cover_the_playlist_and_nothing_else(runs: list[tuple[int, int]], interval_ms: int) -> None:
    entries = entries_of(*runs)
    interval_ms = max(interval_ms, sum(length for _, length in runs) // 500)
    made = cues(entries, interval_ms)
    length_ms = sum(entry.duration_ms for entry in entries)
    edges = [0, *(cue.end_ms for cue in made)]
    assert edges[-1] == length_ms
    assert [cue.position_ms for cue in made] == edges[:-1]
    assert all(0 < cue.end_ms - cue.position_ms <= interval_ms for cue in made)
    assert len(made) == pictures(entries, interval_ms) <= 2 * length_ms / interval_ms + 1
    for cue in made:
        [entry] = [e for e in entries if e.offset_ms <= cue.position_ms < e.offset_ms + e.duration_ms]
        assert cue.position_ms == entry.offset_ms + (cue.moment_ms - entry.time_ms)
        assert entry.time_ms <= cue.moment_ms < entry.end_ms


@given(RUNS.filter(bool), INTERVALS, st.integers(1, 100_000), st.tuples(st.integers(1, 9), INTERVALS))
def test_what_comes_later_changes_no_cue_but_the_last(
    runs: list[tuple[int, int]], interval_ms: int, more_ms: int, another: tuple[int, int]
) -> None:
    interval_ms = max(interval_ms, 1000)
    before = cues(entries_of(*runs), interval_ms)
    (gap_ms, length_ms) = runs[-1]
    grown = entries_of(*runs[:-1], (gap_ms, length_ms + more_ms), another)
    after = cues(grown, interval_ms)
    assert after[: len(before) - 1] == before[:-1]
    assert after[len(before) - 1][::2] == before[-1][::2]


@given(RUNS.filter(bool))
def test_the_usual_interval_makes_about_a_hundred(runs: list[tuple[int, int]]) -> None:
    entries = entries_of(*runs)
    interval_ms = usual_interval_ms(entries)
    assert interval_ms % 1000 == 0
    assert pictures(entries, interval_ms) <= 100 + len(runs)


@pytest.mark.parametrize(
    ("length_ms", "interval_ms", "number"),
    [
        (1, 1000, 1),
        (60_000, 1000, 60),
        (100_000, 1000, 100),
        (100_001, 2000, 51),
        (3_600_000, 36_000, 100),
        (86_400_000, 864_000, 100),
    ],
)
def test_the_usual_interval(length_ms: int, interval_ms: int, number: int) -> None:
    entries = entries_of((0, length_ms))
    assert usual_interval_ms(entries) == interval_ms
    assert pictures(entries, interval_ms) == number


def test_they_are_counted_without_being_made() -> None:
    century = entries_of((0, 100 * 366 * 86_400_000))
    assert pictures(century, 1) == 100 * 366 * 86_400_000


@given(
    st.integers(0, 8192),
    st.integers(0, 8192),
    st.integers(LEAST_WIDTH, GREATEST_WIDTH),
    st.integers(1, 300),
)
def test_boxes_lie_inside_their_sheets_beside_one_another(
    source_width: int, source_height: int, width: int, number: int
) -> None:
    boxes = layout(replace(CODECS, width=source_width, height=source_height), width)
    assert boxes.width <= width
    assert not source_width or not source_height or boxes.width <= source_width
    taken = [boxes.box(each) for each in range(number)]
    assert len(set(taken)) == number
    for box in taken:
        on_it = [each for each in taken if each.sheet == box.sheet]
        sheet_width, sheet_height = boxes.size(len(on_it))
        assert 0 <= box.left <= sheet_width - box.width
        assert 0 <= box.top <= sheet_height - box.height
        assert box.left % box.width == box.top % box.height == 0
        assert sheet_width <= 1600
        assert sheet_height <= 1600
        assert len(on_it) <= 100


def test_sheets_of_the_usual_size() -> None:
    boxes = layout(replace(CODECS, width=1920, height=1080), 160)
    assert (boxes.width, boxes.height, boxes.columns, boxes.rows) == (160, 90, 10, 10)
    assert boxes.box(0) == (0, 0, 0, 160, 90)
    assert boxes.box(99) == (0, 1440, 810, 160, 90)
    assert boxes.box(100) == (1, 0, 0, 160, 90)
    assert boxes.size(3) == (480, 90)
    assert boxes.size(11) == (1600, 180)
    assert boxes.size(100) == (1600, 900)
    tall = layout(replace(CODECS, width=1080, height=1920), 640)
    assert (tall.width, tall.height, tall.columns, tall.rows) == (640, 1138, 2, 1)


def test_the_text_to_the_letter() -> None:
    made = [Cue(0, 10_000, T), Cue(10_000, 3_723_004, T), Cue(3_723_004, 400_000_001, T)]
    boxes = layout(replace(CODECS, width=640, height=360), 160)
    assert (
        vtt(made, boxes, "signature=abc-_&exp=1800000000&width=160")
        == """\
WEBVTT

00:00:00.000 --> 00:00:10.000
storyboard.jpg?signature=abc-_&exp=1800000000&width=160&sheet=0#xywh=0,0,160,90

00:00:10.000 --> 01:02:03.004
storyboard.jpg?signature=abc-_&exp=1800000000&width=160&sheet=0#xywh=160,0,160,90

01:02:03.004 --> 111:06:40.001
storyboard.jpg?signature=abc-_&exp=1800000000&width=160&sheet=0#xywh=320,0,160,90
"""
    )


def test_a_text_of_nothing_is_a_track_without_cues() -> None:
    assert vtt([], layout(CODECS, 160), "") == EMPTY_VTT
    assert re.fullmatch("WEBVTT\n", EMPTY_VTT)
