"""Cameras over real RTSP that go wrong when they are told to."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from footage.demo.login import Login
from footage.demo.relay import HOST, Camera, Connection, Relay
from footage.demo.wire import Answer, Chunk, Request, framed, packets_of
from footage.media.film import Shot, clock_publisher
from kit.rtp_rewriting import TrackRewriter

_JUNK_BYTES = 3000


class SteppingClock:
    """A wall clock for publishers that can be stepped, and runs too fast by ``drift_ppm``.

    It may be handed to another process when that starts; a step is seen there at once.
    """

    def __init__(self, *, start_ms: int | None = None, drift_ppm: float = 0) -> None:
        self._begin_ns = time.monotonic_ns()
        self._start_ms = time.time_ns() // 1_000_000 if start_ms is None else start_ms
        self._drift_ppm = drift_ppm
        self._stepped_ms = multiprocessing.RawValue(ctypes.c_int64, 0)

    def __call__(self) -> int:
        passed_ms = (time.monotonic_ns() - self._begin_ns) * (1 + self._drift_ppm / 1e6) / 1e6
        return int(self._start_ms + passed_ms) + self._stepped_ms.value

    def step(self, ms: int) -> None:
        self._stepped_ms.value += ms


class FaultyCamera(Camera):
    """A camera with a port of its own, and faults on demand; each is in force when its call returns.

    ``attempts`` are the moments (monotonic) at which somebody connected, ``requests`` the methods
    that were asked for. ``heal`` ends every fault but what timestamps have become.
    """

    def __init__(self, relay: FaultyRelay, name: str, *, source: str, login: Login | None = None) -> None:
        super().__init__(relay, name, source=source, login=login)
        self.attempts: list[float] = []
        self.requests: list[str] = []
        self._rewriters: dict[int, TrackRewriter] = {}
        self._visitors: set[asyncio.Transport] = set()
        self._door: Callable[[], asyncio.Protocol] = self._open_door
        self._stalled_until = 0.0
        self._share = 0.0
        self._luck = random.Random(1)
        self._missing = False
        self._babbling = False
        self._socket = _bound(0)
        self.port: int = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return self.url_with(self.login)

    def url_with(self, login: Login | None) -> str:
        """The URL with another user or password, or none."""
        return f"rtsp://{'' if login is None else login.in_url()}{HOST}:{self.port}/{self.name}"

    def cut(self, *, reset: bool = False) -> None:
        """Close every connection: in order, or with a reset."""
        self._do(lambda: self._cut(reset=reset))

    def stall(self, seconds: float = float("inf")) -> None:
        """Stay connected and send nothing, for so long or until ``heal``."""
        self._stalled_until = time.monotonic() + seconds

    def refuse(self) -> None:
        """Nobody listens any more, as when the camera is off; connections are cut."""
        self.relay.run(self._stop_listening())

    def slam(self) -> None:
        """Close whatever connects, at once; connections are cut."""
        self._change_door(_Slammed)

    def half_open(self) -> None:
        """Take connections and never answer; those that are there are cut."""
        self._change_door(lambda: _Deaf(self._visitors))

    def drop(self, share: float) -> None:
        """Lose this share of the RTP packets."""
        self._share = share

    def jump(self, seconds: float) -> None:
        """The camera's clock is set: from now on all tracks' timestamps are so much later, or earlier.

        Beyond six hours and a half a jump of the picture's timestamps cannot be told from another one.
        """
        self._each(lambda rewriter: rewriter.jump(seconds))

    def wrap_in(self, seconds: float) -> None:
        """Timestamps of all tracks pass 2**32 so long after the next packet.

        Call it before anybody plays, or it is a jump as well.
        """
        self._each(lambda rewriter: rewriter.wrap_in(seconds))

    def swap(self, source: str) -> None:
        """Go on with what is published at another path, on the same connections.

        It needs tracks of the same codecs in the same order, with parameter sets in-band.
        """
        self._do(lambda: self._swap(source))

    def not_found(self) -> None:
        """Answer 404 to all that is asked."""
        self._missing = True

    def change_password(self, password: str) -> None:
        """Let in only who knows another password, from the next request on."""
        before = self.login or Login(password)
        self.login = Login(password, before.user, before.scheme)

    def babble(self) -> None:
        """Answer every request with junk."""
        self._babbling = True

    def junk(self) -> None:
        """Send junk to the players, once, between two packets."""
        self._do(lambda: self.send(Chunk(_junk(), 0), set(self.players)))

    def heal(self) -> None:
        """Be a good camera again."""
        self._stalled_until = self._share = 0.0
        self._missing = self._babbling = False
        if self._door != self._open_door:
            self._change_door(self._open_door)
        self.relay.run(self.listen())

    def answer(self, request: Request, usual: Callable[[Request], Answer]) -> bytes:
        self.requests.append(request.method)
        if self._babbling:
            return _junk()
        if self._missing:
            return Answer(404).encode(request)
        return super().answer(request, usual)

    def media(self, chunk: Chunk) -> Chunk | None:
        now = time.monotonic()
        if now < self._stalled_until:
            return None
        published = self.relay.published(self)
        if published is None:
            return chunk
        self._tracks()
        kept = []
        for channel, packet in packets_of(chunk.data):
            rewriter = self._rewriters[channel // 2]
            changed = rewriter.rtcp(packet) if channel % 2 else rewriter.rtp(packet, now)
            if changed is None or (channel % 2 == 0 and self._luck.random() < self._share):
                continue
            kept.append(framed(channel, changed))
        return Chunk.of(b"".join(kept), published.tracks)

    async def listen(self) -> None:
        """Take connections at this camera's port."""
        if self._server is None:
            self._server = await self.relay.loop.create_server(self._enter, sock=self._socket)

    async def shut(self) -> None:
        """Give the port back and cut the connections."""
        await self._stop_listening()
        self._socket.close()

    async def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            # Bound but not listening: refused, and nobody else gets the port in the meantime.
            self._socket = _bound(self.port)
        self._cut(reset=False)

    def _enter(self) -> asyncio.Protocol:
        self.attempts.append(time.monotonic())
        return self._door()

    def _open_door(self) -> asyncio.Protocol:
        return _Visitor(self.relay, self._visitors)

    def _change_door(self, door: Callable[[], asyncio.Protocol]) -> None:
        self._door = door
        self._do(lambda: self._cut(reset=False))

    def _cut(self, *, reset: bool) -> None:
        for transport in list(self._visitors):
            if reset:
                linger = struct.pack("ii", 1, 0)
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                transport.abort()
            else:
                transport.close()

    def _swap(self, source: str) -> None:
        self.source = source
        for rewriter in self._rewriters.values():
            rewriter.join()

    def _tracks(self) -> list[TrackRewriter]:
        published = self.relay.published(self)
        assert published is not None, "nothing is published for this camera"
        for track in published.tracks:
            self._rewriters.setdefault(track.number, TrackRewriter(track))
        return list(self._rewriters.values())

    def _each(self, work: Callable[[TrackRewriter], None]) -> None:
        def every() -> None:
            for rewriter in self._tracks():
                work(rewriter)

        self._do(every)

    def _do(self, work: Callable[[], object]) -> None:
        async def in_the_relay() -> None:
            work()

        self.relay.run(in_the_relay())


class FaultyRelay(Relay):
    """A relay whose cameras go wrong on demand."""

    def camera(self, name: str, *, source: str, login: Login | None = None) -> FaultyCamera:
        camera = self.add(FaultyCamera(self, name, source=source, login=login))
        self.run(camera.listen())
        return camera

    async def shut(self) -> None:
        for camera in self.all_cameras():
            if isinstance(camera, FaultyCamera):
                await camera.shut()
        await super().shut()


class _Visitor(Connection):
    """A connection that came through a camera's own door."""

    def __init__(self, relay: Relay, visitors: set[asyncio.Transport]) -> None:
        super().__init__(relay)
        self._visitors = visitors

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        self._visitors.add(transport)

    def connection_lost(self, reason: Exception | None) -> None:
        assert self.transport is not None
        self._visitors.discard(self.transport)
        super().connection_lost(reason)


class _Deaf(asyncio.Protocol):
    """Never answers."""

    def __init__(self, visitors: set[asyncio.Transport]) -> None:
        self._visitors = visitors

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._visitors.add(transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._visitors.discard(self._transport)


class _Slammed(asyncio.Protocol):
    """Hangs up at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


@dataclass
class Studio:
    """A relay and its publishers."""

    relay: FaultyRelay
    _stack: ExitStack = field(repr=False)

    def film(self, source: str, shot: Shot | None = None, *, clock: SteppingClock | None = None) -> None:
        """Publish a live test picture at the path ``source`` till the end."""
        told = {} if clock is None else {"clock": clock}
        self._stack.enter_context(clock_publisher(self.relay.url(source), shot, **told))

    def camera(self, name: str, *, source: str, login: Login | None = None) -> FaultyCamera:
        """A camera that plays what is published at ``source``."""
        return self.relay.camera(name, source=source, login=login)


@contextmanager
def studio() -> Iterator[Studio]:
    """A relay, closed with its publishers at the end."""
    with FaultyRelay() as relay, ExitStack() as stack:
        yield Studio(relay, stack)


def _bound(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    return sock


def _junk() -> bytes:
    return random.Random(1).randbytes(_JUNK_BYTES)
