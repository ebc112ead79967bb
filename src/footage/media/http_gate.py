"""The way out for cameras behind HTTP: a proxy of our own, which looks at each address it connects to.

FFmpeg follows redirects and playlists to wherever they point, and asks for names anew each time. Through
a proxy each of its connections names its host here, and goes to an address that was looked at.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from threading import Thread
from typing import Self
from urllib.parse import urlsplit

from footage.media.errors import NotLive
from footage.media.source_addresses import Network, find_addresses, split_source
from footage.timeline import Reason

_HOST = "127.0.0.1"
_HEAD_MAX_BYTES = 64 << 10
_PIECE_BYTES = 64 << 10
_PORTS = {"http": 80, "https": 443}
_REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.[01]\r\n")


class HttpGate:
    """A proxy on this host for one source. Use as a context manager; ``refused`` tells what it stopped."""

    def __init__(self, allowed: Sequence[Network], *, connect_s: float) -> None:
        self.refused: NotLive | None = None
        self._allowed = allowed
        self._connect_s = connect_s
        self._listener = socket.create_server((_HOST, 0))
        self._is_closed = False
        Thread(target=self._accept, name="http-gate", daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is, as FFmpeg's ``http_proxy``."""
        return f"http://{_HOST}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take no more; what is connected ends with the client."""
        self._is_closed = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(client,), name="http-gate", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(self._connect_s)
            try:
                self._pass_on(client)
            except NotLive as error:
                self.refused = error
                client.sendall(b"HTTP/1.1 502 Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def _pass_on(self, client: socket.socket) -> None:
        head = _read_head(client)
        match = _REQUEST.match(head)
        if match is None:
            return
        method, target = match[1], match[2].decode("latin-1")
        is_tunnel = method == b"CONNECT"
        parts = split_source(f"https://{target}" if is_tunnel else target)
        port = parts.port or _PORTS.get(parts.scheme, 80)
        with self._connected(str(parts.hostname), port) as server:
            if is_tunnel:
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                server.sendall(head.partition(b"\r\n\r\n")[2])
            else:
                path = urlsplit(target)._replace(scheme="", netloc="").geturl() or "/"
                server.sendall(head.replace(match[2], path.encode("latin-1"), 1))
            client.settimeout(None)
            server.settimeout(None)
            _pump(client, server)

    def _connected(self, host: str, port: int) -> socket.socket:
        failed: OSError | None = None
        for address in find_addresses(host, port, self._allowed):
            try:
                return socket.create_connection((str(address), port), timeout=self._connect_s)
            except OSError as error:
                failed = error
        if isinstance(failed, ConnectionRefusedError):
            raise NotLive(Reason.REFUSED, "nobody listens there")
        if isinstance(failed, TimeoutError):
            raise NotLive(Reason.NO_ANSWER, "it does not answer")
        raise NotLive(Reason.UNREACHABLE, "there is no way to its address")


def _read_head(client: socket.socket) -> bytes:
    """A request's head, and whatever came with it; empty where none comes."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _HEAD_MAX_BYTES:
        piece = client.recv(_PIECE_BYTES)
        if not piece:
            return b""
        head += piece
    return head


def _pump(client: socket.socket, server: socket.socket) -> None:
    """Bytes both ways until one side ends."""
    other = {client: server, server: client}
    with DefaultSelector() as selector:
        for side in other:
            selector.register(side, EVENT_READ, side)
        while True:
            for key, _ in selector.select():
                piece = key.data.recv(_PIECE_BYTES)
                if not piece:
                    return
                other[key.data].sendall(piece)
