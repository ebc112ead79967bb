"""Nothing makes the recorder connect to where it must not: 127.0.0.2 here, where somebody waits."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from threading import Thread

import pytest

from footage.media.errors import NotLive
from footage.media.live import LiveSource
from footage.timeline import Reason, Source
from kit.clips import Clip

ALLOWED = (ip_network("127.0.0.1/32"),)
TARGET = "127.0.0.2"


class Camera(ThreadingHTTPServer):
    """Serves what is in ``pages`` at 127.0.0.1: bytes, or where to redirect to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, bytes | str] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Camera

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        page = self.server.pages.get(self.path)
        if page is None:
            self.send_error(404)
        elif isinstance(page, str):
            self.send_response(302)
            self.send_header("Location", page)
            self.end_headers()
        else:
            self.send_response(200)
            is_list = page.startswith(b"#EXTM3U")
            self.send_header("Content-Type", "application/vnd.apple.mpegurl" if is_list else "video/mp2t")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def camera() -> Iterator[Camera]:
    with Camera() as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def target() -> Iterator[tuple[str, Callable[[], int]]]:
    """Host and port of somebody who only counts who comes."""
    came: list[object] = []
    with socket.create_server((TARGET, 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                came.append(connection)
                connection.close()

        thread = Thread(target=accept, daemon=True)
        thread.start()
        yield f"{TARGET}:{listener.getsockname()[1]}", lambda: len(came)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def opened(url: str) -> Iterator[LiveSource]:
    with LiveSource(Source(url), open_s=8, stall_s=4, local_sources=ALLOWED) as source:
        yield source


def reason_of(url: str) -> Reason:
    """Why it cannot be read to its end."""
    with pytest.raises(NotLive) as ended, opened(url) as source:  # noqa: PT012
        for packet, arrived in source.packets():
            source.take(packet, arrived)
    assert TARGET not in str(ended.value)
    return ended.value.reason


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps", "http", "https", "srt"])
def test_not_straight(target: tuple[str, Callable[[], int]], scheme: str) -> None:
    at, came = target
    assert reason_of(f"{scheme}://{at}/x") is Reason.FORBIDDEN
    assert came() == 0


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp", "tcp", "file"])
def test_not_by_a_redirect(camera: Camera, target: tuple[str, Callable[[], int]], scheme: str) -> None:
    at, came = target
    camera.pages["/go"] = f"{scheme}://{at}/secret"
    reason = reason_of(f"{camera.url}/go")
    assert camera.asked == ["/go"]
    assert reason is Reason.FORBIDDEN or scheme not in ("http", "https")
    assert came() == 0


def test_the_trap_would_have_told(camera: Camera, target: tuple[str, Callable[[], int]]) -> None:
    at, came = target
    camera.pages["/go"] = f"http://{at}/secret"
    allowed = (*ALLOWED, ip_network(TARGET))
    with pytest.raises(NotLive), LiveSource(Source(f"{camera.url}/go"), local_sources=allowed):
        pass
    assert came() > 0


def test_a_redirect_to_where_it_may_go_is_followed(
    camera: Camera, clips: Callable[[str, Clip], Path]
) -> None:
    camera.pages["/go"] = "/there?really=1"
    camera.pages["/there?really=1"] = clips("gate.ts", Clip(seconds=2)).read_bytes()
    assert reason_of(f"{camera.url}/go") is Reason.LOST
    assert camera.asked == ["/go", "/there?really=1"]


@pytest.mark.parametrize("which", ["segment", "key", "variant"])
def test_not_by_a_playlist(
    camera: Camera, target: tuple[str, Callable[[], int]], clips: Callable[[str, Clip], Path], which: str
) -> None:
    at, came = target
    camera.pages["/good.ts"] = clips("gate.ts", Clip(seconds=2)).read_bytes()
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
    body = {
        "segment": f"{head}#EXTINF:2,\n/good.ts\n#EXTINF:2,\nhttp://{at}/secret.ts\n#EXT-X-ENDLIST\n",
        "key": f'{head}#EXT-X-KEY:METHOD=AES-128,URI="http://{at}/key"\n#EXTINF:2,\n/good.ts\n#EXT-X-ENDLIST\n',
        "variant": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nhttp://{at}/other.m3u8\n",
    }[which]
    camera.pages["/list.m3u8"] = body.encode()
    reason_of(f"{camera.url}/list.m3u8")
    assert "/list.m3u8" in camera.asked
    assert came() == 0


def test_not_by_a_file_in_a_playlist(camera: Camera, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ts"
    secret.write_bytes(b"G" + bytes(187))
    camera.pages["/list.m3u8"] = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode()
    )
    assert reason_of(f"{camera.url}/list.m3u8") is not Reason.LOST


def test_a_name_that_leads_here_is_looked_behind(target: tuple[str, Callable[[], int]]) -> None:
    _, came = target
    for name in ("localhost", socket.gethostname()):
        with pytest.raises(NotLive) as refused, LiveSource(Source(f"rtsp://{name}/x")):
            pass
        assert refused.value.reason in (Reason.FORBIDDEN, Reason.UNREACHABLE)
    assert came() == 0
