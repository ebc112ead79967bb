"""Live playlists over HTTP, and players that watch one while it is being recorded."""

from __future__ import annotations

import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser

from footage.archive.commit import RunWriter
from footage.house import open_house
from footage.media.mpegts import TICKS_PER_MS, WRAP, moved_back
from footage.recording.importer import Importer
from footage.settings import load
from footage.timeline import Codecs, Segment
from kit.archive import CODECS, START_MS, Shelf
from kit.browser import screen
from kit.clips import Clip, Sound
from kit.server import SignedLink, running_server
from kit.site import Site

HLS_TYPE = "application/vnd.apple.mpegurl"
NOT_FOUND = b'{"status":404,"code":"PlaylistNotFound","description":"Archive playlist was not found"}'
SEGMENT_MS = 2000
CLIP_SECONDS = 10
RATE = 25
MINUTE_MS = 60_000

Clips = Callable[[str, Clip], Path]


@dataclass
class Recorder:
    """Writes runs into a shelf as a recorder does: under a lease, in the order of time."""

    shelf: Shelf
    fence: int

    def run(self, codecs: Codecs = CODECS) -> RunWriter:
        house = self.shelf.house
        return RunWriter(house.index, house.storage, self.shelf.archive, codecs, fence=self.fence)

    def made_up(self, start_ms: int, *durations_ms: int) -> int:
        """A run of segments that only have a length; the moment it ends at."""
        writer = self.run()
        for duration_ms in durations_ms:
            writer.add(Segment(start_ms, duration_ms, 188, 0, ()), bytes(188))
            start_ms += duration_ms
        writer.commit()
        return start_ms


def recorder_of(shelf: Shelf) -> Recorder:
    fence = shelf.house.index.claim(shelf.archive, uuid4(), 0)
    assert fence is not None
    return Recorder(shelf, fence)


@dataclass(frozen=True)
class Template:
    """A clip's segments, to be filmed again and again."""

    codecs: Codecs
    pieces: tuple[tuple[Segment, bytes], ...]

    def again(self, number: int, start_ms: int) -> tuple[Segment, bytes]:
        """The segment of that number, over and over, as if it were filmed at ``start_ms``."""
        segment, data = self.pieces[number % len(self.pieces)]
        ticks = (segment.start_ms - start_ms) * TICKS_PER_MS % WRAP
        moved = moved_back(data, ticks)
        return replace(segment, start_ms=start_ms, crc32=zlib.crc32(moved)), moved


@contextmanager
def filming(recorder: Recorder, template: Template, *, begun_ms: int, break_at: int) -> Iterator[None]:
    """Segments arrive in real time, those since ``begun_ms`` at once; a reconnect before one of them.

    What the reconnect costs is half a second of footage.
    """
    stop = threading.Event()

    def film() -> None:
        writer, at_ms, number = recorder.run(template.codecs), begun_ms, 0
        while not stop.is_set():
            if number == break_at:
                writer, at_ms = recorder.run(template.codecs), at_ms + 500
            segment, data = template.again(number, at_ms)
            at_ms, number = segment.end_ms, number + 1
            if stop.wait(max(at_ms / 1000 - time.time(), 0)):
                break
            writer.add(segment, data)
            writer.commit()

    thread = threading.Thread(target=film, name="filming")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose segments are meant to be short, so that no test waits for long."""
    data = tmp_path_factory.mktemp("live")
    house = open_house(load(data_dir=data))
    with running_server(data, environment={"FOOTAGE_SEGMENT_MS": str(SEGMENT_MS)}) as server:
        yield Site(server, house)
    house.close()


@pytest.fixture(scope="module")
def template(site: Site, clips: Clips) -> Template:
    clip = clips("loop.mp4", Clip(seconds=CLIP_SECONDS, gop=RATE, sound=Sound(seconds=CLIP_SECONDS)))
    shelf = site.shelf("Template")
    house = shelf.house
    Importer(house.index, house.storage, shelf.archive, segment_ms=SEGMENT_MS).run(clip, START_MS)
    pieces, codecs, at_ms = [], None, START_MS
    while (kept := shelf.reader.segment(shelf.archive, at_ms)) is not None:
        pieces.append((kept.segment, shelf.reader.data(kept)))
        codecs, at_ms = kept.codecs, kept.segment.end_ms
    assert codecs is not None
    assert len(pieces) == CLIP_SECONDS * 1000 // SEGMENT_MS
    return Template(codecs, tuple(pieces))


def now_ms() -> int:
    return int(time.time() * 1000)


def uris(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [line for line in answer.text.splitlines() if line and not line.startswith("#")]


def value(answer: httpx.Response, tag: str) -> int:
    [line] = [line for line in answer.text.splitlines() if line.startswith(f"{tag}:")]
    return int(line.removeprefix(f"{tag}:"))


def test_nothing_was_ever_recorded(site: Site) -> None:
    shelf = site.shelf()
    link = site.link(shelf)
    for minutes in (0, 5):
        if minutes:
            # What is imported is not live, however new it is.
            shelf.add_run(now_ms() - minutes * MINUTE_MS, [(6000, 188)] * 4)
        answer = link.get("live.m3u8")
        assert (answer.status_code, answer.content) == (404, NOT_FOUND)
        assert answer.headers["cache-control"] == "no-store"
    assert len(uris(link.get("index.m3u8"))) == 4


def test_a_playlist_that_slides(site: Site) -> None:
    shelf = site.shelf()
    link, recorder = site.link(shelf), recorder_of(shelf)
    end_ms = recorder.made_up(START_MS, *[SEGMENT_MS] * 10)
    first = link.get("live.m3u8")
    assert first.headers["content-type"].startswith(HLS_TYPE)
    assert first.headers["cache-control"] == "no-cache"
    assert "#EXT-X-ENDLIST" not in first.text
    assert value(first, "#EXT-X-TARGETDURATION") == SEGMENT_MS // 1000
    assert (value(first, "#EXT-X-MEDIA-SEQUENCE"), len(uris(first))) == (4, 6)
    for uri in uris(first):
        assert httpx.get(f"{link.url}/{uri}").status_code == 200
    tagged = httpx.get(link.of("live.m3u8"), headers={"If-None-Match": first.headers["etag"]})
    assert tagged.status_code == 304

    recorder.made_up(end_ms + 700, SEGMENT_MS, SEGMENT_MS)
    second = link.get("live.m3u8")
    assert value(second, "#EXT-X-MEDIA-SEQUENCE") == 6
    assert value(second, "#EXT-X-DISCONTINUITY-SEQUENCE") == 0
    assert second.text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert uris(second)[:4] == uris(first)[2:]
    assert httpx.head(link.of("live.m3u8")).status_code == 200
    assert link.get().json()["links"]["live"] == link.of("live.m3u8")


def test_a_token_with_limits_sees_its_part(site: Site) -> None:
    shelf = site.shelf()
    recorder = recorder_of(shelf)
    begun_ms = now_ms() - 20_000
    recorder.made_up(begun_ms, *[SEGMENT_MS] * 6)
    from_ms, to_ms = begun_ms + SEGMENT_MS, begun_ms + 3 * SEGMENT_MS
    seen = site.link(shelf, from_ms=from_ms, to_ms=to_ms).get("live.m3u8")
    assert [uri.split(".")[0] for uri in uris(seen)] == [str(from_ms), str(from_ms + SEGMENT_MS)]
    assert seen.text.endswith("#EXT-X-ENDLIST\n"), "nothing of it can follow"
    open_end = site.link(shelf, from_ms=from_ms, to_ms=now_ms() + MINUTE_MS).get("live.m3u8")
    assert len(uris(open_end)) == 5
    assert "#EXT-X-ENDLIST" not in open_end.text
    past = site.link(shelf, from_ms=START_MS, to_ms=START_MS + MINUTE_MS).get("live.m3u8")
    assert (past.status_code, past.content) == (404, NOT_FOUND)
    assert httpx.get(f"{site.link(shelf).url}/live.m3u8").status_code == 401


@pytest.mark.parametrize(
    "gaps", [{}, {"discontinuity": "true"}, {"discontinuity": "true", "gaps": "true"}], ids=repr
)
def test_a_span_that_is_followed_grows_until_it_is_over(site: Site, gaps: dict[str, str]) -> None:
    shelf = site.shelf()
    link, recorder = site.link(shelf), recorder_of(shelf)
    begun_ms = now_ms() - 8000
    span = {"start": begun_ms, "duration": 30_000, **gaps}
    assert link.get("index.m3u8", follow="true", **span).content == NOT_FOUND
    end_ms = recorder.made_up(begun_ms, SEGMENT_MS, SEGMENT_MS)
    texts = []
    for hole_ms in (0, 900, 900):
        answer = link.get("index.m3u8", follow="true", **span)
        assert answer.headers["cache-control"] == "no-cache"
        assert "#EXT-X-PLAYLIST-TYPE:EVENT\n" in answer.text
        assert "#EXT-X-ENDLIST" not in answer.text
        texts.append(answer.text)
        end_ms = recorder.made_up(end_ms + hole_ms, SEGMENT_MS, SEGMENT_MS)
    assert texts[1].startswith(texts[0])
    assert texts[2].startswith(texts[1])
    recorder.made_up(end_ms, begun_ms + 30_000 - end_ms, SEGMENT_MS)
    last = link.get("index.m3u8", follow="true", **span)
    assert last.text.endswith("#EXT-X-ENDLIST\n")
    entries = texts[2].split("#EXT-X-MEDIA-SEQUENCE")[1]
    assert entries in last.text


def test_without_follow_a_list_is_whole_also_where_it_reaches_past_now(site: Site) -> None:
    shelf = site.shelf()
    link = site.link(shelf)
    begun_ms = now_ms() - 8000
    recorder_of(shelf).made_up(begun_ms, SEGMENT_MS, SEGMENT_MS)
    for span in ({}, {"start": begun_ms, "duration": 10 * MINUTE_MS}):
        for follow in ({}, {"follow": "false"}, {"follow": "0"}):
            answer = link.get("index.m3u8", **span, **follow)
            assert "#EXT-X-PLAYLIST-TYPE:VOD\n" in answer.text
            assert answer.text.endswith("#EXT-X-ENDLIST\n")
    wrong = link.get("index.m3u8", follow="perhaps")
    assert wrong.status_code == 400
    assert [fault["name"] for fault in wrong.json()["errors"]] == ["follow"]


def test_the_past_is_over_at_once(site: Site) -> None:
    shelf = site.shelf()
    recorder_of(shelf).made_up(START_MS, SEGMENT_MS, SEGMENT_MS)
    answer = site.link(shelf).get("index.m3u8", start=START_MS, duration=MINUTE_MS, follow="1")
    assert "#EXT-X-PLAYLIST-TYPE:EVENT\n" in answer.text
    assert answer.text.endswith("#EXT-X-ENDLIST\n")
    limited = site.link(shelf, from_ms=START_MS, to_ms=START_MS + MINUTE_MS)
    assert limited.get("index.m3u8", follow="1").text.endswith("#EXT-X-ENDLIST\n")
    assert limited.get("live.m3u8").text.endswith("#EXT-X-ENDLIST\n")


def wait_for_segments(link: SignedLink, count: int) -> None:
    deadline = time.monotonic() + 20
    while link.get("live.m3u8").text.count(".ts?") < count:
        assert time.monotonic() < deadline, "nothing is recorded"
        time.sleep(0.1)


def test_ffmpeg_watches_across_a_reconnect(site: Site, template: Template) -> None:
    shelf = site.shelf()
    recorder = recorder_of(shelf)
    begun_ms = now_ms() - 6 * SEGMENT_MS
    with filming(recorder, template, begun_ms=begun_ms, break_at=7):
        link = site.link(shelf)
        wait_for_segments(link, 5)
        watched = subprocess.run(
            ["/usr/bin/ffmpeg", "-v", "error", "-i", link.of("live.m3u8"), "-t", "10",
             "-fps_mode", "passthrough", "-f", "framemd5", "-map", "0:v", "-"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert watched.returncode == 0, watched.stderr
    frames = [line for line in watched.stdout.splitlines() if line and not line.startswith("#")]
    assert len(frames) >= 9 * RATE
    moments = [int(frame.split(",")[1]) for frame in frames]
    leaps = [after - before for before, after in pairwise(moments) if after - before > 1]
    assert len(leaps) <= 1, "no picture is missing but where the camera was away"
    assert "corrupt" not in watched.stderr


def test_hls_js_watches_two_segments_behind_across_a_reconnect(
    site: Site, template: Template, browser: Browser, pages: str
) -> None:
    shelf = site.shelf()
    begun_ms = now_ms() - 6 * SEGMENT_MS
    with filming(recorder_of(shelf), template, begun_ms=begun_ms, break_at=7):
        link = site.link(shelf)
        wait_for_segments(link, 5)
        with screen(browser, pages, link.of("live.m3u8"), hls_js=True) as shown:
            shown.play_until(1)
            played = shown.play_until(shown.state()["currentTime"] + 5 * SEGMENT_MS / 1000)
            assert shown.fatal_errors() == []
        assert played.stall_s < SEGMENT_MS / 1000
        last = played.samples[-1]
        assert last.date_ms is not None
        # Two segments behind the end of the list, and at most one older than now, and what loading takes.
        behind_ms = now_ms() - last.date_ms
        assert 2 * SEGMENT_MS - 1000 <= behind_ms <= 5 * SEGMENT_MS

        followed = link.of("index.m3u8", start=begun_ms, discontinuity="true", follow="true")
        with screen(browser, pages, followed, hls_js=True) as shown:
            played = shown.play_until(2)
            first = next(sample for sample in played.samples if sample.date_ms is not None)
            assert first.date_ms == pytest.approx(begun_ms, abs=2000), "it begins where it was asked to"
            assert played.samples[-1].position_s >= 2
            assert shown.fatal_errors() == []
