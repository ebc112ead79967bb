"""What the page at ``/`` asks for beside the cameras, in the OpenAPI document.

Sessions are the page's own; the overview and tokens made to measure are there for programs too.
"""

from __future__ import annotations

from http import HTTPStatus

from footage.api.camera_tokens import TTL_MAX_S, TokenIn, TokenOut
from footage.api.errors import Fault
from footage.api.openapi_integration import (
    CAMERA,
    KEPT_FOR,
    PATH_ID,
    body_of,
    operation,
    refused,
    unknown_camera,
)
from footage.api.openapi_parts import (
    ARCHIVE_ID,
    CAMERA_ID,
    EXP,
    SIGNATURE,
    START_MS,
    Json,
    answer,
    by_status,
    problem,
    unavailable,
)
from footage.api.openapi_schemas import ref
from footage.api.overview import OverviewOut
from footage.api.session_api import SessionIn, SessionOut
from footage.api.session_cookie import PAGE_HEADER, PAGE_HEADER_VALUE, SESSION_COOKIE

_SESSION, _STATUS, _TOKENS = "/session", "/v1/status", f"{CAMERA}/tokens"
_WHO: Json = {"name": "Portal", "exp": EXP, "scope": "admin"}
_PAGE_ONLY: Json = {
    "name": PAGE_HEADER,
    "in": "header",
    "required": True,
    "description": "Says that a script of this server's own page asks, which no other page can.",
    "schema": {"const": PAGE_HEADER_VALUE},
}
_OVERVIEW: Json = {
    "storage": {
        "sizeBytes": 812_345_678_901,
        "freeBytes": 1_187_654_321_099,
        "totalBytes": 2_000_398_934_016,
        "maxBytes": 2_000_000_000_000,
        "keepFreeBytes": 402_653_184,
        "lockedBytes": 150_000_000,
        "limit": None,
        "reachMs": None,
        "text": "no limit of the store is reached",
        "refused": None,
        "refusedText": None,
        "recordedBytesPerDay": 43_200_000_000,
        "daysToFull": 27.49,
    },
    "cameras": [
        {
            "id": CAMERA_ID,
            "state": "waiting",
            "reason": "wrong_password",
            "detail": "401 Unauthorized",
            "isOnline": False,
            "first": START_MS,
            "last": START_MS + 1_728_000_000,
            "sizeBytes": 812_345_678_901,
            "runs": 41,
            "retention": KEPT_FOR,
        }
    ],
}
_LIMITED: Json = {
    "archiveApiUrl": f"https://video.example.com/archives/{ARCHIVE_ID}",
    "signature": SIGNATURE,
    "exp": EXP,
    "from": START_MS,
    "to": START_MS + 60_000,
}


def _too_large(path: str) -> dict[HTTPStatus, Json]:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return {status: problem(status, "The body is larger than 1 MiB.", path, status.phrase)}


def _session_operation(
    operation_id: str, summary: str, description: str, answers: dict[HTTPStatus, Json]
) -> Json:
    return {
        "operationId": operation_id,
        "tags": ["Operations"],
        "summary": summary,
        "description": description,
        "security": [],
        "responses": by_status(answers),
    }


def _not_ours(detail: str) -> dict[HTTPStatus, Json]:
    status = HTTPStatus.FORBIDDEN
    return {status: problem(status, "Not from this server's page, or no key of it.", _SESSION, detail)}


_show = _session_operation(
    "getSession",
    "Who is signed in to the page?",
    f"Reads the cookie `{SESSION_COOKIE}`, which is good until `exp` or until its key is revoked.",
    {
        HTTPStatus.OK: answer(
            "Somebody.",
            "application/json",
            ref(SessionOut),
            sends=("CacheControl",),
            examples={"Signed in": _WHO},
        ),
        HTTPStatus.UNAUTHORIZED: problem(
            HTTPStatus.UNAUTHORIZED, "Nobody, or no longer.", _SESSION, "Nobody is signed in"
        ),
        HTTPStatus.SERVICE_UNAVAILABLE: unavailable(_SESSION),
    },
) | {"security": [{"session": []}]}
_sign_in = _session_operation(
    "signIn",
    "Sign in to the page",
    f"Checks an integration key and sets the cookie `{SESSION_COOKIE}`, which no script can read and no"
    " other site's page can use. It stands for the header in the Integration API; what changes anything"
    f" must then carry `{PAGE_HEADER}` too.",
    {
        HTTPStatus.CREATED: answer(
            "Signed in.",
            "application/json",
            ref(SessionOut),
            sends=("CacheControl",),
            examples={"Signed in": _WHO},
        ),
        HTTPStatus.BAD_REQUEST: problem(
            HTTPStatus.BAD_REQUEST,
            "The body is not what it must be.",
            _SESSION,
            "",
            Fault("key", "must be text of 1 to 256 characters"),
        ),
        **_not_ours("The integration key is not known"),
        **_too_large(_SESSION),
        HTTPStatus.SERVICE_UNAVAILABLE: unavailable(_SESSION),
    },
) | {"parameters": [_PAGE_ONLY], "requestBody": body_of(ref(SessionIn), {"key": "footage_Xb3w9..."})}
_sign_out = _session_operation(
    "signOut",
    "Sign out of the page",
    "Makes the browser forget the cookie.",
    {
        HTTPStatus.NO_CONTENT: answer("Signed out."),
        **_not_ours(f"With a session the header {PAGE_HEADER} is needed"),
    },
) | {"parameters": [_PAGE_ONLY]}
_overview = operation(
    "getStatus",
    "The storage, and every camera's state",
    "All cameras at once, by title, for an overview. Sizes are those of footage that is kept.",
    {
        HTTPStatus.OK: answer(
            "The overview.",
            "application/json",
            ref(OverviewOut),
            sends=("CacheControl",),
            examples={"One camera, in trouble": _OVERVIEW},
        ),
        **refused(_STATUS),
    },
    _STATUS,
)
_token = operation(
    "makeToken",
    "Make a token to measure",
    "For as long as wanted, and limited to a part of the archive where `from` or `to` is given: to hand"
    " one clip on, for example. No body asks for a token like a camera's own.",
    {
        HTTPStatus.CREATED: answer(
            "The token.",
            "application/json",
            ref(TokenOut),
            sends=("CacheControl",),
            examples={"For one minute of footage": _LIMITED},
        ),
        HTTPStatus.BAD_REQUEST: problem(
            HTTPStatus.BAD_REQUEST,
            "The body is not what it must be; every fault is named.",
            _TOKENS,
            "",
            Fault("ttl", f"must be a whole number of seconds, from 1 to {TTL_MAX_S}"),
        ),
        **_too_large(_TOKENS),
        **refused(_TOKENS),
        **unknown_camera(),
    },
    _TOKENS,
    requestBody=body_of(ref(TokenIn), {"ttl": 86_400, "from": START_MS, "to": START_MS + 60_000})
    | {"required": False},
)

PAGE_PATHS: dict[str, Json] = {
    _SESSION: {"get": _show, "post": _sign_in, "delete": _sign_out},
    _STATUS: {"get": _overview},
    "/v1/cameras/{cameraId}/tokens": {"parameters": [PATH_ID], "post": _token},
}
