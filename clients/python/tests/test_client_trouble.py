"""Servers that are busy, connections that break, tokens that end: and nothing secret in what is said."""

from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from client_kit import Clients, Proxy, clients, proxy_before

from footage_client import Busy, FootageError, NotAuthorised, ServerError, Unreachable
from kit.archive import START_MS, Shelf
from kit.clips import Clip
from kit.server import footage_json
from kit.site import Site

MakeClip = Callable[[str, Clip], Path]


@pytest.fixture(params=["blocking", "asynchronous"])
def opened(request: pytest.FixtureRequest) -> Iterator[Clients]:
    with clients(asynchronous=request.param == "asynchronous") as made:
        yield made


@pytest.fixture(scope="module")
def key(site: Site) -> str:
    made: str = footage_json("key", "add", "client", data=site.server.data)["key"]
    return made


@pytest.fixture(scope="module")
def shelf(site: Site, clips: MakeClip) -> Shelf:
    made = site.shelf("Entrance")
    made.import_file(clips("client.mp4", Clip(seconds=12)), START_MS)
    return made


@pytest.fixture
def proxy(site: Site) -> Iterator[Proxy]:
    with proxy_before(site.server.url) as running:
        yield running


@pytest.fixture
def camera(opened: Clients, proxy: Proxy, key: str, shelf: Shelf) -> Any:
    return opened.footage(proxy.url, key, retries=2).camera(shelf.camera.id)


@pytest.mark.parametrize("fault", [503, 502, 504, "cut"])
def test_what_passes_is_not_noticed(camera: Any, proxy: Proxy, fault: int | str) -> None:
    proxy.faults.extend([fault, fault])
    assert len(camera.timeline()) == 1
    assert proxy.count("/timeline") == 3


def test_a_server_that_stays_busy(camera: Any, proxy: Proxy) -> None:
    proxy.faults.extend([503] * 3)
    with pytest.raises(Busy, match="try again later") as busy:
        camera.timeline()
    assert (busy.value.status, busy.value.retry_after_s) == (503, 0)
    assert proxy.count("/timeline") == 3
    assert len(camera.timeline()) == 1


def test_a_server_that_fails_is_not_asked_again(camera: Any, proxy: Proxy) -> None:
    proxy.faults.append(500)
    with pytest.raises(ServerError, match="its log tells why"):
        camera.timeline()
    assert proxy.count("/timeline") == 1


@pytest.mark.parametrize("fault", ["other", 302])
def test_what_is_not_footage_is_told_as_such(camera: Any, proxy: Proxy, fault: int | str) -> None:
    for ask in (camera.timeline, camera.preview, camera.storyboard, camera.status):
        proxy.faults.append(fault)
        with pytest.raises(ServerError, match="not Footage"):
            ask()


def test_half_an_answer_is_asked_for_again(camera: Any, proxy: Proxy) -> None:
    """All that is small enough for memory can be had again without anybody noticing."""
    proxy.faults.append("half")
    assert camera.preview(START_MS).jpeg.endswith(b"\xff\xd9")
    assert proxy.count("/preview") == 2


def test_half_a_clip_is_no_clip(camera: Any, proxy: Proxy, tmp_path: Path) -> None:
    target = tmp_path / "clip.mp4"
    target.write_bytes(b"before")
    proxy.faults.append("half")
    with pytest.raises(Unreachable, match="not whole") as error:
        camera.export(START_MS, 5000, to=target)
    assert error.value.has_begun
    assert proxy.count("/export.mp4") == 1
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("clip.mp4", b"before")]
    # What went wrong before the first byte is another matter.
    proxy.faults.extend([503, "cut"])
    assert camera.export(START_MS, 5000, to=target) == target.stat().st_size > 5000


def test_nobody_there(opened: Clients, key: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = opened.footage(f"http://127.0.0.1:{probe.getsockname()[1]}", key, retries=1)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 does not answer") as error:
        nobody.camera("x")
    assert error.value.has_begun is False
    assert error.value.status is None


def test_a_server_that_says_nothing(opened: Clients, key: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unreachable, match="ReadTimeout"):
            opened.footage(url, key, retries=0, timeout_s=0.2).camera("x")


def test_a_post_is_not_sent_twice(opened: Clients, proxy: Proxy, key: str) -> None:
    """This proxy knows no POST, which is as good a failure as any."""
    with pytest.raises(FootageError):
        opened.footage(proxy.url, key).is_key_valid()


def test_tokens_are_renewed_before_they_end(opened: Clients, proxy: Proxy, key: str, shelf: Shelf) -> None:
    now_s = [0.0]
    desk = opened.footage(proxy.url, key, clock=lambda: now_s[0])
    camera = desk.camera(shelf.camera.id)
    asked_before = proxy.count("/v1/cameras/")
    camera.timeline()
    camera.playlist_url()
    assert proxy.count("/v1/cameras/") == asked_before
    exp_s = int(camera.playlist_url().split("exp=")[1].split("&")[0])
    # A URL that is handed out is to be good for an hour, where tokens live for so long.
    now_s[0] = exp_s - 3599
    camera.timeline()
    assert proxy.count("/v1/cameras/") == asked_before
    camera.playlist_url()
    assert proxy.count("/v1/cameras/") == asked_before + 1
    now_s[0] = exp_s + 1000
    camera.timeline()
    assert proxy.count("/v1/cameras/") == asked_before + 2


def test_a_token_that_is_refused_is_renewed_once(camera: Any, proxy: Proxy) -> None:
    before = proxy.count("/v1/cameras/")
    proxy.faults.append(403)
    assert len(camera.timeline()) == 1
    assert proxy.count("/v1/cameras/") == before + 1
    proxy.faults.extend([403])
    proxy.faults.append(403)
    with pytest.raises(NotAuthorised):
        camera.timeline()
    assert proxy.count("/v1/cameras/") == before + 2


def test_nothing_secret_is_said(
    opened: Clients,
    proxy: Proxy,
    key: str,
    shelf: Shelf,
    site: Site,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not in logs of any level, of ours or of the HTTP libraries; not in errors, not in repr."""
    caplog.set_level(logging.DEBUG)
    desk = opened.footage(proxy.url, key, retries=0)
    camera = desk.camera(shelf.camera.id)
    archive = opened.archive(site.link(shelf).of(), retries=0)
    urls = (camera.live_url(), archive.live_url())
    signatures = [url.split("signature=")[1].split("&")[0] for url in urls]
    shown = (desk, camera, archive, camera.info, camera.status(), archive.timeline(), camera.storyboard())
    said = [repr(each) for each in shown]
    asks: list[Callable[[], Any]] = [camera.timeline, camera.preview, camera.playlist, camera.storyboard]
    for fault in (400, 401, 403, 404, 413, 500, 503, "cut", "other", "half"):
        for ask in asks:
            proxy.faults.append(fault)
            try:
                ask()
            except FootageError as error:
                said += [repr(error), *traceback.format_exception(error)]
    proxy.faults.clear()
    with pytest.raises(FootageError) as refused:
        archive.preview(1_500_000_000_000)
    said += [repr(refused.value), *traceback.format_exception(refused.value)]
    text = "\n".join([*said, caplog.text, *capsys.readouterr()])
    assert "/timeline" in text
    for secret in (key, *signatures):
        assert secret not in text
