"""Recording as an operator sees it: a running ``footage serve``, its command line and its API."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import av
import httpx
import numpy as np
import pytest

from footage.access.integration_keys import hash_key, make_key
from footage.archive.read import Reader
from footage.house import House, open_house
from footage.media.film import Shot
from footage.media.pattern import read_strip
from footage.settings import load
from footage.timeline import ALL_TIME, Archive, Scope
from kit.recording import decoded
from kit.rtsp import FaultyCamera, Studio, studio
from kit.server import (
    TEST_ENVIRONMENT,
    Server,
    SignedLink,
    children_of,
    command_of,
    footage,
    footage_json,
    http_workers,
    running_server,
)

PATIENCE_S = 60
SHORT = {"FOOTAGE_SEGMENT_MS": "1000", "FOOTAGE_RECORDERS": "2"}
RATE = 25


@pytest.fixture(scope="module")
def at() -> Iterator[Studio]:
    with studio() as opened:
        opened.film("clock", Shot(size=(160, 120), gop=10, audio="aac"))
        opened.film("wide", Shot(size=(320, 240), gop=10))
        yield opened


def wait(enough: Callable[[], object], why: str = "") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not enough():
        assert time.monotonic() < deadline, why
        time.sleep(0.1)


@dataclass
class Office:
    """A running server, a key to its API, and a look into what it keeps."""

    server: Server
    client: httpx.Client
    house: House
    _links: dict[str, SignedLink] = field(default_factory=dict, repr=False)

    def add(self, title: str, url: str) -> str:
        """Add a camera by the command line."""
        added: str = footage_json("camera", "add", title, "--url", url, data=self.server.data)["id"]
        return added

    def camera(self, camera: str) -> Any:
        return self.client.get(f"/v1/cameras/{camera}").json()

    def status(self, camera: str) -> Any:
        return self.client.get(f"/v1/cameras/{camera}/status").json()

    def change(self, camera: str, **fields: object) -> None:
        self.client.patch(f"/v1/cameras/{camera}", json=fields).raise_for_status()

    def wait_for_state(self, camera: str, state: str, reason: str | None = None) -> Any:
        wait(
            lambda: (self.status(camera)["state"], self.status(camera)["reason"]) == (state, reason),
            f"it is not {state}",
        )
        return self.status(camera)

    def wait_for_segments(self, *cameras: str) -> None:
        """Until each has segments that it does not have now."""
        before = {camera: self.segments(camera) for camera in cameras}
        wait(lambda: all(self.segments(camera) > count for camera, count in before.items()))

    def archive(self, camera: str) -> Archive:
        return self.house.cameras.archive_of(self.house.cameras.get(UUID(camera)))

    def segments(self, camera: str) -> int:
        with self.house.index.snapshot() as snapshot:
            return len(snapshot.segments(self.archive(camera), ALL_TIME))

    def status_kept(self, camera: str) -> tuple[int, int]:
        """Segments that still wait and those that were dropped, by the recorder's last word."""
        [status] = self.house.index.statuses([self.archive(camera).number]).values()
        return status.queued, status.segments_dropped

    def holders(self) -> list[int]:
        """How many cameras each recorder holds; -1 where one has none."""
        holders = Counter(camera.holder for camera in self.house.index.to_record())
        return [-1] if None in holders else sorted(holders.values())

    def newest_width(self, camera: str) -> int:
        """How wide the newest segment says its picture is, as a player gets it."""
        link = self._links.get(camera) or self.server.link(camera)
        self._links[camera] = link
        listed = [line for line in link.get("live.m3u8").text.splitlines() if ".ts?" in line]
        if not listed:
            return 0
        data = httpx.get(httpx.URL(link.of("live.m3u8")).join(listed[-1])).raise_for_status().content
        with av.open(io.BytesIO(data), format="mpegts") as container:
            assert isinstance(container, av.container.InputContainer)
            return [frame.width for frame in container.decode(video=0)][-1]

    def wait_for_width(self, camera: str, width: int) -> None:
        """Until a segment can be played whose picture is so wide."""
        wait(lambda: self.newest_width(camera) == width, f"nothing {width} wide can be played")


@contextmanager
def office(data: Path, **environment: str) -> Iterator[Office]:
    with running_server(data, record=True, environment={**SHORT, **environment}) as server:
        house = open_house(load(data_dir=data))
        key = make_key()
        house.keys.add(f"portal-{time.monotonic_ns()}", hash_key(key), 0, Scope.ADMIN)
        with httpx.Client(base_url=server.url, headers={"X-Integration-Key": key}, timeout=30) as client:
            yield Office(server, client, house)
        house.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("recording-server")) as opened:
        yield opened


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def is_left(camera: FaultyCamera) -> bool:
    """Nobody plays it."""
    return not camera.players


def test_the_camera_table_is_followed(shared: Office, at: Studio) -> None:
    gate, yard, wide = (
        at.camera(name, source=source)
        for name, source in (("gate", "clock"), ("yard", "clock"), ("hall", "wide"))
    )
    by_line = shared.add("Gate", gate.url)
    posted = shared.client.post("/v1/cameras", json={"title": "Yard", "sourceUrl": yard.url})
    by_api: str = posted.json()["id"]
    for camera in (by_line, by_api):
        shared.wait_for_state(camera, "recording")
        assert shared.camera(camera)["isOnline"] is True
        assert shared.camera(camera)["lastOnlineDate"]
        shared.wait_for_width(camera, 160)

    shared.change(by_line, sourceUrl=wide.url)
    wait(lambda: is_left(gate))
    shared.wait_for_width(by_line, 320)

    def heard() -> list[str | None]:
        with shared.house.index.snapshot() as snapshot:
            return [run.codecs.audio for run in snapshot.runs(shared.archive(by_api), ALL_TIME)]

    assert heard() == ["aac"]
    footage_json("camera", "change", by_api, "--no-audio", data=shared.server.data)
    wait(lambda: heard() == ["aac", None], "its sound is still recorded")
    # It is no camera that sends UDP, but it is asked for it.
    before = len(yard.attempts)
    shared.change(by_api, transport="udp")
    wait(lambda: len(yard.attempts) > before)
    wait(lambda: shared.camera(by_api)["isOnline"] is False)
    shared.change(by_api, transport="tcp", isAudioRecorded=True)
    shared.wait_for_state(by_api, "recording")
    wait(lambda: heard() == ["aac", None, "aac"])

    footage_json("camera", "change", by_api, "--off", data=shared.server.data)
    assert shared.status(by_api)["state"] == "off"
    assert shared.camera(by_api)["isOnline"] is False
    wait(lambda: is_left(yard))
    wait(lambda: _holder(shared, by_api) is None)
    kept = shared.segments(by_api)
    shared.wait_for_segments(by_line)
    assert shared.segments(by_api) == kept, "it is still recorded"
    shared.change(by_api, isRecorded=True)
    shared.wait_for_segments(by_api)
    assert shared.status(by_api)["state"] == "recording"

    folder = shared.house.settings.storage / str(shared.archive(by_api).id)
    assert size_of(folder)
    kept = shared.segments(by_api)
    assert shared.client.delete(f"/v1/cameras/{by_api}").status_code == 204
    wait(lambda: is_left(yard))
    # It can be taken back, with all that was recorded up to then.
    assert shared.client.post(f"/v1/cameras/{by_api}/restore").status_code == 200
    shared.wait_for_state(by_api, "recording")
    shared.wait_for_segments(by_api)
    assert shared.segments(by_api) > kept
    footage("camera", "remove", by_api, "--yes", "--now", data=shared.server.data)
    assert size_of(folder) == 0, "its bytes are still there"
    wait(lambda: is_left(yard))
    shared.wait_for_segments(by_line)
    assert size_of(folder) == 0, "something was written after it was removed"
    footage("camera", "remove", by_line, "--yes", data=shared.server.data)
    wait(lambda: is_left(wide))
    assert_no_secrets(shared.server)


def _holder(office: Office, camera: str) -> UUID | None:
    """Who holds the lease of a camera, also of one that is off."""
    with office.house.index._engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT recorder_id FROM lease WHERE archive_number = ?", (office.archive(camera).number,)
        ).scalar()
    return None if found is None else UUID(str(found))


def assert_no_secrets(server: Server) -> None:
    assert "rtsp://" not in server.log.read_text()


def recorders_of(server: Server) -> list[int]:
    """The recorder processes of a server."""
    return [pid for pid in children_of(server.process.pid) if "footage.recorder_process" in command_of(pid)]


def is_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def assert_sound(office: Office, camera: str) -> list[list[int]]:
    """No overlap, no picture missing within a run, none twice; the numbers of each run's pictures."""
    reader, archive = Reader(office.house.index, office.house.storage), office.archive(camera)
    parts, table = reader.parts_and_segments(archive, ALL_TIME)
    ends = table.start_ms + table.duration_ms
    assert (table.start_ms[1:] >= ends[:-1]).all()
    runs = []
    for part in parts:
        numbers: list[int] = []
        for start_ms in table.start_ms.tolist():
            if part.start_ms <= start_ms < part.end_ms:
                kept = reader.segment(archive, start_ms)
                assert kept is not None
                numbers += [one.number for one in decoded(kept.segment, reader.data(kept)).pictures]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        runs.append(numbers)
    assert all(earlier[-1] < later[0] for earlier, later in pairwise(runs))
    return runs


def test_recorders_die_join_and_leave_and_every_camera_goes_on(shared: Office, at: Studio) -> None:
    cameras = [
        shared.add(f"Shared {number}", at.camera(f"shared-{number}", source="clock").url)
        for number in range(4)
    ]
    wait(lambda: shared.holders() == [2, 2], "they are not shared evenly")
    shared.wait_for_segments(*cameras)
    before = recorders_of(shared.server)
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    wait(lambda: len(recorders_of(shared.server)) == 2, "it was not started again")
    shared.wait_for_segments(*cameras)
    assert "child.died" in shared.server.log.read_text()
    assert shared.holders() == [2, 2]

    log = shared.server.data / "second.log"
    with log.open("wb") as log_file:
        second = subprocess.Popen(
            [sys.executable, "-m", "footage", "record", "--recorders=2"],
            env={**os.environ, **TEST_ENVIRONMENT, **SHORT, "FOOTAGE_DATA_DIR": str(shared.server.data)},
            stderr=log_file,
        )
    try:
        wait(lambda: shared.holders() == [1, 1, 1, 1], "the second one does not share")
        shared.wait_for_segments(*cameras)
        second.terminate()
        assert second.wait(PATIENCE_S) == 0
    finally:
        second.kill()
        second.wait()
    wait(lambda: shared.holders() == [2, 2], "nobody took over")
    for camera in cameras:
        assert_sound(shared, camera)
        shared.client.delete(f"/v1/cameras/{camera}").raise_for_status()


@dataclass
class Watcher:
    """Plays a camera beside the recorder, and so knows what came: the number of the last picture."""

    url: str
    last: int = -1
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="watcher")

    def __enter__(self) -> Self:
        self._thread.start()
        wait(lambda: self.last >= 0)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        options = {"rtsp_transport": "tcp", "allowed_media_types": "video"}
        with (
            av.open(self.url, options=options, timeout=(10, 1)) as container,
            suppress(av.error.FFmpegError),
        ):
            assert isinstance(container, av.container.InputContainer)
            container.streams.video[0].codec_context.thread_count = 1
            for frame in container.decode(video=0):
                if self._stop.is_set():
                    return
                with suppress(ValueError):
                    _, self.last = read_strip(np.asarray(frame.to_ndarray()[: frame.height], np.uint8))


def test_a_killed_parent_leaves_no_child_behind_and_sigterm_loses_nothing(
    tmp_path: Path, at: Studio
) -> None:
    silent, flowing = (at.camera(name, source="clock") for name in ("silent", "flowing"))
    with office(tmp_path) as first:
        cameras = [first.add("Silent", silent.url), first.add("Flowing", flowing.url)]
        first.wait_for_segments(*cameras)
        children = [*children_of(first.server.process.pid), *http_workers(first.server)]
        assert len(recorders_of(first.server)) == 2
        first.server.process.kill()
        first.server.process.wait()
        with office(tmp_path, FOOTAGE_SEGMENT_MS="6000") as second:
            second.wait_for_segments(*cameras)
            assert not any(map(is_there, children)), "they outlive their parent"
            with Watcher(silent.url) as of_silent, Watcher(flowing.url) as of_flowing:
                silent.stall()
                # Until what was on its way is through.
                time.sleep(1)
                came, seen = of_silent.last, of_flowing.last
                assert second.server.stop() == 0
            [*_, numbers] = assert_sound(second, cameras[0])
            # The last picture that came, or the one before: a picture is whole when the next one begins.
            assert came - 1 <= numbers[-1] <= came
            [*_, numbers] = assert_sound(second, cameras[1])
            assert numbers[-1] >= seen - 1
            assert {camera.holder for camera in second.house.index.to_record()} == {None}


@contextmanager
def small_disk(root: Path) -> Iterator[bool]:
    """A file system of its own; False where none may be mounted."""
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={8 << 20}", "tmpfs", str(root)]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(root)], check=True, capture_output=True)


def fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("wb", buffering=0) as opened:
        while True:
            opened.write(bytes(4096))


def test_a_storage_in_trouble_halts_recording_and_nothing_else(tmp_path: Path, at: Studio) -> None:
    url = at.camera("storage", source="clock").url
    root = tmp_path / "disk" / "footage"
    data = tmp_path / "data"
    data.mkdir()
    (data / "footage.toml").write_text(f'storage_dir = "{root}"\nstorage_reserve_bytes = 0\n')
    with small_disk(tmp_path / "disk") as can_be_filled, office(data) as opened:
        camera = opened.add("Store", url)
        opened.wait_for_segments(camera)
        # Where nothing may be mounted, the full disk of tests/integration stands for this.
        if can_be_filled:
            fill(root.parent / "ballast")
            opened.wait_for_state(camera, "halted", "storage_full")
            assert opened.camera(camera)["isOnline"] is True
            assert opened.newest_width(camera) == 160, "what is kept is not served"
            (root.parent / "ballast").unlink()
            opened.wait_for_state(camera, "recording")
            opened.wait_for_segments(camera)
        assert len(assert_sound(opened, camera)) == 1
        root.rename(root.with_name("away"))
        root.mkdir()
        opened.wait_for_state(camera, "halted", "storage_away")
        assert list(root.iterdir()) == [], "something was written into the bare mount point"
        root.rmdir()
        root.with_name("away").rename(root)
        # It ends at once, and what waits is written all the same.
        assert opened.server.stop() == 0
        assert opened.status_kept(camera) == (0, 0)
        assert len(assert_sound(opened, camera)) == 1
