"""The Integration API as an integrator's program uses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from kit.server import footage_json, running_server
from kit.site import Site

CAMERA_FIELDS = {
    "id", "deviceId", "title", "previewUrl", "archiveApiToken", "archiveApiUrl", "archiveDays",
    "archiveBytes", "liveRtspUrl", "liveHlsUrl", "isOnline", "lastOnlineDate", "cameraModel", "platform",
    "serialNumber", "firmwareVersion", "applicationVersion", "isOwner", "isFullAccess",
    "isArchiveGranted", "isAudioGranted", "tempAccessExpiryDate", "location",
    "transport", "isRecorded", "isAudioRecorded",
}  # fmt: skip
SECRET_URL = "rtsp://admin:hunter2@192.0.2.7:554/stream1?token=s3cret"


@pytest.fixture(scope="module")
def key(site: Site) -> str:
    made: str = footage_json("key", "add", "portal", data=site.server.data)["key"]
    return made


@pytest.fixture
def client(site: Site, key: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.server.url, headers={"X-Integration-Key": key}, timeout=30) as made:
        yield made


def faults(answer: httpx.Response) -> set[str]:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {fault["name"] for fault in answer.json()["errors"]}


def test_a_key_can_be_validated(site: Site, client: httpx.Client) -> None:
    path = "/v1/integration-key/validate"
    assert client.post(path).json() == {"isValid": True}
    wrong = httpx.post(f"{site.server.url}{path}", headers={"X-Integration-Key": "footage_wrong"})
    assert (wrong.status_code, wrong.json()) == (200, {"isValid": False})
    assert httpx.post(f"{site.server.url}{path}").status_code == 401


NOBODY = "5a6f1b0e-1d1f-4f0e-9a52-6c1a7f6f0a11"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/cameras"),
        ("POST", "/v1/cameras"),
        ("GET", f"/v1/cameras/{NOBODY}"),
        ("PATCH", f"/v1/cameras/{NOBODY}"),
        ("DELETE", f"/v1/cameras/{NOBODY}"),
        ("GET", f"/v1/cameras/{NOBODY}/status"),
    ],
)
def test_nothing_without_a_key(site: Site, method: str, path: str) -> None:
    url = site.server.url + path
    assert httpx.request(method, url).status_code == 401
    assert httpx.request(method, url, headers={"X-Integration-Key": ""}).status_code == 401
    for wrong in (b"x", b"footage_" + b"A" * 43, "é".encode(), b"x" * 5000):
        answer = httpx.request(method, url, headers={b"X-Integration-Key": wrong})
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("key")  # The last one could not be revoked.
def test_a_revoked_key_opens_nothing(site: Site) -> None:
    from kit.server import footage  # noqa: PLC0415

    key = footage_json("key", "add", "leaver", data=site.server.data)["key"]
    headers = {"X-Integration-Key": key}
    assert httpx.get(f"{site.server.url}/v1/cameras", headers=headers).status_code == 200
    footage("key", "revoke", "leaver", data=site.server.data)
    assert httpx.get(f"{site.server.url}/v1/cameras", headers=headers).status_code == 403


def test_a_camera_from_start_to_end(client: httpx.Client, site: Site) -> None:
    added = client.post(
        "/v1/cameras",
        json={
            "title": "Loading bay ☂",
            "archiveDays": 30,
            "sourceUrl": SECRET_URL,
            "deviceId": "d-1",
            "cameraModel": "M1",
            "location": {"id": "7", "title": "Depot", "room": {"id": "b", "title": "Bay"}},
        },
    )
    assert added.status_code == 201
    camera = added.json()
    assert set(camera) == CAMERA_FIELDS
    assert camera["title"] == "Loading bay ☂"
    assert camera["location"] == {"id": "7", "title": "Depot", "room": {"id": "b", "title": "Bay"}}
    assert camera["serialNumber"] is None
    assert camera["isOnline"] is False
    path = f"/v1/cameras/{camera['id']}"
    shown = client.get(path)
    assert shown.headers["cache-control"] == "no-store"
    assert shown.json()["archiveApiUrl"] == camera["archiveApiUrl"]
    assert camera["archiveApiUrl"].startswith(f"{site.server.url}/archives/")
    archive = httpx.get(camera["archiveApiUrl"], params=camera["archiveApiToken"])
    assert archive.json()["bytes"] == 0

    changed = client.patch(path, json={"title": "Bay 2", "location": None, "archiveDays": None})
    assert changed.status_code == 200
    assert changed.json()["archiveBytes"] is None
    assert client.patch(path, json={"archiveBytes": 1 << 30}).json()["archiveBytes"] == 1 << 30
    assert (changed.json()["title"], changed.json()["location"]) == ("Bay 2", None)
    assert changed.json()["archiveDays"] is None
    assert changed.json()["cameraModel"] == "M1"
    assert client.patch(path, json={}).json()["title"] == "Bay 2"

    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404
    assert httpx.get(camera["archiveApiUrl"], params=camera["archiveApiToken"]).status_code == 403


def test_the_sources_url_is_never_given_back(client: httpx.Client, site: Site) -> None:
    camera = client.post("/v1/cameras", json={"title": "Secret", "sourceUrl": SECRET_URL}).json()
    path = f"/v1/cameras/{camera['id']}"
    answers = [
        client.get(path).text,
        client.patch(path, json={"sourceUrl": SECRET_URL}).text,
        client.get("/v1/cameras", params={"limit": 1000}).text,
        client.get(f"{path}/status").text,
        httpx.get(f"{site.server.url}/metrics").text,
        client.patch(path, json={"sourceUrl": "gopher://admin:hunter2@192.0.2.7/x"}).text,
        client.post("/v1/cameras", json={"title": 5, "sourceUrl": SECRET_URL}).text,
        site.server.log.read_text(),
    ]
    for text in answers:
        assert "hunter2" not in text
        assert "s3cret" not in text
        assert "192.0.2.7" not in text


def test_what_is_to_be_recorded_of_a_camera(client: httpx.Client) -> None:
    plain = client.post("/v1/cameras", json={"title": "No source"}).json()
    assert (plain["transport"], plain["isRecorded"], plain["isAudioRecorded"]) == ("tcp", True, True)
    assert plain["liveHlsUrl"] is None, "there is nothing to record it from"
    assert client.get(f"/v1/cameras/{plain['id']}/status").json()["state"] == "off"

    wanted = {"transport": "udp", "isAudioRecorded": False, "isRecorded": False}
    camera = client.post("/v1/cameras", json={"title": "Off", "sourceUrl": SECRET_URL, **wanted}).json()
    path = f"/v1/cameras/{camera['id']}"
    assert {name: camera[name] for name in wanted} == wanted
    assert (camera["liveHlsUrl"], camera["isOnline"], camera["lastOnlineDate"]) == (None, False, None)
    assert client.get(f"{path}/status").json()["state"] == "off"

    changed = client.patch(path, json={"isRecorded": True, "isAudioRecorded": True, "transport": "tcp"})
    assert {name: changed.json()[name] for name in wanted} == {
        "transport": "tcp", "isAudioRecorded": True, "isRecorded": True,
    }  # fmt: skip
    url = changed.json()["liveHlsUrl"]
    assert url.startswith(f"{camera['archiveApiUrl']}/live.m3u8?signature=")
    answer = httpx.get(url)
    assert (answer.status_code, answer.json()["code"]) == (404, "PlaylistNotFound")
    without = client.patch(path, json={"sourceUrl": None}).json()
    assert (without["liveHlsUrl"], without["isRecorded"]) == (None, True)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, {"title"}),
        ({"title": ""}, {"title"}),
        ({"title": None}, {"title"}),
        ({"title": "x" * 257}, {"title"}),
        ({"title": "a\0b"}, {"title"}),
        ({"title": "x", "deviceId": "a\nb"}, {"deviceId"}),
        ({"title": "x", "archiveDays": 0, "color": "red"}, {"archiveDays", "color"}),
        ({"title": 7, "archiveDays": "many", "deviceId": []}, {"title", "archiveDays", "deviceId"}),
        ({"title": "x", "location": {"id": "1"}}, {"location"}),
        ({"title": "x", "location": {"id": "1", "title": "t", "floor": 2}}, {"location"}),
        ({"title": "x", "id": str(uuid4())}, {"id"}),
        ({"title": "x", "sourceUrl": "file:///etc/passwd"}, {"sourceUrl"}),
        ({"title": "x", "sourceUrl": "concat:a|b"}, {"sourceUrl"}),
        ({"title": "x", "sourceUrl": "rtsp://"}, {"sourceUrl"}),
        ({"title": "x", "sourceUrl": "rtsp://[::1"}, {"sourceUrl"}),
        ({"title": "x", "sourceUrl": "rtsp://h:99999/"}, {"sourceUrl"}),
        ({"title": "x", "sourceUrl": "rtsp://h/a b"}, {"sourceUrl"}),
        ({"title": "x", "sourceUrl": "rtsp://h/\n"}, {"sourceUrl"}),
        ({"title": "x", "sourceUrl": "async:rtsp://h/"}, {"sourceUrl"}),
        ({"title": "x", "transport": "multicast"}, {"transport"}),
        ({"title": "x", "transport": None, "isRecorded": None}, {"transport", "isRecorded"}),
        ({"title": "x", "isRecorded": "yes", "isAudioRecorded": 1}, {"isRecorded", "isAudioRecorded"}),
        ([], {"body"}),
        ("text", {"body"}),
        (None, {"body"}),
    ],
)
def test_every_fault_of_a_body_is_named(client: httpx.Client, body: Any, names: set[str]) -> None:
    before = len(client.get("/v1/cameras", params={"limit": 1000}).json()["cameras"])
    assert faults(client.post("/v1/cameras", json=body)) == names
    assert len(client.get("/v1/cameras", params={"limit": 1000}).json()["cameras"]) == before


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"{'title': 'x'}", b"[" * 100_000])
def test_what_is_no_json(client: httpx.Client, content: bytes) -> None:
    assert faults(client.post("/v1/cameras", content=content)) == {"body"}


def test_a_body_too_large(client: httpx.Client) -> None:
    assert client.post("/v1/cameras", content=b" " * (2 << 20)).status_code == 413


def test_unknown_cameras(client: httpx.Client) -> None:
    for camera_id in (str(uuid4()), "x", "%00", "..%2f..", "9" * 1000):
        for method in ("GET", "PATCH", "DELETE"):
            answer = client.request(method, f"/v1/cameras/{camera_id}", json={})
            assert answer.status_code == 404, (method, camera_id)
            assert answer.headers["content-type"] == "application/problem+json"


def test_cameras_come_in_pages(client: httpx.Client) -> None:
    for title in ("page b", "page a", "page a", "page ü", "page c"):
        client.post("/v1/cameras", json={"title": title})
    seen: list[tuple[str, str]] = []
    after = None
    while True:
        page = client.get("/v1/cameras", params={"limit": 2, **({"after": after} if after else {})})
        seen += [(camera["title"], camera["id"]) for camera in page.json()["cameras"]]
        after = page.json()["next"]
        if after is None:
            break
    assert seen == sorted(seen)
    everything = client.get("/v1/cameras", params={"limit": 1000}).json()["cameras"]
    assert len(set(seen)) == len(seen) == len(everything)
    for wrong in ("x", "e30=", "AAAA", ""):
        assert faults(client.get("/v1/cameras", params={"after": wrong})) == {"after"}
    for wrong in ("0", "1001", "x", "-1"):
        assert faults(client.get("/v1/cameras", params={"limit": wrong})) == {"limit"}


def test_behind_a_proxy(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A configured public URL, or what a trusted proxy forwards; nobody else is believed."""
    forwarded = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "video.example",
        "X-Forwarded-Prefix": "/cctv/",
    }

    def url_seen(**environment: str) -> str:
        data = tmp_path_factory.mktemp("proxied")
        key = footage_json("key", "add", "k", data=data)["key"]
        footage_json("camera", "add", "c", data=data)
        with running_server(data, environment=environment) as server:
            page = httpx.get(f"{server.url}/v1/cameras", headers={**forwarded, "X-Integration-Key": key})
        url: str = page.json()["cameras"][0]["archiveApiUrl"]
        return url.split("/archives/", maxsplit=1)[0]

    assert url_seen(FOOTAGE_PUBLIC_URL="https://public.example/base") == "https://public.example/base"
    assert url_seen(FOOTAGE_TRUSTED_PROXIES='["127.0.0.0/8"]') == "https://video.example/cctv"
    assert url_seen().startswith("http://127.0.0.1:")
