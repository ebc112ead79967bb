"""A small RTSP relay: what is published at one path is played by many, over TCP.

It is there to stand in for cameras, so it does what a camera's server does and no more: one
publisher a path (ANNOUNCE, RECORD), players that DESCRIBE, SETUP and PLAY all tracks or one, and
everything interleaved in the RTSP connection (RFC 2326, 10.12). The relay fixes the channels of
publishers and players alike, so bytes go on as they came. A player that reads too slowly is cut
off when its buffer is full and never makes another wait. It listens on the machine's own address.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

from footage.demo.login import Login
from footage.demo.wire import (
    Answer,
    Chunk,
    Malformed,
    Parser,
    Request,
    Track,
    framed,
    packets_of,
    tracks_in,
)

HOST = "127.0.0.1"
_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_C = TypeVar("_C", bound="Camera")

_GATHER_SECONDS = 0.005
"""A publisher writes a picture packet by packet; gathered, each player costs one write a picture."""
_KERNEL_BYTES = 128 * 1024
_SENDER_REPORT = b"\xc8"
_METHODS = "OPTIONS, ANNOUNCE, DESCRIBE, SETUP, RECORD, PLAY, GET_PARAMETER, TEARDOWN"


class Camera:
    """What players find at one path: the media of a published path, and how requests are met.

    ``pictures`` and ``sent_bytes`` count what went to players, ``plays`` how often one began. Tests
    change what a camera does by overriding ``answer`` and ``media``; both run in the relay's thread.
    """

    def __init__(self, relay: Relay, name: str, *, source: str, login: Login | None = None) -> None:
        self.relay = relay
        self.name = name
        self.source = source
        self.login = login
        self.players: set[Connection] = set()
        self.pictures = 0
        self.sent_bytes = 0
        self.plays = 0

    @property
    def url(self) -> str:
        """Where to play it, with user and password where it asks for them: not for logs."""
        return self.relay.url(self.name, login=self.login)

    def answer(self, request: Request, usual: Callable[[Request], Answer]) -> bytes:
        """The bytes that answer a request; ``usual`` does what was asked for and tells the answer."""
        return usual(request).encode(request)

    def media(self, chunk: Chunk) -> Chunk | None:
        """What players get instead of a chunk of the source; None for nothing."""
        return chunk

    def join(self, player: Connection, reports: bytes) -> None:
        """Let a player have all that comes from now on.

        It begins with the tracks' newest sender reports, which tie their clocks together (RFC 3550,
        6.4.1); the next ones may be seconds away.
        """
        self.plays += 1
        self.players.add(player)
        if reports and (chunk := self.media(Chunk(reports, 0))) is not None:
            self.send(chunk, {player})

    def deliver(self, chunk: Chunk) -> None:
        """Send on what came from the source."""
        if not self.players:
            return
        changed = self.media(chunk)
        if changed is not None and changed.data:
            self.send(changed, set(self.players))

    def send(self, chunk: Chunk, players: set[Connection]) -> None:
        """Write to players, to each the tracks that it asked for."""
        parts: dict[frozenset[int], Chunk] = {}
        for player in players:
            wanted = player.wanted
            if wanted not in parts:
                every = {
                    channel for track in player.tracks for channel in (track.channel, track.channel + 1)
                }
                parts[wanted] = chunk if wanted >= every else chunk.only(wanted, player.tracks)
            part = parts[wanted]
            if part.data and player.send(part.data):
                self.pictures += part.pictures
                self.sent_bytes += len(part.data)


class Published:
    """A published path: its description, its tracks, and what came just now."""

    def __init__(self, relay: Relay, name: str, sdp: bytes) -> None:
        self.name = name
        self.sdp = sdp
        self.tracks: tuple[Track, ...] = tracks_in(sdp)
        self._relay = relay
        self._gathered: list[bytes] = []
        self._reports: dict[int, bytes] = {}

    @property
    def reports(self) -> bytes:
        """The newest sender report of each track, framed."""
        return b"".join(self._reports.values())

    def take(self, packets: bytes) -> None:
        """Gather whole packets; they go on together a moment later."""
        if not self._gathered:
            self._relay.loop.call_later(_GATHER_SECONDS, self.flush)
        self._gathered.append(packets)

    def flush(self) -> None:
        """Hand on what has been gathered."""
        data = b"".join(self._gathered)
        self._gathered.clear()
        if not data:
            return
        for channel, packet in packets_of(data):
            if channel % 2 and packet[1:2] == _SENDER_REPORT:
                self._reports[channel] = framed(channel, packet)
        chunk = Chunk.of(data, self.tracks)
        for camera in self._relay.cameras_of(self.name):
            camera.deliver(chunk)


class Connection(asyncio.Protocol):
    """One connection, of a publisher or a player: which of the two shows in its requests."""

    def __init__(self, relay: Relay) -> None:
        self.tracks: tuple[Track, ...] = ()
        self.wanted: frozenset[int] = frozenset()
        self.gone = asyncio.Event()
        self._relay = relay
        self._parser = Parser()
        self._session = secrets.token_hex(8)
        self._published: Published | None = None
        self._camera: Camera | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's: the connection is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # Else the kernel would take megabytes for a player that does not read.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)
        self._relay.connections.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        """Asyncio's: the connection is gone; a publisher takes its players along."""
        self._relay.connections.discard(self)
        if self._camera is not None:
            self._camera.players.discard(self)
        if self._published is not None:
            self._relay.withdraw(self._published)
        self.gone.set()

    def data_received(self, data: bytes) -> None:
        """Asyncio's: requests, a publisher's media, or a player's reports, which nobody needs."""
        try:
            for item in self._parser.feed(data):
                if isinstance(item, Request):
                    self._met(item)
                elif self._published is not None:
                    self._published.take(item)
        except Malformed:
            self.close(reset=True)

    def send(self, data: bytes) -> bool:
        """Write; False where the connection is closing, or is cut off now for a full buffer."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        transport.write(data)
        if transport.get_write_buffer_size() <= self._relay.buffer_bytes:
            return True
        camera = None if self._camera is None else self._camera.name
        _log.warning("relay.player_too_slow", extra={"fields": {"camera": camera}})
        transport.abort()
        return False

    def close(self, *, reset: bool = False) -> None:
        """Close, after what has been written or at once; a publisher's last packets still go on."""
        if self._published is not None:
            self._published.flush()
        if self._transport is not None and reset:
            self._transport.abort()
        elif self._transport is not None:
            self._transport.close()

    @property
    def transport(self) -> asyncio.Transport | None:
        """The connection beneath."""
        return self._transport

    def _met(self, request: Request) -> None:
        camera = self._relay.camera_at(request.path())
        if camera is None or self._published is not None:
            self.send(self._usual(request).encode(request))
        elif reply := camera.answer(request, self._usual):
            self.send(reply)
        if request.method == "TEARDOWN":
            self.close()
        elif request.method == "PLAY" and self._camera is not None and self._camera is camera:
            published = self._relay.published(camera)
            if self not in camera.players and published is not None:
                camera.join(self, published.reports)

    def _usual(self, request: Request) -> Answer:
        method = request.method
        if method in {"DESCRIBE", "SETUP", "PLAY"}:
            published = self._published
            return self._watched(request) if published is None else self._set_up(request, published.tracks)
        if method == "ANNOUNCE":
            return self._announced(request)
        if method == "OPTIONS":
            return Answer(headers={"Public": _METHODS})
        if method == "RECORD" and self._published is None:
            return Answer(454)
        known = method in {"RECORD", "GET_PARAMETER", "TEARDOWN"}
        return Answer(200 if known else 501, {"Session": self._session})

    def _announced(self, request: Request) -> Answer:
        self._published = self._relay.publish(request.path(), request.body)
        return Answer(200 if self._published is not None else 403)

    def _watched(self, request: Request) -> Answer:
        camera = self._relay.camera_at(request.path())
        published = None if camera is None else self._relay.published(camera)
        if camera is None or published is None:
            return Answer(404)
        if camera.login is not None and not camera.login.admits(request, self._session):
            return Answer(401, {"WWW-Authenticate": camera.login.challenge(self._session)})
        return self._allowed(request, camera, published)

    def _allowed(self, request: Request, camera: Camera, published: Published) -> Answer:
        if request.method == "DESCRIBE":
            headers = {"Content-Type": "application/sdp", "Content-Base": f"{request.url.rstrip('/')}/"}
            return Answer(200, headers, published.sdp)
        if request.method == "SETUP":
            self.tracks = published.tracks
            return self._set_up(request, published.tracks)
        if not self.wanted:
            return Answer(454)
        self._camera = camera
        return Answer(headers={"Session": self._session, "Range": "npt=now-"})

    def _set_up(self, request: Request, tracks: tuple[Track, ...]) -> Answer:
        number = request.path().rpartition("streamid=")[2]
        if "RTP/AVP/TCP" not in request.headers.get("transport", ""):
            return Answer(461)
        if not number.isdecimal() or int(number) >= len(tracks):
            return Answer(404)
        channel = tracks[int(number)].channel
        self.wanted |= {channel, channel + 1}
        transport = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        return Answer(headers={"Transport": transport, "Session": f"{self._session};timeout=60"})


class Relay:
    """The relay, in a thread of its own. Use as a context manager, or ``start`` and ``close``.

    ``port`` 0 takes any that is free. ``buffer_bytes`` is what a player may be behind. All methods
    but those marked may be called from any thread.
    """

    def __init__(self, *, port: int = 0, buffer_bytes: int = 4 * 1024 * 1024) -> None:
        self.port = port
        self.buffer_bytes = buffer_bytes
        self.loop = asyncio.new_event_loop()
        self.connections: set[Connection] = set()
        self._cameras: dict[str, Camera] = {}
        self._published: dict[str, Published] = {}
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._work, name="rtsp-relay", daemon=True)

    def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        self._thread.start()
        try:
            self.port = self.run(self._listen())
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Cut every connection and end the thread. May be called twice."""
        if self._thread.is_alive():
            self.run(self.shut())
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
        if not self.loop.is_closed() and not self._thread.is_alive():
            self.loop.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, path: str, *, login: Login | None = None) -> str:
        """Where to publish or play; with a login it holds the password, and is not for logs."""
        return f"rtsp://{'' if login is None else login.in_url()}{HOST}:{self.port}/{path}"

    def camera(self, name: str, *, source: str, login: Login | None = None) -> Camera:
        """Another camera, that plays what is published at the path ``source``."""
        return self.add(Camera(self, name, source=source, login=login))

    def add(self, camera: _C) -> _C:
        """Let players find a camera."""
        self.run(self._added(camera))
        return camera

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do something in the relay's thread and wait for it. Not for that thread itself."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=30)

    def camera_at(self, path: str) -> Camera | None:
        """The camera of a path, or of a track's below it. In the relay's thread."""
        head, _, tail = path.rpartition("/")
        return self._cameras.get(head if tail.startswith("streamid=") else path)

    def all_cameras(self) -> list[Camera]:
        """Every camera there is. In the relay's thread."""
        return list(self._cameras.values())

    def cameras_of(self, source: str) -> list[Camera]:
        """The cameras that play what is published at a path. In the relay's thread."""
        return [camera for camera in self._cameras.values() if camera.source == source]

    def published(self, camera: Camera) -> Published | None:
        """What a camera plays; None while nobody publishes it. In the relay's thread."""
        return self._published.get(camera.source)

    def publish(self, path: str, sdp: bytes) -> Published | None:
        """Take a publisher in; None where the path is another's. In the relay's thread."""
        camera = self._cameras.setdefault(path, Camera(self, path, source=path))
        if path in self._published or camera.source != path or not tracks_in(sdp):
            return None
        self._published[path] = Published(self, path, sdp)
        return self._published[path]

    def withdraw(self, published: Published) -> None:
        """The publisher is gone, and with it its players' connections. In the relay's thread."""
        published.flush()
        if self._published.get(published.name) is published:
            del self._published[published.name]
            for camera in self.cameras_of(published.name):
                for player in set(camera.players):
                    player.close()

    async def shut(self) -> None:
        """Stop listening and cut every connection. In the relay's thread."""
        if self._server is not None:
            self._server.close()
        for connection in set(self.connections):
            connection.close(reset=True)
            await connection.gone.wait()

    def _work(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _listen(self) -> int:
        self._server = await self.loop.create_server(lambda: Connection(self), HOST, self.port)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _added(self, camera: Camera) -> None:
        self._cameras[camera.name] = camera
