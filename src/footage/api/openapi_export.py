"""Exports in the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus

from footage.api.errors import Fault
from footage.api.export_api import MP4_TYPE
from footage.api.openapi_archive_parts import ROOT, SPAN, example_path, operation, refused
from footage.api.openapi_parts import START_MS, Json, answer, problem, unavailable
from footage.timeline import format_ms

_BAD_START = Fault("start", "must be a finite number, not negative")


def nothing_kept(path: str) -> Json:
    """The 404 of a span without footage."""
    return problem(
        HTTPStatus.NOT_FOUND,
        "Nothing is kept of this span.",
        example_path(path),
        "Nothing is kept of this span",
    )


def changed(path: str) -> Json:
    """The 409 of a span that one file cannot hold."""
    moment_ms = START_MS + 60_000
    return problem(
        HTTPStatus.CONFLICT,
        "Within the span the codec or size of the pictures, or the rate or channels of the sound change:"
        " one file cannot hold both sides. Export what is before the moment and what is after it apart.",
        example_path(path),
        f"The size of the pictures changes from 1280x720 to 1920x1080 at {format_ms(moment_ms)}, which one"
        f" file cannot hold: export up to and from {moment_ms} apart",
    )


_stream = operation(
    "/export.mp4",
    name="exportStream",
    summary="A span as one MP4, at once",
    description="Fragmented MP4, sent while it is made: copied, never encoded anew. Begins with the"
    " keyframe before `start`, and its edit list makes players begin at `start` exactly; nothing from"
    " `start + duration` on is shown. Gaps are closed. A token with limits gets nothing from"
    " outside them, not even hidden. A body that ends without its last chunk is not whole: footage"
    " on its way was damaged or gone.",
    parameters=SPAN,
    conditional=False,
    answers={
        HTTPStatus.OK: answer(
            "The movie.",
            MP4_TYPE,
            {"type": "string", "format": "binary"},
            sends=("CacheControl", "ContentDisposition"),
        ),
        **refused("/export.mp4", _BAD_START),
        HTTPStatus.NOT_FOUND: nothing_kept("/export.mp4"),
        HTTPStatus.CONFLICT: changed("/export.mp4"),
    },
)
_stream["get"]["responses"]["503"] = unavailable(
    example_path("/export.mp4"), ", or too many exports are running"
)

EXPORT_PATHS: dict[str, Json] = {f"{ROOT}/export.mp4": _stream}
