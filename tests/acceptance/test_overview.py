"""The overview in numbers, against what is kept, on the disk, and what recorders wrote down."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from footage.access.integration_keys import hash_key, make_key
from footage.timeline import CameraStatus, Reason, State
from kit.archive import START_MS, Shelf
from kit.site import Site

DAY_MS = 86_400_000
MINUTE = [(6000, 1000)] * 10
RESERVE_BYTES = 128 << 20


@pytest.fixture
def client(site: Site, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    key = make_key()
    site.house.keys.add(request.node.name, hash_key(key), START_MS)
    with httpx.Client(base_url=site.server.url, headers={"X-Integration-Key": key}, timeout=30) as made:
        yield made


def overview(client: httpx.Client) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    answer = client.get("/v1/status")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    return body["storage"], {camera["id"]: camera for camera in body["cameras"]}


def of(client: httpx.Client, shelf: Shelf) -> dict[str, Any]:
    return overview(client)[1][str(shelf.camera.id)]


def now_ms() -> int:
    return int(time.time() * 1000)


def test_what_is_kept_of_each_camera(client: httpx.Client, site: Site) -> None:
    empty, one, two = site.shelf("Empty"), site.shelf("One"), site.shelf("Two")
    one.add_run(START_MS, MINUTE)
    two.add_run(START_MS, MINUTE)
    two.add_run(START_MS + 3_600_000, MINUTE * 3)
    kept_for = {
        "targetMs": None, "targetBytes": None, "keptMs": 0, "limit": None, "lockedBytes": 0,
        "text": "no target, nothing kept yet",
    }  # fmt: skip
    assert of(client, empty) == {
        "id": str(empty.camera.id), "state": "off", "reason": None, "detail": None, "isOnline": False,
        "first": None, "last": None, "sizeBytes": 0, "runs": 0, "retention": kept_for,
    }  # fmt: skip
    for shelf in (one, two):
        said, kept = of(client, shelf), site.link(shelf).get().json()
        assert (said["first"], said["last"]) == (kept["first"], kept["last"])
        assert (said["sizeBytes"], said["runs"]) == (kept["bytes"], kept["runs"])


def test_cameras_come_by_title_and_removed_ones_are_gone(client: httpx.Client, site: Site) -> None:
    for title in ("ü", "b", "a", "a"):
        site.shelf(title)
    gone = site.shelf("Gone")
    gone.add_run(START_MS, MINUTE)
    storage, before = overview(client)
    site.house.cameras.remove(gone.camera.id, now_ms=START_MS)
    after_storage, after = overview(client)
    assert set(before) - set(after) == {str(gone.camera.id)}
    assert storage["sizeBytes"] - after_storage["sizeBytes"] == 10_000
    listed = [c["id"] for c in client.get("/v1/cameras", params={"limit": 1000}).json()["cameras"]]
    assert list(after) == listed


def test_the_storage(client: httpx.Client, site: Site) -> None:
    shelf = site.shelf("Stored")
    before, _ = overview(client)
    shelf.add_run(START_MS, MINUTE)
    storage, cameras = overview(client)
    assert storage["sizeBytes"] - before["sizeBytes"] == 10_000
    assert storage["sizeBytes"] == sum(camera["sizeBytes"] for camera in cameras.values())
    disk = os.statvfs(site.server.data / "footage")
    assert storage["totalBytes"] == disk.f_blocks * disk.f_frsize
    # No keeper ran here: nobody said what the limits are, and nothing is full.
    assert [storage[name] for name in ("maxBytes", "keepFreeBytes", "limit", "reachMs")] == [None] * 4
    assert storage["text"] == "no limit of the store is reached"
    free_bytes = disk.f_bavail * disk.f_frsize - RESERVE_BYTES
    assert storage["freeBytes"] == pytest.approx(free_bytes, abs=1 << 30)


def test_the_last_day_and_how_long_there_is_room(client: httpx.Client, site: Site) -> None:
    before, _ = overview(client)
    noon = now_ms() - DAY_MS // 2
    new, old, across = site.shelf("New"), site.shelf("Old"), site.shelf("Across")
    new.add_run(noon, MINUTE)
    new.add_run(noon + 120_000, MINUTE)
    old.add_run(now_ms() - 3 * DAY_MS, MINUTE)
    # A run that began before the last day and goes on into it counts from the block on that holds
    # its begin: ten minutes of which five are older.
    across.add_run(now_ms() - DAY_MS - 300_000, MINUTE * 10)
    storage, _ = overview(client)
    counted = storage["recordedBytesPerDay"] - before["recordedBytesPerDay"]
    assert counted == pytest.approx(20_000 + 50_000, abs=10_000)
    assert counted % 1000 == 0
    days = storage["freeBytes"] / storage["recordedBytesPerDay"]
    assert storage["daysToFull"] == pytest.approx(days, rel=1e-6, abs=0.01)


def test_states_are_those_of_the_statuses(client: httpx.Client, site: Site) -> None:
    shelf = site.shelf("Watched")
    client.patch(f"/v1/cameras/{shelf.camera.id}", json={"sourceUrl": "rtsp://192.0.2.1/x"})
    assert (of(client, shelf)["state"], of(client, shelf)["reason"]) == ("waiting", "no_recorder")
    for state, reason, detail, is_online in (
        (State.RECORDING, None, None, True),
        (State.HALTED, Reason.STORAGE_FULL, "no room", True),
        (State.WAITING, Reason.WRONG_PASSWORD, "401 Unauthorized", False),
    ):
        moment_ms = now_ms()
        status = CameraStatus(
            state=state, reason=reason, detail=detail, since_ms=moment_ms, updated_ms=moment_ms
        )
        site.house.index.put_statuses({shelf.archive.number: status})
        said = of(client, shelf)
        assert (said["state"], said["reason"], said["detail"]) == (state, reason, detail)
        assert said["isOnline"] is is_online
        full = client.get(f"/v1/cameras/{shelf.camera.id}/status").json()
        assert {
            name: said[name] for name in ("state", "reason", "detail", "isOnline")
        }.items() <= full.items()


def test_nothing_without_a_key(site: Site) -> None:
    url = f"{site.server.url}/v1/status"
    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers={"X-Integration-Key": "x"}).status_code == 403


def test_a_storage_that_is_away_leaves_the_rest_to_be_told(client: httpx.Client, site: Site) -> None:
    footage = site.server.data / "footage"
    away = footage.with_name("away")
    footage.rename(away)
    try:
        storage, cameras = overview(client)
    finally:
        shutil.rmtree(footage, ignore_errors=True)
        away.rename(footage)
    assert (storage["freeBytes"], storage["totalBytes"], storage["daysToFull"]) == (None, None, None)
    assert storage["sizeBytes"] == sum(camera["sizeBytes"] for camera in cameras.values())
    assert overview(client)[0]["freeBytes"] > 0
