"""Both clients against a real server: everything they can be asked, in order."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import httpx
import pytest
import simplejpeg
from client_kit import Clients, clients

from footage_client import BadRequest, NotAuthorised, NotFound, NothingKept, TimelineEntry, TooMuch
from kit.archive import START_MS, Shelf
from kit.clips import Clip
from kit.server import footage, footage_json
from kit.site import Site

MakeClip = Callable[[str, Clip], Path]
START = datetime.fromtimestamp(START_MS / 1000, UTC)
SECOND_RUN_MS = START_MS + 100_000


@pytest.fixture(params=["blocking", "asynchronous"])
def opened(request: pytest.FixtureRequest) -> Iterator[Clients]:
    with clients(asynchronous=request.param == "asynchronous") as made:
        yield made


@pytest.fixture(scope="module")
def key(site: Site) -> str:
    made: str = footage_json("key", "add", "client", data=site.server.data)["key"]
    return made


@pytest.fixture(scope="module")
def shelf(site: Site, clips: MakeClip) -> Shelf:
    """Two runs of 12 s, 88 s apart."""
    made = site.shelf("Entrance")
    clip = clips("client.mp4", Clip(seconds=12))
    for start_ms in (START_MS, SECOND_RUN_MS):
        made.import_file(clip, start_ms)
    return made


@pytest.fixture
def camera(opened: Clients, site: Site, key: str, shelf: Shelf) -> Any:
    return opened.footage(site.server.url, key).camera(shelf.camera.id)


def test_a_camera(camera: Any, shelf: Shelf) -> None:
    assert camera.id == camera.info.id == shelf.camera.id
    assert camera.title == "Entrance"
    assert camera.archive_id == shelf.archive.id
    assert camera.info.is_online is False
    assert camera.info.last_online is None
    assert camera.info.location is None
    assert str(shelf.camera.id) in repr(camera)


def test_what_is_known_of_a_camera(opened: Clients, site: Site, key: str) -> None:
    body = {
        "title": "Gate",
        "archiveDays": 30,
        "deviceId": "gate-1",
        "cameraModel": "X1",
        "transport": "udp",
        "isAudioRecorded": False,
        "location": {"id": "s", "title": "Site", "room": {"id": "r", "title": "Room"}},
    }
    url, headers = f"{site.server.url}/v1/cameras", {"X-Integration-Key": key}
    made = httpx.post(url, json=body, headers=headers).json()
    info = opened.footage(site.server.url, key).camera(made["id"]).info
    assert (info.title, info.archive_days, info.device_id, info.camera_model) == (
        "Gate",
        30,
        "gate-1",
        "X1",
    )
    assert (info.transport, info.is_audio_recorded, info.is_recorded) == ("udp", False, True)
    assert (info.location.title, info.location.room.title) == ("Site", "Room")
    assert info.serial_number is None


def test_all_cameras_page_by_page(
    opened: Clients, site: Site, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("blocking", "asynchronous"):
        monkeypatch.setattr(f"footage_client.{module}.PAGE_CAMERAS", 2)
    made = {site.shelf(f"Numbered {number}").camera.id for number in range(5)}
    found = list(opened.footage(site.server.url, key).cameras())
    titles = [camera.title for camera in found]
    assert made <= {camera.id for camera in found}
    assert titles == sorted(titles)
    assert len({camera.id for camera in found}) == len(found)
    assert found[0].totals().id == found[0].archive_id


def test_the_key(opened: Clients, site: Site, key: str) -> None:
    assert opened.footage(site.server.url, key).is_key_valid() is True
    other = opened.footage(site.server.url, "footage_" + "A" * 43)
    assert other.is_key_valid() is False
    with pytest.raises(NotAuthorised, match="footage key add"):
        other.camera(uuid4())
    with pytest.raises(NotAuthorised):
        list(other.cameras())


def test_the_timeline(camera: Any) -> None:
    whole = [TimelineEntry(START_MS, 12_000, 0), TimelineEntry(SECOND_RUN_MS, 12_000, 12_000)]
    assert camera.timeline() == whole
    assert camera.timeline(START) == whole
    assert camera.timeline(START, timedelta(minutes=5)) == whole
    assert camera.timeline(START_MS, 300_000) == whole
    assert camera.timeline(START, end=START + timedelta(minutes=5)) == whole
    moscow = timezone(timedelta(hours=3))
    assert camera.timeline(START.astimezone(moscow), end=SECOND_RUN_MS) == whole[:1]
    assert camera.timeline(START + timedelta(seconds=50), 1000) == []
    [first, second] = whole
    assert (first.start, first.end, first.duration) == (
        START,
        START + timedelta(seconds=12),
        timedelta(seconds=12),
    )
    assert (second.offset, second.end_ms) == (timedelta(seconds=12), SECOND_RUN_MS + 12_000)


def test_size_and_totals(camera: Any, shelf: Shelf) -> None:
    totals = camera.totals()
    assert (totals.id, totals.runs) == (shelf.archive.id, 2)
    assert (totals.first, totals.last_ms) == (START, SECOND_RUN_MS + 12_000)
    assert camera.size() == totals.size_bytes > 10_000
    assert camera.size(START, 1000) < totals.size_bytes
    assert camera.size(START + timedelta(seconds=50), 1000) == 0


def test_totals_of_nothing(opened: Clients, site: Site) -> None:
    archive = opened.archive(site.link(site.shelf()).of())
    totals = archive.totals()
    assert (totals.first, totals.last, totals.size_bytes, totals.runs) == (None, None, 0, 0)


def test_playlists(camera: Any) -> None:
    text = camera.playlist(START, timedelta(minutes=5))
    assert text.startswith("#EXTM3U")
    assert "#EXT-X-DISCONTINUITY\n" not in text
    assert text.count("#EXTINF") >= 4
    tagged = camera.playlist(START, end=SECOND_RUN_MS + 12_000, discontinuity=True)
    assert tagged.count("#EXT-X-DISCONTINUITY\n") == 1
    assert "#EXT-X-GAP" in camera.playlist(discontinuity=True, gaps=True)
    assert "PLAYLIST-TYPE:EVENT" in camera.playlist(START, follow=True)
    with pytest.raises(NothingKept, match="timeline") as nothing:
        camera.playlist(START + timedelta(seconds=50), 1000)
    assert nothing.value.status == 404


def test_urls_for_players(camera: Any) -> None:
    url = camera.playlist_url(START, timedelta(seconds=6))
    answer = httpx.get(url)
    assert answer.text == camera.playlist(START, timedelta(seconds=6))
    uri = next(line for line in answer.text.splitlines() if not line.startswith("#"))
    assert httpx.get(answer.url.join(uri)).headers["content-type"] == "video/mp2t"
    # Nothing of this camera was ever recorded, so nothing is live; the link itself is good.
    assert httpx.get(camera.live_url()).status_code == 404
    assert httpx.get(camera.storyboard_url(START, 6000)).text.startswith("WEBVTT")


def test_previews(camera: Any) -> None:
    wanted = START + timedelta(seconds=5, milliseconds=130)
    keyframe = camera.preview(wanted, width=160)
    assert simplejpeg.decode_jpeg_header(keyframe.jpeg)[:2] == (120, 160)
    assert keyframe.frame_time == START + timedelta(seconds=4)
    exact = camera.preview(wanted, height=60, accurate=True)
    assert simplejpeg.decode_jpeg_header(exact.jpeg)[:2] == (60, 80)
    assert exact.frame_ms == START_MS + 5120
    assert camera.preview().frame_ms >= SECOND_RUN_MS
    assert "jpeg" not in repr(exact)
    with pytest.raises(NothingKept, match="Preview not found"):
        camera.preview(START + timedelta(seconds=50))


def test_a_storyboard(camera: Any) -> None:
    cues = camera.storyboard(START, timedelta(minutes=5), interval=timedelta(seconds=3), width=80)
    assert [cue.start_ms for cue in cues] == list(range(0, 24_000, 3000))
    assert cues[-1].end_ms == 24_000
    height, width, *_ = simplejpeg.decode_jpeg_header(camera.sheet(cues[0]))
    for cue in cues:
        assert (cue.width, cue.height) == (80, 60)
        assert cue.left + cue.width <= width
        assert cue.top + cue.height <= height
    assert httpx.get(cues[0].sheet_url).content == camera.sheet(cues[0])
    assert camera.storyboard(START + timedelta(seconds=50), 1000) == []
    with pytest.raises(TooMuch, match="longer interval"):
        camera.storyboard(interval=1)


def test_a_clip_saved(camera: Any, tmp_path: Path) -> None:
    told: list[int] = []
    saved = tmp_path / "clip.mp4"
    start = START + timedelta(seconds=3)
    size = camera.export(start, timedelta(seconds=5), to=saved, progress=told.append)
    assert size == saved.stat().st_size == told[-1] > 5000
    assert told == sorted(told)
    with av.open(str(saved)) as clip:
        assert len([frame for frame in clip.decode(video=0) if (frame.time or 0) >= 0]) == 125
    held = io.BytesIO()
    assert camera.export(start, end=start + timedelta(seconds=5), to=held) == len(held.getvalue()) == size


def test_a_clip_of_nothing_leaves_no_file(camera: Any, tmp_path: Path) -> None:
    with pytest.raises(NothingKept):
        camera.export(START + timedelta(seconds=50), 1000, to=tmp_path / "clip.mp4")
    with pytest.raises(ValueError, match="negative"):
        camera.export(START, -1, to=tmp_path / "clip.mp4")

    def tired(_: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        camera.export(START, 5000, to=str(tmp_path / "clip.mp4"), progress=tired)
    assert list(tmp_path.iterdir()) == []
    # The connection that was given up is not used again half read.
    assert len(camera.timeline()) == 2


def test_the_status_of_a_recording(camera: Any) -> None:
    status = camera.status()
    assert (status.state, status.is_online, status.since) == ("off", False, None)
    assert (status.segments, status.reconnects) == (0, {})


def test_unknown_cameras(opened: Clients, site: Site, key: str) -> None:
    desk = opened.footage(site.server.url, key)
    for unknown in (uuid4(), "not-a-uuid", "../cameras?", "é"):
        with pytest.raises(NotFound, match="`cameras` lists them"):
            desk.camera(unknown)


def test_the_server_names_what_is_wrong_with_a_request(camera: Any) -> None:
    with pytest.raises(BadRequest) as refused:
        camera.preview(START, width=0, height=10**6)
    assert refused.value.status == 400
    assert {fault.name for fault in refused.value.faults} == {"width", "height"}
    assert "must be a whole number from 1 to 8192" in str(refused.value)


def test_arguments_that_cannot_be_meant_are_refused_before_anything_is_asked(camera: Any) -> None:
    for wrong, words in (
        ({"start": datetime(2026, 9, 21)}, "no zone"),  # noqa: DTZ001 what is to be refused
        ({"start": 1_790_000_000}, "looks like seconds"),
        ({"start": -1}, "before 1970"),
        ({"start": START, "duration": -1}, "negative"),
        ({"start": START, "duration": 1, "end": START}, "not both"),
        ({"start": START, "end": START - timedelta(seconds=1)}, "before start"),
        ({"end": START}, "needs a start"),
    ):
        for ask in (camera.timeline, camera.size, camera.playlist, camera.playlist_url, camera.storyboard):
            with pytest.raises(ValueError, match=words):
                ask(**wrong)
    for kind in (1.5, "2026", True, object()):
        with pytest.raises(TypeError):
            camera.timeline(kind)
        with pytest.raises(TypeError):
            camera.timeline(START, kind)
    with pytest.raises(ValueError, match="discontinuity=True"):
        camera.playlist(START, gaps=True)


def test_footage_of_the_year_1970(opened: Clients, site: Site, clips: MakeClip) -> None:
    """The server takes so small numbers for seconds; as datetimes they mean what they say."""
    shelf = site.shelf()
    shelf.import_file(clips("client.mp4", Clip(seconds=12)), 5_000_000)
    archive = opened.archive(site.link(shelf).of())
    start = datetime(1970, 1, 1, 1, 23, 20, tzinfo=UTC)
    assert archive.timeline(start, timedelta(seconds=12)) == [TimelineEntry(5_000_000, 12_000, 0)]
    assert archive.timeline(start - timedelta(seconds=9), 9000) == []
    assert archive.preview(start + timedelta(milliseconds=2200)).frame_ms == 5_002_000
    assert len(archive.storyboard(start, 12_000, interval=2000)) == 6


def test_an_archive_by_its_link_alone(opened: Clients, site: Site, shelf: Shelf) -> None:
    for link in (site.link(shelf).of(), site.link(shelf).of("index.m3u8", start=START_MS, duration=1)):
        archive = opened.archive(link)
        assert archive.archive_id == shelf.archive.id
        assert len(archive.timeline()) == 2
    limited = opened.archive(site.link(shelf, from_ms=SECOND_RUN_MS, to_ms=SECOND_RUN_MS + 1000).of())
    assert [entry.start_ms for entry in limited.timeline()] == [SECOND_RUN_MS]
    with pytest.raises(NotAuthorised, match="does not reach"):
        limited.preview(START)


def test_a_link_that_ended(opened: Clients, site: Site, shelf: Shelf) -> None:
    archive = opened.archive(site.link(shelf, ttl_s=-5).of())
    with pytest.raises(NotAuthorised, match="get a new one") as refused:
        archive.timeline()
    assert refused.value.status == 403


def test_links_that_are_revoked_are_renewed(opened: Clients, site: Site, key: str, clips: MakeClip) -> None:
    shelf = site.shelf()
    shelf.import_file(clips("client.mp4", Clip(seconds=12)), START_MS)
    camera = opened.footage(site.server.url, key).camera(shelf.camera.id)
    archive = opened.archive(camera.playlist_url())
    cues = camera.storyboard()
    footage("camera", "revoke-links", str(shelf.camera.id), data=site.server.data)
    assert len(camera.timeline()) == 1
    # What was made with the old link is asked for with the new one.
    assert camera.sheet(cues[0]).startswith(b"\xff\xd8")
    with pytest.raises(NotAuthorised):
        archive.timeline()
    footage("camera", "remove", str(shelf.camera.id), "--yes", data=site.server.data)
    with pytest.raises(NotFound, match="no camera"):
        camera.timeline()
