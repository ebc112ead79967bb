"""The Archive API: what a signed link opens."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.types import ASGIApp

from footage.api.archive_request import caching, can_grow, enter, wanted_span
from footage.api.delivery import (
    IMMUTABLE,
    AnyRequest,
    ByteRange,
    StoredResponse,
    matches,
    text_response,
)
from footage.api.errors import (
    PLAYLIST_NOT_FOUND,
    BadRequest,
    Fault,
    Forbidden,
    NotFound,
    TooMuch,
)
from footage.api.links import archive_url, base_url, is_from_proxy
from footage.api.services import Injected, Services
from footage.api.threads import in_thread
from footage.archive.errors import MissingBytes
from footage.archive.storage import block_key
from footage.media.mpegts import TICKS_PER_MS, WRAP, moved_back
from footage.playback import preview
from footage.playback.hls import Gaps, entries_listed, event_playlist, vod_playlist
from footage.playback.hls_live import LOOK_BACK, live_playlist
from footage.playback.selection import select, size_bytes
from footage.timeline import ALL_TIME, Archive

HLS_TYPE = "application/vnd.apple.mpegurl"
FRAME_TIME_HEADER = "Footage-Frame-Time"
PREVIEW_MAX_SIDE = 8192
_SEGMENT = re.compile(r"([0-9]{1,15})\.ts")


class Totals(msgspec.Struct, frozen=True):
    """An archive in numbers, and where to go on. Times in ms; null where nothing is kept."""

    id: str
    first: int | None
    last: int | None
    bytes: int
    runs: int
    links: dict[str, str]


class TimelineEntry(msgspec.Struct, frozen=True):
    """A run as a span sees it; all in ms."""

    time: int
    duration: int
    offset: int


class Size(msgspec.Struct, frozen=True):
    """Bytes of all segments of a span."""

    size: int


@get("/archives/{archive_id:str}")
@in_thread
def archive(request: AnyRequest, services: Injected, archive_id: FromPath[str]) -> Response[bytes]:
    """First and last moment, bytes, runs, and the links of the other methods."""
    grant, query = enter(request, services, archive_id)
    query.check()
    parts = []
    if grant.limits == ALL_TIME:
        totals = services.reader.totals(grant.archive)
        first, last = (totals.first_ms, totals.last_ms) if totals else (None, None)
        size, runs = (totals.size_bytes, totals.runs) if totals else (0, 0)
    else:
        parts = services.reader.parts(grant.archive, grant.limits)
        first = parts[0].start_ms if parts else None
        last = parts[-1].end_ms if parts else None
        size, runs = size_bytes(parts), len(parts)
    url = archive_url(base_url(services, request), grant.archive.id)
    links = {
        name: f"{url}/{path}?{grant.query}"
        for name, path in (
            ("timeline", "timeline"),
            ("playlist", "index.m3u8"),
            ("live", "live.m3u8"),
            ("size", "size"),
            ("preview", "preview"),
            ("storyboard", "storyboard.vtt"),
        )
    }
    return _json(request, Totals(str(grant.archive.id), first, last, size, runs, links), "no-cache")


@get("/archives/{archive_id:str}/timeline")
@in_thread
def timeline(request: AnyRequest, services: Injected, archive_id: FromPath[str]) -> Response[bytes]:
    """What is kept of a span, an entry a run."""
    grant, query = enter(request, services, archive_id)
    span = wanted_span(services, grant, query)
    entries = select(services.reader.parts(grant.archive, span))
    body = [TimelineEntry(e.time_ms, e.duration_ms, e.offset_ms) for e in entries]
    return _json(request, body, caching(services, span))


@get("/archives/{archive_id:str}/size")
@in_thread
def size(request: AnyRequest, services: Injected, archive_id: FromPath[str]) -> Response[bytes]:
    """The bytes of a span."""
    grant, query = enter(request, services, archive_id)
    span = wanted_span(services, grant, query)
    total = size_bytes(services.reader.parts(grant.archive, span))
    return _json(request, Size(total), caching(services, span))


@get("/archives/{archive_id:str}/index.m3u8")
@in_thread
def playlist(request: AnyRequest, services: Injected, archive_id: FromPath[str]) -> Response[bytes]:
    """A span as an HLS playlist."""
    grant, query = enter(request, services, archive_id)
    discontinuity, fill = query.switch("discontinuity"), query.switch("gaps")
    follow = query.switch("follow")
    span = wanted_span(services, grant, query)
    gaps = _gaps(discontinuity=discontinuity, fill=fill)
    parts, table = services.reader.parts_and_segments(grant.archive, span)
    if not parts:
        return _no_playlist()
    entries = select(parts)
    listed = entries_listed(entries, table, gaps)
    if listed > services.playlist_max_segments:
        raise TooMuch(
            f"The span has {listed} segments, a playlist at most {services.playlist_max_segments}:"
            " ask for it in shorter spans, by start and duration"
        )
    if follow:
        ended = _is_over(services, span.end_ms, parts[-1].end_ms)
        text = event_playlist(entries, table, gaps, grant.query, usual_ms=services.segment_ms, ended=ended)
    else:
        text = vod_playlist(entries, table, gaps, grant.query)
    return text_response(request, text.encode("ascii"), HLS_TYPE, cache_control=caching(services, span))


@get("/archives/{archive_id:str}/live.m3u8")
@in_thread
def live(request: AnyRequest, services: Injected, archive_id: FromPath[str]) -> Response[bytes]:
    """What the recorder committed last, as a playlist that slides."""
    grant, query = enter(request, services, archive_id)
    query.check()
    newest = services.reader.newest_recorded(grant.archive, LOOK_BACK)
    if not newest:
        return _no_playlist()
    text = live_playlist(
        newest,
        grant.limits,
        grant.query,
        usual_ms=services.segment_ms,
        ended=_is_over(services, grant.limits.end_ms, newest[-1].span.end_ms),
    )
    if text is None:
        return _no_playlist()
    return text_response(request, text.encode("ascii"), HLS_TYPE, cache_control="no-cache")


@get("/archives/{archive_id:str}/preview")
@in_thread
def picture(request: AnyRequest, services: Injected, archive_id: FromPath[str]) -> Response[bytes]:
    """A picture of a moment."""
    grant, query = enter(request, services, archive_id)
    wanted = preview.Request(
        moment_ms=query.moment("time"),
        accurate=query.switch("accurate"),
        width=query.whole("width", 1, PREVIEW_MAX_SIDE),
        height=query.whole("height", 1, PREVIEW_MAX_SIDE),
    )
    query.check()
    moment_ms = wanted.moment_ms
    if moment_ms is not None and not grant.limits.start_ms <= moment_ms < grant.limits.end_ms:
        raise Forbidden("The link does not reach to this moment")
    found = services.previewer.find(grant.archive, wanted, grant.limits)
    if found is None:
        raise NotFound("Preview not found")
    etag = f'"{found.tag}"'
    is_past = moment_ms is not None and moment_ms < found.kept.segment.end_ms
    headers = {"ETag": etag, "Cache-Control": IMMUTABLE if is_past else "no-cache"}
    if matches(request.headers.get("if-none-match"), etag):
        return Response(b"", status_code=304, media_type="image/jpeg", headers=headers)
    drawn = services.previewer.picture(grant.archive, found)
    headers[FRAME_TIME_HEADER] = str(drawn.frame_ms)
    return Response(drawn.jpeg, media_type="image/jpeg", headers=headers)


@get("/archives/{archive_id:str}/{name:str}")
@in_thread
def segment(
    request: AnyRequest, services: Injected, archive_id: FromPath[str], name: FromPath[str]
) -> ASGIApp:
    """A segment's bytes, its timestamps moved back where the playlist said so."""
    grant, query = enter(request, services, archive_id)
    match = _SEGMENT.fullmatch(name)
    shift_ms = query.whole("shift", 0, ALL_TIME.end_ms) or 0
    query.check()
    place = services.reader.place(grant.archive, int(match[1])) if match else None
    if place is None:
        raise NotFound("Segment not found")
    end_ms = place.start_ms + place.duration_ms
    if place.start_ms >= grant.limits.end_ms or end_ms <= grant.limits.start_ms:
        raise Forbidden("The link does not reach to this moment")
    ticks = shift_ms * TICKS_PER_MS % WRAP
    etag = f'"{place.crc32:08x}-{place.size_bytes:x}-{ticks:x}"'
    change = (lambda data: moved_back(data, ticks)) if ticks else None
    try:
        block = services.reader.open_block(grant.archive, place.block_ms)
    except MissingBytes:
        # Removed between the two looks; else its bytes are missing, which is another's fault.
        if services.reader.place(grant.archive, place.start_ms) is None:
            raise NotFound("Segment not found") from None
        raise
    where = ByteRange(place.at_bytes, place.at_bytes + place.size_bytes)
    redirect = _redirect(services, request, grant.archive, place.block_ms)
    return StoredResponse(
        block, where, etag, {"content-type": "video/mp2t"}, change=change, redirect=redirect
    )


ROUTES = (archive, timeline, size, playlist, live, picture, segment)


def _redirect(services: Services, request: AnyRequest, archive: Archive, block_ms: int) -> str | None:
    """Where the proxy that asks finds a block; None where it is not to send it, or cannot."""
    location = services.accel_location
    if location is None or request.headers.get("x-sendfile-type") != "X-Accel-Redirect":
        return None
    if not is_from_proxy(services, request):
        return None
    return f"{location.rstrip('/')}/{block_key(archive.id, block_ms)}"


def _gaps(*, discontinuity: bool, fill: bool) -> Gaps:
    if fill and not discontinuity:
        raise BadRequest(Fault("gaps", "must come with discontinuity=true"))
    if fill:
        return Gaps.FILL
    return Gaps.DISCONTINUITY if discontinuity else Gaps.CLOSE


def _no_playlist() -> Response[bytes]:
    return Response(
        PLAYLIST_NOT_FOUND,
        status_code=404,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _is_over(services: Services, end_ms: int, kept_to_ms: int) -> bool:
    """Whether a span that ends at ``end_ms``, and is kept up to ``kept_to_ms``, grows no more.

    Recorders commit in the order of time, so what reaches over its end is the last of it.
    """
    return kept_to_ms >= end_ms or not can_grow(services, end_ms)


def _json(request: AnyRequest, body: Any, cache_control: str) -> Response[bytes]:
    return text_response(
        request, msgspec.json.encode(body), "application/json", cache_control=cache_control
    )
