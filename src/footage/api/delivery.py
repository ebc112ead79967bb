"""Answers on the wire: compression, conditional requests, ranges, and segments in pieces.

Conditional and range requests after RFC 9110, sections 13 and 14.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from isal import igzip, isal_zlib
from litestar import Request, Response
from litestar.types import Receive, Scope, Send

from footage.api.errors import RangeNotSatisfiable
from footage.archive.storage import OpenBlock

IS_HEAD = "is_head"
"""In a request's state: only the head of the answer is wanted."""
IMMUTABLE = "private, max-age=31536000, immutable"
_COMPRESS_FROM_BYTES = 1024
_PIECE_BYTES = 256 << 10
_CONDITIONS = frozenset({b"range", b"if-range", b"if-none-match"})
_RANGE = re.compile(r"bytes=\s*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))\s*", re.ASCII)

AnyRequest = Request[Any, Any, Any]


def text_response(
    request: AnyRequest, body: bytes, media_type: str, *, cache_control: str
) -> Response[bytes]:
    """A body made for this request: with a tag, compressed where the client takes it."""
    # Weak: the compressed and the plain form count as the same.
    etag = f'W/"{isal_zlib.crc32(body):08x}-{len(body):x}"'
    headers = {"ETag": etag, "Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    if matches(request.headers.get("if-none-match"), etag):
        return Response(b"", status_code=304, media_type=media_type, headers=headers)
    if len(body) >= _COMPRESS_FROM_BYTES and takes_gzip(request.headers.get("accept-encoding", "")):
        body = igzip.compress(body, compresslevel=1)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=media_type, headers=headers)


def matches(header: str | None, etag: str) -> bool:
    """True where If-None-Match names the tag, weakly compared (RFC 9110, 8.8.3.2)."""
    if header is None:
        return False
    wanted = etag.removeprefix("W/")
    return header.strip() == "*" or any(
        tag.strip().removeprefix("W/") == wanted for tag in header.split(",")
    )


def takes_gzip(header: str) -> bool:
    """Whether Accept-Encoding lets a body come compressed (RFC 9110, 12.5.3)."""
    for coding in header.split(","):
        name, _, parameters = coding.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            quality = parameters.replace(" ", "").lower().removeprefix("q=")
            with suppress(ValueError):
                return not parameters or float(quality) > 0
    return False


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes from ``start`` up to, not including, ``end``."""

    start: int
    end: int


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The one range asked for, cut to ``size``; None where all is to be sent.

    A header that is malformed, of another unit, or of several ranges is ignored, as RFC 9110,
    14.2 allows. Raises ValueError where the range cannot be satisfied.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        start, end = max(size - int(suffix), 0), size
        if not int(suffix):
            raise ValueError("a suffix of no length")
    else:
        start, end = int(first), int(last) + 1 if last else size
        if last and end <= start:
            return None
    if start >= size:
        raise ValueError("starts beyond the end")
    return ByteRange(start, min(end, size))


class StoredResponse:
    """Bytes of the storage, which never change, as an ASGI application: whole, in part, or not again.

    ``place`` is what is sent of ``block``. What lies in the page cache is sent as it is met; the rest is
    read by a thread, in pieces, so that neither a slow disk holds up other requests nor a slow client
    holds a segment in memory. ``change`` is applied to the whole first. ``headers`` come beside those of
    the tag and the range. ``redirect`` is where the proxy that asks finds the file of the block: it is told
    to send the place of it, where that is all that is wanted. Closes ``block`` when done.
    """

    def __init__(
        self,
        block: OpenBlock,
        place: ByteRange,
        etag: str,
        headers: Mapping[str, str],
        *,
        change: Callable[[bytes], bytes] | None = None,
        redirect: str | None = None,
    ) -> None:
        self._block = block
        self._place = place
        self._etag = etag
        self._headers = headers
        self._change = change
        self._redirect = redirect
        self._is_head = False

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer the request of ``scope``."""
        self._is_head = bool(scope.get("state", {}).get(IS_HEAD))
        try:
            await self._answer(_conditions(scope), send)
        finally:
            self._block.close()

    async def _answer(self, headers: Mapping[bytes, str], send: Send) -> None:
        size = self._place.end - self._place.start
        common = {"etag": self._etag, "cache-control": IMMUTABLE, "accept-ranges": "bytes"}
        if matches(headers.get(b"if-none-match"), self._etag):
            await _send_head(send, 304, common, None)
            await _send_piece(send, b"", more=False)
            return
        wanted = headers.get(b"range")
        if headers.get(b"if-range", self._etag) != self._etag:
            wanted = None
        try:
            part = parse_range(wanted, size)
        except ValueError:
            raise RangeNotSatisfiable(size) from None
        if part is not None:
            common["content-range"] = f"bytes {part.start}-{part.end - 1}/{size}"
        common |= self._headers
        if part is None and self._redirect is not None and self._change is None and not self._is_head:
            place = f"bytes={self._place.start}-{self._place.end - 1}"
            common |= {"x-accel-redirect": self._redirect, "x-footage-range": place}
            await _send_head(send, 200, common, 0)
            await _send_piece(send, b"", more=False)
            return
        whole = ByteRange(0, size)
        await self._send(send, 200 if part is None else 206, common, part or whole)

    async def _send(self, send: Send, status: int, headers: Mapping[str, str], part: ByteRange) -> None:
        if self._change is not None:
            data = await asyncio.to_thread(self._changed, part)
            await _send_head(send, status, headers, len(data))
            await _send_piece(send, data, more=False)
            return
        at, end = self._place.start + part.start, self._place.start + part.end
        # The first piece is read before anything is said: it may not be there.
        piece = await self._read(at, end)
        await _send_head(send, status, headers, end - at)
        if self._is_head:
            await _send_piece(send, b"", more=False)
            return
        while True:
            at += len(piece)
            await _send_piece(send, piece, more=at < end)
            if at >= end:
                return
            piece = await self._read(at, end)

    async def _read(self, at: int, end: int) -> bytes:
        size = min(end - at, _PIECE_BYTES)
        ready = self._block.read_ready(at, size)
        return await asyncio.to_thread(self._block.read, at, size) if ready is None else ready

    def _changed(self, part: ByteRange) -> bytes:
        assert self._change is not None
        whole = self._block.read(self._place.start, self._place.end - self._place.start)
        return self._change(whole)[part.start : part.end]


def _conditions(scope: Scope) -> dict[bytes, str]:
    """The headers that change how stored bytes are answered."""
    return {name: value.decode("latin-1") for name, value in scope["headers"] if name in _CONDITIONS}


async def _send_piece(send: Send, data: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": more})


async def _send_head(send: Send, status: int, headers: Mapping[str, str], length: int | None) -> None:
    fields = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    if length is not None:
        fields.append((b"content-length", str(length).encode("ascii")))
    await send({"type": "http.response.start", "status": status, "headers": fields})
