"""Segments that nginx sends from the storage itself, with the very configuration of the guide."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx
import pytest

from footage.archive.storage import block_key
from footage.house import open_house
from footage.settings import load
from kit.archive import START_MS, Shelf
from kit.exports import wait_until
from kit.nginx import Proxy, guide_blocks, replaced, running_nginx
from kit.server import SignedLink, running_server
from kit.site import Site

SIZE_BYTES = 3_000_000
SENDS = {"X-Sendfile-Type": "X-Accel-Redirect"}


@dataclass(frozen=True)
class Sending:
    """A site whose segments the proxy in front of it sends; both are asked by ``client``."""

    site: Site
    storage: Path
    proxy: Proxy
    client: httpx.Client

    def link(self, shelf: Shelf) -> SignedLink:
        """A link that leads through the proxy."""
        link = self.site.link(shelf)
        return SignedLink(self.proxy.url + urlsplit(link.url).path, link.token)

    def handed_over(self) -> int:
        """How many segments Footage left to the proxy: what it sent of them itself is nothing."""
        empty = re.compile(rf'GET" path="[^"]*/{START_MS}\.ts" status=200 bytes=0 ')
        lines = self.site.server.log.read_text().splitlines()
        return sum(bool(empty.search(line)) for line in lines)


@pytest.fixture(scope="module")
def sending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sending]:
    data = tmp_path_factory.mktemp("sending")
    # Where nginx's user gets to, as /srv is.
    with TemporaryDirectory(prefix="footage-srv-") as srv:
        Path(srv).chmod(0o711)
        storage = Path(srv, "footage")
        storage.mkdir()
        if os.geteuid() == 0:
            shutil.chown(storage, group="www-data")
        storage.chmod(0o2750)
        trusted, accel = guide_blocks("toml")
        (data / "footage.toml").write_text(trusted + replaced(accel, "/srv/footage", str(storage)))
        house = open_house(load(data_dir=data))
        with (
            running_server(data) as server,
            running_nginx(tmp_path_factory.mktemp("nginx") / "nginx", server, storage=storage) as proxy,
            httpx.Client(verify=proxy.trust, timeout=60) as client,
        ):
            yield Sending(Site(server, house), storage, proxy, client)
        house.close()


@pytest.fixture
def shelf(sending: Sending) -> Shelf:
    """An archive of two segments, of which the second is asked for."""
    shelf = sending.site.shelf()
    shelf.add_run(START_MS - 6000, [(6000, SIZE_BYTES), (6000, SIZE_BYTES)])
    return shelf


def test_the_proxy_sends_what_footage_would(sending: Sending, shelf: Shelf) -> None:
    before = sending.handed_over()
    straight = sending.client.get(sending.site.link(shelf).of(f"{START_MS}.ts"))
    assert sending.handed_over() == before
    answer = sending.client.get(sending.link(shelf).of(f"{START_MS}.ts"))
    # A request is logged when it is over, which is about when its client has all of it.
    wait_until(lambda: sending.handed_over() == before + 1)
    assert answer.status_code == 200
    assert len(answer.content) == SIZE_BYTES
    assert answer.content == straight.content
    own = {"server", "date", "connection", "strict-transport-security"}
    assert {name: value for name, value in answer.headers.items() if name not in own} == {
        name: value for name, value in straight.headers.items() if name not in own
    }


def test_the_rest_is_answered_by_footage(sending: Sending, shelf: Shelf) -> None:
    before = sending.handed_over()
    url = sending.link(shelf).of(f"{START_MS}.ts")
    whole = sending.client.get(url)
    part = sending.client.get(url, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, whole.content[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{SIZE_BYTES}"
    again = sending.client.get(url, headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = sending.client.get(url, headers={"Range": "bytes=5-9", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, whole.content)
    head = sending.client.head(url)
    assert (head.status_code, head.headers["content-length"]) == (200, str(SIZE_BYTES))
    wait_until(lambda: sending.handed_over() == before + 2)
    link = sending.link(shelf)
    forged = SignedLink(link.url, {**link.token, "signature": "A" * 43})
    assert sending.client.get(forged.of(f"{START_MS}.ts")).status_code == 403


def test_what_nginx_cannot_read_is_read_by_footage(sending: Sending, shelf: Shelf) -> None:
    [block] = (sending.storage / str(shelf.archive.id)).rglob("*.ts")
    url = sending.link(shelf).of(f"{START_MS}.ts")
    whole = sending.client.get(url).content
    if os.geteuid() == 0:
        block.chmod(0o600)
        answer = sending.client.get(url)
        assert (answer.status_code, answer.content) == (200, whole)
        block.chmod(0o640)
    # Its end is lost: that is told as it is without a proxy.
    os.truncate(block, SIZE_BYTES + 1)
    straight = sending.client.get(sending.site.link(shelf).of(f"{START_MS}.ts"))
    answer = sending.client.get(url)
    assert answer.status_code == straight.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"


def test_nobody_else_reaches_the_footage(sending: Sending, shelf: Shelf) -> None:
    key = block_key(shelf.archive.id, START_MS - 6000)
    assert (sending.storage / key).exists()
    for path in (f"/_footage/{key}", f"/%5Ffootage/{key}", f"/x/..//_footage/{key}", "/_footage/"):
        assert sending.client.get(f"{sending.proxy.url}{path}").status_code == 404, path


def test_only_a_trusted_proxy_is_told_where(site: Site) -> None:
    """A server without such a proxy, whatever a client says it can do."""
    shelf = site.shelf()
    shelf.add_run(START_MS, [(6000, 1000)])
    answer = httpx.get(site.link(shelf).of(f"{START_MS}.ts"), headers=SENDS)
    assert len(answer.content) == 1000
    assert "x-accel-redirect" not in answer.headers


def test_a_client_of_the_proxy_cannot_ask_for_it(sending: Sending, shelf: Shelf) -> None:
    answer = sending.client.get(sending.link(shelf).of(f"{START_MS}.ts"), headers=SENDS)
    assert len(answer.content) == SIZE_BYTES
    assert not {"x-accel-redirect", "x-footage-range"} & set(answer.headers)
