"""Exports made in the background, in the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus

from footage.api.errors import Fault
from footage.api.export_api import MP4_TYPE
from footage.api.export_jobs_api import PAGE_DEFAULT, PAGE_MAX, ExportIn, ExportOut, ExportPage
from footage.api.openapi_archive_parts import (
    ROOT,
    example_path,
    not_modified,
    operation,
    range_not_satisfiable,
    refused,
    whole,
)
from footage.api.openapi_export import changed, nothing_kept
from footage.api.openapi_parts import START_MS, Json, answer, parameter, problem, unavailable
from footage.api.openapi_schemas import ref
from footage.playback.export_manifest import FORMAT

_EXPORT_ID = "7d1f7a0e-2f0b-4a52-9d3f-0c7f4e1b8a21"
_ALL, _ONE = "/exports", f"/exports/{_EXPORT_ID}"
_URL = f"http://127.0.0.1:8080{example_path(_ONE)}"
_QUERY = "?signature=4gk0bTLZ&exp=1790086400"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_NAME = "Entrance_20260921T141320Z_20260921T151320Z.mp4"
_WAITING: Json = {
    "id": _EXPORT_ID,
    "state": "waiting",
    "reason": None,
    "progress": 0.0,
    "start": START_MS,
    "end": START_MS + 3_600_000,
    "name": _NAME,
    "size": None,
    "sha256": None,
    "created": START_MS + 7_200_000,
    "ended": None,
    "expires": None,
    "links": {"self": _URL + _QUERY},
}
_DONE: Json = {
    **_WAITING,
    "state": "done",
    "progress": 1.0,
    "size": 1_789_264_112,
    "sha256": _SHA256,
    "ended": START_MS + 7_206_000,
    "expires": START_MS + 7_206_000 + 86_400_000,
    "links": {
        "self": _URL + _QUERY,
        "movie": f"{_URL}/movie.mp4{_QUERY}",
        "manifest": f"{_URL}/manifest.json{_QUERY}",
    },
}
_MANIFEST: Json = {
    "format": FORMAT,
    "file": {"name": _NAME, "size": 1_789_264_112, "sha256": _SHA256},
    "made": START_MS + 7_206_000,
    "camera": {"id": "0b6f6a0e-8f5e-4f0f-a1f7-5d2f5a3c9e77", "title": "Entrance"},
    "archive": "5f3c9a52-6d0e-4d0a-9f0a-2f5b7e6f1c11",
    "start": START_MS,
    "end": START_MS + 3_600_000,
    "duration": 3_600_000,
    "video": {"codec": "h264", "width": 1920, "height": 1080},
    "audio": {"codec": "aac", "sampleRate": 48_000, "channels": 1},
    "timeline": [{"time": START_MS, "duration": 3_600_000, "offset": 0}],
    "gaps": [],
    "segments": [
        {"time": START_MS, "duration": 6000, "size": 3_071_544, "crc32": "9ae0daaf", "sha256": _SHA256}
    ],
}
_PATH_EXPORT: Json = {
    "name": "exportId",
    "in": "path",
    "required": True,
    "description": "The export, from the answer to `POST`.",
    "schema": {"type": "string", "format": "uuid"},
    "example": _EXPORT_ID,
}


def _unknown(path: str) -> Json:
    return problem(
        HTTPStatus.NOT_FOUND,
        "There is no such export, it has expired, or the link does not reach as far as it.",
        example_path(path),
        "Export not found",
    )


def _not_done(path: str) -> Json:
    return problem(
        HTTPStatus.CONFLICT,
        "It is not done.",
        example_path(path),
        "The export is not done but running: there is no file of it",
    )


def _one(description: str, *examples: Json, sends: tuple[str, ...] = ("CacheControl",)) -> Json:
    shown = {example["state"]: example for example in examples}
    return answer(description, "application/json", ref(ExportOut), sends=sends, examples=shown)


_list = operation(
    _ALL,
    name="listExports",
    summary="Exports of the archive, in pages",
    description="Newest first: those that wait or run, and those that ended, until they expire. A link with"
    " limits sees those whose file holds nothing from outside them.",
    parameters=(
        {
            **whole("limit", "Exports a page.", 1, PAGE_MAX),
            "schema": {"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE_DEFAULT},
        },
        {
            "name": "after",
            "in": "query",
            "description": "The `next` of the page before, as it came.",
            "schema": {"type": "string"},
        },
    ),
    conditional=False,
    answers={
        HTTPStatus.OK: answer(
            "A page.",
            "application/json",
            ref(ExportPage),
            sends=("CacheControl",),
            examples={"The last page": {"exports": [_DONE], "next": None}},
        ),
        **refused(_ALL, Fault("limit", f"must be a whole number from 1 to {PAGE_MAX}")),
    },
)
_add = operation(
    _ALL,
    name="addExport",
    summary="Let a span be made into one MP4",
    description="In the background: the answer tells of an export that waits. Ask for it again until its"
    " state is `done`, then take its `movie`. What it is made of is not removed meanwhile. What the file"
    " shows is what `export.mp4` of the span shows; its tables stand before its samples (a progressive"
    " MP4), so every player and editing program takes it.",
    conditional=False,
    answers={
        HTTPStatus.CREATED: _one("It waits.", _WAITING, sends=("CacheControl", "Location")),
        **refused(
            _ALL,
            Fault("start", "must be a finite number, not negative"),
            Fault("title", "is not a field of an export"),
        ),
        HTTPStatus.NOT_FOUND: nothing_kept(_ALL),
        HTTPStatus.CONFLICT: changed(_ALL),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The span has more bytes than all exports may take (`export_bytes`), or the body over 1 MiB.",
            example_path(_ALL),
            "The span has 43200000000 bytes, all exports may take 34359738368: export shorter spans",
        ),
    },
)["get"]
_add["requestBody"] = {
    "required": False,
    "description": "The span, as in queries. No body: all that is kept.",
    "content": {
        "application/json": {
            "schema": ref(ExportIn),
            "example": {"start": START_MS, "duration": 3_600_000},
        }
    },
}
_add["responses"]["503"] = unavailable(
    example_path(_ALL),
    ", as many exports wait as may (`export_queue`), those that are kept take all their room"
    " (`export_bytes`), or the storage has none",
)
_show = operation(
    _ONE,
    name="getExport",
    summary="How far an export is",
    description="Worth asking about every second.",
    parameters=(_PATH_EXPORT,),
    conditional=False,
    answers={
        HTTPStatus.OK: _one("The export.", _WAITING, _DONE),
        **refused(_ONE),
        HTTPStatus.NOT_FOUND: _unknown(_ONE),
    },
)
_remove = operation(
    _ONE,
    name="removeExport",
    summary="Cancel an export, or remove it",
    description="One that waits or runs is cancelled, within a second or so, and stays in the list until it"
    " expires. One that has ended is removed, file and all; so is one that was cancelled.",
    parameters=(_PATH_EXPORT,),
    conditional=False,
    answers={
        HTTPStatus.NO_CONTENT: answer("It is cancelled, or gone."),
        **refused(_ONE),
        HTTPStatus.NOT_FOUND: _unknown(_ONE),
    },
)["get"]
_BINARY: Json = {"type": "string", "format": "binary"}
_TAGGED = ("ETag", "CacheControl", "AcceptRanges")
_movie = operation(
    f"{_ONE}/movie.mp4",
    name="getExportMovie",
    summary="The movie of an export that is done",
    description="Never changes, and is served in ranges: a download that broke off goes on where it was."
    " Its tag is its SHA-256.",
    parameters=(_PATH_EXPORT, parameter("Range"), parameter("IfRange")),
    answers={
        HTTPStatus.OK: answer("All of it.", MP4_TYPE, _BINARY, sends=(*_TAGGED, "ContentDisposition")),
        HTTPStatus.PARTIAL_CONTENT: answer(
            "The range that `Range` asked for, unless `If-Range` names another tag.",
            MP4_TYPE,
            _BINARY,
            sends=(*_TAGGED, "ContentRange", "ContentDisposition"),
        ),
        HTTPStatus.NOT_MODIFIED: not_modified(*_TAGGED),
        **refused(f"{_ONE}/movie.mp4"),
        HTTPStatus.NOT_FOUND: _unknown(f"{_ONE}/movie.mp4"),
        HTTPStatus.CONFLICT: _not_done(f"{_ONE}/movie.mp4"),
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: range_not_satisfiable(f"{_ONE}/movie.mp4"),
    },
)
_manifest = operation(
    f"{_ONE}/manifest.json",
    name="getExportManifest",
    summary="What the movie of an export was made of",
    description="For whoever has to prove it: camera and times, the movie's SHA-256, which part of it shows"
    " what (`timeline`), what was missing (`gaps`), and every segment of the archive that went in with its"
    " size, its CRC-32 as kept since it was recorded, and its SHA-256. Times and lengths are ms.",
    parameters=(_PATH_EXPORT,),
    conditional=False,
    answers={
        HTTPStatus.OK: answer(
            "The manifest.",
            "application/json",
            {"type": "object"},
            sends=("CacheControl",),
            examples={"An hour": _MANIFEST},
        ),
        **refused(f"{_ONE}/manifest.json"),
        HTTPStatus.NOT_FOUND: _unknown(f"{_ONE}/manifest.json"),
        HTTPStatus.CONFLICT: _not_done(f"{_ONE}/manifest.json"),
    },
)

EXPORT_JOBS_PATHS: dict[str, Json] = {
    f"{ROOT}/exports": {**_list, "post": _add},
    f"{ROOT}/exports/{{exportId}}": {**_show, "delete": _remove},
    f"{ROOT}/exports/{{exportId}}/movie.mp4": _movie,
    f"{ROOT}/exports/{{exportId}}/manifest.json": _manifest,
}
