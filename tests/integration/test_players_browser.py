"""hls.js and Chromium's own HLS play every playlist, from another origin than the server's.

The picture carries a clock and a tint of its clip, so that what is shown can be read back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from footage.media.pattern import write_clip
from kit.browser import Played, Screen, screen
from kit.clips import Clip, Sound
from kit.films import HOUR_MS, WRAP_MS, Film, import_film
from kit.site import Site

SECONDS = 8
RATE = 25
STALL_MAX_S = 1.0
DATE_WITHIN_MS = 100
FAST = 4.0

CLOSED: dict[str, str] = {}
TAGGED = {"discontinuity": "true"}
FILLED = {"discontinuity": "true", "gaps": "true"}

both_players = pytest.mark.parametrize("hls_js", [True, False], ids=["hls.js", "chromium"])
both_modes = pytest.mark.parametrize("mode", [CLOSED, TAGGED], ids=["closed", "tagged"])

Fill = Callable[..., Film]


@pytest.fixture(scope="module")
def red_and_blue(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two clips with a clock, of the same codecs, told apart by their tint."""
    folder = tmp_path_factory.mktemp("tinted")
    for name, hue in (("red", -30), ("blue", 30)):
        write_clip(folder / f"{name}.mp4", seconds=SECONDS, rate=RATE, hue=hue)
    return folder / "red.mp4", folder / "blue.mp4"


@pytest.fixture(scope="module")
def gap(site: Site, red_and_blue: tuple[Path, Path]) -> Film:
    """Red, an hour of nothing, blue."""
    return import_film(site, red_and_blue)


@pytest.fixture(scope="module")
def wrap(site: Site, red_and_blue: tuple[Path, Path]) -> Film:
    """The same with half a minute between, and the timestamps start again in the middle of red."""
    return import_film(site, red_and_blue, start_ms=WRAP_MS - SECONDS * 500, hole_ms=30_000)


@pytest.fixture(scope="module")
def fill(site: Site, clips: Callable[[str, Clip], Path]) -> Fill:
    """Imports clips, each named and told, into an archive; the same ones once."""
    made: dict[tuple[str, ...], Film] = {}

    def film(*wanted: tuple[str, Clip]) -> Film:
        names = tuple(name for name, _ in wanted)
        if names not in made:
            made[names] = import_film(site, [clips(name, clip) for name, clip in wanted])
        return made[names]

    return film


@both_modes
@both_players
def test_a_gap_is_played_through(
    browser: Browser, pages: str, gap: Film, mode: dict[str, str], hls_js: bool
) -> None:
    with screen(browser, pages, gap.link.of("index.m3u8", **mode), hls_js=hls_js) as shown:
        plays_to_its_end(shown, gap)
        seeks_both_ways(shown)
        shown.clock_at(SECONDS - 1.5)
        played = shown.play_until(SECONDS + 1.5)
        assert played.samples[-1].position_s >= SECONDS + 1.5
        assert played.stall_s < STALL_MAX_S
        assert played.leap_s < STALL_MAX_S
        assert shown.state()["errors"] == []
        if hls_js:
            dates_are_wall_time(played, gap)


@both_modes
@both_players
def test_a_run_across_the_wrap_of_the_timestamps_is_played_through(
    browser: Browser, pages: str, wrap: Film, mode: dict[str, str], hls_js: bool
) -> None:
    assert wrap.starts_ms[0] < WRAP_MS < wrap.starts_ms[0] + SECONDS * 1000
    with screen(browser, pages, wrap.link.of("index.m3u8", **mode), hls_js=hls_js) as shown:
        plays_to_its_end(shown, wrap)
        seeks_both_ways(shown)


def test_a_gap_that_is_filled_is_jumped_in_wall_time(browser: Browser, pages: str, gap: Film) -> None:
    blue_s = (gap.starts_ms[1] - gap.starts_ms[0]) / 1000
    with screen(browser, pages, gap.link.of("index.m3u8", **FILLED), hls_js=True) as shown:
        played = shown.play_until(blue_s + 1, rate=2)
        assert shown.state()["duration"] == pytest.approx(gap.length_ms / 1000, abs=0.5)
        assert played.samples[-1].position_s >= blue_s + 1
        assert played.stall_s < STALL_MAX_S
        # At a hole Chromium keeps the last picture before it for itself.
        assert played.leap_s == pytest.approx(HOUR_MS / 1000, abs=0.5)
        for sample in played.samples:
            assert sample.date_ms is not None
            due_ms = gap.starts_ms[0] + sample.position_s * 1000
            assert sample.date_ms == pytest.approx(due_ms, abs=DATE_WITHIN_MS)
        assert look_at(shown, 3.1) == ("00:03", "red")
        assert look_at(shown, blue_s + 5.1) == ("00:05", "blue")


def test_a_seek_into_a_gap_that_is_filled_goes_on_after_it(browser: Browser, pages: str, gap: Film) -> None:
    blue_s = (gap.starts_ms[1] - gap.starts_ms[0]) / 1000
    with screen(browser, pages, gap.link.of("index.m3u8", **FILLED), hls_js=True) as shown:
        shown.play_until(1)
        shown.seek(SECONDS + HOUR_MS / 2000)
        played = shown.play_until(blue_s + 0.5)
        assert blue_s <= played.samples[-1].position_s < blue_s + SECONDS
        assert shown.fatal_errors() == []


def test_chromium_alone_plays_a_gap_that_is_filled_as_if_it_were_not(
    browser: Browser, pages: str, gap: Film
) -> None:
    with screen(browser, pages, gap.link.of("index.m3u8", **FILLED), hls_js=False) as shown:
        plays_to_its_end(shown, gap)
        assert shown.state()["duration"] == pytest.approx(2 * SECONDS, abs=0.1)


SOUND = Sound(seconds=6)
B_FRAMES = ("b-frames.mkv", Clip(seconds=6, options={"bf": "3", "b-adapt": "0"}, sound=SOUND))
KINDS: dict[str, tuple[tuple[str, Clip], ...]] = {
    # Matroska gives the first of its pictures no decoding time.
    "b-frames": (B_FRAMES,) * 2,
    "long GOP": (("gop-10.mp4", Clip(seconds=11, gop=250, options={"x264-params": "scenecut=0"})),) * 2,
    # Chromium alone refuses B-frames at a variable rate.
    "variable rate": (("variable-p.mkv", Clip(seconds=1, vfr=True, options={"bf": "0"})),) * 2,
    "sizes": (
        ("small.mp4", Clip(seconds=6, sound=SOUND)),
        ("large.mp4", Clip(seconds=6, size=(640, 480), sound=SOUND)),
    ),
    "sound ends early": (("ends-early.mp4", Clip(seconds=8, sound=Sound(seconds=1))),) * 2,
    "sound starts late": (("starts-late.mp4", Clip(seconds=6, sound=Sound(seconds=4, late_s=2))),) * 2,
}


@both_players
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_footage_is_played_through(
    browser: Browser, pages: str, fill: Fill, kind: str, hls_js: bool
) -> None:
    film = fill(*KINDS[kind])
    with screen(browser, pages, film.link.of("index.m3u8"), hls_js=hls_js) as shown:
        plays_to_its_end(shown, film)
        if kind == "sizes":
            assert shown.picture().shape[:2] == (480, 640)


@both_players
def test_b_frames_are_played_through_tagged_gaps(
    browser: Browser, pages: str, fill: Fill, hls_js: bool
) -> None:
    film = fill(B_FRAMES, B_FRAMES)
    with screen(browser, pages, film.link.of("index.m3u8", **TAGGED), hls_js=hls_js) as shown:
        plays_to_its_end(shown, film)


def test_hls_js_plays_b_frames_at_a_variable_rate(browser: Browser, pages: str, fill: Fill) -> None:
    clip = ("variable-b.mkv", Clip(seconds=1, vfr=True))
    film = fill(clip, clip)
    with screen(browser, pages, film.link.of("index.m3u8"), hls_js=True) as shown:
        plays_to_its_end(shown, film)


@both_modes
@both_players
def test_sound_that_was_g711_is_heard_on_both_sides_of_a_gap(
    browser: Browser, pages: str, fill: Fill, mode: dict[str, str], hls_js: bool
) -> None:
    spoken = Sound(codec="pcm_alaw", rate=8000, seconds=SECONDS)
    clip = ("alaw.mov", Clip(seconds=SECONDS, sound=spoken))
    film = fill(clip, clip)
    with screen(browser, pages, film.link.of("index.m3u8", **mode), hls_js=hls_js) as shown:
        for position_s in (1, SECONDS + 1):
            shown.seek(position_s)
            assert shown.tone_hz() == pytest.approx(440, abs=20)
        assert shown.state()["audioBytes"] > 0
        shown.seek(SECONDS - 1)
        played = shown.play_until(SECONDS + 1)
        assert played.samples[-1].position_s >= SECONDS + 1
        assert played.stall_s < STALL_MAX_S


def plays_to_its_end(shown: Screen, film: Film) -> None:
    """All pictures, no stall, no fatal error."""
    played = shown.play_until(film.length_ms, rate=FAST)
    state = shown.state()
    assert shown.fatal_errors() == []
    assert state["ended"], f"it stopped at {state['currentTime']} of {state['duration']} s"
    assert played.stall_s < STALL_MAX_S
    assert state["frames"] >= film.frames


def seeks_both_ways(shown: Screen) -> None:
    """On over the gap, back over it, and on again, to either side of the border too."""
    for position_s, clock, tint in (
        (SECONDS + 3.1, "00:03", "blue"),
        (2.1, "00:02", "red"),
        (SECONDS + 0.1, "00:00", "blue"),
        (SECONDS - 0.9, "00:07", "red"),
        (SECONDS + 6.1, "00:06", "blue"),
    ):
        assert look_at(shown, position_s) == (clock, tint)


def look_at(shown: Screen, position_s: float) -> tuple[str, str]:
    """The clock and the tint of the picture at a position."""
    clock = shown.clock_at(position_s)
    red, _, blue = shown.picture()[10].mean(axis=0)
    return clock, "red" if red > blue else "blue"


def dates_are_wall_time(played: Played, film: Film) -> None:
    """The playing date is each run's own wall time; hls.js sees a new run up to two ticks late."""
    for sample in played.samples:
        if SECONDS <= sample.position_s < SECONDS + 0.3:
            continue
        run = int(sample.position_s > SECONDS)
        due_ms = film.starts_ms[run] + (sample.position_s - run * SECONDS) * 1000
        assert sample.date_ms == pytest.approx(due_ms, abs=DATE_WITHIN_MS)
