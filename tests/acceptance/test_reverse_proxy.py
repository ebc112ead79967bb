"""Behind Debian's nginx with the very configuration of the guide, and with TLS of our own."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from footage.house import open_house
from footage.settings import load
from kit.archive import START_MS
from kit.nginx import Proxy, certificate, guide_blocks, running_nginx
from kit.server import footage, footage_json, running_server
from kit.site import Site

PAGE = {"X-Footage-Page": "1"}
SIZE_BYTES = 300_000


@dataclass(frozen=True)
class Fronted:
    """A site, the proxy in front of it, and a client of that."""

    site: Site
    proxy: Proxy
    client: httpx.Client


@pytest.fixture(scope="module")
def fronted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fronted]:
    data = tmp_path_factory.mktemp("fronted")
    data.chmod(0o755)
    settings, _ = guide_blocks("toml")
    (data / "footage.toml").write_text(settings)
    house = open_house(load(data_dir=data))
    with (
        running_server(data) as server,
        running_nginx(tmp_path_factory.mktemp("nginx") / "nginx", server) as proxy,
        httpx.Client(base_url=proxy.url, verify=proxy.trust, timeout=60) as client,
    ):
        yield Fronted(Site(server, house), proxy, client)
    house.close()


def query(fronted: Fronted, **more: str) -> tuple[str, dict[str, str]]:
    """The path of a new archive with a segment, and its token."""
    shelf = fronted.site.shelf()
    shelf.add_run(START_MS, [(6000, SIZE_BYTES)])
    link = fronted.site.link(shelf)
    return urlsplit(link.url).path, {**link.token, **more}


def test_links_lead_through_the_proxy(fronted: Fronted) -> None:
    path, token = query(fronted)
    links = fronted.client.get(path, params=token).json()["links"]
    assert all(link.startswith(f"{fronted.proxy.url}/archives/") for link in links.values())
    assert fronted.client.get(links["size"]).json() == {"size": SIZE_BYTES}
    playlist = fronted.client.get(links["playlist"])
    assert playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert playlist.headers["strict-transport-security"] == "max-age=31536000"


def test_segments_come_whole_and_in_part(fronted: Fronted) -> None:
    path, token = query(fronted)
    whole = fronted.client.get(f"{path}/{START_MS}.ts", params=token)
    assert (whole.status_code, len(whole.content)) == (200, SIZE_BYTES)
    part = fronted.client.get(f"{path}/{START_MS}.ts", params=token, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, whole.content[5:10])
    again = fronted.client.get(
        f"{path}/{START_MS}.ts", params=token, headers={"If-None-Match": whole.headers["etag"]}
    )
    assert again.status_code == 304


def test_the_page_signs_in_through_it(fronted: Fronted) -> None:
    key = footage_json("key", "add", "proxied", data=fronted.site.server.data)["key"]
    own = {**PAGE, "Origin": fronted.proxy.url, "Sec-Fetch-Site": "same-origin"}
    answer = fronted.client.post("/session", json={"key": key}, headers=own)
    assert answer.status_code == 201
    assert "Secure" in answer.headers["set-cookie"]
    evil = {**own, "Origin": "https://evil.example"}
    assert fronted.client.post("/session", json={"key": key}, headers=evil).status_code == 403
    fronted.client.cookies.clear()


def test_what_a_client_says_of_itself_is_worth_nothing(fronted: Fronted) -> None:
    path, token = query(fronted)
    lies = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=203.0.113.9;host=evil.example",
        "X-Real-IP": "203.0.113.9",
    }
    links = fronted.client.get(path, params=token, headers=lies).json()["links"]
    assert all(link.startswith(f"{fronted.proxy.url}/archives/") for link in links.values())
    key = footage_json("key", "add", "liar", data=fronted.site.server.data)["key"]
    added = fronted.client.post(
        "/v1/cameras", json={"title": "x"}, headers={**lies, "X-Integration-Key": key}
    )
    [entry] = footage_json("audit", "--camera", added.json()["id"], data=fronted.site.server.data)
    assert entry["address"] == "127.0.0.1"


def test_who_is_no_proxy_is_not_believed(site: Site) -> None:
    """A server that trusts nobody, asked straight."""
    shelf = site.shelf()
    lies = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/e"}
    link = site.link(shelf)
    links = httpx.get(link.of(), headers=lies).json()["links"]
    assert all(one.startswith(f"{site.server.url}/archives/") for one in links.values())


def test_long_links_pass_and_longer_ones_do_not(fronted: Fronted) -> None:
    path, token = query(fronted)
    assert fronted.client.get(f"{path}/size", params={**token, "x": "a" * 15_000}).status_code == 200
    too_long = fronted.client.get(f"{path}/size", params={**token, "x": "a" * 17_000})
    assert too_long.status_code == 414


def test_no_link_is_in_its_log(fronted: Fronted) -> None:
    path, token = query(fronted)
    fronted.client.get(f"{path}/size", params=token)
    log = fronted.proxy.log.read_text()
    assert f"{path}/size" in log
    assert "signature" not in log
    assert token["signature"] not in log


SMUGGLED = b"GET /smuggled-%d HTTP/1.1\r\nHost: x\r\n\r\n"


SMUGGLERS = [
    # Two lengths: what one takes for the body the other must not take for a request.
    ("POST", [b"Content-Length: %d", b"Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    ("POST", [b"Content-Length: 3", b"Content-Length: %d"], b""),
    ("POST", [b"Content-Length: %d", b"Transfer-Encoding: xchunked"], b""),
    ("POST", [b"Transfer-Encoding : chunked", b"Content-Length: %d"], b""),
    ("GET", [b"Content-Length: %d"], b""),
    ("GET", [b"X: a\nContent-Length: %d"], b""),
]


@pytest.mark.parametrize("number", range(len(SMUGGLERS)))
@pytest.mark.parametrize("straight", [False, True])
def test_no_request_hides_in_another(fronted: Fronted, number: int, straight: bool) -> None:
    method, fields, body = SMUGGLERS[number]
    hidden = body + SMUGGLED % (number + 100 * straight)
    sized = [field % len(hidden) if b"%d" in field else field for field in fields]
    line = f"{method} /healthz HTTP/1.1".encode()
    data = b"\r\n".join([line, b"Host: x", *sized, b"", hidden])
    with connected(fronted.site.server.url if straight else fronted.proxy.url, fronted.proxy.trust) as peer:
        peer.sendall(data)
        answers = b""
        try:
            while piece := peer.recv(1 << 16):
                answers += piece
                if b"\r\n\r\n" in answers:
                    break
        except TimeoutError:
            pass
    assert answers.startswith(b"HTTP/1.1 ")
    # The next client gets an answer of its own.
    assert fronted.client.get("/healthz").json() == {"status": "ok"}
    paths = [line for line in fronted.site.server.log.read_text().splitlines() if "smuggled" in line]
    if not straight:
        assert not any(f"/smuggled-{number}" in line for line in paths)
    else:
        # Asked straight it is a request of the same client at the most, answered as any other.
        assert all("status=404" in line for line in paths)


def connected(url: str, trust: ssl.SSLContext) -> socket.socket:
    parts = urlsplit(url)
    plain = socket.create_connection((parts.hostname, parts.port), timeout=5)
    return trust.wrap_socket(plain, server_hostname="127.0.0.1") if parts.scheme == "https" else plain


# To ask for what is out of date is what is meant.
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:ssl.OP_NO:DeprecationWarning")
def test_tls_of_our_own(tmp_path: Path) -> None:
    certificate_file, key_file = certificate(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    (data / "footage.toml").write_text(
        f"tls_certificate = {json.dumps(str(certificate_file))}\ntls_key = {json.dumps(str(key_file))}\n"
    )
    trust = ssl.create_default_context(cafile=str(certificate_file))
    with running_server(data, trust=trust) as server:
        assert server.url.startswith("https://")
        camera = footage_json("camera", "add", "Gate", data=data)["id"]
        made = footage_json("token", camera, data=data)
        assert made["archiveApiUrl"].startswith("https://127.0.0.1:")
        link = server.link(camera)
        shown = httpx.get(link.of(), verify=trust).json()
        assert shown["links"]["size"].startswith(f"{server.url}/archives/")
        key = footage_json("key", "add", "tls", data=data)["key"]
        answer = httpx.post(f"{server.url}/session", json={"key": key}, headers=PAGE, verify=trust)
        assert "Secure" in answer.headers["set-cookie"]
        with pytest.raises(httpx.TransportError):
            httpx.get(server.url.replace("https://", "http://"))
        for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            assert not speaks(server.url, certificate_file, old)
        assert speaks(server.url, certificate_file, ssl.TLSVersion.TLSv1_2)


def speaks(url: str, certificate_file: Path, version: ssl.TLSVersion) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificate_file)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.options &= ~(ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1)
    try:
        context.minimum_version = context.maximum_version = version
        with connected(url, context):
            return True
    except (OSError, ValueError):
        return False


def test_a_certificate_without_its_key_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "footage.toml").write_text('tls_certificate = "x.pem"\n')
    wrong = footage("settings", data=tmp_path, check=False)
    assert (wrong.returncode, "come together" in wrong.stderr) == (2, True)
    (tmp_path / "footage.toml").write_text('tls_certificate = "x.pem"\ntls_key = "y.pem"\n')
    missing = footage("api", data=tmp_path, check=False)
    assert (missing.returncode, "cannot read x.pem" in missing.stderr) == (1, True)


@pytest.mark.parametrize("which", ["another's key", "no key", "a key with a password"])
def test_a_certificate_that_cannot_be_used_is_one_line(tmp_path: Path, which: str) -> None:
    certificate_file, key_file = certificate(tmp_path)
    if which == "no key":
        key_file.write_text("something else\n")
    else:
        sealed = [] if which == "another's key" else ["-aes256", "-passout", "pass:secret"]
        made = ["openssl", "genrsa", *sealed, "-out", str(key_file), "2048"]
        subprocess.run(made, check=True, capture_output=True)
    (tmp_path / "footage.toml").write_text(
        f"tls_certificate = {json.dumps(str(certificate_file))}\ntls_key = {json.dumps(str(key_file))}\n"
    )
    refused = footage("api", data=tmp_path, check=False)
    assert refused.returncode == 1
    assert "no certificate in PEM and its key" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
