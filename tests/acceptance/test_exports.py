"""Exports made in the background, as a client meets them: asked for, watched, fetched, cancelled, gone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from av.video.frame import VideoFrame

from footage.archive.errors import Held
from footage.archive.remove import remove_run
from footage.house import open_house
from footage.settings import load
from footage.timeline import ALL_TIME, Run, format_ms
from kit.archive import START_MS, Shelf, add_shelf
from kit.clips import Clip
from kit.exports import (
    ask,
    boxes_in_order,
    exporter_pid,
    remove,
    told,
    wait_until,
    wait_until_done,
    wait_until_ended,
)
from kit.movies import (
    TellingClip,
    clicks_are_in_step,
    count_by_ffmpeg,
    make_telling_clip,
    moment_of,
    watch,
)
from kit.server import SignedLink, running_server
from kit.site import Site

SECONDS = 12
CLIP = TellingClip(start_ms=START_MS, seconds=SECONDS, options={"bf": "0"})
B_FRAMES = replace(CLIP, options={"bf": "3", "b-adapt": "0"})
GAP_MS = 3_600_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("site")
    house = open_house(load(data_dir=data))
    with running_server(data) as server:
        yield Site(server, house)
    house.close()


@pytest.fixture(scope="module", params=[CLIP, B_FRAMES], ids=["plain", "b-frames"])
def shelf(request: pytest.FixtureRequest, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A run, an hour of nothing, and a run again."""
    filled = site.shelf("Entrance / Тест: «1»")
    for start_ms in (START_MS, START_MS + GAP_MS):
        clip = replace(request.param, start_ms=start_ms)
        path = make_telling_clip(tmp_path_factory.mktemp("clip") / "telling.mp4", clip)
        filled.import_file(path, start_ms)
    return filled


@pytest.fixture
def link(site: Site, shelf: Shelf) -> SignedLink:
    return site.link(shelf)


def saved(link: SignedLink, export: dict[str, Any], folder: Path) -> Path:
    """The movie of an export, as its own link leads to it."""
    response = httpx.get(export["links"]["movie"], timeout=60)
    assert response.status_code == httpx.codes.OK, response.text
    path = folder / "movie.mp4"
    path.write_bytes(response.content)
    return path


def test_from_the_question_to_the_file(link: SignedLink, shelf: Shelf, tmp_path: Path) -> None:
    start_ms, end_ms = START_MS + 3510, START_MS + GAP_MS + 2110
    asked = httpx.post(link.of("exports"), json={"start": start_ms, "duration": end_ms - start_ms})
    assert asked.status_code == httpx.codes.CREATED, asked.text
    assert asked.headers["location"] == asked.json()["links"]["self"]
    assert asked.json()["state"] in ("waiting", "running", "done")
    done = wait_until_done(link, asked.json()["id"])
    assert (done["start"], done["end"], done["progress"]) == (start_ms, end_ms, 1)
    path = saved(link, done, tmp_path)
    data = path.read_bytes()
    assert len(data) == done["size"]
    assert hashlib.sha256(data).hexdigest() == done["sha256"]
    assert boxes_in_order(data) == [b"ftyp", b"moov", b"free", b"mdat"]
    shown = watch(path)
    first = list(range(START_MS + 3480, START_MS + SECONDS * 1000, 40))
    second = list(range(START_MS + GAP_MS, end_ms, 40))
    assert shown.moments == first + second
    assert shown.duration_ms == pytest.approx(SECONDS * 1000 - 3510 + 2110, abs=1)
    assert shown.corrupt == 0
    decoded, warned = count_by_ffmpeg(path)
    assert (decoded, warned) == (len(shown.moments), "")
    times = [max(at - start_ms, 0) for at in first]
    times += [START_MS + SECONDS * 1000 - start_ms + at - second[0] for at in second]
    assert shown.pictures == pytest.approx(times, abs=1)
    clicks_are_in_step(shown, [*first, *second], times)


def test_the_manifest_tells_what_it_was_made_of(link: SignedLink, shelf: Shelf) -> None:
    end_ms = START_MS + GAP_MS + 2110
    asked = ask(link, start=(START_MS + 3510) / 1000, duration=(end_ms - START_MS - 3510) / 1000)
    done = wait_until_done(link, asked["id"])
    manifest = httpx.get(done["links"]["manifest"]).json()
    movie = httpx.get(done["links"]["movie"]).content
    assert manifest["file"] == {
        "name": done["name"],
        "size": len(movie),
        "sha256": hashlib.sha256(movie).hexdigest(),
    }
    assert manifest["camera"] == {"id": str(shelf.camera.id), "title": shelf.camera.title}
    assert (manifest["start"], manifest["end"]) == (START_MS + 3510, end_ms)
    first_ms = SECONDS * 1000 - 3510
    assert manifest["duration"] == first_ms + 2110
    assert manifest["timeline"] == [
        {"time": START_MS + 3510, "duration": first_ms, "offset": 0},
        {"time": START_MS + GAP_MS, "duration": 2110, "offset": first_ms},
    ]
    gap_ms = GAP_MS - SECONDS * 1000
    assert manifest["gaps"] == [{"time": START_MS + SECONDS * 1000, "duration": gap_ms}]
    # Just the segments that the playlist of the span lists, with the bytes that it leads to.
    for segment in manifest["segments"]:
        response = link.get(f"{segment['time']}.ts")
        assert len(response.content) == segment["size"]
        assert hashlib.sha256(response.content).hexdigest() == segment["sha256"]
        assert response.headers["etag"].startswith(f'"{segment["crc32"]}-')
    sizes = link.get("size", start=START_MS + 3510, duration=end_ms - START_MS - 3510).json()["size"]
    assert sum(segment["size"] for segment in manifest["segments"]) == sizes
    head = httpx.head(done["links"]["movie"]).headers["content-disposition"]
    assert head.startswith('attachment; filename="Entrance')
    assert "Entrance_%D0%A2" in head


def test_ranges_tags_and_head(link: SignedLink) -> None:
    done = wait_until_done(link, ask(link, start=START_MS, duration=8000)["id"])
    url = done["links"]["movie"]
    whole = httpx.get(url)
    tag = whole.headers["etag"]
    assert tag == f'"{done["sha256"]}"'
    assert whole.headers["content-type"] == "video/mp4"
    assert int(whole.headers["content-length"]) == done["size"] == len(whole.content)
    assert "immutable" in whole.headers["cache-control"]
    head = httpx.head(url)
    assert head.content == b""
    for name in ("content-length", "etag", "accept-ranges", "content-type"):
        assert head.headers[name] == whole.headers[name]
    for given, start, end in (
        ("bytes=100-299", 100, 300),
        ("bytes=-50", -50, None),
        ("bytes=1000-", 1000, None),
    ):
        part = httpx.get(url, headers={"Range": given, "If-Range": tag})
        assert part.status_code == httpx.codes.PARTIAL_CONTENT
        assert part.content == whole.content[start:end]
        assert part.headers["content-range"].endswith(f"/{done['size']}")
    changed = httpx.get(url, headers={"Range": "bytes=100-299", "If-Range": '"another"'})
    assert (changed.status_code, changed.content) == (httpx.codes.OK, whole.content)
    beyond = httpx.get(url, headers={"Range": f"bytes={done['size']}-"})
    assert beyond.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE
    assert beyond.headers["content-range"] == f"bytes */{done['size']}"
    assert httpx.get(url, headers={"If-None-Match": tag}).status_code == httpx.codes.NOT_MODIFIED


def test_a_download_that_broke_off_goes_on(link: SignedLink, tmp_path: Path) -> None:
    done = wait_until_done(link, ask(link)["id"])
    path = tmp_path / "movie.mp4"
    with httpx.stream("GET", done["links"]["movie"]) as response:
        path.write_bytes(next(response.iter_bytes(50_000)))
    assert 0 < path.stat().st_size < done["size"]
    subprocess.run(["curl", "-sf", "-C", "-", "-o", path, done["links"]["movie"]], check=True, timeout=60)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == done["sha256"]


@pytest.mark.parametrize(
    ("body", "faulty"),
    [
        ("{", ["body"]),
        ("[]", ["body"]),
        ("null", ["body"]),
        ("\xff", ["body"]),
        ({"start": "soon"}, ["start"]),
        ({"start": -1, "duration": True}, ["start", "duration"]),
        ({"start": {}, "duration": [], "end": 5, "title": "x"}, ["start", "duration", "end", "title"]),
        ('{"start": 1e400}', ["start"]),
        ('{"start": NaN}', ["body"]),
    ],
)
def test_every_fault_of_a_body_is_named(link: SignedLink, body: Any, faulty: list[str]) -> None:
    sent = body.encode("latin-1") if isinstance(body, str) else json.dumps(body).encode()
    response = httpx.post(link.of("exports"), content=sent)
    assert response.status_code == httpx.codes.BAD_REQUEST, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert sorted(fault["name"] for fault in response.json()["errors"]) == sorted(faulty)


def test_nothing_kept_and_what_one_file_cannot_hold(
    site: Site, link: SignedLink, clips: Callable[[str, Clip], Path]
) -> None:
    nothing = httpx.post(link.of("exports"), json={"start": START_MS + 100_000, "duration": 1000})
    assert nothing.status_code == httpx.codes.NOT_FOUND
    assert nothing.json()["detail"] == "Nothing is kept of this span"
    shelf = site.shelf()
    shelf.import_file(clips("small.mp4", Clip(seconds=4)), START_MS)
    shelf.import_file(clips("large.mp4", Clip(seconds=4, size=(640, 480))), START_MS + 10_000)
    response = httpx.post(site.link(shelf).of("exports"), json={})
    assert response.status_code == httpx.codes.CONFLICT
    assert format_ms(START_MS + 10_000) in response.json()["detail"]


def test_the_link_is_the_right(site: Site, link: SignedLink) -> None:
    done = wait_until_done(link, ask(link, start=START_MS, duration=2000)["id"])
    other = site.link(site.shelf())
    for method, path in (
        ("POST", "exports"),
        ("GET", "exports"),
        ("GET", f"exports/{done['id']}"),
        ("DELETE", f"exports/{done['id']}"),
        ("GET", f"exports/{done['id']}/movie.mp4"),
        ("GET", f"exports/{done['id']}/manifest.json"),
    ):
        bare = httpx.request(method, f"{link.url}/{path}")
        assert bare.status_code == httpx.codes.UNAUTHORIZED
        wrong = replace(link, token=other.token)
        assert httpx.request(method, wrong.of(path)).status_code == httpx.codes.FORBIDDEN
        if done["id"] in path:
            # Another archive's own link does not lead to it either.
            assert httpx.request(method, other.of(path)).status_code == httpx.codes.NOT_FOUND
    assert link.get("exports/none").status_code == httpx.codes.NOT_FOUND
    assert httpx.get(done["links"]["movie"]).status_code == httpx.codes.OK


def test_limits_hold_for_what_is_made_and_for_what_is_seen(
    site: Site, shelf: Shelf, tmp_path: Path
) -> None:
    from_ms, to_ms = START_MS + 2700, START_MS + 9310
    limited, unlimited = site.link(shelf, from_ms=from_ms, to_ms=to_ms), site.link(shelf)
    mine = wait_until_done(limited, ask(limited, start=START_MS, duration=GAP_MS)["id"])
    assert from_ms <= mine["start"] < mine["end"] <= to_ms
    with av.open(str(saved(limited, mine, tmp_path)), options={"ignore_editlist": "1"}) as movie:
        moments = [
            moment_of(frame) or 0 for frame in movie.decode(video=0) if isinstance(frame, VideoFrame)
        ]
    # From the first keyframe inside: nothing is hidden.
    assert moments[0] == START_MS + 4000
    assert max(moments) < to_ms
    # The same span of an unlimited link holds hidden pictures from before it.
    theirs = wait_until_done(
        unlimited, ask(unlimited, start=mine["start"], duration=mine["end"] - mine["start"])["id"]
    )

    def seen(link: SignedLink) -> set[str]:
        listed = {export["id"] for export in link.get("exports").json()["exports"]}
        for export in (mine, theirs):
            found = link.get(f"exports/{export['id']}").status_code == httpx.codes.OK
            assert found == (export["id"] in listed)
        return listed & {mine["id"], theirs["id"]}

    assert seen(unlimited) == {mine["id"], theirs["id"]}
    assert seen(limited) == {mine["id"]}
    assert seen(site.link(shelf, from_ms=START_MS, to_ms=START_MS + 12_000)) == {mine["id"], theirs["id"]}
    assert seen(site.link(shelf, from_ms=from_ms + 2000, to_ms=to_ms)) == set()
    assert seen(site.link(shelf, from_ms=from_ms, to_ms=to_ms - 3000)) == set()
    outside = httpx.post(limited.of("exports"), json={"start": to_ms, "duration": 1000})
    assert outside.status_code == httpx.codes.NOT_FOUND


def test_any_origin_may_ask_watch_fetch_and_remove(link: SignedLink) -> None:
    for path, method in (("exports", "POST"), ("exports/x", "DELETE")):
        preflight = httpx.options(
            link.of(path),
            headers={
                "Origin": "https://portal.example",
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": "content-type",
            },
        )
        assert preflight.status_code == httpx.codes.NO_CONTENT
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert method in preflight.headers["access-control-allow-methods"]
        assert "content-type" in preflight.headers["access-control-allow-headers"].lower()
    asked = httpx.post(link.of("exports"), headers={"Origin": "https://portal.example"}, json={})
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "location" in asked.headers["access-control-expose-headers"].lower()
    assert "access-control-allow-credentials" not in asked.headers


def test_pages_of_the_list(site: Site, clip: Path) -> None:
    shelf = site.shelf()
    shelf.import_file(clip, START_MS)
    link = site.link(shelf)
    made = [ask(link, start=START_MS + n * 100, duration=100)["id"] for n in range(5)]
    listed, after = list[str](), None
    while True:
        page = link.get("exports", limit=2, **({} if after is None else {"after": after})).json()
        listed += [export["id"] for export in page["exports"]]
        after = page["next"]
        if after is None:
            break
    assert sorted(listed) == sorted(made)
    assert link.get("exports", after="x").status_code == httpx.codes.BAD_REQUEST
    for export_id in made:
        wait_until_done(link, export_id)


def test_what_is_removed_is_gone_file_and_all(site: Site, link: SignedLink) -> None:
    done = wait_until_done(link, ask(link, start=START_MS, duration=3000)["id"])
    assert files_of(site, done["id"])
    assert remove(link, done["id"]) == httpx.codes.NO_CONTENT
    assert link.get(f"exports/{done['id']}").status_code == httpx.codes.NOT_FOUND
    assert httpx.get(done["links"]["movie"]).status_code == httpx.codes.NOT_FOUND
    assert files_of(site, done["id"]) == []
    assert remove(link, done["id"]) == httpx.codes.NOT_FOUND


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_telling_clip(tmp_path_factory.mktemp("clip") / "telling.mp4", CLIP)


@pytest.fixture
def two_runs(site: Site, clip: Path) -> Shelf:
    filled = site.shelf()
    for start_ms in (START_MS, START_MS + GAP_MS):
        filled.import_file(clip, start_ms)
    return filled


def test_what_is_cancelled_stops_and_stays_in_the_list(site: Site, two_runs: Shelf) -> None:
    link = site.link(two_runs)
    with stuck_at_the_last_block(site, two_runs):
        asked = ask(link)
        wait_until(lambda: told(link, asked["id"])["progress"] > 0 and files_of(site, asked["id"]))
        running = told(link, asked["id"])
        assert (running["state"], running["size"]) == ("running", None)
        assert 0 < running["progress"] < 1
        assert link.get(f"exports/{asked['id']}/movie.mp4").status_code == httpx.codes.CONFLICT
        assert [name for name in files_of(site, asked["id"]) if not name.endswith(".part")] == []
        # What it is made of cannot be removed.
        with site.house.index.snapshot() as snapshot:
            run = snapshot.runs(two_runs.archive, ALL_TIME)[0]
        with pytest.raises(Held):
            remove_run(site.house.index, site.house.storage, two_runs.archive, run.id)
        assert remove(link, asked["id"]) == httpx.codes.NO_CONTENT
        assert told(link, asked["id"])["state"] == "cancelled"
    wait_until(lambda: files_of(site, asked["id"]) == [])
    assert told(link, asked["id"])["state"] == "cancelled"
    remove_run(site.house.index, site.house.storage, two_runs.archive, run.id)
    # The worker goes on with others.
    wait_until_done(link, ask(link)["id"])
    assert remove(link, asked["id"]) == httpx.codes.NO_CONTENT
    assert link.get(f"exports/{asked['id']}").status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize("harm", ["changed", "removed"])
def test_footage_that_is_broken_makes_it_fail_in_words(site: Site, two_runs: Shelf, harm: str) -> None:
    last = last_block(site, two_runs)
    if harm == "changed":
        data = last.read_bytes()
        last.write_bytes(data[:-5000] + b"\x55" * 100 + data[-4900:])
    else:
        last.unlink()
    link = site.link(two_runs)
    failed = wait_until_ended(link, ask(link)["id"])
    assert failed["state"] == "failed"
    assert failed["reason"] in ("footage of the span cannot be read", "footage of the span is gone")
    assert failed["links"].keys() == {"self"}
    assert failed["expires"] > failed["ended"] >= failed["created"]
    assert files_of(site, failed["id"]) == []
    assert link.token["signature"] not in site.server.log.read_text()


@pytest.mark.parametrize("whom", ["the worker", "the server"])
def test_kill_9_in_the_middle_begins_it_again(tmp_path: Path, clip: Path, whom: str) -> None:
    house = open_house(load(data_dir=tmp_path))
    shelf = add_shelf(house)
    for start_ms in (START_MS, START_MS + GAP_MS):
        shelf.import_file(clip, start_ms)
    with running_server(tmp_path) as server:
        site = Site(server, house)
        link = site.link(shelf)
        with stuck_at_the_last_block(site, shelf):
            asked = ask(link)
            wait_until(lambda: told(link, asked["id"])["progress"] > 0)
            assert files_of(site, asked["id"])
            worker = exporter_pid(server)
            if whom == "the server":
                os.kill(server.process.pid, signal.SIGKILL)
                server.process.wait(30)
            os.kill(worker, signal.SIGKILL)
        if whom == "the worker":
            done = wait_until_done(link, asked["id"])
            movie = httpx.get(done["links"]["movie"]).content
    if whom == "the server":
        with running_server(tmp_path) as server:
            link = Site(server, house).link(shelf)
            done = wait_until_done(link, asked["id"])
            movie = httpx.get(done["links"]["movie"]).content
    assert hashlib.sha256(movie).hexdigest() == done["sha256"]
    assert sorted(path.suffix for path in (tmp_path / "footage" / "exports").iterdir()) == [".json", ".mp4"]
    house.close()


def test_the_places_for_exports_come_to_an_end(tmp_path: Path, clip: Path) -> None:
    house = open_house(load(data_dir=tmp_path))
    shelf = add_shelf(house)
    shelf.import_file(clip, START_MS)
    size_bytes = sum(run.size_bytes for run in runs(shelf))
    limits = {"FOOTAGE_EXPORT_QUEUE": "2", "FOOTAGE_EXPORT_BYTES": str(max(5 * size_bytes // 2, 1 << 20))}
    with running_server(tmp_path, environment=limits) as server:
        site = Site(server, house)
        link = site.link(shelf)
        os.kill(exporter_pid(server), signal.SIGSTOP)
        waiting = [ask(link, start=START_MS, duration=100)["id"] for _ in range(2)]
        full = httpx.post(link.of("exports"), json={"start": START_MS, "duration": 100})
        assert full.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert int(full.headers["retry-after"]) > 0
        assert "as many exports wait as may" in full.json()["detail"]
        os.kill(exporter_pid(server), signal.SIGCONT)
        for export_id in waiting:
            wait_until_done(link, export_id)
            remove(link, export_id)
        kept = []
        while (answer := httpx.post(link.of("exports"), json={})).status_code == httpx.codes.CREATED:
            kept.append(wait_until_done(link, answer.json()["id"]))
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert "all the room" in answer.json()["detail"]
        assert sum(export["size"] for export in kept) <= int(limits["FOOTAGE_EXPORT_BYTES"])
        remove(link, kept[0]["id"])
        wait_until_done(link, ask(link)["id"])
    house.close()


def test_exports_leave_room_for_recording(tmp_path: Path, clip: Path) -> None:
    house = open_house(load(data_dir=tmp_path))
    shelf = add_shelf(house)
    shelf.import_file(clip, START_MS)
    free_bytes = shutil.disk_usage(tmp_path).free
    # Recording may still write; twice its reserve is more than there is.
    reserve = {"FOOTAGE_STORAGE_RESERVE_BYTES": str(free_bytes * 2 // 3)}
    with running_server(tmp_path, environment=reserve) as server:
        answer = httpx.post(Site(server, house).link(shelf).of("exports"), json={})
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert "no room for it beside the footage" in answer.json()["detail"]
    house.close()


def test_what_has_expired_and_what_is_of_a_removed_camera_is_gone(tmp_path: Path, clip: Path) -> None:
    house = open_house(load(data_dir=tmp_path))
    shelves = [add_shelf(house), add_shelf(house)]
    for shelf in shelves:
        shelf.import_file(clip, START_MS)
    folder = tmp_path / "footage" / "exports"
    with running_server(tmp_path) as server:
        links = [Site(server, house).link(shelf) for shelf in shelves]
        first, second = (wait_until_done(link, ask(link)["id"]) for link in links)
        house.cameras.remove_for_good(shelves[1].camera.id, now_ms=START_MS)
        wait_until(lambda: {path.name[:36] for path in folder.iterdir()} == {first["id"]})
        assert httpx.get(second["links"]["movie"]).status_code == httpx.codes.FORBIDDEN
    with running_server(tmp_path, environment={"FOOTAGE_EXPORT_TTL_S": "1"}) as server:
        link = Site(server, house).link(shelves[0])
        short = wait_until_done(link, ask(link)["id"])
        wait_until(lambda: link.get(f"exports/{short['id']}").status_code == httpx.codes.NOT_FOUND)
        assert {path.name[:36] for path in folder.iterdir()} == {first["id"]}
        assert told(link, first["id"])["state"] == "done"
        text = httpx.get(f"{server.url}/metrics").text
        assert 'footage_export_jobs_total{result="done"} 1.0' in text
    house.close()


def runs(shelf: Shelf) -> list[Run]:
    with shelf.house.index.snapshot() as snapshot:
        return snapshot.runs(shelf.archive, ALL_TIME)


def files_of(site: Site, export_id: str) -> list[str]:
    return [path.name for path in (site.server.data / "footage" / "exports").glob(f"{export_id}*")]


def last_block(site: Site, shelf: Shelf) -> Path:
    return max((site.server.data / "footage" / str(shelf.archive.id)).rglob("*.ts"))


@contextmanager
def stuck_at_the_last_block(site: Site, shelf: Shelf) -> Iterator[None]:
    """Whoever opens the last block waits, as on a disk that does not answer."""
    block = last_block(site, shelf)
    aside = block.with_suffix(".aside")
    block.rename(aside)
    os.mkfifo(block)
    try:
        yield
    finally:
        pipe = block.with_suffix(".pipe")
        block.rename(pipe)
        aside.rename(block)
        # Who waits for the pipe meets its end.
        with suppress(OSError):
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        pipe.unlink()
