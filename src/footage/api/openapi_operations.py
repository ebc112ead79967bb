"""What those who run the server ask it, in the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus

from footage.api.openapi_parts import Json, answer, by_status, parameter, unavailable


def _operation(operation_id: str, summary: str, answers: dict[HTTPStatus, Json], *parameters: Json) -> Json:
    return {
        "get": {
            "operationId": operation_id,
            "tags": ["Operations"],
            "summary": summary,
            "security": [],
            "parameters": list(parameters),
            "responses": by_status(answers),
        }
    }


def _status(word: str) -> Json:
    schema = {
        "type": "object",
        "properties": {"status": {"const": word}},
        "required": ["status"],
        "additionalProperties": False,
    }
    return answer("It is.", "application/json", schema, examples={"Always": {"status": word}})


OPERATIONS_PATHS: dict[str, Json] = {
    "/healthz": _operation("getHealth", "Does the process answer?", {HTTPStatus.OK: _status("ok")}),
    "/readyz": _operation(
        "getReadiness",
        "Do the index and the storage answer too?",
        {
            HTTPStatus.OK: _status("ready"),
            HTTPStatus.SERVICE_UNAVAILABLE: unavailable("/readyz"),
        },
    ),
    "/metrics": _operation(
        "getMetrics",
        "Every metric, in the Prometheus text format",
        {HTTPStatus.OK: answer("The metrics.", "text/plain", {"type": "string"})},
    ),
    "/openapi.json": _operation(
        "getDescription",
        "This document",
        {
            HTTPStatus.OK: answer(
                "This document.",
                "application/json",
                {"type": "object"},
                sends=("ETag", "CacheControl", "Vary"),
            ),
            HTTPStatus.NOT_MODIFIED: answer(
                "`If-None-Match` names the tag.", sends=("ETag", "CacheControl", "Vary")
            ),
        },
        parameter("IfNoneMatch"),
    ),
}
