"""Pieces that the operations of the OpenAPI document share: errors, headers, parameters, examples."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from footage.api.archive_api import FRAME_TIME_HEADER
from footage.api.errors import PROBLEM_TYPE, Fault, Problem, TooBusy
from footage.api.openapi_schemas import ref

Json = dict[str, Any]
ARCHIVE_ID = "5f3c9a52-6d0e-4d0a-9f0a-2f5b7e6f1c11"
CAMERA_ID = "0b6f6a0e-8f5e-4f0f-a1f7-5d2f5a3c9e77"
SIGNATURE = "4gk0bTLZ3vTq0gkHk3lqv3hX8yqvW0o5pJv2mJc1r0E"
EXP = 1_790_086_400
START_MS = 1_790_000_000_000
RETRY_AFTER = TooBusy.headers["Retry-After"]


def _header(description: str, example: str, schema: Json | None = None) -> Json:
    return {"description": description, "schema": schema or {"type": "string"}, "example": example}


HEADERS: dict[str, Json] = {
    "ETag": _header("Tag of the body, for `If-None-Match`.", '"9ae0daaf-1c2f00-0"'),
    "CacheControl": _header("How long the answer may be kept, and by whom.", "private, max-age=60"),
    "Vary": _header("The body is compressed where the client takes gzip.", "Accept-Encoding"),
    "ContentDisposition": _header(
        "The name to save it under: camera, and first and last moment in UTC.",
        'attachment; filename="Entrance_20260921T141320Z_20260921T142320Z.mp4"',
    ),
    "AcceptRanges": _header("Ranges of bytes are served.", "bytes"),
    "ContentRange": _header("Which bytes of how many.", "bytes 0-187/1847296"),
    "FrameTime": _header(
        "Wall time of the frame that the picture shows, in ms.",
        str(START_MS),
        {"type": "integer", "format": "int64"},
    ),
    "Location": _header(
        "Where what was made is to be found, signed with the caller's own token.",
        f"http://127.0.0.1:8080/archives/{ARCHIVE_ID}/exports/{ARCHIVE_ID}?signature=4gk0&exp={EXP}",
    ),
    "RetryAfter": _header(
        "Seconds after which it is worth asking again.", RETRY_AFTER, {"type": "integer"}
    ),
}
_LIMITS: dict[str, Json] = {
    name: {
        "name": name,
        "in": "query",
        "description": f"Part of a token with limits: {end}, in ms. Covered by the signature: to be"
        " sent exactly as it came, and only where it came.",
        "schema": {"type": "integer", "format": "int64", "minimum": 0, "maximum": 999_999_999_999_999},
    }
    for name, end in (
        ("from", "the first moment that it opens"),
        ("to", "the moment up to which it opens, itself not included"),
    )
}


def _request_header(name: str, description: str, example: str) -> Json:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "description": description, "schema": schema, "example": example}


PARAMETERS: dict[str, Json] = {
    **_LIMITS,
    "IfNoneMatch": _request_header(
        "If-None-Match",
        "Tags of what the client has, weakly compared; `*` for any. A match is answered by a 304.",
        '"9ae0daaf-1c2f00-0"',
    ),
    "Range": _request_header(
        "Range", "One range of bytes (RFC 9110, 14.2). Anything else gets all.", "bytes=0-187"
    ),
    "IfRange": _request_header(
        "If-Range",
        "The tag for which `Range` is meant; with another one all is sent.",
        '"9ae0daaf-1c2f00-0"',
    ),
}


def parameter(name: str) -> Json:
    """A pointer to a parameter of the document."""
    return {"$ref": f"#/components/parameters/{name}"}


def headers(*names: str) -> Json:
    """Headers of an answer, by their component's name."""
    written = {
        "CacheControl": "Cache-Control",
        "AcceptRanges": "Accept-Ranges",
        "ContentDisposition": "Content-Disposition",
        "ContentRange": "Content-Range",
        "FrameTime": FRAME_TIME_HEADER,
        "RetryAfter": "Retry-After",
    }
    return {written.get(name, name): {"$ref": f"#/components/headers/{name}"} for name in names}


def answer(
    description: str,
    media_type: str | None = None,
    schema: Json | None = None,
    *,
    sends: tuple[str, ...] = (),
    examples: Mapping[str, Any] | None = None,
) -> Json:
    """A response object; ``examples`` by their summary."""
    response: Json = {"description": description}
    if sends:
        response["headers"] = headers(*sends)
    if media_type is not None:
        content: Json = {"schema": schema or {}}
        if examples:
            content["examples"] = {
                f"example{number}": {"summary": summary, "value": value}
                for number, (summary, value) in enumerate(examples.items(), 1)
            }
        response["content"] = {media_type: content}
    return response


def problem(status: HTTPStatus, description: str, path: str, detail: str = "", *faults: Fault) -> Json:
    """A response object with problem details and an example of them."""
    example: Json = {
        "type": Problem().type,
        "title": status.phrase,
        "status": int(status),
        "detail": detail or "; ".join(f"{fault.name}: {fault.detail}" for fault in faults),
        "instance": path,
    }
    if faults:
        example["errors"] = [{"name": fault.name, "detail": fault.detail} for fault in faults]
    busy = status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
    return answer(
        description,
        PROBLEM_TYPE,
        ref(Problem),
        sends=("CacheControl", "RetryAfter") if busy else ("CacheControl",),
        examples={detail or "Every fault is named": example},
    )


_TOO_MANY = problem(
    HTTPStatus.TOO_MANY_REQUESTS,
    "Too many requests of this address, or with this link; try again after `Retry-After`.",
    "/",
    "Too many requests, try again later",
)


def unavailable(path: str, more: str = "") -> Json:
    """The 503 that any operation on the archive can end in."""
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"The index or the storage cannot be reached now{more}; try again after `Retry-After`.",
        path,
        "The archive cannot be reached now, try again",
    )


def by_status(answers: Mapping[HTTPStatus, Json]) -> Json:
    """The responses object of an operation; any can be refused because there were too many."""
    every = {**answers, HTTPStatus.TOO_MANY_REQUESTS: _TOO_MANY}
    return {str(int(status)): response for status, response in sorted(every.items())}
