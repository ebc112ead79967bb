"""Limits of clients: each is reached, told, counted, and concerns nobody else."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from footage.house import open_house
from footage.settings import load
from kit.archive import START_MS, Shelf
from kit.server import SignedLink, running_server
from kit.site import Site

STALL_S = 2
LIMITS = {
    "RATE_PER_TOKEN": "1",
    "RATE_PER_ADDRESS": "5",
    "REQUESTS_PER_TOKEN": "3",
    "OPEN_REQUESTS": "10",
    "URL_MAX_BYTES": "2048",
    "HEADER_MAX_BYTES": "4096",
    "CLIENT_HEAD_S": "1",
    "CLIENT_BODY_S": "1",
    "CLIENT_STALL_S": str(STALL_S),
    "TRUSTED_PROXIES": '["127.0.0.1"]',
}
PATIENCE_S = 60
LARGE_BYTES = 24 << 20
"""More than all buffers between a server and a client hold."""


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose limits are soon reached. Each test comes from an address of its own."""
    data = tmp_path_factory.mktemp("narrow")
    house = open_house(load(data_dir=data))
    environment = {f"FOOTAGE_{name}": value for name, value in LIMITS.items()}
    with running_server(data, environment=environment) as server:
        yield Site(server, house)
    house.close()


@pytest.fixture(scope="module")
def large(narrow: Site) -> Shelf:
    """A segment that nobody takes at once."""
    shelf = narrow.shelf()
    shelf.add_run(START_MS, [(6000, LARGE_BYTES)])
    return shelf


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    # The proxy that is trusted says who asks.
    number = sum(request.node.name.encode()) % 60_000
    address = f"203.{number // 250}.113.{number % 250}"
    with httpx.Client(headers={"X-Forwarded-For": address}, timeout=60) as made:
        yield made


def limited(site: Site, limit: str) -> int:
    """How often a limit was reached."""
    # Not by the network path that is being limited: another address.
    text = httpx.get(f"{site.server.url}/metrics", headers={"X-Forwarded-For": "198.51.100.1"}).text
    found = re.search(rf'footage_http_limited_total\{{limit="{limit}"\}} (\d+)', text)
    return int(found[1]) if found else 0


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    body: dict[str, Any] = answer.json()
    assert "?" not in body["instance"]
    return body


def open_socket(site: Site, *, receive_bytes: int | None = None) -> socket.socket:
    parts = urlsplit(site.server.url)
    connection = socket.socket()
    if receive_bytes is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.settimeout(PATIENCE_S)
    connection.connect((parts.hostname, parts.port))
    return connection


def get_head(url: str, address: str) -> bytes:
    parts = urlsplit(url)
    return (
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"X-Forwarded-For: {address}\r\nConnection: close\r\n\r\n"
    ).encode()


class Stalled:
    """Requests for the large segment whose answers nobody takes."""

    def __init__(self, site: Site, link: SignedLink, count: int) -> None:
        self.connections = [open_socket(site, receive_bytes=4096) for _ in range(count)]
        for connection in self.connections:
            connection.sendall(get_head(link.of(f"{START_MS}.ts"), "198.51.100.7"))
        for connection in self.connections:
            assert connection.recv(64).startswith(b"HTTP/1.1 200")

    def read_out(self, number: int) -> int:
        """Bytes of one of them, until the server ends it."""
        size = 0
        while piece := self.connections[number].recv(1 << 16):
            size += len(piece)
        return size

    def close(self) -> None:
        for connection in self.connections:
            connection.close()


def test_a_link_is_asked_too_often(narrow: Site, client: httpx.Client) -> None:
    shelf = narrow.shelf()
    link, other = narrow.link(shelf), narrow.link(shelf, ttl_s=100)
    before = limited(narrow, "token_rate")
    answers = [client.get(link.of("size")) for _ in range(25)]
    assert [answer.status_code for answer in answers[:10]] == [200] * 10
    late = [answer for answer in answers if answer.status_code != 200]
    assert late
    for answer in late:
        refused(answer, 429)
        assert 1 <= int(answer.headers["retry-after"]) <= 2
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert limited(narrow, "token_rate") - before == len(late)
    # However it is written, it is the same link; another one is another.
    written = link.of("size").replace("signature=", "signatur%65=")
    again = [client.get(written).status_code for _ in range(10)]
    assert 429 in again
    assert client.get(other.of("size")).status_code == 200


def test_an_address_asks_too_often(narrow: Site, client: httpx.Client) -> None:
    before = limited(narrow, "address_rate")
    url = f"{narrow.server.url}/openapi.json"
    with ThreadPoolExecutor(4) as pool:
        statuses = [each.status_code for each in pool.map(lambda _: client.head(url), range(200))]
    assert statuses.count(200) >= 50
    late = statuses.count(429)
    assert late > 0
    assert limited(narrow, "address_rate") - before == late
    assert client.get(f"{narrow.server.url}/healthz").status_code == 200, "this is always answered"
    other = httpx.get(url, headers={"X-Forwarded-For": "198.51.100.2"})
    assert other.status_code == 200, "others are not concerned"
    # A client cannot make itself another one: what it says stands before what the proxy adds.
    own = client.headers["X-Forwarded-For"]
    statuses = []
    for number in range(200):
        said = {"X-Forwarded-For": f"198.51.100.{number}, {own}"}
        statuses.append(client.head(url, headers=said).status_code)
        if statuses[-1] == 429:
            break
    assert 429 in statuses


def test_too_many_requests_of_one_link_at_a_time(narrow: Site, large: Shelf, client: httpx.Client) -> None:
    link, other = narrow.link(large, ttl_s=200), narrow.link(large, ttl_s=201)
    before = limited(narrow, "token_requests")
    stalled = Stalled(narrow, link, 3)
    body = refused(client.get(link.of("size")), 429)
    assert body["detail"] == "Too many of this link's requests are open"
    assert limited(narrow, "token_requests") == before + 1
    assert client.get(other.of("size")).status_code == 200
    stalled.close()
    deadline = time.monotonic() + PATIENCE_S
    while client.get(link.of("size")).status_code == 429:
        assert time.monotonic() < deadline
        time.sleep(0.6)


def test_too_many_open_requests(narrow: Site, large: Shelf, client: httpx.Client) -> None:
    stalled = [Stalled(narrow, narrow.link(large, ttl_s=300 + n), 2) for n in range(5)]
    body = refused(client.get(f"{narrow.server.url}/openapi.json"), 503)
    assert body["detail"] == "Too many requests are open, try again"
    assert client.get(f"{narrow.server.url}/healthz").status_code == 200
    for each in stalled:
        each.close()


def test_who_takes_nothing_is_left(narrow: Site, large: Shelf) -> None:
    before = limited(narrow, "slow_reader")
    stalled = Stalled(narrow, narrow.link(large, ttl_s=400), 1)
    deadline = time.monotonic() + PATIENCE_S
    while limited(narrow, "slow_reader") == before:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert 0 < stalled.read_out(0) < LARGE_BYTES, "the connection is ended, and all has not come"
    stalled.close()


def test_who_takes_it_slowly_gets_all(narrow: Site, large: Shelf) -> None:
    with open_socket(narrow, receive_bytes=1 << 18) as connection:
        connection.sendall(get_head(narrow.link(large, ttl_s=401).of(f"{START_MS}.ts"), "198.51.100.8"))
        size = 0
        while piece := connection.recv(1 << 18):
            size += len(piece)
            # The whole takes twice as long as a client may stand still, however the pieces come.
            time.sleep(2 * STALL_S * len(piece) / LARGE_BYTES)
    assert size > LARGE_BYTES


def test_a_url_that_is_too_long(narrow: Site, client: httpx.Client) -> None:
    link = narrow.link(narrow.shelf())
    before = limited(narrow, "url")
    for url in (f"{narrow.server.url}/{'a' * 3000}", link.of("size", x="a" * 3000)):
        refused(client.get(url), 414)
    assert limited(narrow, "url") == before + 2
    assert client.get(link.of("size", x="a" * 1000)).status_code == 200


def test_headers_that_are_too_large(narrow: Site, client: httpx.Client) -> None:
    link = narrow.link(narrow.shelf())
    before = limited(narrow, "headers")
    for headers in ({"X-Large": "a" * 5000}, {f"X-{number}": "a" * 100 for number in range(50)}):
        refused(client.get(link.of("size"), headers=headers), 431)
    assert limited(narrow, "headers") == before + 2
    assert client.get(link.of("size"), headers={"X-Large": "a" * 3000}).status_code == 200


def test_a_head_that_trickles(narrow: Site) -> None:
    with open_socket(narrow) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        try:
            for number in range(200):
                connection.sendall(f"X-{number}: a\r\n".encode())
                time.sleep(0.1)
        except ConnectionError:
            return
    raise AssertionError("it was listened to for twenty seconds")


def test_a_body_that_trickles(narrow: Site) -> None:
    before = limited(narrow, "slow_body")
    with open_socket(narrow) as connection:
        connection.sendall(
            b"POST /session HTTP/1.1\r\nHost: x\r\nX-Footage-Page: 1\r\nContent-Length: 100\r\n\r\n{"
        )
        answer = connection.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in answer
    assert limited(narrow, "slow_body") == before + 1


def test_nothing_above_was_the_servers_fault(narrow: Site) -> None:
    """Runs last."""
    log = narrow.server.log.read_text()
    assert "status=500" not in log
    assert "Traceback" not in log
    text = httpx.get(f"{narrow.server.url}/metrics", headers={"X-Forwarded-For": "198.51.100.3"}).text
    assert "footage_http_requests_open 1.0" in text, "this one alone"
