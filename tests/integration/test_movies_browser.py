"""Chromium plays exported movies from another origin: the first picture, the length, the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from footage.media.pattern import read_strip
from kit.archive import START_MS, Shelf
from kit.browser import Screen, screen
from kit.clips import Clip, Sound
from kit.exports import ask, wait_until_done
from kit.movies import TellingClip, make_telling_clip
from kit.site import Site

PLAIN = TellingClip(start_ms=START_MS, seconds=8, options={"bf": "0"})
KINDS = {
    "plain": PLAIN,
    "b-frames": replace(PLAIN, options={"bf": "3", "b-adapt": "0"}),
    "no sound": replace(PLAIN, sound_rate=None),
}
GAP_MS = 60_000


@pytest.fixture(scope="module", params=KINDS)
def shelf(request: pytest.FixtureRequest, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Two runs with a minute between, whose pictures tell their moments."""
    filled = site.shelf()
    for start_ms in (START_MS, START_MS + GAP_MS):
        clip = replace(KINDS[request.param], start_ms=start_ms)
        path = make_telling_clip(tmp_path_factory.mktemp("clip") / "telling.mp4", clip)
        filled.import_file(path, start_ms)
    return filled


def moment(shown: Screen) -> int:
    """What the picture on the screen tells."""
    return read_strip(shown.picture().mean(axis=2).astype(np.uint8))[0]


@pytest.mark.parametrize("start_ms", [0, 3000, 3510, 6900])
def test_the_first_picture_is_that_of_the_start_and_the_last_before_the_end(
    browser: Browser, pages: str, site: Site, shelf: Shelf, start_ms: int
) -> None:
    end_ms = GAP_MS + 2110
    url = site.link(shelf).of("export.mp4", start=START_MS + start_ms, duration=end_ms - start_ms)
    length_s = (8000 - start_ms + 2110) / 1000
    with screen(browser, pages, url, hls_js=False) as shown:
        shown.play_until(0)
        shown.seek(0)
        shown.clock_at(0)
        assert moment(shown) == START_MS + start_ms // 40 * 40
        played = shown.play_until(length_s + 1, rate=2)
        state = shown.state()
        assert state["errors"] == []
        assert state["ended"]
        # A hidden picture that the last ones lean on counts for Chromium.
        assert state["duration"] == pytest.approx(length_s, abs=0.06)
        assert played.stall_s < 1
        assert moment(shown) == START_MS + GAP_MS + 2080


def test_other_parameter_sets_in_band_and_sound_after_a_gap(
    browser: Browser, pages: str, site: Site, clips: Callable[[str, Clip], Path]
) -> None:
    shelf = site.shelf()
    first = Clip(seconds=4, options={"profile": "baseline"}, sound=Sound(seconds=4))
    second = Clip(seconds=4, options={"bf": "2", "x264-params": "ref=4"}, sound=Sound(seconds=4))
    shelf.import_file(clips("first.mp4", first), START_MS)
    shelf.import_file(clips("second.mp4", second), START_MS + GAP_MS)
    with screen(browser, pages, site.link(shelf).of("export.mp4"), hls_js=False) as shown:
        played = shown.play_until(9, rate=2)
        state = shown.state()
        assert state["errors"] == []
        assert state["ended"]
        assert state["frames"] >= 200
        assert played.stall_s < 1
        assert state["audioBytes"] > 0


def test_the_file_of_a_background_export_is_sought_in_at_once(
    browser: Browser, pages: str, site: Site, shelf: Shelf
) -> None:
    """Its tables come first and ranges are served: any place is shown without what lies before."""
    start_ms, end_ms = 3510, GAP_MS + 2110
    link = site.link(shelf)
    asked = ask(link, start=START_MS + start_ms, duration=end_ms - start_ms)
    url = wait_until_done(link, asked["id"])["links"]["movie"]
    length_s = (8000 - start_ms + 2110) / 1000
    with screen(browser, pages, url, hls_js=False) as shown:
        shown.play_until(0)
        for at_s, moment_ms in ((5.0, GAP_MS + 480), (1.0, 4480), (0, 3480)):
            shown.show(at_s)
            assert moment(shown) == START_MS + moment_ms
        played = shown.play_until(length_s + 1, rate=2)
        state = shown.state()
        assert state["errors"] == []
        assert state["ended"]
        assert state["duration"] == pytest.approx(length_s, abs=0.06)
        assert played.stall_s < 1
        assert moment(shown) == START_MS + GAP_MS + 2080
