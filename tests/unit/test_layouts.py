"""Paths of other systems' recordings → whose they are and when they begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.recording.layouts import Layout, LayoutName, Placed, Unfit
from footage.timeline import parse_time

BERLIN = ZoneInfo("Europe/Berlin")
MEDIAMTX = Layout(LayoutName.MEDIAMTX, zone=BERLIN)
FRIGATE = Layout(LayoutName.FRIGATE)


def placed(layout: Layout, path: str, modified: str = "2026-07-01T00:00:00Z") -> Placed:
    return layout.place(PurePath(path), parse_time(modified))


@pytest.mark.parametrize(
    ("layout", "path", "camera", "time"),
    [
        (MEDIAMTX, "door/2026-07-01_14-00-05-250000.mp4", "door", "2026-07-01T12:00:05.250Z"),
        (MEDIAMTX, "house/door/2026-01-01_00-00-00-000000.ts", "house/door", "2025-12-31T23:00:00Z"),
        (MEDIAMTX, "2026-07-01_14-00-05-250999.mp4", "", "2026-07-01T12:00:05.250Z"),
        (FRIGATE, "2026-07-01/14/door/59.07.mp4", "door", "2026-07-01T14:59:07Z"),
        (FRIGATE, "recordings/2026-07-01/00/a b/00.00.mp4", "a b", "2026-07-01T00:00:00Z"),
        (
            Layout(LayoutName.PLAIN, "%Y%m%d/%H%M%S", UTC),
            "yard/20260701/140005.mkv",
            "yard",
            "2026-07-01T14:00:05Z",
        ),
        (
            Layout(LayoutName.PLAIN, "%Y-%m-%dT%H%M%S%z"),
            "2026-07-01T140005+0200.mp4",
            "",
            "2026-07-01T12:00:05Z",
        ),
        (Layout(LayoutName.MEDIAMTX, "%s"), "door/1782914405.mp4", "door", "2026-07-01T14:00:05Z"),
    ],
)
def test_paths_tell_whose_and_when(layout: Layout, path: str, camera: str, time: str) -> None:
    assert placed(layout, path) == Placed(camera, parse_time(time))


@pytest.mark.parametrize(
    ("layout", "path"),
    [
        (MEDIAMTX, "door/2026-07-01_14-00-05.mp4"),
        (MEDIAMTX, "door/2026-13-01_14-00-05-000000.mp4"),
        (MEDIAMTX, "door/clip.mp4"),
        (FRIGATE, "2026-07-01/14/59.07.mp4"),
        (FRIGATE, "2026-07-01/14/door/60.07.mp4"),
        (FRIGATE, "2026-07-01/25/door/00.07.mp4"),
        (FRIGATE, "2026-02-30/14/door/00.07.mp4"),
        (Layout(LayoutName.MEDIAMTX, "%s"), "door/17829144050000000.mp4"),
        (Layout(LayoutName.MEDIAMTX, "%s"), "door/x.mp4"),
    ],
)
def test_other_names_are_refused(layout: Layout, path: str) -> None:
    with pytest.raises(Unfit):
        placed(layout, path)


def test_the_night_in_which_clocks_are_set_back() -> None:
    """Half past two was twice; the file was written right after it began."""
    path = "door/2026-10-25_02-30-00-000000.mp4"
    first, second = parse_time("2026-10-25T00:30:00Z"), parse_time("2026-10-25T01:30:00Z")
    assert placed(MEDIAMTX, path, "2026-10-25T00:40:00Z").start_ms == first
    assert placed(MEDIAMTX, path, "2026-10-25T01:40:00Z").start_ms == second
    # Copied since, so that nothing tells.
    with pytest.raises(Unfit, match="twice"):
        placed(MEDIAMTX, path, "2026-11-20T00:00:00Z")
    before, after = "door/2026-10-25_01-59-59-000000.mp4", "door/2026-10-25_03-00-00-000000.mp4"
    assert placed(MEDIAMTX, before).start_ms == parse_time("2026-10-24T23:59:59Z")
    assert placed(MEDIAMTX, after).start_ms == parse_time("2026-10-25T02:00:00Z")


def test_a_time_that_never_was() -> None:
    with pytest.raises(Unfit, match="never was"):
        placed(MEDIAMTX, "door/2026-03-29_02-30-00-000000.mp4")


@given(st.integers(0, 2_000_000_000_000_000), st.integers(0, 3_000_000))
def test_what_a_recorder_names_is_read_back(moment_us: int, length_ms: int) -> None:
    """Any moment of sixty years, in local time, by a file that is written for up to 50 minutes."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=moment_us)
    name = moment.astimezone(BERLIN).strftime("%Y-%m-%d_%H-%M-%S-%f")
    found = MEDIAMTX.place(PurePath(f"door/{name}.mp4"), moment_us // 1000 + length_ms)
    assert found == Placed("door", moment_us // 1000)


def test_which_layouts_need_a_zone() -> None:
    assert MEDIAMTX.needs_zone
    assert not FRIGATE.needs_zone
    assert Layout(LayoutName.PLAIN, "%Y%m%d").needs_zone
    assert not Layout(LayoutName.PLAIN, "%Y%m%d%z").needs_zone
    assert not Layout(LayoutName.MEDIAMTX, "%s").needs_zone
