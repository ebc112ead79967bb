"""``export.mp4`` as a client meets it: what it sends and when, whom it refuses, what ends it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import httpx
import pytest
from av.video.frame import VideoFrame

from footage.house import open_house
from footage.settings import load
from footage.timeline import format_ms
from kit.archive import START_MS, Shelf
from kit.clips import Clip, Sound
from kit.movies import TellingClip, count_by_ffmpeg, make_telling_clip, moment_of, watch
from kit.server import SignedLink, http_workers, running_server
from kit.site import Site

SECONDS = 12
CLIP = TellingClip(start_ms=START_MS, seconds=SECONDS, options={"bf": "0"})
B_FRAMES = replace(CLIP, options={"bf": "3", "b-adapt": "0"})
STREAMS = 2
_MANY_OF_ONE_LINK = {"FOOTAGE_EXPORT_STREAMS": str(STREAMS), "FOOTAGE_EXPORTS_PER_TOKEN": "9"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("site")
    house = open_house(load(data_dir=data))
    with running_server(data, environment=_MANY_OF_ONE_LINK) as server:
        yield Site(server, house)
    house.close()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_telling_clip(tmp_path_factory.mktemp("clip") / "telling.mp4", CLIP)


@pytest.fixture(scope="module")
def shelf(site: Site, clip: Path) -> Shelf:
    """A run, an hour of nothing, and the same run again."""
    filled = site.shelf("Entrance / Тест: «1»")
    filled.import_file(clip, START_MS)
    filled.import_file(clip, START_MS + 3_600_000)
    return filled


@pytest.fixture
def link(site: Site, shelf: Shelf) -> SignedLink:
    return site.link(shelf)


def saved(response: httpx.Response, folder: Path) -> Path:
    assert response.status_code == httpx.codes.OK, response.text
    path = folder / "movie.mp4"
    path.write_bytes(response.content)
    return path


def test_all_that_is_kept_where_nothing_is_said(link: SignedLink, tmp_path: Path) -> None:
    response = link.get("export.mp4")
    assert response.headers["content-type"] == "video/mp4"
    assert response.headers["cache-control"] == "private, no-store"
    assert "content-length" not in response.headers
    assert "content-disposition" in response.headers["access-control-expose-headers"].lower()
    shown = watch(saved(response, tmp_path))
    assert len(shown.pictures) == 2 * SECONDS * 25
    assert shown.duration_ms == pytest.approx(2 * SECONDS * 1000, abs=40)


def test_seconds_and_milliseconds(link: SignedLink, tmp_path: Path) -> None:
    in_ms = link.get("export.mp4", start=START_MS + 1500, duration=2000).content
    in_s = link.get("export.mp4", start=START_MS / 1000 + 1.5, duration=2).content
    assert in_ms == in_s
    (tmp_path / "movie.mp4").write_bytes(in_ms)
    assert watch(tmp_path / "movie.mp4").moments[0] == START_MS + 1480
    start_left_out = link.get("export.mp4", duration=2000).content
    assert start_left_out == link.get("export.mp4", start=START_MS, duration=2000).content
    duration_left_out = link.get("export.mp4", start=START_MS + 3_600_000).content
    assert duration_left_out == link.get("export.mp4", start=START_MS + 3_600_000, duration=60_000).content


def test_the_name_carries_camera_and_times(link: SignedLink) -> None:
    said = link.get("export.mp4", start=START_MS + 1000, duration=3000).headers["content-disposition"]
    assert format_ms(START_MS + 1000) == "2026-09-21T14:13:21.000Z"
    times = "20260921T141321Z_20260921T141324Z"
    assert said.startswith('attachment; filename="Entrance_')
    assert f"_{times}.mp4\"; filename*=UTF-8''Entrance_%D0%A2%D0%B5" in said
    assert said.endswith(f"_{times}.mp4")
    assert "/" not in said.removeprefix("attachment;").replace("UTF-8''", "")


def test_head_is_answered_without_the_work(link: SignedLink) -> None:
    response = httpx.head(link.of("export.mp4"), timeout=20)
    assert response.status_code == httpx.codes.OK
    assert response.headers["content-type"] == "video/mp4"
    assert "content-disposition" in response.headers
    assert response.content == b""


def test_nothing_kept_is_a_404(site: Site, link: SignedLink) -> None:
    response = link.get("export.mp4", start=START_MS + 100_000, duration=1000)
    assert response.status_code == httpx.codes.NOT_FOUND
    assert response.json()["detail"] == "Nothing is kept of this span"
    assert response.headers["content-type"] == "application/problem+json"
    empty = site.link(site.shelf())
    assert empty.get("export.mp4").status_code == httpx.codes.NOT_FOUND
    assert link.get("export.mp4", start=START_MS, duration=0).status_code == httpx.codes.NOT_FOUND


def test_wrong_questions_are_refused(link: SignedLink) -> None:
    assert link.get("export.mp4", start="soon").json()["errors"][0]["name"] == "start"
    assert httpx.get(f"{link.url}/export.mp4").status_code == httpx.codes.UNAUTHORIZED
    wrong = replace(link, token={**link.token, "signature": "x"})
    assert wrong.get("export.mp4").status_code == httpx.codes.FORBIDDEN


def test_a_change_that_one_file_cannot_hold_is_a_409_that_says_when(
    site: Site, clips: Callable[[str, Clip], Path], tmp_path: Path
) -> None:
    shelf = site.shelf()
    shelf.import_file(clips("small.mp4", Clip(seconds=4)), START_MS)
    shelf.import_file(clips("large.mp4", Clip(seconds=4, size=(640, 480))), START_MS + 10_000)
    link = site.link(shelf)
    response = link.get("export.mp4")
    assert response.status_code == httpx.codes.CONFLICT
    detail = response.json()["detail"]
    assert format_ms(START_MS + 10_000) in detail
    assert "320x240 to 640x480" in detail
    # The way that it names is one.
    before = link.get("export.mp4", start=START_MS, duration=10_000)
    assert len(watch(saved(before, tmp_path)).pictures) == 100
    after = link.get("export.mp4", start=START_MS + 10_000)
    assert len(watch(saved(after, tmp_path)).pictures) == 100


@pytest.mark.parametrize("other", ["codec", "rate of the sound"])
def test_other_changes_that_one_file_cannot_hold(
    site: Site, clips: Callable[[str, Clip], Path], other: str
) -> None:
    shelf = site.shelf()
    plain = Clip(seconds=4, sound=Sound(seconds=4))
    changed = (
        replace(plain, codec="libx265", options={"x265-params": "log-level=error"})
        if other == "codec"
        else replace(plain, sound=Sound(seconds=4, rate=16_000))
    )
    shelf.import_file(clips("plain.mp4", plain), START_MS)
    shelf.import_file(clips("changed.mp4", changed), START_MS + 4000)
    response = site.link(shelf).get("export.mp4")
    assert response.status_code == httpx.codes.CONFLICT
    assert str(START_MS + 4000) in response.json()["detail"]


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_other_parameter_sets_of_the_same_picture_go_in_band(
    site: Site, clips: Callable[[str, Clip], Path], tmp_path: Path, codec: str
) -> None:
    shelf = site.shelf()
    if codec == "h264":
        first = Clip(seconds=4, options={"profile": "baseline"})
        second = Clip(seconds=4, options={"bf": "2", "x264-params": "ref=4"})
        names = (b"avc3", b"avc1")
    else:
        quiet = "log-level=error"
        first = Clip(seconds=4, codec="libx265", options={"x265-params": f"{quiet}:ref=1"})
        second = Clip(seconds=4, codec="libx265", options={"x265-params": f"{quiet}:ref=4:bframes=2"})
        names = (b"hev1", b"hvc1")
    for number, wanted in enumerate((first, second, first)):
        shelf.import_file(clips(f"{codec}-{number % 2}.mp4", wanted), START_MS + number * 10_000)
    response = site.link(shelf).get("export.mp4")
    shown = watch(saved(response, tmp_path))
    assert len(shown.pictures) == 300
    assert shown.corrupt == 0
    assert shown.pictures == pytest.approx([at * 40 for at in range(300)], abs=1)
    decoded, said = count_by_ffmpeg(tmp_path / "movie.mp4")
    assert (decoded, "error" in said.lower()) == (300, False)
    assert names[0] in response.content
    assert names[1] in site.link(shelf).get("export.mp4", start=START_MS, duration=4000).content


@pytest.mark.parametrize("kind", [CLIP, B_FRAMES], ids=["plain", "b-frames"])
def test_a_limited_token_gets_nothing_from_outside_not_even_hidden(
    site: Site, tmp_path: Path, kind: TellingClip
) -> None:
    shelf = site.shelf()
    shelf.import_file(make_telling_clip(tmp_path / "clip.mp4", kind), START_MS)
    from_ms, to_ms = START_MS + 2700, START_MS + 9310
    limited = site.link(shelf, from_ms=from_ms, to_ms=to_ms)
    path = saved(limited.get("export.mp4", start=START_MS, duration=60_000), tmp_path)
    with av.open(str(path), options={"ignore_editlist": "1"}) as movie:
        moments = [moment_of(frame) for frame in movie.decode(video=0) if isinstance(frame, VideoFrame)]
    assert None not in moments
    # From the first keyframe inside; what leans on pictures beyond the end is left out.
    assert moments[0] == START_MS + 4000
    assert from_ms <= min(m or 0 for m in moments) < max(m or 0 for m in moments) < to_ms
    assert to_ms - (moments[-1] or 0) <= 40 * (1 if kind is CLIP else 5)
    shown = watch(path)
    assert shown.moments == moments
    assert shown.pictures[0] == pytest.approx(0, abs=1)
    # A start inside, whose keyframe is inside too, is as exact as without limits.
    inside = limited.get("export.mp4", start=START_MS + 4500, duration=1000)
    unlimited = site.link(shelf).get("export.mp4", start=START_MS + 4500, duration=1000)
    assert watch(saved(inside, tmp_path)).moments[0] == START_MS + 4480
    assert watch(saved(unlimited, tmp_path)).moments[0] == START_MS + 4480
    outside = limited.get("export.mp4", start=START_MS + 9310, duration=1000)
    assert outside.status_code == httpx.codes.NOT_FOUND


@pytest.fixture(scope="module")
def long(site: Site, clips: Callable[[str, Clip], Path]) -> SignedLink:
    """More than the sockets between server and client take in."""
    shelf = site.shelf()
    large = Clip(seconds=4, size=(1280, 720), options={"preset": "ultrafast", "qp": "1"})
    for number in range(24):
        shelf.import_file(clips("large.mp4", large), START_MS + number * 60_000)
    assert site.link(shelf).get("size").json()["size"] > 150e6
    return site.link(shelf)


def running(site: Site) -> int:
    text = httpx.get(f"{site.server.url}/metrics").text
    [line] = [line for line in text.splitlines() if line.startswith("footage_exports_running")]
    return int(float(line.split()[-1]))


def ended(site: Site, result: str) -> int:
    text = httpx.get(f"{site.server.url}/metrics").text
    name = f'footage_exports_total{{result="{result}"}}'
    return sum(int(float(line.split()[-1])) for line in text.splitlines() if line.startswith(name))


def until(said: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def threads(site: Site) -> int:
    """How many threads the server's HTTP worker has."""
    [worker] = http_workers(site.server)
    tasks = Path(f"/proc/{worker}/task")
    return len(list(tasks.iterdir()))


def test_a_client_that_leaves_ends_the_work_and_too_many_are_refused(site: Site, long: SignedLink) -> None:
    left = ended(site, "left")
    url = long.of("export.mp4")
    with httpx.Client(timeout=20) as client:
        with client.stream("GET", url) as one, client.stream("GET", url) as other:
            reading = one.iter_bytes(), other.iter_bytes()
            assert all(next(each) for each in reading)
            assert running(site) == STREAMS
            busy_threads = threads(site)
            refused = client.get(url)
            assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
            assert refused.json()["detail"] == "Too many exports are running, try again"
            assert refused.headers["retry-after"]
        until(lambda: running(site) == 0)
        until(lambda: ended(site, "left") == left + STREAMS)
        until(lambda: threads(site) <= busy_threads - STREAMS)
        with client.stream("GET", url) as again:
            assert again.status_code == httpx.codes.OK


@pytest.mark.parametrize("harm", ["changed", "cut off", "removed"])
def test_bytes_that_are_broken_in_the_middle_break_the_transfer_off(
    site: Site, clip: Path, tmp_path: Path, harm: str
) -> None:
    shelf = site.shelf()
    shelf.import_file(clip, START_MS)
    shelf.import_file(clip, START_MS + 60_000)
    last = max((site.server.data / "footage" / str(shelf.archive.id)).rglob("*.ts"))
    whole = last.read_bytes()
    if harm == "changed":
        last.write_bytes(whole[:-5000] + b"\x55" * 100 + whole[-4900:])
    elif harm == "cut off":
        os.truncate(last, len(whole) // 2)
    else:
        last.unlink()
    broken = ended(site, "broken")
    with httpx.stream("GET", site.link(shelf).of("export.mp4"), timeout=20) as response:
        assert response.status_code == httpx.codes.OK
        with pytest.raises(httpx.RemoteProtocolError):
            response.read()
    until(lambda: ended(site, "broken") == broken + 1)
    assert "export.broken" in site.server.log.read_text()
    assert site.link(shelf).token["signature"] not in site.server.log.read_text()
    # What comes first is not there: said before anything is sent.
    at_ms = START_MS + (60_000 if harm == "removed" else 66_000)
    gone = site.link(shelf).get("export.mp4", start=at_ms)
    assert gone.status_code == httpx.codes.SERVICE_UNAVAILABLE
