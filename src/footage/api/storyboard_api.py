"""The storyboard's door: a WebVTT track of thumbnails, and the sheets that it points to.

A track names the span and the interval that it was made for in each URI, so a sheet is laid out as
its track was, also when either was left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get
from litestar.params import FromPath

from footage.api.archive_request import caching, can_grow, enter, wanted_span
from footage.api.authorisation import Grant
from footage.api.delivery import IMMUTABLE, AnyRequest, matches, text_response
from footage.api.errors import NotFound, TooMuch
from footage.api.parameters import Query, span_query
from footage.api.services import Injected, Services
from footage.api.threads import in_thread
from footage.playback.selection import select
from footage.playback.storyboard import (
    EMPTY_VTT,
    GREATEST_WIDTH,
    LEAST_WIDTH,
    MAX_PICTURES,
    USUAL_WIDTH,
    Cue,
    Layout,
    cues,
    layout,
    pictures,
    usual_interval_ms,
    vtt,
)
from footage.timeline import Span

VTT_TYPE = "text/vtt"


@dataclass(frozen=True, slots=True)
class Board:
    """A storyboard as it was asked for; ``layout`` is None where nothing is kept of ``span``."""

    span: Span
    cues: list[Cue]
    layout: Layout | None
    query: str


@get("/archives/{archive_id:str}/storyboard.vtt")
@in_thread
def storyboard(request: AnyRequest, services: Injected, archive_id: FromPath[str]) -> Response[bytes]:
    """A span as a track of thumbnails."""
    grant, query = enter(request, services, archive_id)
    board = _board(services, grant, query)
    text = vtt(board.cues, board.layout, board.query) if board.layout else EMPTY_VTT
    return text_response(
        request, text.encode("ascii"), VTT_TYPE, cache_control=caching(services, board.span)
    )


@get("/archives/{archive_id:str}/storyboard.jpg")
@in_thread
def storyboard_sheet(request: AnyRequest, services: Injected, archive_id: FromPath[str]) -> Response[bytes]:
    """One sheet of it."""
    grant, query = enter(request, services, archive_id)
    sheet = query.whole("sheet", 0, MAX_PICTURES - 1) or 0
    board = _board(services, grant, query)
    found = board.layout and services.sheets.find(grant.archive, board.cues, board.layout, sheet)
    if not found:
        raise NotFound("Storyboard sheet not found")
    etag = f'"{found.tag}"'
    headers = {"ETag": etag, "Cache-Control": _sheet_caching(services, board, sheet)}
    if matches(request.headers.get("if-none-match"), etag):
        return Response(b"", status_code=304, media_type="image/jpeg", headers=headers)
    drawn = services.sheets.picture(grant.archive, found)
    return Response(drawn.jpeg, media_type="image/jpeg", headers=headers)


ROUTES = (storyboard, storyboard_sheet)


def _board(services: Services, grant: Grant, query: Query) -> Board:
    """What is asked for, from the parameters. Raises BadRequest, TooMuch."""
    width = query.whole("width", LEAST_WIDTH, GREATEST_WIDTH) or USUAL_WIDTH
    wanted_interval_ms = query.length("interval")
    span = wanted_span(services, grant, query)
    entries = select(services.reader.parts(grant.archive, span))
    if not entries:
        return Board(span, [], None, "")
    interval_ms = wanted_interval_ms or usual_interval_ms(entries)
    number = pictures(entries, interval_ms)
    if number > MAX_PICTURES:
        raise TooMuch(
            f"The storyboard has {number} pictures, it may have at most {MAX_PICTURES}:"
            " ask for it with a longer interval, or in shorter spans by start and duration"
        )
    # From where it is found to begin, so that nothing that comes in front of it moves its cues.
    pinned = Span(entries[0].time_ms, max(span.end_ms, entries[0].time_ms))
    uri_query = f"{grant.query}&{span_query(pinned, interval_ms)}&width={width}"
    return Board(span, cues(entries, interval_ms), layout(entries[0].codecs, width), uri_query)


def _sheet_caching(services: Services, board: Board, sheet: int) -> str:
    """A sheet is for good when it is full, or nothing can be added to its span."""
    assert board.layout is not None
    is_full = len(board.cues) > (sheet + 1) * board.layout.boxes
    return IMMUTABLE if is_full or not can_grow(services, board.span.end_ms) else "no-cache"
