"""What somebody who means harm tries. design/security.md has the list, and which file tries what."""

from __future__ import annotations

import gzip
import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from footage.access.integration_keys import hash_key, make_key
from footage.access.sessions import Session, seal
from footage.access.tokens import Token, sign
from footage.house import open_house
from footage.settings import load
from footage.timeline import Scope
from kit.archive import START_MS, Shelf
from kit.server import SignedLink, footage, running_server
from kit.site import Site

YEAR_MS = 366 * 86_400_000
PAGE = {"X-Footage-Page": "1"}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server as it is set up for the internet: no camera of its own machine, links with its name."""
    data = tmp_path_factory.mktemp("target")
    house = open_house(load(data_dir=data))
    environment = {
        "FOOTAGE_LOCAL_SOURCES": "[]",
        "FOOTAGE_PUBLIC_URL": "https://video.example.com",
        "FOOTAGE_PLAYLIST_MAX_SEGMENTS": "1000",
    }
    with running_server(data, environment=environment) as server:
        yield Site(server, house)
    house.close()


@pytest.fixture(scope="module")
def shelf(target: Site) -> Shelf:
    made = target.shelf()
    made.add_run(START_MS, [(6000, 376)] * 10)
    made.add_run(START_MS + 30 * YEAR_MS, [(6000, 376)] * 10)
    return made


@pytest.fixture(scope="module")
def link(target: Site, shelf: Shelf) -> SignedLink:
    return target.link(shelf)


@pytest.fixture(scope="module")
def key(target: Site) -> str:
    made = make_key()
    target.house.keys.add("target", hash_key(made), START_MS)
    return made


def raw(site: Site, data: bytes) -> bytes:
    """All that is answered to these very bytes."""
    parts = urlsplit(site.server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(data)
        answer = b""
        while piece := connection.recv(1 << 16):
            answer += piece
        return answer


# Tokens


def test_a_link_is_good_for_nothing_else(target: Site, shelf: Shelf, key: str) -> None:
    """Neither a session's seal nor a key's hash signs a link, nor the other way round."""
    signing = target.house.signing_keys.all()[0]
    exp = 4_000_000_000
    sealed = seal(signing, Session(hash_key(key), exp))
    url = f"{target.server.url}/archives/{shelf.archive.id}/size"
    for signature in (sealed, sealed.rpartition(".")[2], key, hash_key(key).hex()):
        assert httpx.get(url, params={"signature": signature, "exp": exp}).status_code == 403
    signature = sign(signing, shelf.archive.id, 0, Token(exp))
    assert httpx.get(url, params={"signature": signature, "exp": exp}).status_code == 200
    for cookie in (signature, f"{sealed.partition('.')[0]}.{exp}.{signature}"):
        headers = {"Cookie": f"footage_session={cookie}"}
        assert httpx.get(f"{target.server.url}/v1/cameras", headers=headers).status_code == 401
    # The same text with its fields moved is another text.
    limited = sign(signing, shelf.archive.id, 0, Token(exp, 1, None))
    assert httpx.get(url, params={"signature": limited, "exp": exp, "to": 1}).status_code == 403


def test_a_link_is_replayed_until_it_is_revoked(target: Site) -> None:
    mine, other = target.shelf(), target.shelf()
    link = target.link(mine)
    assert [link.get("size").status_code for _ in range(3)] == [200] * 3
    crossed = SignedLink(link.url.replace(str(mine.archive.id), str(other.archive.id)), link.token)
    assert crossed.get("size").status_code == 403
    footage("camera", "revoke-links", str(mine.camera.id), data=target.server.data)
    assert link.get("size").status_code == 403


@pytest.mark.parametrize("size", [44, 1000, 15_000, 17_000, 60_000])
def test_a_signature_that_is_too_long(link: SignedLink, size: int) -> None:
    answer = httpx.get(link.url, params={**link.token, "signature": "A" * size})
    assert answer.status_code == (403 if size < 16_000 else 414)


# Paths


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/app.py",
        "/assets/../../app.py",
        "/assets/%2e%2e/%2e%2e/app.py",
        "//etc/passwd",
        "/assets//../../../settings.py",
        "/assets\\..\\..\\app.py",
        "/assets/..;/..;/app.py",
        "/\x00",
        "/index.html%00.js",
        "/assets/",
        "/assets",
        "/.",
        "/archives/",
        "/archives",
        "/v1/",
        "/footage-data/index.db",
        "/.git/config",
    ],
)
def test_no_path_leads_anywhere_else(target: Site, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1")
    answer = raw(target, request)
    assert re.match(rb"HTTP/1\.[01] (400|404)", answer), answer[:80]
    for word in (b"root:", b"import ", b"SQLite", b"Index of", b"<a href"):
        assert word not in answer


# More than there is


def test_a_thousand_years_cost_no_more_than_what_is_kept(link: SignedLink) -> None:
    for span in (
        {},
        {"start": 0, "duration": 1000 * YEAR_MS // 1000},
        {"start": "1e300"},
        {"duration": "1e300"},
    ):
        for mode in ({}, {"discontinuity": "true"}, {"discontinuity": "true", "gaps": "true"}):
            answer = link.get("index.m3u8", **span, **mode)
            assert answer.status_code in (200, 404, 413), answer.text
            assert len(answer.content) < 100_000
    whole = link.get("storyboard.vtt", interval=1)
    assert whole.status_code == 413
    assert link.get("storyboard.jpg", interval=1, sheet=9_999).status_code in (400, 413)


def test_the_longest_playlist_says_how_to_go_on(target: Site) -> None:
    shelf = target.shelf()
    shelf.add_run(START_MS, [(1000, 188)] * 1001)
    link = target.link(shelf)
    problem = link.get("index.m3u8")
    assert problem.status_code == 413
    for word in ("1001", "1000", "start", "duration"):
        assert word in problem.json()["detail"]
    halves = [link.get("index.m3u8", start=START_MS + at, duration=501_000) for at in (0, 501_000)]
    assert [half.status_code for half in halves] == [200, 200]
    assert sum(half.text.count("#EXTINF") for half in halves) == 1001


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"title":' * 50_000,
        gzip.compress(b'{"title": "' + b"a" * 5_000_000 + b'"}'),
        b'{"title": "x", "archiveDays": 1e400}',
        b'{"title": "x", "archiveDays": ' + b"9" * 10_000 + b"}",
        b'{"title": "\\ud800"}',
        b"\xff\xfe",
        b"",
    ],
    ids=["deep list", "deep object", "packed", "infinite", "long number", "half a pair", "no text", "none"],
)
def test_a_body_that_is_no_camera(target: Site, key: str, body: bytes) -> None:
    headers = {"X-Integration-Key": key, "Content-Encoding": "gzip"}
    answer = httpx.post(f"{target.server.url}/v1/cameras", content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert len(answer.content) < 10_000


# Connections


def test_half_requests_hold_nobody_up(target: Site) -> None:
    parts = urlsplit(target.server.url)
    with ExitStack() as stack:
        for number in range(200):
            connection = stack.enter_context(socket.create_connection((parts.hostname, parts.port), 30))
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * (number % 5))
        assert httpx.get(f"{target.server.url}/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix"])
def test_no_header_bends_a_link(target: Site, link: SignedLink, header: str) -> None:
    answer = httpx.get(link.of(), headers={header: "evil.example"})
    assert "evil" not in answer.text
    shown = answer.json()["links"].values()
    assert all(one.startswith("https://video.example.com/archives/") for one in shown)


# Cameras


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/metrics",
        "rtsp://user:pass@127.1/x",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://0/",
        "srt://[fe80::1]:9000",
        "file:///etc/passwd",
        "gopher://192.0.2.7/",
        "concat:rtsp://192.0.2.7/x",
        "http://",
        "http:///etc/passwd",
        "http://192.0.2.7:0/",
    ],
)
def test_no_camera_is_the_server_itself(target: Site, key: str, url: str) -> None:
    with httpx.Client(base_url=target.server.url, headers={"X-Integration-Key": key}) as client:
        added = client.post("/v1/cameras", json={"title": "x", "sourceUrl": url})
        assert added.status_code == 400
        assert [fault["name"] for fault in added.json()["errors"]] == ["sourceUrl"]
        assert urlsplit(url).path not in added.text or urlsplit(url).path in ("", "/", "/x")
        camera = client.post("/v1/cameras", json={"title": "x"}).json()["id"]
        assert client.patch(f"/v1/cameras/{camera}", json={"sourceUrl": url}).status_code == 400


XSS = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def test_a_title_stays_a_text(target: Site, key: str) -> None:
    with httpx.Client(base_url=target.server.url, headers={"X-Integration-Key": key}) as client:
        camera = client.post("/v1/cameras", json={"title": XSS}).json()
        for path in ("/v1/cameras", f"/v1/cameras/{camera['id']}", "/v1/audit", "/v1/status"):
            answer = client.get(path)
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
        for title in ("a\r\nSet-Cookie: x=1", "a\x00b", "\x1b[2J"):
            assert client.post("/v1/cameras", json={"title": title}).status_code == 400
        # What is not found is not told in HTML either.
        missing = client.get(f"/{XSS}")
        assert missing.headers["content-type"] == "application/problem+json"


# Keys and sessions


def test_no_form_of_another_site_does_anything(target: Site, key: str) -> None:
    session = Session(hash_key(key), 4_000_000_000)
    cookie = seal(target.house.signing_keys.all()[0], session)
    before = len(list(target.house.cameras.every()))
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        answer = httpx.post(
            f"{target.server.url}/v1/cameras",
            content=json.dumps({"title": "Forged"}),
            headers={"Cookie": f"footage_session={cookie}", "Content-Type": content_type},
        )
        assert answer.status_code == 403
    for method in ("GET", "HEAD", "OPTIONS"):
        httpx.request(method, f"{target.server.url}/v1/cameras?title=Forged&_method=POST")
    assert len(list(target.house.cameras.every())) == before


def test_guessing_keys_tells_nothing(target: Site, key: str) -> None:
    guesses = ["footage_" + "A" * 43, key[:-1], key + "A", key.swapcase(), key.encode().hex(), "' OR 1=1"]
    url = f"{target.server.url}/v1/cameras"
    answers = [httpx.get(url, headers={"X-Integration-Key": guess}) for guess in guesses]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1
    with ThreadPoolExecutor(8) as pool:
        signed_in = list(
            pool.map(
                lambda guess: httpx.post(
                    f"{target.server.url}/session", json={"key": guess}, headers=PAGE, timeout=60
                ),
                guesses,
            )
        )
    assert {answer.status_code for answer in signed_in} == {403}
    assert not any("set-cookie" in answer.headers for answer in signed_in)


def test_nothing_is_learnt_about_what_one_may_not_see(target: Site) -> None:
    reader = make_key()
    target.house.keys.add("reader", hash_key(reader), START_MS, Scope.READ)
    shelf = target.shelf()
    headers = {"X-Integration-Key": reader}
    there, nowhere = (
        httpx.delete(f"{target.server.url}/v1/cameras/{one}", headers=headers)
        for one in (shelf.camera.id, uuid4())
    )
    assert there.status_code == nowhere.status_code == 403
    assert there.json()["detail"] == nowhere.json()["detail"]


def test_nothing_above_left_a_trace_or_broke_anything(target: Site, key: str, link: SignedLink) -> None:
    """Runs last."""
    log = target.server.log.read_text()
    for word in ("status=500", "Traceback", key, "signature=", link.token["signature"], "user:pass"):
        assert word not in log
    assert httpx.get(f"{target.server.url}/readyz").status_code == 200
