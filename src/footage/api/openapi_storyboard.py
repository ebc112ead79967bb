"""The storyboard in the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus

from footage.api.delivery import IMMUTABLE
from footage.api.errors import Fault
from footage.api.openapi_archive_parts import (
    ROOT,
    SPAN,
    example_path,
    length,
    not_modified,
    operation,
    refused,
    whole,
)
from footage.api.openapi_parts import EXP, SIGNATURE, START_MS, Json, answer, problem, unavailable
from footage.api.storyboard_api import VTT_TYPE
from footage.playback.storyboard import GREATEST_WIDTH, LEAST_WIDTH, MAX_PICTURES, USUAL_WIDTH

_QUERY = (
    f"signature={SIGNATURE}&exp={EXP}&start={START_MS}&interval=10000&duration=32000&width={USUAL_WIDTH}"
)
_VTT = f"""\
WEBVTT

00:00:00.000 --> 00:00:10.000
storyboard.jpg?{_QUERY}&sheet=0#xywh=0,0,160,90

00:00:10.000 --> 00:00:20.000
storyboard.jpg?{_QUERY}&sheet=0#xywh=160,0,160,90

00:00:20.000 --> 00:00:30.000
storyboard.jpg?{_QUERY}&sheet=0#xywh=320,0,160,90

00:00:30.000 --> 00:00:32.000
storyboard.jpg?{_QUERY}&sheet=0#xywh=480,0,160,90
"""
_PARAMETERS = (
    *SPAN,
    length(
        "interval",
        "From one picture to the next, above 0, in the unit of `start`; in ms without one. Left out:"
        " whole seconds, so that there are about a hundred pictures.",
        10_000,
    ),
    whole(
        "width",
        f"Width of a picture, in pixels; never enlarged. Left out: {USUAL_WIDTH}.",
        LEAST_WIDTH,
        GREATEST_WIDTH,
    ),
)
_BAD_INTERVAL = Fault("interval", "must be a finite number above 0")


def _too_much(path: str) -> Json:
    return problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The storyboard would have more than {MAX_PICTURES} pictures.",
        example_path(path),
        f"The storyboard has 3600 pictures, it may have at most {MAX_PICTURES}: ask for it with a longer"
        " interval, or in shorter spans by start and duration",
    )


_track = operation(
    "/storyboard.vtt",
    name="getStoryboard",
    summary="A span as thumbnails",
    description="A WebVTT track whose cues name a box of a sheet of pictures each"
    " (`storyboard.jpg?…#xywh=x,y,w,h`), as players take thumbnails. Cue times are positions in the"
    " playlist of the same `start` and `duration`; they follow one another without a hole, and gaps make"
    " none. Each picture is the keyframe at or before the moment at which its cue begins. A run begins a"
    " cue of its own, unless the one before would become shorter than half the interval. Without cues"
    " where nothing is kept. `Cache-Control` is `no-cache` where the span reaches the last minute, else a"
    " minute.",
    parameters=_PARAMETERS,
    answers={
        HTTPStatus.OK: answer(
            "The track.",
            VTT_TYPE,
            {"type": "string"},
            sends=("ETag", "CacheControl", "Vary"),
            examples={"Half a minute": _VTT},
        ),
        HTTPStatus.NOT_MODIFIED: not_modified("ETag", "CacheControl", "Vary"),
        **refused("/storyboard.vtt", _BAD_INTERVAL),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _too_much("/storyboard.vtt"),
    },
)
_sheet = operation(
    "/storyboard.jpg",
    name="getStoryboardSheet",
    summary="A sheet of thumbnails",
    description="The URIs that a storyboard names: a JPEG of many pictures, row by row. A picture that"
    f" cannot be decoded stays black. `Cache-Control` is `{IMMUTABLE}` where nothing can be added to the"
    " sheet, else `no-cache`.",
    parameters=(
        *_PARAMETERS,
        whole("sheet", "Which of the sheets; 0 where left out.", 0, MAX_PICTURES - 1),
    ),
    answers={
        HTTPStatus.OK: answer(
            "The sheet.",
            "image/jpeg",
            {"type": "string", "format": "binary"},
            sends=("ETag", "CacheControl"),
        ),
        HTTPStatus.NOT_MODIFIED: not_modified("ETag", "CacheControl"),
        **refused("/storyboard.jpg", _BAD_INTERVAL),
        HTTPStatus.NOT_FOUND: problem(
            HTTPStatus.NOT_FOUND,
            "The storyboard has no such sheet, or no picture of it can be decoded.",
            example_path("/storyboard.jpg"),
            "Storyboard sheet not found",
        ),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _too_much("/storyboard.jpg"),
    },
)
_sheet["get"]["responses"]["503"] = unavailable(
    example_path("/storyboard.jpg"), ", or too many sheets are being drawn"
)

STORYBOARD_PATHS: dict[str, Json] = {
    f"{ROOT}/storyboard.vtt": _track,
    f"{ROOT}/storyboard.jpg": _sheet,
}
