"""The Integration API in the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from footage.api.authorisation import KEY_HEADER
from footage.api.camera_status import StatusOut
from footage.api.errors import Fault
from footage.api.integration_api import (
    PAGE_DEFAULT,
    PAGE_MAX,
    CameraIn,
    CameraOut,
    CameraPage,
    Validity,
)
from footage.api.openapi_parts import (
    ARCHIVE_ID,
    CAMERA_ID,
    EXP,
    SIGNATURE,
    Json,
    answer,
    by_status,
    problem,
    unavailable,
)
from footage.api.openapi_schemas import ref

_CAMERAS = "/v1/cameras"
CAMERA = f"{_CAMERAS}/{CAMERA_ID}"
_ARCHIVE_URL = f"https://video.example.com/archives/{ARCHIVE_ID}"
_SHOWN: Json = {
    "id": CAMERA_ID,
    "deviceId": "door-7",
    "title": "Entrance",
    "previewUrl": f"{_ARCHIVE_URL}/preview?signature={SIGNATURE}&exp={EXP}",
    "archiveApiToken": {"signature": SIGNATURE, "exp": EXP},
    "archiveApiUrl": _ARCHIVE_URL,
    "archiveDays": 30,
    "archiveBytes": None,
    "liveRtspUrl": None,
    "liveHlsUrl": f"{_ARCHIVE_URL}/live.m3u8?signature={SIGNATURE}&exp={EXP}",
    "isOnline": True,
    "lastOnlineDate": "2026-09-21T14:13:20.120Z",
    "cameraModel": None,
    "platform": None,
    "serialNumber": None,
    "firmwareVersion": None,
    "applicationVersion": None,
    "isOwner": True,
    "isFullAccess": True,
    "isArchiveGranted": True,
    "isAudioGranted": True,
    "tempAccessExpiryDate": None,
    "location": {"id": "site-1", "title": "Head office", "room": None},
    "transport": "tcp",
    "isRecorded": True,
    "isAudioRecorded": True,
}
KEPT_FOR: Json = {
    "targetMs": 2_592_000_000,
    "targetBytes": None,
    "keptMs": 2_084_400_000,
    "limit": "store_bytes",
    "lockedBytes": 150_000_000,
    "text": "target 30 days, kept 24 days 3 h because the store's limit of 2 TB is shared by 12 cameras,"
    " 150 MB of it locked",
}
_STATUS: Json = {
    "state": "recording",
    "reason": None,
    "detail": None,
    "since": "2026-09-21T09:00:02.250Z",
    "updated": "2026-09-21T14:13:20.500Z",
    "isOnline": True,
    "lastPacket": "2026-09-21T14:13:20.120Z",
    "lastSegmentEnd": "2026-09-21T14:13:17.480Z",
    "ageMs": 3_020,
    "recordedMs": 18_795_000,
    "bytes": 4_700_123_456,
    "segments": 3_133,
    "segmentsDropped": 0,
    "packetsDropped": 2,
    "queuedSegments": 0,
    "driftMs": -14,
    "reconnects": {"lost": 1, "stalled": 2},
    "retention": KEPT_FOR,
}
_STATUS_WAITING: Json = {
    **_STATUS,
    "state": "waiting",
    "reason": "wrong_password",
    "detail": "401 Unauthorized",
    "isOnline": False,
}
_GIVEN: Json = {
    "title": "Entrance",
    "deviceId": "door-7",
    "archiveDays": 30,
    "sourceUrl": "rtsp://viewer:secret@192.0.2.7/stream1",
    "location": {"id": "site-1", "title": "Head office"},
}
PATH_ID: Json = {
    "name": "cameraId",
    "in": "path",
    "required": True,
    "description": "The camera.",
    "schema": {"type": "string", "format": "uuid"},
    "example": CAMERA_ID,
}


def refused(path: str) -> dict[HTTPStatus, Json]:
    """What a request without a good key is answered."""
    return {
        HTTPStatus.UNAUTHORIZED: problem(
            HTTPStatus.UNAUTHORIZED,
            "No key.",
            path,
            f"The header {KEY_HEADER} is needed",
        ),
        HTTPStatus.FORBIDDEN: problem(
            HTTPStatus.FORBIDDEN,
            "The key is not known, was revoked, or its scope does not reach so far.",
            path,
            "The integration key is not known",
        ),
    }


def unknown_camera() -> dict[HTTPStatus, Json]:
    """What a request for a camera that is none is answered."""
    return {
        HTTPStatus.NOT_FOUND: problem(
            HTTPStatus.NOT_FOUND,
            "No camera has this id, or it is no UUID.",
            CAMERA,
            "Camera not found",
        )
    }


def _bad_body(path: str) -> dict[HTTPStatus, Json]:
    return {
        HTTPStatus.BAD_REQUEST: problem(
            HTTPStatus.BAD_REQUEST,
            "The body is not JSON, a field is not what it must be, or is none of a camera's; every"
            " fault is named.",
            path,
            "",
            Fault("colour", "is not a field of a camera"),
            Fault("archiveDays", "Expected `int` >= 1"),
        ),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The body is larger than 1 MiB.",
            path,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE.phrase,
        ),
    }


def camera_answer(description: str) -> Json:
    """A camera as the answer."""
    return answer(
        description,
        "application/json",
        ref(CameraOut),
        sends=("CacheControl",),
        examples={"A camera": _SHOWN},
    )


def body_of(schema: Json, example: Json) -> Json:
    """A request body of JSON."""
    return {
        "required": True,
        "content": {"application/json": {"schema": schema, "example": example}},
    }


def operation(
    operation_id: str,
    summary: str,
    description: str,
    answers: dict[HTTPStatus, Json],
    path: str,
    **more: Any,
) -> Json:
    """An operation that an integration key opens."""
    return {
        "operationId": operation_id,
        "tags": ["Integration API"],
        "summary": summary,
        "description": description,
        "security": [{"integrationKey": []}],
        **more,
        "responses": by_status({**answers, HTTPStatus.SERVICE_UNAVAILABLE: unavailable(path)}),
    }


_validate = operation(
    "validateKey",
    "Is a key good?",
    "Answers 200 for a good key and for a bad one; a missing one is a 401. No body is needed.",
    {
        HTTPStatus.OK: answer(
            "Whether it is good.",
            "application/json",
            ref(Validity),
            sends=("CacheControl",),
            examples={"Known": {"isValid": True}, "Unknown or revoked": {"isValid": False}},
        ),
        HTTPStatus.UNAUTHORIZED: refused("/v1/integration-key/validate")[HTTPStatus.UNAUTHORIZED],
    },
    "/v1/integration-key/validate",
    parameters=[
        {
            "name": KEY_HEADER,
            "in": "header",
            "required": True,
            "description": "The key in question.",
            "schema": {"type": "string", "minLength": 1},
        }
    ],
) | {"security": []}
_list = operation(
    "listCameras",
    "All cameras, in pages",
    "By title, then id. Take `next` of a page as `after` of the following one until it is null. Each"
    " camera comes with a fresh token.",
    {
        HTTPStatus.OK: answer(
            "A page.",
            "application/json",
            ref(CameraPage),
            sends=("CacheControl",),
            examples={"The last page": {"cameras": [_SHOWN], "next": None}},
        ),
        HTTPStatus.BAD_REQUEST: problem(
            HTTPStatus.BAD_REQUEST,
            "A parameter is not what it must be; every fault is named.",
            _CAMERAS,
            "",
            Fault("limit", f"must be a whole number from 1 to {PAGE_MAX}"),
        ),
        **refused(_CAMERAS),
    },
    _CAMERAS,
    parameters=[
        {
            "name": "limit",
            "in": "query",
            "description": "Cameras a page.",
            "schema": {"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE_DEFAULT},
        },
        {
            "name": "after",
            "in": "query",
            "description": "The `next` of the page before, as it came.",
            "schema": {"type": "string"},
        },
    ],
)
_add = operation(
    "addCamera",
    "Add a camera",
    "Makes its archive too, empty. The server gives both ids.",
    {
        HTTPStatus.CREATED: camera_answer("It is added."),
        **_bad_body(_CAMERAS),
        **refused(_CAMERAS),
    },
    _CAMERAS,
    requestBody=body_of(ref("NewCamera"), _GIVEN),
)
_show = operation(
    "getCamera",
    "One camera, with a fresh token",
    "The token is valid for `token_ttl_s` seconds, a day unless set otherwise.",
    {HTTPStatus.OK: camera_answer("The camera."), **refused(CAMERA), **unknown_camera()},
    CAMERA,
)
_status = operation(
    "getCameraStatus",
    "How the recording of a camera goes",
    "State, reason and counters, true within seconds. Counters only rise. Where its recorder has been"
    " silent for 15 s the state is `waiting` and the reason `no_recorder`.",
    {
        HTTPStatus.OK: answer(
            "The status.",
            "application/json",
            ref(StatusOut),
            sends=("CacheControl",),
            examples={"All is well": _STATUS, "A wrong password": _STATUS_WAITING},
        ),
        **refused(f"{CAMERA}/status"),
        **unknown_camera(),
    },
    f"{CAMERA}/status",
)
_change = operation(
    "changeCamera",
    "Change a camera",
    "Changes the fields that are given and no others; null empties one (all but `title`).",
    {
        HTTPStatus.OK: camera_answer("As it is now."),
        **_bad_body(CAMERA),
        **refused(CAMERA),
        **unknown_camera(),
    },
    CAMERA,
    requestBody=body_of(ref(CameraIn), {"title": "Back door", "archiveDays": None}),
)
_remove = operation(
    "removeCamera",
    "Remove a camera and all its footage",
    "Gone at once for every client, and no longer recorded. For a day it can be taken back by `restore`;"
    " then its bytes are deleted.",
    {
        HTTPStatus.NO_CONTENT: answer("It is gone."),
        HTTPStatus.CONFLICT: problem(
            HTTPStatus.CONFLICT,
            "Locks protect some of its footage, or `title` is not its title.",
            CAMERA,
            "Locks protect footage of this camera: remove them first",
        ),
        **refused(CAMERA),
        **unknown_camera(),
    },
    CAMERA,
    parameters=[
        {
            "name": "title",
            "in": "query",
            "description": "The camera's title, to be sure; where it is given it has to be right.",
            "schema": {"type": "string"},
        }
    ],
)

INTEGRATION_PATHS: dict[str, Json] = {
    "/v1/integration-key/validate": {"post": _validate},
    _CAMERAS: {"get": _list, "post": _add},
    f"{_CAMERAS}/{{cameraId}}": {
        "parameters": [PATH_ID],
        "get": _show,
        "patch": _change,
        "delete": _remove,
    },
    f"{_CAMERAS}/{{cameraId}}/status": {"parameters": [PATH_ID], "get": _status},
}
