"""The Archive API in the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from footage.api.archive_api import HLS_TYPE, PREVIEW_MAX_SIDE, Size, TimelineEntry, Totals
from footage.api.delivery import IMMUTABLE
from footage.api.errors import PLAYLIST_NOT_FOUND, Fault
from footage.api.openapi_archive_parts import (
    ROOT,
    SPAN,
    example_path,
    moment,
    not_modified,
    operation,
    range_not_satisfiable,
    refused,
    switch,
    whole,
)
from footage.api.openapi_export import EXPORT_PATHS
from footage.api.openapi_export_jobs import EXPORT_JOBS_PATHS
from footage.api.openapi_parts import (
    ARCHIVE_ID,
    EXP,
    SIGNATURE,
    START_MS,
    Json,
    answer,
    parameter,
    problem,
    unavailable,
)
from footage.api.openapi_schemas import ref
from footage.api.openapi_storyboard import STORYBOARD_PATHS
from footage.playback.preview import NEWEST_WITHIN_MS
from footage.timeline import ALL_TIME, format_ms

_TOKEN = f"signature={SIGNATURE}&exp={EXP}"
_JSON_SENDS = ("ETag", "CacheControl", "Vary")
_FRESHNESS = "`Cache-Control` is `no-cache` where the span reaches the last minute, else a minute."
_BAD_START = Fault("start", "must be a finite number, not negative")
_PLAYLIST = f"""\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-PROGRAM-DATE-TIME:{format_ms(START_MS)}
#EXTINF:6.000,
{START_MS}.ts?{_TOKEN}
#EXT-X-PROGRAM-DATE-TIME:{format_ms(START_MS + 60_000)}
#EXTINF:6.000,
{START_MS + 60_000}.ts?{_TOKEN}&shift=54000
#EXT-X-ENDLIST
"""
_LIVE = f"""\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:3127
#EXT-X-DISCONTINUITY-SEQUENCE:4
#EXT-X-START:TIME-OFFSET=-12
#EXT-X-PROGRAM-DATE-TIME:{format_ms(START_MS)}
#EXTINF:6.000,
{START_MS}.ts?{_TOKEN}
#EXTINF:2.400,
{START_MS + 6000}.ts?{_TOKEN}
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:{format_ms(START_MS + 10_250)}
#EXTINF:6.000,
{START_MS + 10_250}.ts?{_TOKEN}
"""

_TOTALS: Json = {
    "id": ARCHIVE_ID,
    "first": START_MS,
    "last": START_MS + 4_000_000,
    "bytes": 812_345_672,
    "runs": 2,
    "links": {
        name: f"https://video.example.com{example_path('/')}{path}?{_TOKEN}"
        for name, path in (
            ("timeline", "timeline"),
            ("playlist", "index.m3u8"),
            ("live", "live.m3u8"),
            ("size", "size"),
            ("preview", "preview"),
            ("storyboard", "storyboard.vtt"),
        )
    },
}

_archive = operation(
    "",
    name="getArchive",
    summary="What is kept, in numbers",
    description="First and last moment kept, bytes, number of runs, and signed links of the other"
    " methods. With a token that has limits, all of it speaks of what lies inside them.",
    answers={
        HTTPStatus.OK: answer(
            "The archive.",
            "application/json",
            ref(Totals),
            sends=_JSON_SENDS,
            examples={"Two runs": _TOTALS},
        ),
        HTTPStatus.NOT_MODIFIED: not_modified(*_JSON_SENDS),
        **refused(""),
    },
)
_timeline = operation(
    "/timeline",
    name="getTimeline",
    summary="Where there is footage",
    description="One entry a run, ascending; `[]` where nothing is kept. The durations add up to the"
    f" length of the playlist of the same span. {_FRESHNESS}",
    parameters=SPAN,
    answers={
        HTTPStatus.OK: answer(
            "The entries.",
            "application/json",
            {"type": "array", "items": ref(TimelineEntry)},
            sends=_JSON_SENDS,
            examples={
                "Two runs, 40 s apart": [
                    {"time": START_MS, "duration": 20_000, "offset": 0},
                    {"time": START_MS + 60_000, "duration": 12_000, "offset": 20_000},
                ],
                "Nothing is kept": [],
            },
        ),
        HTTPStatus.NOT_MODIFIED: not_modified(*_JSON_SENDS),
        **refused("/timeline", _BAD_START),
    },
)


def _no_playlist(why: str) -> Json:
    return answer(
        f"{why} Not a problem document: this very text.",
        "application/json",
        ref("PlaylistNotFound"),
        sends=("CacheControl",),
        examples={"Always": msgspec.json.decode(PLAYLIST_NOT_FOUND)},
    )


_playlist = operation(
    "/index.m3u8",
    name="getPlaylist",
    summary="A span to play",
    description="An HLS VOD playlist (RFC 8216). URIs are relative and carry the caller's own token.\n\n"
    "How it treats gaps: by default they are closed, so that any player goes straight on, and segments"
    " after a gap are served with their timestamps moved by `shift`. `discontinuity=true` puts"
    " `#EXT-X-DISCONTINUITY` there instead. `gaps=true` beside it fills the gap with `#EXT-X-GAP`"
    f" segments, so that the player's time is wall time. {_FRESHNESS}",
    parameters=(
        *SPAN,
        switch("discontinuity", "Mark gaps with `#EXT-X-DISCONTINUITY` instead of closing them."),
        switch("gaps", "Fill gaps with `#EXT-X-GAP`; must come with `discontinuity=true`."),
        switch("follow", "Without an end tag as long as the span can grow."),
    ),
    answers={
        HTTPStatus.OK: answer(
            "The playlist.",
            HLS_TYPE,
            {"type": "string"},
            sends=_JSON_SENDS,
            examples={"A gap that is closed": _PLAYLIST},
        ),
        HTTPStatus.NOT_MODIFIED: not_modified(*_JSON_SENDS),
        **refused("/index.m3u8", _BAD_START, Fault("gaps", "must come with discontinuity=true")),
        HTTPStatus.NOT_FOUND: _no_playlist("Nothing is kept of this span."),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The span has more segments than a playlist may list (`playlist_max_segments`): ask for"
            " shorter ones.",
            example_path("/index.m3u8"),
            "The span has 700000 segments, a playlist at most 500000: ask for it in shorter spans,"
            " by start and duration",
        ),
    },
)
_live = operation(
    "/live.m3u8",
    name="getLivePlaylist",
    summary="What is being recorded, to watch",
    description="The newest segments of the recorder as an HLS playlist that slides (RFC 8216, 6.2.2):"
    " no end tag, media and discontinuity sequence numbers that go on over reconnects and restarts,"
    " `#EXT-X-DISCONTINUITY` between runs, wall time on the first segment of each run. `#EXT-X-START`"
    " lets players begin two target durations before the end. Imported footage is not in it. A token"
    " with limits sees its part; the list gets an end tag when nothing of it can follow.",
    answers={
        HTTPStatus.OK: answer(
            "The playlist.",
            HLS_TYPE,
            {"type": "string"},
            sends=_JSON_SENDS,
            examples={"After a reconnect": _LIVE},
        ),
        HTTPStatus.NOT_MODIFIED: not_modified(*_JSON_SENDS),
        **refused("/live.m3u8"),
        HTTPStatus.NOT_FOUND: _no_playlist(
            "Nothing was ever recorded, or nothing of the newest is inside the token's limits."
        ),
    },
)
_size = operation(
    "/size",
    name="getSize",
    summary="How many bytes a span has",
    description=f"The sum over the segments that the playlist of the same span lists. {_FRESHNESS}",
    parameters=SPAN,
    answers={
        HTTPStatus.OK: answer(
            "The size.",
            "application/json",
            ref(Size),
            sends=_JSON_SENDS,
            examples={"An hour": {"size": 731_234_560}, "Nothing is kept": {"size": 0}},
        ),
        HTTPStatus.NOT_MODIFIED: not_modified(*_JSON_SENDS),
        **refused("/size", _BAD_START),
    },
)
_preview = operation(
    "/preview",
    name="getPreview",
    summary="A picture of a moment",
    description="A JPEG of the keyframe at or before `time`, or of the very frame with `accurate=true`."
    f" A moment up to {NEWEST_WITHIN_MS // 1000} s after the newest frame shows the newest; any other"
    " moment that nothing is kept of is a 404. `Cache-Control` is"
    f" `{IMMUTABLE}` where `time` lies in what is kept, else `no-cache`.",
    parameters=(
        moment("time", "The moment: ms, or seconds where below 1e11. Left out: the newest frame."),
        switch("accurate", "The frame shown at `time` instead of the keyframe before it; costs more."),
        whole("width", "Width to fit into, in pixels; aspect kept, never enlarged.", 1, PREVIEW_MAX_SIDE),
        whole("height", "Height to fit into, in pixels; the same.", 1, PREVIEW_MAX_SIDE),
    ),
    answers={
        HTTPStatus.OK: answer(
            "The picture.",
            "image/jpeg",
            {"type": "string", "format": "binary"},
            sends=("ETag", "CacheControl", "FrameTime"),
        ),
        HTTPStatus.NOT_MODIFIED: not_modified("ETag", "CacheControl"),
        **refused("/preview", Fault("width", f"must be a whole number from 1 to {PREVIEW_MAX_SIDE}")),
        HTTPStatus.NOT_FOUND: problem(
            HTTPStatus.NOT_FOUND,
            "Nothing is kept of this moment, or its picture cannot be decoded.",
            example_path("/preview"),
            "Preview not found",
        ),
    },
)
_preview["get"]["responses"]["503"] = unavailable(example_path("/preview"), ", or all decoders are busy")


_segment = operation(
    "/{segment}.ts",
    name="getSegment",
    summary="A segment",
    description="The URIs that a playlist names. The bytes of one never change: they may be kept"
    " for good, and are served in ranges (one range a request; several, other units and malformed"
    " headers get all).",
    parameters=(
        {
            "name": "segment",
            "in": "path",
            "required": True,
            "description": "Moment at which the segment starts, in ms: at most 15 digits.",
            "schema": {"type": "string", "pattern": "^[0-9]{1,15}$"},
            "example": str(START_MS),
        },
        whole(
            "shift",
            "How many ms PTS, DTS and PCR are moved back: as the playlist says.",
            0,
            ALL_TIME.end_ms,
        ),
        parameter("Range"),
        parameter("IfRange"),
    ),
    answers={
        HTTPStatus.OK: answer(
            "All of it.",
            "video/mp2t",
            {"type": "string", "format": "binary"},
            sends=("ETag", "CacheControl", "AcceptRanges"),
        ),
        HTTPStatus.PARTIAL_CONTENT: answer(
            "The range that `Range` asked for, unless `If-Range` names another tag.",
            "video/mp2t",
            {"type": "string", "format": "binary"},
            sends=("ETag", "CacheControl", "AcceptRanges", "ContentRange"),
        ),
        HTTPStatus.NOT_MODIFIED: not_modified("ETag", "CacheControl", "AcceptRanges"),
        **refused(
            "/1790000000000.ts", Fault("shift", f"must be a whole number from 0 to {ALL_TIME.end_ms}")
        ),
        HTTPStatus.NOT_FOUND: problem(
            HTTPStatus.NOT_FOUND,
            "No segment starts at this moment.",
            example_path("/1790000000000.ts"),
            "Segment not found",
        ),
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: range_not_satisfiable("/1790000000000.ts"),
    },
)

ARCHIVE_PATHS: dict[str, Json] = {
    ROOT: _archive,
    f"{ROOT}/timeline": _timeline,
    f"{ROOT}/index.m3u8": _playlist,
    f"{ROOT}/live.m3u8": _live,
    f"{ROOT}/size": _size,
    f"{ROOT}/preview": _preview,
    **STORYBOARD_PATHS,
    **EXPORT_PATHS,
    **EXPORT_JOBS_PATHS,
    f"{ROOT}/{{segment}}.ts": _segment,
}
