"""The audit log: who did what, over HTTP and by the command line, and never a secret in it."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from footage.access.tokens import fingerprint
from kit.archive import START_MS
from kit.clips import Clip
from kit.server import footage, footage_json, running_server
from kit.site import Site

PASSWORD = "hunter2-in-the-url"
PAGE = {"X-Footage-Page": "1"}


@pytest.fixture(scope="module")
def key(site: Site) -> str:
    made: str = footage_json("key", "add", "auditor", data=site.server.data)["key"]
    return made


@pytest.fixture
def client(site: Site, key: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.server.url, headers={"X-Integration-Key": key}, timeout=60) as made:
        yield made


def entries(client: httpx.Client, **wanted: str | int) -> list[dict[str, Any]]:
    answer = client.get("/v1/audit", params=wanted)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


def test_what_is_done_to_a_camera_is_told(
    site: Site, client: httpx.Client, clips: Callable[[str, Clip], Path]
) -> None:
    source = f"rtsp://viewer:{PASSWORD}@192.0.2.7/1"
    camera = client.post("/v1/cameras", json={"title": "Gate", "sourceUrl": source}).json()["id"]
    client.patch(f"/v1/cameras/{camera}", json={"title": "Door", "sourceUrl": source})
    token = client.post(f"/v1/cameras/{camera}/tokens", json={"from": 5}).json()
    clip = str(clips("audited.mp4", Clip(seconds=2)))
    footage("import", clip, "--camera", camera, "--start", str(START_MS), data=site.server.data)
    link = site.server.link(camera)
    assert link.get("export.mp4").status_code == 200
    assert httpx.head(link.of("export.mp4")).status_code == 200, "nothing was exported"
    job = httpx.post(link.of("exports"), json={}).json()["id"]
    assert httpx.delete(link.of(f"exports/{job}")).status_code == 204
    footage("camera", "change", camera, "--title", "Back door", data=site.server.data)
    footage("camera", "revoke-links", camera, data=site.server.data)
    client.delete(f"/v1/cameras/{camera}")

    user = getpass.getuser()
    expected = [
        ("camera.removed", "auditor", "key", "127.0.0.1", {"title": "Back door"}),
        ("links.revoked", user, "command", None, {}),
        ("camera.changed", user, "command", None, {"fields": ["title"]}),
        ("export.removed", fingerprint(link.token["signature"]), "link", "127.0.0.1", {"export": job}),
        ("export.added", fingerprint(link.token["signature"]), "link", "127.0.0.1", None),
        ("export.streamed", fingerprint(link.token["signature"]), "link", "127.0.0.1", None),
        ("token.made", user, "command", None, None),
        ("token.made", "auditor", "key", "127.0.0.1", None),
        ("camera.changed", "auditor", "key", "127.0.0.1", {"fields": ["source_url", "title"]}),
        ("camera.added", "auditor", "key", "127.0.0.1", {"title": "Gate"}),
    ]
    told = entries(client, camera=camera)
    for entry, (action, actor, via, address, detail) in zip(told, expected, strict=True):
        assert (entry["action"], entry["actor"], entry["via"], entry["address"]) == (
            (action, actor, via, address)
        )
        assert detail is None or entry["detail"] == detail
        assert entry["cameraId"] == camera
    exported, made = told[5], told[7]
    assert exported["detail"] == {"start": START_MS, "end": START_MS + 2000}
    assert made["detail"] == {"link": fingerprint(token["signature"]), "exp": token["exp"], "from": 5}


def test_what_is_refused_or_changes_nothing_is_not_told(site: Site, client: httpx.Client) -> None:
    shelf = site.shelf()
    client.patch(f"/v1/cameras/{shelf.camera.id}", json={"title": 7})
    client.get(f"/v1/cameras/{shelf.camera.id}")
    httpx.post(f"{site.server.url}/session", json={"key": "footage_wrong"}, headers=PAGE)
    assert entries(client, camera=str(shelf.camera.id)) == []


def test_keys_and_sign_ins_are_told(site: Site, client: httpx.Client, key: str) -> None:
    footage("key", "add", "guest", "--scope", "read", data=site.server.data)
    footage("key", "revoke", "guest", data=site.server.data)
    footage("signing-key", "rotate", data=site.server.data)
    httpx.post(f"{site.server.url}/session", json={"key": key}, headers=PAGE).raise_for_status()
    opened, rotated, revoked, added = entries(client, limit=4)
    assert (opened["action"], opened["actor"], opened["cameraId"]) == ("session.opened", "auditor", None)
    assert (rotated["action"], rotated["detail"]) == ("signing_key.rotated", {"kept": 1})
    assert (revoked["action"], revoked["detail"]) == ("key.revoked", {"name": "guest"})
    assert (added["action"], added["detail"]) == ("key.added", {"name": "guest", "scope": "read"})


def test_pages_and_filters(site: Site, client: httpx.Client) -> None:
    ids = [client.post("/v1/cameras", json={"title": f"Page {number}"}).json()["id"] for number in range(5)]
    seen: list[str] = []
    before: dict[str, int] = {}
    while True:
        page = client.get("/v1/audit", params={"limit": 2, "action": "camera.added", **before}).json()
        seen += [entry["cameraId"] for entry in page["entries"]]
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert seen[:5] == ids[::-1]
    assert entries(client, actor="nobody") == []
    assert entries(client, to=1) == []
    assert len(entries(client, **{"from": START_MS, "limit": 3})) == 3
    for wrong in ({"limit": 0}, {"camera": "x"}, {"from": "yesterday"}, {"before": -1}):
        answer = client.get("/v1/audit", params=wrong)
        assert [fault["name"] for fault in answer.json()["errors"]] == list(wrong), answer.text


def test_the_command_line_shows_the_same(site: Site, client: httpx.Client) -> None:
    camera = client.post("/v1/cameras", json={"title": "Shown"}).json()["id"]
    [shown] = footage_json("audit", "--camera", camera, "--actor", "auditor", data=site.server.data)
    assert [shown] == entries(client, camera=camera)
    assert UUID(shown["cameraId"]) == UUID(camera)
    table = footage("audit", "--action", "camera.added", "--limit", "1", data=site.server.data).stdout
    assert "auditor" in table
    assert camera in table
    older = footage_json("audit", "--before", str(shown["id"]), "--limit", "1", data=site.server.data)
    assert older[0]["id"] < shown["id"]


def test_the_log_is_pruned_by_its_settings(tmp_path: Path) -> None:
    (tmp_path / "footage.toml").write_text("audit_entries = 100\n")
    with running_server(tmp_path) as server:
        key = footage_json("key", "add", "many", data=tmp_path)["key"]
        with httpx.Client(base_url=server.url, headers={"X-Integration-Key": key}) as client:
            camera = client.post("/v1/cameras", json={"title": "One"}).json()["id"]
            for _ in range(101):
                client.post(f"/v1/cameras/{camera}/tokens").raise_for_status()
            found = entries(client, limit=1000)
            assert {entry["action"] for entry in found} == {"token.made"}
            assert client.get("/v1/audit", params={"limit": 1000}).json()["next"] is None
            assert len(found) == 100


def test_there_is_no_secret_in_it(site: Site, client: httpx.Client, key: str) -> None:
    """Runs last: all that this file did."""
    text = client.get("/v1/audit", params={"limit": 1000}).text + site.server.log.read_text()
    for secret in (PASSWORD, key, key.removeprefix("footage_"), "signature"):
        assert secret not in text
