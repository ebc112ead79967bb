"""RTSP as bytes: requests, answers and interleaved packets (RFC 2326, 6, 7 and 10.12). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_DOLLAR = 0x24
_FRAMING = 4
_LONGEST_REQUEST = 64 * 1024
_RTP_HEADER = 12
_PHRASES = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    454: "Session Not Found",
    461: "Unsupported Transport",
    501: "Not Implemented",
}


class Malformed(Exception):
    """The peer does not speak RTSP, or no more."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request; ``headers`` by their names in small letters."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""

    def path(self) -> str:
        """The URL's path without slashes at its ends; what a query asks for is ignored."""
        return urlsplit(self.url).path.strip("/")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, encoded for the request that it answers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def encode(self, request: Request) -> bytes:
        """The bytes of it."""
        lines = [
            f"RTSP/1.0 {self.status} {_PHRASES[self.status]}",
            f"CSeq: {request.headers.get('cseq', '0')}",
        ]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True, slots=True)
class Track:
    """One track of a session description; RTP goes on channel ``2 * number``, RTCP on the next."""

    number: int
    kind: str
    codec: str
    clock_rate: int

    @property
    def channel(self) -> int:
        """The channel of its RTP."""
        return 2 * self.number


def tracks_in(sdp: bytes) -> tuple[Track, ...]:
    """The tracks that a session description (RFC 8866) names, in its order."""
    tracks = []
    for number, section in enumerate(sdp.decode("utf-8", "replace").split("\nm=")[1:]):
        mapped = re.search(r"^a=rtpmap:\d+ ([\w-]+)/(\d+)", section, re.MULTILINE)
        # RFC 3551, 6: a static payload type needs no rtpmap; those of sound for telephones are at 8 kHz.
        codec, rate = (mapped[1].upper(), int(mapped[2])) if mapped else ("", 8000)
        tracks.append(Track(number, section.split(" ", 1)[0], codec, rate))
    return tuple(tracks)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole interleaved packets behind one another, and how many pictures end in them."""

    data: bytes
    pictures: int

    @classmethod
    def of(cls, data: bytes, tracks: tuple[Track, ...]) -> Chunk:
        """Count the pictures: the last packet of each carries RTP's marker (RFC 6184, 5.1)."""
        channels = {track.channel for track in tracks if track.kind == "video"}
        pictures = sum(
            channel in channels and len(packet) >= _RTP_HEADER and packet[1] >> 7
            for channel, packet in packets_of(data)
        )
        return cls(data, pictures)

    def only(self, channels: frozenset[int], tracks: tuple[Track, ...]) -> Chunk:
        """What of it goes over these channels."""
        kept = [framed(channel, packet) for channel, packet in packets_of(self.data) if channel in channels]
        return Chunk.of(b"".join(kept), tracks)


def packets_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The packets of whole interleaved ones, each with its channel."""
    at = 0
    while at < len(data):
        end = at + _FRAMING + (data[at + 2] << 8 | data[at + 3])
        yield data[at + 1], data[at + _FRAMING : end]
        at = end


def framed(channel: int, packet: bytes) -> bytes:
    """A packet as it goes over the connection."""
    return bytes((_DOLLAR, channel, len(packet) >> 8, len(packet) & 0xFF)) + packet


class Parser:
    """Takes a connection's bytes apart, as they come."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Request | bytes]:
        """Requests, and interleaved packets as the whole ones of this read in one piece.

        Raises Malformed where neither can be made out.
        """
        data = self._rest + data
        at = 0
        while at < len(data):
            if data[at] == _DOLLAR:
                end = _end_of_packets(data, at)
                if end == at:
                    break
                yield data[at:end]
            else:
                found = _request_at(data, at)
                if found is None:
                    break
                request, end = found
                yield request
            at = end
        self._rest = data[at:]


def _end_of_packets(data: bytes, at: int) -> int:
    """Where the last whole packet ends of those that begin here."""
    while at + _FRAMING <= len(data) and data[at] == _DOLLAR:
        end = at + _FRAMING + (data[at + 2] << 8 | data[at + 3])
        if end > len(data):
            break
        at = end
    return at


def _request_at(data: bytes, at: int) -> tuple[Request, int] | None:
    """The request that begins here and where it ends; None while it is not whole."""
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        if len(data) - at > _LONGEST_REQUEST:
            raise Malformed
        return None
    first, *lines = data[at:end].decode("utf-8", "replace").lstrip("\r\n").split("\r\n")
    match first.split(" "):
        case [method, url, "RTSP/1.0"] if method.replace("_", "").isalpha():
            pass
        case _:
            raise Malformed
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _LONGEST_REQUEST:
        raise Malformed
    start, end = end + 4, end + 4 + int(length)
    if end > len(data):
        return None
    return Request(method, url, headers, data[start:end]), end
