"""How the recording of a camera goes, as clients, scrapers and operators see it.

The application runs in the test's own process over a real index: no recorder is there, and what one
would write the tests write.
"""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from footage.access.integration_keys import hash_key, make_key
from footage.http_process import build_app
from footage.timeline import Camera, CameraStatus, Reason, State, format_ms
from kit.archive import START_MS, Shelf
from kit.server import footage, footage_json

SOURCE = "rtsp://admin:hunter2@192.0.2.7/stream1"
STALE_MS = 60_000


def now_ms() -> int:
    return int(time.time() * 1000)


def recording(**changes: Any) -> CameraStatus:
    """A camera that is recorded and was reconnected to thrice."""
    moment_ms = now_ms()
    status = CameraStatus(
        state=State.RECORDING,
        since_ms=moment_ms - 3_600_000,
        updated_ms=moment_ms,
        last_packet_ms=moment_ms - 40,
        last_segment_ms=moment_ms - 4000,
        recorded_ms=3_594_500,
        size_bytes=900_000_123,
        segments=600,
        segments_dropped=1,
        packets_dropped=17,
        queued=2,
        drift_ms=-14,
        reconnects={Reason.STALLED: 2, Reason.LOST: 1},
    )
    return replace(status, **changes)


@dataclass(frozen=True)
class Desk:
    """The application over a house, asked without a network between."""

    shelf: Shelf
    key: str

    def get(self, path: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)  # type: ignore[arg-type]
            headers = {"X-Integration-Key": self.key}
            async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
                return await client.get(path, headers=headers)

        # In a thread of its own: a browser's driver keeps a loop running in this one.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(ask())).result()

    @property
    def _app(self) -> object:
        return build_app(self.shelf.house)

    def camera(self, title: str = "Entrance", *, source: str | None = SOURCE, **fields: Any) -> Camera:
        new = Camera(id=uuid4(), archive_id=uuid4(), title=title, **fields)
        return self.shelf.house.cameras.add(new, source)

    def says(self, camera: Camera, status: CameraStatus) -> None:
        """What a recorder would write down."""
        house = self.shelf.house
        house.index.put_statuses({house.cameras.archive_of(camera).number: status})

    def status(self, camera: Camera) -> Any:
        return self.get(f"/v1/cameras/{camera.id}/status").json()

    def metrics(self) -> dict[str, float]:
        """Every sample of a camera."""
        found = re.findall(
            r"^(footage_camera_\w+\{[^}]*\}) (\S+)$", self.get("/metrics").text, re.MULTILINE
        )
        return {series: float(value) for series, value in found}

    @property
    def data(self) -> Path:
        return self.shelf.house.settings.data_dir


@pytest.fixture
def desk(shelf: Shelf) -> Desk:
    key = make_key()
    shelf.house.keys.add("desk", hash_key(key), START_MS)
    return Desk(shelf, key)


def test_a_camera_that_is_recorded(desk: Desk) -> None:
    camera = desk.camera()
    said = recording()
    desk.says(camera, said)
    status = desk.status(camera)
    assert status.pop("ageMs") == pytest.approx(4000, abs=3000)
    assert status.pop("retention") == {
        "targetMs": None, "targetBytes": None, "keptMs": 0, "limit": None, "lockedBytes": 0,
        "text": "no target, nothing kept yet",
    }  # fmt: skip
    assert said.last_packet_ms is not None
    assert said.last_segment_ms is not None
    assert status == {
        "state": "recording", "reason": None, "detail": None,
        "since": format_ms(said.since_ms), "updated": format_ms(said.updated_ms), "isOnline": True,
        "lastPacket": format_ms(said.last_packet_ms), "lastSegmentEnd": format_ms(said.last_segment_ms),
        "recordedMs": 3_594_500, "bytes": 900_000_123, "segments": 600, "segmentsDropped": 1,
        "packetsDropped": 17, "queuedSegments": 2, "driftMs": -14,
        "reconnects": {"lost": 1, "stalled": 2},
    }  # fmt: skip
    shown = desk.get(f"/v1/cameras/{camera.id}").json()
    assert shown["isOnline"] is True
    assert shown["lastOnlineDate"] == format_ms(said.last_packet_ms)
    [listed] = [c for c in desk.get("/v1/cameras").json()["cameras"] if c["id"] == str(camera.id)]
    assert (listed["isOnline"], listed["lastOnlineDate"]) == (True, shown["lastOnlineDate"])


def test_a_camera_that_cannot_be_recorded_says_why_and_keeps_what_was(desk: Desk) -> None:
    camera = desk.camera()
    desk.says(
        camera, recording(state=State.WAITING, reason=Reason.WRONG_PASSWORD, detail="401 Unauthorized")
    )
    status = desk.status(camera)
    assert (status["state"], status["reason"]) == ("waiting", "wrong_password")
    assert (status["detail"], status["isOnline"]) == ("401 Unauthorized", False)
    assert status["segments"] == 600
    assert desk.get(f"/v1/cameras/{camera.id}").json()["isOnline"] is False


@pytest.mark.parametrize("is_silent", [True, False])
def test_a_camera_that_no_recorder_looks_after(desk: Desk, is_silent: bool) -> None:
    camera = desk.camera()
    if is_silent:
        desk.says(camera, recording(updated_ms=now_ms() - STALE_MS))
    status = desk.status(camera)
    assert (status["state"], status["reason"]) == ("waiting", "no_recorder")
    assert status["isOnline"] is False
    assert (status["since"] is None) is not is_silent


@pytest.mark.parametrize(("source", "is_recorded"), [(None, True), (SOURCE, False)])
def test_a_camera_that_is_not_to_be_recorded(desk: Desk, source: str | None, is_recorded: bool) -> None:
    camera = desk.camera(source=source, is_recorded=is_recorded)
    desk.says(camera, recording())
    assert (desk.status(camera)["state"], desk.status(camera)["reason"]) == ("off", None)
    shown = desk.get(f"/v1/cameras/{camera.id}").json()
    assert (shown["liveHlsUrl"], shown["isOnline"], shown["isRecorded"]) == (None, False, is_recorded)
    assert shown["lastOnlineDate"] is not None


def test_statuses_of_cameras_that_are_none(desk: Desk) -> None:
    for camera_id in (str(uuid4()), "x"):
        assert desk.get(f"/v1/cameras/{camera_id}/status").status_code == 404
    unknown = replace(desk, key="footage_wrong").get(f"/v1/cameras/{desk.camera().id}/status")
    assert unknown.status_code == 403


def test_metrics_of_cameras(desk: Desk) -> None:
    one, two = desk.camera("Front"), desk.camera("Back")
    imported_only = desk.shelf.camera
    desk.says(one, recording())
    samples = desk.metrics()

    def of(name: str, camera: UUID = one.id) -> float | None:
        return samples.get(f'footage_camera_{name}{{camera="{camera}"}}')

    assert of("online") == 1
    assert of("recorded_seconds_total") == 3594.5
    assert of("recorded_bytes_total") == 900_000_123
    assert of("segments_total") == 600
    assert of("segments_dropped_total") == 1
    assert of("packets_dropped_total") == 17
    assert of("queued_segments") == 2
    assert of("drift_seconds") == -0.014
    assert of("last_segment_age_seconds") == pytest.approx(4, abs=3)
    assert samples[f'footage_camera_reconnects_total{{camera="{one.id}",reason="stalled"}}'] == 2
    assert samples[f'footage_camera_reconnects_total{{camera="{one.id}",reason="lost"}}'] == 1
    # One that was never recorded is known to be away; one that nobody wants to record is no news.
    assert of("online", two.id) == 0
    assert of("last_segment_age_seconds", two.id) is None
    assert of("online", imported_only.id) is None
    assert "Front" not in "".join(samples)


def test_a_scrape_answers_also_where_the_index_is_away(desk: Desk) -> None:
    camera = desk.camera()
    desk.says(camera, recording())
    assert desk.metrics()
    desk.shelf.house.index.close()
    for path in desk.data.glob("index.db*"):
        path.rename(path.with_name(f"away-{path.name}"))
    (desk.data / "index.db").write_bytes(b"garbage!" * 1024)
    answer = desk.get("/metrics")
    assert answer.status_code == 200
    assert "footage_http_requests_total" in answer.text
    assert "footage_camera_" not in answer.text


def test_the_command_line_says_the_same(desk: Desk) -> None:
    camera = desk.camera("Yard [east]")
    desk.says(camera, recording(state=State.WAITING, reason=Reason.REFUSED, detail="port 554"))
    [listed] = [c for c in footage_json("camera", "list", data=desk.data) if c["id"] == str(camera.id)]
    status = {**desk.status(camera), "ageMs": listed["status"]["ageMs"]}
    assert listed["status"] == status
    table = footage("camera", "list", data=desk.data).stdout
    [row] = [line for line in table.splitlines() if str(camera.id) in line]
    for words in ("Yard [east]", "waiting", "refused: port 554", "1 h", "s ago", "-14 ms", "3"):
        assert words in row
    shown = footage("camera", "show", str(camera.id), data=desk.data).stdout
    assert re.search(r"status\.reason +refused", shown)
    assert re.search(r"status\.reconnects\.stalled +2", shown)


def test_the_table_is_watched_until_q(desk: Desk) -> None:
    camera = desk.camera()
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "footage", "camera", "list", "--watch"],
        env={**os.environ, "FOOTAGE_DATA_DIR": str(desk.data), "COLUMNS": "200", "TERM": "xterm"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    try:
        read_until(leader, "no_recorder")
        desk.says(camera, recording(state=State.WAITING, reason=Reason.NOT_FOUND))
        read_until(leader, "not_found")
        os.write(leader, b"q")
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def read_until(terminal: int, words: str) -> None:
    """Read what is drawn until the words are there."""
    seen, deadline = "", time.monotonic() + 60
    while words not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65_536).decode(errors="replace")


def test_watching_needs_a_terminal(desk: Desk) -> None:
    for options in (["--watch"], ["--watch", "--json"]):
        refused = footage("camera", "list", *options, data=desk.data, check=False)
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1
