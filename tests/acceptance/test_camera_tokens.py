"""Tokens made to measure, over HTTP: what they say, and that they open that and no more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from footage.access.integration_keys import hash_key, make_key
from kit.archive import START_MS, Shelf
from kit.site import Site

YEAR_S = 366 * 86_400
LAST_MS = 253_402_300_800_000


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[httpx.Client]:
    key = make_key()
    site.house.keys.add("tokens", hash_key(key), START_MS)
    with httpx.Client(base_url=site.server.url, headers={"X-Integration-Key": key}, timeout=30) as made:
        yield made


@pytest.fixture(scope="module")
def shelf(site: Site) -> Shelf:
    """A minute of footage in segments of six seconds."""
    made = site.shelf("Measured")
    made.add_run(START_MS, [(6000, 376)] * 10)
    return made


def make(client: httpx.Client, shelf: Shelf, **wanted: Any) -> dict[str, Any]:
    answer = client.post(f"/v1/cameras/{shelf.camera.id}/tokens", json=wanted)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    made: dict[str, Any] = answer.json()
    return made


def get(made: dict[str, Any], path: str = "", **more: Any) -> httpx.Response:
    query = {name: value for name, value in made.items() if name != "archiveApiUrl"}
    return httpx.get(f"{made['archiveApiUrl']}{path}", params={**query, **more})


def test_no_body_makes_a_token_like_a_cameras_own(client: httpx.Client, shelf: Shelf, site: Site) -> None:
    path = f"/v1/cameras/{shelf.camera.id}/tokens"
    for body in (b"", b" \n", b"{}", b'{"ttl": null, "from": null, "to": null}'):
        answer = client.post(path, content=body)
        assert answer.status_code == 201
        made = answer.json()
        assert set(made) == {"archiveApiUrl", "signature", "exp"}
        assert made["archiveApiUrl"] == f"{site.server.url}/archives/{shelf.archive.id}"
        assert abs(made["exp"] - time.time() - 86_400) < 10
        assert get(made).json()["bytes"] == 3760


def test_it_lasts_as_long_as_asked(client: httpx.Client, shelf: Shelf) -> None:
    for ttl in (1, 60, YEAR_S):
        assert abs(make(client, shelf, ttl=ttl)["exp"] - time.time() - ttl) < 10
    assert make(client, shelf, ttl=60.0)["exp"] > time.time()
    short = make(client, shelf, ttl=1)
    time.sleep(max(short["exp"] - time.time(), 0) + 0.1)
    assert get(short).status_code == 403


def test_it_opens_the_part_that_was_asked_for(client: httpx.Client, shelf: Shelf) -> None:
    limits = {"from": START_MS + 12_000, "to": START_MS + 24_000}
    made = make(client, shelf, **limits)
    assert {name: made[name] for name in limits} == limits
    [entry] = get(made, "/timeline").json()
    assert (entry["time"], entry["duration"]) == (START_MS + 12_000, 12_000)
    assert get(made, f"/{START_MS + 12_000}.ts").status_code == 200
    assert get(made, f"/{START_MS}.ts").status_code in (403, 404)
    assert get({**made, "to": made["to"] + 1}).status_code == 403
    for alone in ("from", "to"):
        half = make(client, shelf, **{alone: limits[alone]})
        assert set(half) == {"archiveApiUrl", "signature", "exp", alone}
        assert get(half).status_code == 200


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"ttl": 0}, {"ttl"}),
        ({"ttl": -1}, {"ttl"}),
        ({"ttl": YEAR_S + 1}, {"ttl"}),
        ({"ttl": 1.5}, {"ttl"}),
        ({"ttl": "60"}, {"ttl"}),
        ({"ttl": True}, {"ttl"}),
        ({"ttl": 10**40}, {"ttl"}),
        ({"from": -1, "to": LAST_MS + 1}, {"from", "to"}),
        ({"from": START_MS, "to": START_MS}, {"to"}),
        ({"from": START_MS, "to": START_MS - 1}, {"to"}),
        ({"ttl": [], "colour": "red"}, {"ttl", "colour"}),
        ([], {"body"}),
        ("x", {"body"}),
    ],
)
def test_every_fault_is_named(client: httpx.Client, shelf: Shelf, body: Any, names: set[str]) -> None:
    answer = client.post(f"/v1/cameras/{shelf.camera.id}/tokens", json=body)
    assert answer.status_code == 400
    assert {fault["name"] for fault in answer.json()["errors"]} == names


def test_the_key_comes_first_then_the_camera(client: httpx.Client, shelf: Shelf, site: Site) -> None:
    path = f"{site.server.url}/v1/cameras/{shelf.camera.id}/tokens"
    assert httpx.post(path, content=b"{").status_code == 401
    assert httpx.post(path, headers={"X-Integration-Key": "x"}).status_code == 403
    for camera in (uuid4(), "x"):
        assert client.post(f"/v1/cameras/{camera}/tokens", content=b"{").status_code == 404
    assert client.get(path).status_code == 405


def test_links_that_are_revoked_stay_so_and_new_ones_work(client: httpx.Client, site: Site) -> None:
    shelf = site.shelf("Revoked")
    old = make(client, shelf)
    site.house.cameras.revoke_links(shelf.camera.id)
    assert get(old).status_code == 403
    assert get(make(client, shelf)).status_code == 200
