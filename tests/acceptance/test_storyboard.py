"""Thumbnails of a span as a player gets them: a strict track, and the right clock in every box."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from playwright.sync_api import Browser

from footage.media.pattern import write_clip
from kit.archive import START_MS, Shelf, open_shelf
from kit.browser import read_clock
from kit.server import SignedLink, running_server
from kit.site import Site

CLIP_S = 90
SECOND_RUN_MS = START_MS + 600_000
KEYFRAMES_EVERY_MS = 2000
WIDTH = 640  # at which the clock can be read
_TIME = r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})"
_CUE = re.compile(rf"{_TIME} --> {_TIME}\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)")


@dataclass(frozen=True)
class Cue:
    """A cue as it is read off the text; the box as (left, top, width, height)."""

    start_ms: int
    end_ms: int
    url: str
    box: tuple[int, int, int, int]


@pytest.fixture(scope="module")
def shelf(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Twice the clip, 510 s apart: its clock begins at 00:00 each time, a keyframe every 2 s."""
    clip = tmp_path_factory.mktemp("clip") / "clock.mp4"
    write_clip(clip, seconds=CLIP_S)
    made = site.shelf()
    made.import_file(clip, START_MS)
    made.import_file(clip, SECOND_RUN_MS)
    return made


@pytest.fixture(scope="module")
def link(site: Site, shelf: Shelf) -> SignedLink:
    return site.link(shelf)


def read_vtt(answer: httpx.Response) -> list[Cue]:
    """The cues of a track, by the letter of WebVTT: anything unexpected fails."""
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == "text/vtt"
    head, *blocks = answer.text.removesuffix("\n").split("\n\n")
    assert head.removesuffix("\n") == "WEBVTT"
    cues = []
    for block in blocks:
        match = _CUE.fullmatch(block)
        assert match is not None, block
        numbers = [int(text) for text in (*match.groups()[:8], *match.groups()[9:])]
        start, end = (
            ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms
            for hours, minutes, seconds, ms in (numbers[:4], numbers[4:8])
        )
        assert start < end
        box = (numbers[8], numbers[9], numbers[10], numbers[11])
        cues.append(Cue(start, end, urljoin(str(answer.url), match[9]), box))
    assert all(one.end_ms == next_one.start_ms for one, next_one in pairwise(cues))
    return cues


def boxes(cues: list[Cue]) -> Iterator[tuple[Cue, NDArray[np.uint8]]]:
    """Each cue with the pixels in its box; a sheet is fetched once."""
    sheets: dict[str, NDArray[np.uint8]] = {}
    for cue in cues:
        if cue.url not in sheets:
            answer = httpx.get(cue.url, timeout=60)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
            sheets[cue.url] = simplejpeg.decode_jpeg(answer.content, "RGB")
        left, top, width, height = cue.box
        sheet = sheets[cue.url]
        assert left + width <= sheet.shape[1]
        assert top + height <= sheet.shape[0]
        yield cue, sheet[top : top + height, left : left + width]


def moment_at(timeline: list[dict[str, int]], position_ms: int) -> int:
    """Wall time at a playlist position, by promise 2."""
    entry = next(e for e in reversed(timeline) if e["offset"] <= position_ms)
    return entry["time"] + position_ms - entry["offset"]


def clock_at(moment_ms: int) -> str:
    """What the clock shows in the keyframe at or before a moment."""
    began = SECOND_RUN_MS if moment_ms >= SECOND_RUN_MS else START_MS
    second = (moment_ms - began) // KEYFRAMES_EVERY_MS * KEYFRAMES_EVERY_MS // 1000
    return f"{second // 60:02}:{second % 60:02}"


@pytest.mark.parametrize(
    ("start", "duration", "interval"),
    [
        (START_MS, 700_000, 5000),
        (START_MS + 13_300, 596_000, 4700),
        (START_MS + 300_000, 400_000, 1000),
        (START_MS + 7000, 20_000, 333),
    ],
    ids=["both", "edges-inside-segments", "from-a-gap", "closer-than-keyframes"],
)
def test_every_box_shows_the_clock_of_its_playlist_position(
    link: SignedLink, start: int, duration: int, interval: int
) -> None:
    span = {"start": start, "duration": duration}
    cues = read_vtt(link.get("storyboard.vtt", **span, interval=interval, width=WIDTH))
    timeline = link.get("timeline", **span).json()
    assert cues[0].start_ms == 0
    assert cues[-1].end_ms == sum(entry["duration"] for entry in timeline)
    assert all(cue.end_ms - cue.start_ms <= interval for cue in cues)
    begun = {cue.start_ms for cue in cues}
    assert {entry["offset"] for entry in timeline if entry["offset"] % interval > interval / 2} <= begun
    read = 0
    for cue, picture in boxes(cues):
        assert picture.shape == (360, 640, 3)
        assert read_clock(picture) == clock_at(moment_at(timeline, cue.start_ms))
        read += 1
    assert read == len(cues) >= 8


def test_what_is_left_out(link: SignedLink) -> None:
    """Two runs of 90 s make pictures every 2 s, 160 pixels wide, on one sheet."""
    cues = read_vtt(link.get("storyboard.vtt"))
    assert len(cues) == 90
    assert {cue.end_ms - cue.start_ms for cue in cues} == {2000}
    assert {cue.box[2:] for cue in cues} == {(160, 90)}
    assert len({cue.url for cue in cues}) == 1
    [first, *_] = cues
    query = parse_qs(urlsplit(first.url).query)
    assert query["start"] == [str(START_MS)]
    assert query["interval"] == ["2000"]
    assert query["width"] == ["160"]
    assert "duration" not in query


def test_sheets_of_small_pictures_show_what_the_previews_show(link: SignedLink) -> None:
    cues = read_vtt(link.get("storyboard.vtt", start=START_MS, duration=60_000, interval=300))
    assert len({cue.url for cue in cues}) == 2
    previews: dict[int, NDArray[np.uint8]] = {}
    for cue, picture in list(boxes(cues))[::9]:
        moment = START_MS + cue.start_ms
        jpeg = link.get("preview", time=moment, width=160).content
        previews[moment] = simplejpeg.decode_jpeg(jpeg, "RGB")
        assert np.abs(picture.astype(int) - previews[moment]).mean() < 3


@pytest.mark.parametrize("seconds", [True, False], ids=["seconds", "milliseconds"])
def test_seconds_and_milliseconds_mean_the_same(link: SignedLink, seconds: bool) -> None:
    unit = 1000 if seconds else 1
    answer = link.get("storyboard.vtt", start=START_MS / unit, duration=20_000 / unit, interval=2500 / unit)
    assert [cue.start_ms for cue in read_vtt(answer)] == list(range(0, 24_000, 2500))


def test_footage_of_the_year_1970_has_sheets_too(site: Site, tmp_path: Path) -> None:
    """Moments of that time can only be written in seconds."""
    made = site.shelf()
    clip = tmp_path / "old.mp4"
    write_clip(clip, seconds=8)
    made.import_file(clip, 5_000_250)
    link = site.link(made)
    for asked in ({}, {"start": 0, "duration": 100_000, "interval": 2}):
        cues = read_vtt(link.get("storyboard.vtt", **asked, width=WIDTH))
        clocks = [read_clock(picture) for _, picture in boxes(cues)]
        assert clocks[:: 2 if not asked else 1] == ["00:00", "00:02", "00:04", "00:06"]


def test_a_token_with_limits_sees_its_part_and_its_uris_carry_it(site: Site, shelf: Shelf) -> None:
    limited = site.link(shelf, from_ms=START_MS + 31_000, to_ms=SECOND_RUN_MS + 3000)
    cues = read_vtt(limited.get("storyboard.vtt", interval=4000, width=WIDTH))
    timeline = limited.get("timeline").json()
    assert cues[-1].end_ms == sum(entry["duration"] for entry in timeline) < 2 * CLIP_S * 1000
    clocks = []
    for cue, picture in boxes(cues):
        assert f"&from={START_MS + 31_000}&to={SECOND_RUN_MS + 3000}" in cue.url
        clocks.append(read_clock(picture))
        assert clocks[-1] == clock_at(moment_at(timeline, cue.start_ms))
    assert clocks[0] == "00:30"
    # More than the token opens cannot be asked for by its sheets either.
    wide = limited.get("storyboard.jpg", start=START_MS, duration=10_000, interval=1000)
    assert wide.status_code == 404
    without = re.sub(r"&to=\d+", "", cues[0].url)
    assert httpx.get(without).status_code == 403


def test_nothing_kept_makes_no_cue(link: SignedLink) -> None:
    asked = {"start": START_MS + 200_000, "duration": 1000}
    answer = link.get("storyboard.vtt", **asked)
    assert (answer.status_code, answer.text) == (200, "WEBVTT\n")
    sheet = link.get("storyboard.jpg", **asked)
    assert (sheet.status_code, sheet.json()["detail"]) == (404, "Storyboard sheet not found")


@pytest.mark.parametrize("path", ["storyboard.vtt", "storyboard.jpg"])
def test_bad_parameters_are_named(link: SignedLink, path: str) -> None:
    for wrong, named in (
        ({"interval": 0}, "interval: must be a finite number above 0"),
        ({"interval": "x"}, "interval: must be a finite number, not negative"),
        ({"width": 15}, "width: must be a whole number from 16 to 640"),
        ({"width": 641}, "width: must be a whole number from 16 to 640"),
        ({"start": "x", "interval": -1}, "interval: must be a finite number, not negative; start: must"),
    ):
        answer = link.get(path, **wrong)
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith(named)
    assert httpx.get(f"{link.url}/{path}").status_code == 401
    assert link.get("storyboard.jpg", sheet=-1).status_code == 400
    assert link.get("storyboard.jpg", sheet=1, width=160).status_code == 404


def test_more_pictures_than_one_storyboard_may_have(link: SignedLink) -> None:
    for path in ("storyboard.vtt", "storyboard.jpg"):
        answer = link.get(path, interval=50)
        assert answer.status_code == 413
        assert answer.json()["detail"] == (
            "The storyboard has 3600 pictures, it may have at most 2000: ask for it with a longer"
            " interval, or in shorter spans by start and duration"
        )


def test_caching(link: SignedLink) -> None:
    past = {"start": START_MS, "duration": 60_000}
    track = link.get("storyboard.vtt", **past)
    assert track.headers["cache-control"] == "private, max-age=60"
    assert link.get("storyboard.vtt").headers["cache-control"] == "no-cache"
    sheet = httpx.get(read_vtt(track)[0].url)
    assert sheet.headers["cache-control"] == "private, max-age=31536000, immutable"
    # A full sheet cannot change, whatever follows.
    open_ended = {"start": START_MS, "interval": 1000}
    full, last = (link.get("storyboard.jpg", **open_ended, sheet=number) for number in (0, 1))
    assert "immutable" in full.headers["cache-control"]
    assert last.headers["cache-control"] == "no-cache"
    for answer in (track, sheet, full, last):
        again = httpx.get(answer.url, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert len({answer.headers["etag"] for answer in (sheet, full, last)}) == 3


def test_head_is_get_without_the_body(link: SignedLink) -> None:
    for path in ("storyboard.vtt", "storyboard.jpg"):
        url = link.of(path, start=START_MS, duration=10_000)
        get, head = httpx.get(url), httpx.head(url)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "etag", "cache-control", "content-length"):
            assert head.headers[name] == get.headers[name]
        assert get.headers["access-control-allow-origin"] == "*"


def test_the_archive_links_to_it(link: SignedLink) -> None:
    assert link.get().json()["links"]["storyboard"] == link.of("storyboard.vtt")


def test_pictures_of_another_aspect_stand_in_their_boxes(site: Site, shelf: Shelf, tmp_path: Path) -> None:
    made = site.shelf()
    for name, width, height, start_ms in (
        ("wide.mp4", 640, 360, START_MS),
        ("tall.mp4", 360, 640, START_MS + 60_000),
    ):
        write_clip(tmp_path / name, seconds=4, width=width, height=height)
        made.import_file(tmp_path / name, start_ms)
    cues = read_vtt(site.link(made).get("storyboard.vtt", interval=2000))
    assert {cue.box[2:] for cue in cues} == {(160, 90)}
    for cue, picture in boxes(cues):
        edge = picture[:, :50].mean()
        assert (edge < 5) == (cue.start_ms >= 4000)
        assert picture[:, 70:90].mean() > 40


def test_a_picture_that_does_not_decode_stays_black(site: Site, tmp_path: Path) -> None:
    made = site.shelf()
    write_clip(tmp_path / "clip.mp4", seconds=8)
    made.import_file(tmp_path / "clip.mp4", START_MS)
    made.add_run(START_MS + 20_000, [(2000, 376)])
    link = site.link(made)
    cues = read_vtt(link.get("storyboard.vtt", interval=2000))
    lit = [bool(picture.mean() > 40) for _, picture in boxes(cues)]
    assert lit == [True] * 4 + [False]
    nothing = link.get("storyboard.jpg", start=START_MS + 20_000, duration=1000)
    assert nothing.status_code == 404


def test_too_many_at_once_are_told_to_come_back(tmp_path: Path) -> None:
    """No queue: one sheet is drawn at a time, and whoever comes meanwhile hears so at once."""
    shelf = open_shelf(tmp_path)
    write_clip(tmp_path / "clip.mp4", seconds=120, width=1280, height=720)
    shelf.import_file(tmp_path / "clip.mp4", START_MS)
    limits = {
        "FOOTAGE_PREVIEW_QUEUE": "0",
        "FOOTAGE_PREVIEW_THREADS": "1",
        "FOOTAGE_PREVIEW_CACHE_BYTES": "0",
    }
    with running_server(tmp_path, environment=limits) as server:
        link = server.link(str(shelf.camera.id))
        urls = [link.of("storyboard.jpg", interval=1000, width=width) for width in range(150, 158)]
        with ThreadPoolExecutor(8) as askers:
            answers = list(askers.map(lambda url: httpx.get(url, timeout=60), urls))
        assert {answer.status_code for answer in answers} == {200, 503}
        for answer in answers:
            if answer.status_code == 503:
                assert int(answer.headers["retry-after"]) > 0
        # Nothing stays taken.
        assert httpx.get(urls[0], timeout=60).status_code == 200
        figures = httpx.get(f"{server.url}/metrics").text
        assert re.search(r'footage_storyboard_sheets_total\{result="busy"\} [1-9]', figures)
        assert re.search(r'footage_storyboard_sheets_total\{result="drawn"\} [1-9]', figures)
    shelf.house.close()


def test_a_browser_takes_it_as_a_track(browser: Browser, pages: str, link: SignedLink) -> None:
    """From another origin: as many cues as were written, and their pictures load."""
    url = link.of("storyboard.vtt", start=START_MS, duration=700_000, interval=2000)
    cues = read_vtt(httpx.get(url))
    page = browser.new_page()
    page.goto(f"{pages}/player.html")
    taken = page.evaluate(
        """async url => {
          const video = document.querySelector('video');
          video.crossOrigin = 'anonymous';
          const track = document.createElement('track');
          Object.assign(track, { kind: 'metadata', src: url });
          const loaded = new Promise((done, failed) => { track.onload = done; track.onerror = failed; });
          video.append(track);
          track.track.mode = 'hidden';
          await loaded;
          const image = new Image();
          image.src = new URL(track.track.cues[0].text, url);
          await image.decode();
          return {
            cues: [...track.track.cues].map(cue => [cue.startTime, cue.endTime, cue.text]),
            size: [image.naturalWidth, image.naturalHeight],
          };
        }""",
        url,
    )
    page.close()
    assert len(taken["cues"]) == len(cues) == 90
    for (start_s, end_s, text), cue in zip(taken["cues"], cues, strict=True):
        assert (round(start_s * 1000), round(end_s * 1000)) == (cue.start_ms, cue.end_ms)
        assert urljoin(url, text).startswith(cue.url)
        assert text.endswith("#xywh={},{},{},{}".format(*cue.box))
    assert taken["size"] == [1600, 810]
