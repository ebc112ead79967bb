"""What a key may do, by its scope: every route of the Integration API with every scope."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest

from footage.access.integration_keys import hash_key, make_key
from footage.timeline import Lock, Scope, Span
from kit.archive import START_MS, Shelf
from kit.scopes import NEEDED
from kit.site import Site

PAGE = {"X-Footage-Page": "1"}
BODIES = {
    "POST /v1/cameras/{}/tokens": {},
    "POST /v1/cameras": {"title": "After"},
    "PATCH /v1/cameras/{}": {"title": "After"},
    "POST /v1/cameras/{}/locks": {"start": START_MS, "duration": 1, "reason": "After"},
}


@dataclass
class Holder:
    """Somebody with a key of a scope, by header and by session."""

    scope: Scope
    key: str
    program: httpx.Client
    page: httpx.Client


@pytest.fixture(params=list(Scope))
def holder(site: Site, request: pytest.FixtureRequest) -> Iterator[Holder]:
    key, scope = make_key(), request.param
    site.house.keys.add(request.node.name, hash_key(key), START_MS, scope)
    with (
        httpx.Client(base_url=site.server.url, headers={"X-Integration-Key": key}, timeout=30) as program,
        httpx.Client(base_url=site.server.url, headers=PAGE, timeout=30) as page,
    ):
        assert page.post("/session", json={"key": key}).json()["scope"] == scope.value
        yield Holder(scope, key, program, page)


def told(site: Site, shelf: Shelf) -> object:
    """All that a route could change of a camera."""
    index, camera = site.house.index, shelf.camera.id
    return index.camera(camera), index.locks(shelf.archive, START_MS), index.bin()


def asked(client: httpx.Client, route: str, *ids: object) -> httpx.Response:
    method, path = route.split(" ")
    return client.request(method, path.format(*ids), json=BODIES.get(route))


@pytest.mark.parametrize("route", NEEDED)
def test_a_route_needs_its_scope(site: Site, holder: Holder, route: str) -> None:
    needed = NEEDED[route]
    for client in (holder.program, holder.page):
        shelf = site.shelf("Before")
        lock = Lock(uuid4(), Span(START_MS, START_MS + 1), "Before", None, START_MS)
        if "locks" in route:
            site.house.index.add_lock(shelf.archive, lock)
        if route.endswith("restore"):
            site.house.cameras.remove(shelf.camera.id, now_ms=time.time_ns() // 1_000_000)
        before = told(site, shelf)

        answer = asked(client, route, shelf.camera.id, lock.id)
        if holder.scope.includes(needed):
            assert answer.status_code < 300, answer.text
            continue
        assert answer.status_code == 403
        expected = f"This needs a key of scope {needed}; the key's scope is {holder.scope}"
        assert answer.json()["detail"] == expected
        assert told(site, shelf) == before, "nothing was done"
        # Neither is it told whether a camera exists, nor is the body read.
        nobody = asked(client, route, "x", "y")
        assert (nobody.status_code, nobody.json()["detail"]) == (403, expected)


def test_a_session_follows_what_its_key_may_do_now(site: Site, holder: Holder) -> None:
    assert holder.page.get("/session").json()["scope"] == holder.scope.value
    shown = holder.page.get(f"/v1/cameras/{site.shelf().camera.id}").json()
    assert shown["isOwner"] is (holder.scope is Scope.ADMIN)
    assert shown["isFullAccess"] is holder.scope.includes(Scope.WRITE)
    assert shown["isArchiveGranted"] is True


def test_who_only_reads_makes_no_links_that_outlast_the_usual(site: Site, holder: Holder) -> None:
    path = f"/v1/cameras/{site.shelf().camera.id}/tokens"
    assert holder.program.post(path, json={"ttl": 86_400}).status_code == 201
    longer = holder.program.post(path, json={"ttl": 86_401})
    assert longer.status_code == (403 if holder.scope is Scope.READ else 201)


def test_scopes_are_in_order() -> None:
    assert [[one.includes(other) for other in Scope] for one in Scope] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
