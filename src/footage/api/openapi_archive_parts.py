"""What the operations of the Archive API share in the OpenAPI document: parameters and refusals."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from footage.api.errors import Fault
from footage.api.openapi_parts import (
    ARCHIVE_ID,
    START_MS,
    Json,
    answer,
    by_status,
    headers,
    parameter,
    problem,
    unavailable,
)

ROOT = "/archives/{archiveId}"
_NUMBER_MAX = 1e308


def _parameter(name: str, description: str, schema: Json, example: Any = None) -> Json:
    described = {"name": name, "in": "query", "description": description, "schema": schema}
    return described if example is None else {**described, "example": example}


def moment(name: str, description: str) -> Json:
    """A moment or a length: a number, not negative."""
    schema = {"type": "number", "format": "double", "minimum": 0, "maximum": _NUMBER_MAX}
    return _parameter(name, description, schema, START_MS)


def length(name: str, description: str, example: int) -> Json:
    """A length that is not nothing."""
    schema = {"type": "number", "format": "double", "exclusiveMinimum": 0, "maximum": _NUMBER_MAX}
    return _parameter(name, description, schema, example)


def switch(name: str, description: str) -> Json:
    """True or false, as text."""
    schema = {"type": "string", "enum": ["true", "false", "1", "0"], "default": "false"}
    return _parameter(name, description, schema)


def whole(name: str, description: str, lowest: int, highest: int) -> Json:
    """A whole number between two bounds."""
    schema = {"type": "integer", "format": "int64", "minimum": lowest, "maximum": highest}
    return _parameter(name, description, schema)


SPAN = (
    moment(
        "start",
        "Where the span starts: ms, or seconds where below 1e11. Left out: the first moment kept.",
    ),
    {
        **moment(
            "duration",
            "Length of the span, in the unit of `start`; in ms without one. Left out: to the last"
            " moment kept.",
        ),
        "example": 3_600_000,
    },
)
_PATH_ID: Json = {
    "name": "archiveId",
    "in": "path",
    "required": True,
    "description": "The archive, from `archiveApiUrl`.",
    "schema": {"type": "string", "format": "uuid"},
    "example": ARCHIVE_ID,
}


def example_path(path: str) -> str:
    """The path of an example archive."""
    return ROOT.replace("{archiveId}", ARCHIVE_ID) + path


def refused(path: str, *faults: Fault) -> dict[HTTPStatus, Json]:
    """What every operation answers to a bad link or bad parameters, in the order of the checks."""
    shown = example_path(path)
    return {
        HTTPStatus.BAD_REQUEST: problem(
            HTTPStatus.BAD_REQUEST,
            "A parameter is not what it must be, or is given twice; every fault is named. A malformed"
            " `archiveId` is found out before the token is checked, all else after it.",
            shown,
            "",
            *(faults or (Fault("archiveId", "must be a UUID"),)),
        ),
        HTTPStatus.UNAUTHORIZED: problem(
            HTTPStatus.UNAUTHORIZED,
            "No `signature` or no `exp`.",
            shown,
            "signature and exp are needed",
        ),
        HTTPStatus.FORBIDDEN: problem(
            HTTPStatus.FORBIDDEN,
            "The token is wrong, revoked, expired, or another archive's; the same whether or not the"
            " archive exists. A moment outside the limits of a good token is a 403 too.",
            shown,
            "The link is not valid for this archive, or it has expired",
        ),
    }


def not_modified(*sends: str) -> Json:
    """The 304 of an answer that carries a tag."""
    return answer("`If-None-Match` names the tag: what the client has is good.", sends=sends)


def range_not_satisfiable(path: str) -> Json:
    """The 416 of what is served in ranges."""
    response = problem(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        "The range starts beyond the end, or has no length; `Content-Range` tells the size.",
        example_path(path),
        "The range starts beyond the end of 691652 bytes",
    )
    response["headers"].update(headers("ContentRange"))
    return response


def operation(
    path: str,
    *,
    name: str,
    summary: str,
    description: str,
    parameters: tuple[Json, ...] = (),
    conditional: bool = True,
    answers: dict[HTTPStatus, Json],
) -> Json:
    """The path item of a GET; ``path`` is what follows the archive's id.

    ``conditional`` where it is tagged, and not sent to who has it.
    """
    shared = [parameter(each) for each in ("from", "to", "IfNoneMatch")[: 3 if conditional else 2]]
    return {
        "get": {
            "operationId": name,
            "tags": ["Archive API"],
            "summary": summary,
            "description": description,
            "security": [{"signature": [], "exp": []}],
            "parameters": [_PATH_ID, *parameters, *shared],
            "responses": by_status(
                {**answers, HTTPStatus.SERVICE_UNAVAILABLE: unavailable(example_path(path))}
            ),
        }
    }
