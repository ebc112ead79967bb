"""Sessions of the page over HTTP: signing in and out, and all that must not get in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from footage.access.integration_keys import hash_key, make_key
from footage.access.sessions import Session, seal
from kit.archive import START_MS
from kit.server import footage, footage_json, running_server
from kit.site import Site

OURS = {"X-Footage-Page": "1"}
WORKERS = 2


@dataclass
class Desk:
    """A site with a key, and a client that holds cookies as a browser does."""

    site: Site
    key: str
    client: httpx.Client

    def sign_in(self, **headers: str) -> httpx.Response:
        return self.client.post("/session", json={"key": self.key}, headers={**OURS, **headers})

    def with_cookie(self, text: str) -> httpx.Response:
        return httpx.get(f"{self.site.server.url}/session", headers={"Cookie": f"footage_session={text}"})

    @property
    def cookie(self) -> str:
        return self.client.cookies["footage_session"]

    def sealed(self, *, exp: int | None = None, signing_key: bytes | None = None) -> str:
        session = Session(hash_key(self.key), int(time.time()) + 60 if exp is None else exp)
        return seal(signing_key or self.site.house.signing_keys.all()[0], session)


@pytest.fixture
def desk(site: Site, request: pytest.FixtureRequest) -> Iterator[Desk]:
    key = make_key()
    site.house.keys.add(request.node.name, hash_key(key), START_MS)
    with httpx.Client(base_url=site.server.url, timeout=30) as client:
        yield Desk(site, key, client)


def refused(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "set-cookie" not in answer.headers
    detail: str = answer.json()["detail"]
    return detail


def morsel(answer: httpx.Response) -> Morsel[str]:
    return SimpleCookie(answer.headers["set-cookie"])["footage_session"]


def test_signing_in_and_out(desk: Desk, request: pytest.FixtureRequest) -> None:
    assert refused(desk.client.get("/session"), 401) == "Nobody is signed in"
    before = int(time.time())
    answer = desk.sign_in()
    assert answer.status_code == 201
    assert answer.json()["name"] == request.node.name
    assert 0 <= answer.json()["exp"] - before - 43_200 <= 5
    assert answer.headers["cache-control"] == "no-store"
    cookie = morsel(answer)
    assert (cookie["httponly"], cookie["samesite"].lower(), cookie["path"]) == (True, "strict", "/")
    assert (cookie["secure"], cookie["max-age"], cookie["domain"]) == ("", "43200", "")
    assert desk.key not in answer.headers["set-cookie"] + answer.text
    assert desk.client.get("/session").json() == answer.json()

    gone = desk.client.delete("/session", headers=OURS)
    assert (gone.status_code, morsel(gone)["max-age"], morsel(gone).value) == (204, "0", "")
    assert "footage_session" not in desk.client.cookies
    refused(desk.client.get("/session"), 401)
    assert desk.client.delete("/session", headers=OURS).status_code == 204, "twice is no fault"


def test_a_session_stands_for_the_key(desk: Desk) -> None:
    desk.sign_in()
    camera = desk.client.post("/v1/cameras", json={"title": "By cookie"}, headers=OURS)
    assert camera.status_code == 201
    path = f"/v1/cameras/{camera.json()['id']}"
    assert desk.client.get(path).json()["title"] == "By cookie"
    assert desk.client.get("/v1/status").status_code == 200
    assert desk.client.get(f"{path}/status").status_code == 200
    assert desk.client.patch(path, json={"title": "Changed"}, headers=OURS).status_code == 200
    assert desk.client.post(f"{path}/tokens", headers=OURS).status_code == 201
    assert desk.client.delete(path, headers=OURS).status_code == 204


def test_a_header_outranks_the_cookie(desk: Desk) -> None:
    """A program that happens to hold a cookie needs no other header, and gets what its key gets."""
    desk.sign_in()
    key = {"X-Integration-Key": desk.key}
    assert desk.client.post("/v1/cameras", json={"title": "By key"}, headers=key).status_code == 201
    refused(desk.client.get("/v1/cameras", headers={"X-Integration-Key": "footage_wrong"}), 403)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/cameras"),
        ("PATCH", "/v1/cameras/{}"),
        ("DELETE", "/v1/cameras/{}"),
        ("POST", "/v1/cameras/{}/tokens"),
        ("POST", "/session"),
        ("DELETE", "/session"),
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Footage-Page": "0"},
        {**OURS, "Origin": "https://evil.example"},
        {**OURS, "Origin": "null"},
        {**OURS, "Origin": "{other_port}"},
        {**OURS, "Origin": "{other_scheme}"},
        {**OURS, "Sec-Fetch-Site": "cross-site"},
        {**OURS, "Sec-Fetch-Site": "same-site"},
        {**OURS, "Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_no_other_page_changes_anything(
    desk: Desk, method: str, path: str, headers: dict[str, str]
) -> None:
    desk.sign_in()
    shelf = desk.site.shelf("Stays")
    url = httpx.URL(desk.site.server.url)
    origins = {"other_port": f"http://{url.host}:1", "other_scheme": f"https://{url.host}:{url.port}"}
    worded = {name: value.format(**origins) for name, value in headers.items()}
    body: Any = {"key": desk.key} if path == "/session" else {"title": "Taken over"}
    answer = desk.client.request(method, path.format(shelf.camera.id), json=body, headers=worded)
    refused(answer, 403)
    assert desk.client.get("/session").status_code == 200, "still signed in"
    assert desk.client.get(f"/v1/cameras/{shelf.camera.id}").json()["title"] == "Stays"


def test_our_own_page_may(desk: Desk) -> None:
    url = httpx.URL(desk.site.server.url)
    own = {"Origin": f"HTTP://{url.host}:{url.port}", "Sec-Fetch-Site": "same-origin"}
    assert desk.sign_in(**own).status_code == 201
    added = desk.client.post("/v1/cameras", json={"title": "Ours"}, headers={**OURS, **own})
    assert added.status_code == 201


def test_no_origin_is_let_in(desk: Desk) -> None:
    """Neither by a preflight nor by a header on the answer."""
    desk.sign_in()
    for path in ("/session", "/v1/cameras", "/v1/status"):
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        asked["Access-Control-Request-Headers"] = "x-footage-page"
        preflight = desk.client.options(path, headers=asked)
        plain = desk.client.get(path, headers={"Origin": "https://evil.example"})
        for answer in (preflight, plain):
            assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_revoked_key_ends_its_sessions(desk: Desk, request: pytest.FixtureRequest) -> None:
    desk.sign_in()
    assert desk.client.get("/v1/cameras").status_code == 200
    desk.site.house.keys.add("so that it is not the last", hash_key(make_key()), START_MS)
    footage("key", "revoke", request.node.name, data=desk.site.server.data)
    refused(desk.client.get("/session"), 401)
    assert refused(desk.client.get("/v1/cameras"), 401) == "The session has ended"
    refused(desk.client.post("/v1/cameras", json={"title": "x"}, headers=OURS), 401)
    assert refused(desk.sign_in(), 403) == "The integration key is not known"


def test_expired_and_tampered_cookies(desk: Desk) -> None:
    assert desk.with_cookie(desk.sealed()).status_code == 200
    key_hash, exp, signature = desk.sealed().split(".")
    other = hash_key(make_key())
    wrong = [
        desk.sealed(exp=int(time.time()) - 1),
        desk.sealed(signing_key=b"x" * 32),
        f"{key_hash}.{int(exp) + 1}.{signature}",
        seal(desk.site.house.signing_keys.all()[0], Session(other, int(exp))),
        f"{key_hash}.{exp}.",
        f"{key_hash}.{exp}.{signature[:-1]}",
        f"{key_hash}.{exp}.{signature.swapcase()}",
        "x",
        "x" * 5000,
        '"',
    ]
    answers = [desk.with_cookie(text) for text in wrong]
    for answer in answers:
        refused(answer, 401)
    assert len({answer.text for answer in answers}) == 1, "all are answered alike"


def test_signing_keys_rotate(tmp_path: Path) -> None:
    key = footage_json("key", "add", "k", data=tmp_path)["key"]
    with running_server(tmp_path, workers=WORKERS) as server, httpx.Client(base_url=server.url) as client:
        assert client.post("/session", json={"key": key}, headers=OURS).status_code == 201
        # Every worker agrees: each request is a connection of its own.
        cookies = dict(client.cookies)
        for _ in range(8):
            assert httpx.get(f"{server.url}/session", cookies=cookies).status_code == 200
        footage("signing-key", "rotate", "--keep", "1", data=tmp_path)
        assert client.get("/session").status_code == 200
        footage("signing-key", "rotate", "--keep", "0", data=tmp_path)
        assert client.get("/session").status_code == 401
        client.post("/session", json={"key": key}, headers=OURS)
        cookies = dict(client.cookies)
    with running_server(tmp_path) as server:
        assert httpx.get(f"{server.url}/session", cookies=cookies).status_code == 200


def test_wrong_keys_are_answered_alike_and_kept_nowhere(desk: Desk) -> None:
    wrong = ["footage_wrong", "x", "é" * 100, desk.key + "x", desk.key.lower(), hash_key(desk.key).hex()]
    answers = []
    for key in wrong:
        answers.append(desk.client.post("/session", json={"key": key}, headers=OURS))
        refused(answers[-1], 403)
    assert len({answer.text for answer in answers}) == 1
    assert desk.client.cookies == {}
    desk.sign_in()
    desk.client.get("/v1/cameras")
    log = desk.site.server.log.read_text()
    for secret in (desk.key, "footage_wrong", desk.cookie, desk.cookie.split(".")[2]):
        assert secret not in log


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b"", {"body"}),
        (b"[]", {"body"}),
        (b"{}", {"key"}),
        (b'{"key": ""}', {"key"}),
        (b'{"key": 7, "name": "x"}', {"key", "name"}),
        (b'{"key": "' + b"x" * 257 + b'"}', {"key"}),
    ],
)
def test_what_is_no_key(desk: Desk, body: bytes, names: set[str]) -> None:
    answer = desk.client.post("/session", content=body, headers=OURS)
    refused(answer, 400)
    assert {fault["name"] for fault in answer.json()["errors"]} == names


@pytest.mark.parametrize(
    ("environment", "forwarded", "origin", "path", "secure"),
    [
        ({"FOOTAGE_PUBLIC_URL": "https://video.example/cctv"}, {}, "https://video.example", "/cctv", True),
        ({"FOOTAGE_PUBLIC_URL": "https://video.example:443/"}, {}, "https://video.example", "/", True),
        (
            {"FOOTAGE_TRUSTED_PROXIES": '["127.0.0.0/8"]'},
            {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "v.example", "X-Forwarded-Prefix": "/a/b/"},
            "https://v.example",
            "/a/b",
            True,
        ),
        ({}, {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "v.example"}, "http://{host}", "/", False),
    ],
)
def test_behind_a_proxy(
    tmp_path: Path,
    environment: dict[str, str],
    forwarded: dict[str, str],
    origin: str,
    path: str,
    secure: bool,
) -> None:
    """The cookie belongs to the public address; so must the origin."""
    key = footage_json("key", "add", "k", data=tmp_path)["key"]
    with running_server(tmp_path, environment=environment) as server:
        own = {**OURS, **forwarded, "Origin": origin.format(host=httpx.URL(server.url).netloc.decode())}
        url = f"{server.url}/session"
        answer = httpx.post(url, json={"key": key}, headers=own)
        assert answer.status_code == 201, answer.text
        cookie = morsel(answer)
        assert (cookie["path"], bool(cookie["secure"])) == (path, secure)
        refused(httpx.post(url, json={"key": key}, headers={**own, "Origin": "https://other.example"}), 403)


@pytest.fixture
def signed_in(browser: Browser, desk: Desk) -> Iterator[Page]:
    """A browser that is signed in, by the page's own address."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{desk.site.server.url}/docs.html")
    status = page.evaluate(
        "key => fetch('session', {method: 'POST', headers: {'X-Footage-Page': '1'},"
        " body: JSON.stringify({key})}).then(answer => answer.status)",
        desk.key,
    )
    assert status == 201
    assert page.evaluate("fetch('session').then(answer => answer.status)") == 200
    yield page
    context.close()


def test_no_script_reads_the_cookie(signed_in: Page) -> None:
    assert signed_in.evaluate("document.cookie") == ""
    [kept] = signed_in.context.cookies()
    assert (kept["name"], kept["httpOnly"], kept["sameSite"]) == ("footage_session", True, "Strict")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_form_of_another_origin_does_nothing(signed_in: Page, desk: Desk, pages: str, host: str) -> None:
    """From another site the browser keeps the cookie back; from another port of this one it does not."""
    shelf = desk.site.shelf("Stays")
    page = signed_in.context.new_page()
    page.goto(f"{pages.replace('127.0.0.1', host)}/player.html")
    with page.expect_navigation():
        page.evaluate(
            "url => { const form = document.createElement('form'); form.action = url;"
            " form.method = 'POST'; form.enctype = 'text/plain';"
            ' form.innerHTML = `<input name=\'{"title": "Forged", "deviceId": "\' value=\'"}\'>`;'
            " document.body.append(form); form.submit(); }",
            f"{desk.site.server.url}/v1/cameras",
        )
    assert page.locator("body").inner_text().count('"status":40') == 1
    titles = [
        c["title"]
        for c in signed_in.evaluate("fetch('v1/cameras?limit=1000').then(a => a.json())")["cameras"]
    ]
    assert "Forged" not in titles
    assert shelf.camera.title in titles


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_script_of_another_origin_reads_and_changes_nothing(
    signed_in: Page, desk: Desk, pages: str, host: str
) -> None:
    shelf = desk.site.shelf("Stays")
    page = signed_in.context.new_page()
    page.goto(f"{pages.replace('127.0.0.1', host)}/player.html")
    attempt = """async ([url, options]) => {
        try { return (await fetch(url, {credentials: 'include', ...options})).status; }
        catch (error) { return error.name; }
    }"""
    camera = f"{desk.site.server.url}/v1/cameras/{shelf.camera.id}"
    for url, options in (
        (camera, {}),
        (f"{desk.site.server.url}/session", {}),
        (camera, {"method": "DELETE"}),
        (camera, {"method": "DELETE", "headers": OURS}),
        (camera, {"method": "PATCH", "headers": OURS, "body": '{"title": "Forged"}'}),
        (f"{camera}/tokens", {"method": "POST"}),
        (f"{desk.site.server.url}/session", {"method": "POST", "headers": OURS, "body": "{}"}),
    ):
        assert page.evaluate(attempt, [url, options]) == "TypeError", (url, options)
    blind = page.evaluate(attempt, [f"{camera}/tokens", {"method": "POST", "mode": "no-cors"}])
    assert blind == 0, "it was sent, and nobody sees the answer"
    shown = signed_in.evaluate("url => fetch(url).then(answer => answer.json())", camera)
    assert shown["title"] == "Stays"
    assert signed_in.evaluate("fetch('session').then(answer => answer.status)") == 200
