"""Locks, and cameras taken back, in the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus

from footage.api.errors import Fault
from footage.api.integration_api import RemovedCameras
from footage.api.lock_api import REASON_MAX, LockIn, LockList, LockOut
from footage.api.openapi_integration import (
    CAMERA,
    PATH_ID,
    body_of,
    camera_answer,
    operation,
    refused,
    unknown_camera,
)
from footage.api.openapi_parts import CAMERA_ID, START_MS, Json, answer, problem
from footage.api.openapi_schemas import ref

_LOCKS, _REMOVED = f"{CAMERA}/locks", "/v1/removed-cameras"
_LOCK_ID = "c1d0d5a4-3c5b-4a53-8d0e-0a4f8f0f2b61"
_ONE_LOCK = f"{_LOCKS}/{_LOCK_ID}"
_LOCK: Json = {
    "id": _LOCK_ID,
    "start": START_MS,
    "duration": 600_000,
    "reason": "A theft, case 4711",
    "until": None,
    "created": START_MS + 86_400_000,
    "sizeBytes": 150_000_000,
}
_PATH_LOCK: Json = {
    "name": "lockId",
    "in": "path",
    "required": True,
    "description": "The lock.",
    "schema": {"type": "string", "format": "uuid"},
    "example": _LOCK_ID,
}
_list = operation(
    "listLocks",
    "The locks of a camera",
    "Those that stand, by start, and the bytes of the blocks that they keep.",
    {
        HTTPStatus.OK: answer(
            "The locks.",
            "application/json",
            ref(LockList),
            sends=("CacheControl",),
            examples={"One": {"locks": [_LOCK], "lockedBytes": 150_000_000}},
        ),
        **refused(_LOCKS),
        **unknown_camera(),
    },
    _LOCKS,
)
_add = operation(
    "addLock",
    "Lock a span",
    "Nothing removes what is kept of the span, or will be, while the lock stands: no limit, and no"
    " removal of the camera. What was removed before is not brought back.",
    {
        HTTPStatus.CREATED: answer(
            "It is locked.",
            "application/json",
            ref(LockOut),
            sends=("CacheControl",),
            examples={"A lock": _LOCK},
        ),
        HTTPStatus.BAD_REQUEST: problem(
            HTTPStatus.BAD_REQUEST,
            "The body is not what it must be; every fault is named.",
            _LOCKS,
            "",
            Fault("duration", "Expected `float` > 0.0"),
            Fault("reason", f"Expected `str` of length <= {REASON_MAX}"),
        ),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The body is larger than 1 MiB.",
            _LOCKS,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE.phrase,
        ),
        **refused(_LOCKS),
        **unknown_camera(),
    },
    _LOCKS,
    requestBody=body_of(
        ref(LockIn), {"start": START_MS, "duration": 600_000, "reason": "A theft, case 4711"}
    ),
)
_remove = operation(
    "removeLock",
    "Unlock",
    "What only this lock kept goes with the keeper's next turn, where limits say so.",
    {
        HTTPStatus.NO_CONTENT: answer("It is unlocked."),
        **refused(_ONE_LOCK),
        HTTPStatus.NOT_FOUND: problem(
            HTTPStatus.NOT_FOUND, "No such camera, or no such lock of it.", _ONE_LOCK, "Lock not found"
        ),
    },
    _ONE_LOCK,
)
_removed = operation(
    "listRemovedCameras",
    "Cameras that can be taken back",
    "Those that were removed less than a day ago, by title.",
    {
        HTTPStatus.OK: answer(
            "The cameras.",
            "application/json",
            ref(RemovedCameras),
            sends=("CacheControl",),
            examples={
                "One": {"cameras": [{"id": CAMERA_ID, "title": "Entrance", "until": START_MS + 86_400_000}]}
            },
        ),
        **refused(_REMOVED),
    },
    _REMOVED,
)
_restore = operation(
    "restoreCamera",
    "Take back a camera that was removed",
    "With its archive, links and settings, for a day after its removal.",
    {HTTPStatus.OK: camera_answer("It is back."), **refused(CAMERA), **unknown_camera()},
    f"{CAMERA}/restore",
)

LOCK_PATHS: dict[str, Json] = {
    "/v1/cameras/{cameraId}/locks": {"parameters": [PATH_ID], "get": _list, "post": _add},
    "/v1/cameras/{cameraId}/locks/{lockId}": {"parameters": [PATH_ID, _PATH_LOCK], "delete": _remove},
    _REMOVED: {"get": _removed},
    "/v1/cameras/{cameraId}/restore": {"parameters": [PATH_ID], "post": _restore},
}
