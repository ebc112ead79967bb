"""Retention as clients and operators meet it: a real server, its keeper, its command line and its API."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from footage.access.integration_keys import hash_key, make_key
from footage.archive.holds import Holds
from footage.archive.keeper import KeepingPlan
from footage.house import open_house
from footage.settings import load
from footage.timeline import ALL_TIME, Span
from kit.archive import START_MS, Shelf, add_shelf
from kit.keeping import DAY_MS, MINUTE_MS, SEGMENT_BYTES, Clocks, Keeping, fill
from kit.server import SignedLink, footage, footage_json, running_server
from kit.site import Site

BLOCK_BYTES = 10 * SEGMENT_BYTES
PATIENCE_S = 90
T = START_MS // DAY_MS * DAY_MS


@pytest.fixture
def client(site: Site, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """Asks the API with a key of its own."""
    key = make_key()
    site.house.keys.add(request.node.name, hash_key(key), START_MS)
    with httpx.Client(base_url=site.server.url, headers={"X-Integration-Key": key}, timeout=60) as opened:
        yield opened


def wait(enough: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not enough():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@dataclass
class Audience:
    """Clients that ask for everything again and again; what they were told that is not true."""

    shelf: Shelf
    link: SignedLink
    stop: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list)
    answered: Counter[int] = field(default_factory=Counter)

    def watch(self) -> None:
        with httpx.Client(timeout=60) as asking:
            while not self.stop.is_set():
                playlist = asking.get(self.link.of("index.m3u8"))
                names = [line for line in playlist.text.splitlines() if ".ts?" in line]
                for name in (*names[:12], *names[-1:]):
                    self._check(name, asking.get(f"{self.link.url}/{name}"))
                asking.get(self.link.of("timeline")).raise_for_status()
                asking.get(self.link.of("size")).raise_for_status()

    def _check(self, name: str, answer: httpx.Response) -> None:
        self.answered[answer.status_code] += 1
        if answer.status_code not in (200, 404):
            self.faults.append(f"{name}: {answer.status_code} {answer.text}")
        elif answer.status_code == 200 and len(answer.content) != SEGMENT_BYTES:
            self.faults.append(f"{name}: {len(answer.content)} bytes")

    def compare(self) -> None:
        while not self.stop.is_set():
            parts, table = self.shelf.reader.parts_and_segments(self.shelf.archive, ALL_TIME)
            if sum(part.span.duration_ms for part in parts) != int(table.duration_ms.sum()):
                self.faults.append("the timeline is not the playlist")
            if sum(part.size_bytes for part in parts) != int(table.size_bytes.sum()):
                self.faults.append("the size is not the playlist's")

    @contextmanager
    def attending(self) -> Iterator[None]:
        threads = [threading.Thread(target=work) for work in (self.watch, self.watch, self.compare)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()


def test_requests_beside_retention_get_true_answers(site: Site) -> None:
    """Invariant 5, and an honest 404: never a broken body, never a 503."""
    shelf = site.shelf()
    site.house.cameras.change(shelf.camera.id, {"archive_days": 1})
    fill(shelf, T, 40)
    link = site.link(shelf)
    audience = Audience(shelf, link)
    # A minute a turn, and nobody is waited for: worse than it ever is.
    clocks = Clocks(T + DAY_MS)
    keeping = Keeping(site.house, clocks, KeepingPlan(free_bytes=0, grace_s=0))
    with audience.attending():
        for _ in range(38):
            clocks.go_on(60)
            keeping.keeper.run_once()
        wait(lambda: audience.answered[200])
    keeping.keeper.close()
    assert audience.faults == []
    assert [part.span for part in shelf.reader.parts(shelf.archive, ALL_TIME)] == [
        Span(T + 38 * MINUTE_MS, T + 40 * MINUTE_MS)
    ]
    gone = link.get(f"{T}.ts")
    assert (gone.status_code, gone.json()["detail"]) == (404, "Segment not found")
    assert link.get("index.m3u8", start=T, duration=MINUTE_MS).status_code == 404
    assert link.get("timeline", start=T, duration=MINUTE_MS).json() == []


def test_a_segment_that_goes_between_two_looks_is_a_404_and_one_that_is_lost_is_not(site: Site) -> None:
    shelf = site.shelf()
    fill(shelf, T, 2)
    folder = site.house.settings.storage / str(shelf.archive.id)
    for path in folder.rglob("*.ts"):
        path.unlink()
    link = site.link(shelf)
    assert link.get(f"{T}.ts").status_code == 503
    [part] = shelf.reader.parts(shelf.archive, ALL_TIME)
    site.house.index.mark_run(shelf.archive, part.run.id)
    assert link.get(f"{T}.ts").status_code == 404


@pytest.mark.parametrize(("days", "word"), [(365, "ahead of"), (-365, "behind")])
def test_a_clock_that_jumps_is_reported_until_it_is_accepted(
    site: Site, client: httpx.Client, days: int, word: str
) -> None:
    """Nothing goes for its age meanwhile; what the operator sees says why, and what to do."""
    shelf = site.shelf()
    site.house.cameras.change(shelf.camera.id, {"archive_days": 1})
    now_ms = time.time_ns() // 1_000_000
    # The tests before had other clocks.
    site.house.index.set_seen(None)
    # The host's clock is right; what is believed was seen when it was a year away.
    keeping = Keeping(site.house, Clocks(now_ms - days * DAY_MS))
    keeping.keeper.run_once()
    fill(shelf, now_ms - 5 * MINUTE_MS, 2)
    keeping.clocks.wall_ms = now_ms
    keeping.pass_through()
    storage = client.get("/v1/status").json()["storage"]
    assert storage["refused"] == ("clock_ahead" if days > 0 else "clock_behind")
    assert word in storage["refusedText"]
    assert "footage retention accept-clock" in storage["refusedText"]
    assert f'footage_retention_refused{{reason="{storage["refused"]}"}} 1.0' in client.get("/metrics").text
    assert len(shelf.reader.parts(shelf.archive, ALL_TIME)) == 1
    footage("retention", "accept-clock", data=site.server.data)
    # The machine's own clocks from now on.
    keeping.keeper.close()
    footage("retention", "now", data=site.server.data)
    assert client.get("/v1/status").json()["storage"]["refused"] is None
    assert len(shelf.reader.parts(shelf.archive, ALL_TIME)) == 1


def test_locks_over_http(site: Site, client: httpx.Client) -> None:
    shelf = site.shelf()
    fill(shelf, T, 10)
    url = f"/v1/cameras/{shelf.camera.id}/locks"
    assert client.get(url).json() == {"locks": [], "lockedBytes": 0}
    body = {"start": T / 1000 + 61.5, "duration": 60, "reason": " A theft "}
    made = client.post(url, json=body)
    assert made.status_code == 201
    lock = made.json()
    assert (lock["start"], lock["duration"], lock["reason"]) == (T + 61_500, 60_000, "A theft")
    assert lock["until"] is None
    later = client.post(
        url, json={"start": T, "duration": 1, "reason": "soon over", "until": 4_000_000_000_000}
    ).json()
    listed = client.get(url).json()
    assert listed["locks"] == [later, lock]
    # Whole blocks: the first for one lock, the second and the third for the other.
    assert [one["sizeBytes"] for one in listed["locks"]] == [BLOCK_BYTES, 2 * BLOCK_BYTES]
    assert listed["lockedBytes"] == 3 * BLOCK_BYTES
    status = client.get(f"/v1/cameras/{shelf.camera.id}/status").json()
    assert status["retention"]["lockedBytes"] == 3 * BLOCK_BYTES
    refused = client.delete(f"/v1/cameras/{shelf.camera.id}")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "Locks protect footage of this camera: remove them first",
    )
    both = client.post(url, json={"start": T, "duration": 61_501, "reason": "meets both"}).json()
    assert both["sizeBytes"] == 2 * BLOCK_BYTES
    assert client.get(url).json()["lockedBytes"] == 3 * BLOCK_BYTES, "none is counted twice"
    for one in client.get(url).json()["locks"]:
        assert client.delete(f"{url}/{one['id']}").status_code == 204
        assert client.delete(f"{url}/{one['id']}").status_code == 404
    assert client.get(url).json() == {"locks": [], "lockedBytes": 0}
    assert client.get(f"/v1/cameras/{uuid4()}/locks").status_code == 404
    assert client.delete(f"{url}/nonsense").status_code == 404


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, {"start", "duration", "reason"}),
        ({"start": T, "duration": 0, "reason": "x"}, {"duration"}),
        ({"start": -1, "duration": 5, "reason": "x"}, {"start"}),
        ({"start": "1", "duration": True, "reason": 7}, {"start", "duration", "reason"}),
        ({"start": T, "duration": 1, "reason": "two\nlines"}, {"reason"}),
        ({"start": T, "duration": 1, "reason": "x", "until": 1}, {"until"}),
        ({"start": T, "duration": 1, "reason": "x", "colour": 1}, {"colour"}),
    ],
)
def test_a_lock_that_is_none_is_refused_with_every_fault(
    site: Site, client: httpx.Client, body: dict[str, Any], names: set[str]
) -> None:
    shelf = site.shelf()
    answer = client.post(f"/v1/cameras/{shelf.camera.id}/locks", json=body)
    assert answer.status_code == 400
    assert {fault["name"] for fault in answer.json()["errors"]} == names


def test_a_removed_camera_can_be_taken_back_for_a_day(site: Site, client: httpx.Client) -> None:
    shelf = site.shelf("Back door")
    fill(shelf, T, 3)
    link, url = site.link(shelf), f"/v1/cameras/{shelf.camera.id}"
    assert client.delete(url, params={"title": "Front door"}).status_code == 409
    assert client.delete(url, params={"title": "Back door"}).status_code == 204
    assert client.get(url).status_code == 404
    assert link.get("timeline").status_code == 403
    assert client.delete(url).status_code == 404
    now_ms = int(time.time() * 1000)
    [binned] = client.get("/v1/removed-cameras").json()["cameras"]
    assert (binned["id"], binned["title"]) == (str(shelf.camera.id), "Back door")
    assert binned["until"] == pytest.approx(now_ms + DAY_MS, abs=5000)
    clocks = Clocks(now_ms + DAY_MS - MINUTE_MS)
    # The tests before had other clocks.
    site.house.index.set_seen(None)
    keeping = Keeping(site.house, clocks)
    keeping.pass_through()
    back = client.post(f"{url}/restore")
    assert (back.status_code, back.json()["title"]) == (200, "Back door")
    assert client.post(f"{url}/restore").status_code == 404
    assert client.get("/v1/removed-cameras").json() == {"cameras": []}
    assert link.get("size").json() == {"size": 3 * BLOCK_BYTES}
    assert link.get(f"{T}.ts").status_code == 200
    assert client.delete(url).status_code == 204
    clocks.go_on(120)
    keeping.pass_through()
    keeping.keeper.close()
    assert client.post(f"{url}/restore").status_code == 404
    assert not list(site.house.settings.storage.glob(f"{shelf.archive.id}/**/*.ts"))


def test_the_command_line_of_locks_and_the_bin(tmp_path: Path) -> None:
    house = open_house(load(data_dir=tmp_path))
    shelf = add_shelf(house, "Gate")
    house.cameras.change(shelf.camera.id, {"archive_days": 1})
    fill(shelf, T, 5)
    camera = str(shelf.camera.id)
    lock = footage_json(
        "lock", "add", camera, str(T), str(T + MINUTE_MS), "--reason", "A theft", data=tmp_path
    )
    assert footage_json("lock", "list", camera, data=tmp_path) == {
        "locks": [lock],
        "lockedBytes": BLOCK_BYTES,
    }
    refused = footage("camera", "remove", camera, "--yes", data=tmp_path, check=False)
    assert refused.returncode == 1
    assert "locks protect" in refused.stderr
    # START_MS lies in the past or the future of the host; what is older than a day goes.
    planned = footage_json("retention", "plan", data=tmp_path)
    is_past = time.time() * 1000 > T + 2 * DAY_MS
    assert [cut["limit"] for cut in planned["remove"]] == ["age"] * is_past
    assert sum(cut["bytes"] for cut in planned["remove"]) == 4 * BLOCK_BYTES * is_past
    assert "done" in footage("retention", "now", data=tmp_path).stdout
    kept = [part.size_bytes for part in shelf.reader.parts(shelf.archive, ALL_TIME)]
    assert kept == [BLOCK_BYTES if is_past else 5 * BLOCK_BYTES]
    assert footage("lock", "remove", camera, lock["id"], data=tmp_path).returncode == 0
    assert footage("camera", "remove", camera, "--yes", data=tmp_path).returncode == 0
    [binned] = footage_json("camera", "list", "--removed", data=tmp_path)
    assert (binned["id"], binned["title"]) == (camera, "Gate")
    assert "restored" in footage("camera", "restore", camera, data=tmp_path).stdout
    assert footage("camera", "remove", camera, "--yes", "--now", data=tmp_path).returncode == 0
    assert not list(tmp_path.rglob("*.ts"))
    house.close()


def test_a_server_keeps_its_store_inside_its_limit_and_says_why(tmp_path: Path) -> None:
    house = open_house(load(data_dir=tmp_path))
    shelf = add_shelf(house, "Gate")
    house.cameras.change(shelf.camera.id, {"archive_days": 36_500})
    fill(shelf, T, 80)
    key = make_key()
    house.keys.add("test", hash_key(key), START_MS)
    limit = 1 << 20
    with running_server(
        tmp_path,
        record=True,
        environment={"FOOTAGE_STORAGE_MAX_BYTES": str(limit), "FOOTAGE_STORAGE_FREE_BYTES": "0"},
    ) as server:

        def kept() -> int:
            totals = house.index.totals(shelf.archive)
            return 0 if totals is None else totals.size_bytes

        wait(lambda: kept() <= limit)
        blocks = limit // BLOCK_BYTES
        assert kept() == blocks * BLOCK_BYTES
        wait(lambda: house.index.keeper().report)
        with httpx.Client(base_url=server.url, headers={"X-Integration-Key": key}, timeout=60) as client:
            status = client.get("/v1/status").json()
            storage = status["storage"]
            assert (storage["maxBytes"], storage["keepFreeBytes"], storage["refused"]) == (limit, 0, None)
            # The reach lies inside the oldest block of all that went.
            assert storage["limit"] == "store_bytes"
            assert 0 <= storage["reachMs"] - blocks * MINUTE_MS < MINUTE_MS
            full = "the store's limit of 1.05 MB is reached: each camera keeps at most its newest"
            assert storage["text"].startswith(f"{full} {blocks} min")
            [camera] = status["cameras"]
            assert camera["retention"]["limit"] == "store_bytes"
            assert camera["retention"]["keptMs"] == blocks * MINUTE_MS
            assert camera["retention"]["text"] == (
                f"target 36500 days, kept {blocks} min because the store's limit of 1.05 MB is shared by"
                " 1 camera"
            )
            one = client.get(f"/v1/cameras/{shelf.camera.id}/status").json()
            assert one["retention"] == camera["retention"]
            metrics = client.get("/metrics").text
        removed = float((80 - blocks) * BLOCK_BYTES)
        assert f'footage_retention_removed_bytes_total{{limit="store_bytes"}} {removed}' in metrics
        # What runs does it at once when it is asked to.
        fill(shelf, T + 200 * MINUTE_MS, 10)
        assert "the keeper that is running" in footage("retention", "now", data=tmp_path).stdout
        assert kept() <= limit
    house.close()


def test_a_hold_beats_as_long_as_it_is_held(shelf: Shelf) -> None:
    holds = Holds(shelf.house.index)
    with holds.hold(shelf.archive, Span(T, T + 1)):
        [before] = shelf.house.index.holds()
        wait(lambda: shelf.house.index.holds()[0].beat > before.beat)
    assert shelf.house.index.holds() == []
    assert isinstance(before.id, UUID)
