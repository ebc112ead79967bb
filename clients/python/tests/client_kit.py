"""What the client's tests share: both clients behind one face, and a proxy that misbehaves when told."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from footage_client import Archive, AsyncArchive, AsyncCamera, AsyncFootage, Footage

Open = Callable[..., Any]
_PASSED_ON = ("content-type", "content-encoding", "footage-frame-time", "content-disposition")


class Waiting:
    """An object of the asynchronous client as if it were of the blocking one."""

    def __init__(self, loop: asyncio.AbstractEventLoop, inner: Any) -> None:
        self._loop = loop
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def call(*given: Any, **named: Any) -> Any:
            result = found(*given, **named)
            if inspect.isasyncgen(result):
                return [self._face(each) for each in self._await(_all(result))]
            return self._face(self._await(result) if inspect.isawaitable(result) else result)

        return call

    def __repr__(self) -> str:
        return repr(self._inner)

    def _await(self, awaited: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(awaited, self._loop).result(120)

    def _face(self, result: Any) -> Any:
        return Waiting(self._loop, result) if isinstance(result, AsyncCamera) else result


async def _all(generator: Any) -> list[Any]:
    return [each async for each in generator]


@dataclass
class Clients:
    """Opens blocking clients, or asynchronous ones that look like them; closes them in the end."""

    loop: asyncio.AbstractEventLoop | None
    opened: list[Any] = field(default_factory=list)

    def footage(self, base_url: str, key: str, **settings: Any) -> Any:
        return self._kept(AsyncFootage if self.loop else Footage, base_url, key, **settings)

    def archive(self, link: str, **settings: Any) -> Any:
        return self._kept(AsyncArchive if self.loop else Archive, link, **settings)

    def _kept(self, kind: Open, *given: Any, **settings: Any) -> Any:
        made = kind(*given, **settings)
        self.opened.append(Waiting(self.loop, made) if self.loop else made)
        return self.opened[-1]


@contextmanager
def clients(*, asynchronous: bool) -> Iterator[Clients]:
    """Clients of one of the two kinds."""
    loop = asyncio.new_event_loop() if asynchronous else None
    thread = threading.Thread(target=loop.run_forever, name="client-loop") if loop else None
    if thread:
        thread.start()
    made = Clients(loop)
    try:
        yield made
    finally:
        for each in made.opened:
            each.close()
        if loop and thread:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


@dataclass
class Proxy:
    """Passes requests on to a server. To the next ones it does ``faults`` instead, one each.

    A status (answered with ``Retry-After: 0``), ``cut`` (the connection, before an answer), ``half``
    (of the body, then the connection), ``other`` (a page that is not Footage's).
    """

    url: str = ""
    faults: deque[int | str] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)

    def count(self, part: str) -> int:
        """How many requests had ``part`` in their path."""
        return sum(part in path for path in self.asked)


@contextmanager
def proxy_before(server_url: str) -> Iterator[Proxy]:
    """A running proxy."""
    proxy = Proxy()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            proxy.asked.append(self.path)
            fault = proxy.faults.popleft() if proxy.faults else None
            if fault == "cut":
                self.close_connection = True
                return
            if isinstance(fault, int):
                self._answer(fault, {"Retry-After": "0", "Content-Type": "text/plain"}, b"no")
                return
            if fault == "other":
                self._answer(200, {"Content-Type": "text/html"}, b"<p>a login page")
                return
            # Not by the library that the client uses: what that one logs is looked at.
            behind = HTTPConnection(urlsplit(server_url).netloc, timeout=60)
            with closing(behind):
                behind.request("GET", self.path, headers=dict(self.headers))
                got = behind.getresponse()
                headers = {name: got.headers[name] for name in _PASSED_ON if name in got.headers}
                self._answer(got.status, headers, got.read(), half=fault == "half")

        def _answer(self, status: int, headers: dict[str, str], body: bytes, *, half: bool = False) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if half else body)
            self.close_connection = half or self.close_connection

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="faulty-proxy")
    thread.start()
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
