"""The audit log in the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus

from footage.api.audit_api import PAGE_DEFAULT, AuditPage
from footage.api.audit_words import ID_MAX, PAGE_MAX
from footage.api.errors import Fault
from footage.api.openapi_integration import operation, refused
from footage.api.openapi_parts import CAMERA_ID, Json, answer, problem
from footage.api.openapi_schemas import ref

_AUDIT = "/v1/audit"
_ENTRY: Json = {
    "id": 4711,
    "at": "2026-09-21T14:13:20.120Z",
    "actor": "Portal",
    "via": "key",
    "address": "192.0.2.44",
    "action": "camera.removed",
    "cameraId": CAMERA_ID,
    "detail": {"title": "Entrance"},
}


def _wanted(name: str, description: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_show = operation(
    "listAudit",
    "Who did what",
    "Newest first. Take `next` of a page as `before` of the following one until it is null. Needs a key of"
    " scope `admin`.",
    {
        HTTPStatus.OK: answer(
            "A page.",
            "application/json",
            ref(AuditPage),
            sends=("CacheControl",),
            examples={"The last page": {"entries": [_ENTRY], "next": None}},
        ),
        HTTPStatus.BAD_REQUEST: problem(
            HTTPStatus.BAD_REQUEST,
            "A parameter is not what it must be; every fault is named.",
            _AUDIT,
            "",
            Fault("limit", f"must be a whole number from 1 to {PAGE_MAX}"),
        ),
        **refused(_AUDIT),
    },
    _AUDIT,
    parameters=[
        _wanted(
            "limit",
            "Entries a page.",
            {"type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE_DEFAULT},
        ),
        _wanted(
            "before", "The `next` of the page before.", {"type": "integer", "minimum": 0, "maximum": ID_MAX}
        ),
        _wanted("camera", "Only of this camera.", {"type": "string", "format": "uuid"}),
        _wanted("actor", "Only by this key, link or user.", {"type": "string"}),
        _wanted("action", "Only this.", {"type": "string"}),
        _wanted("from", "Only since this moment, in s or ms.", {"type": "number", "minimum": 0}),
        _wanted("to", "Only before this moment, in s or ms.", {"type": "number", "minimum": 0}),
    ],
)

AUDIT_PATHS: dict[str, Json] = {_AUDIT: {"get": _show}}
