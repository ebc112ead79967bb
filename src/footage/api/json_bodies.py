"""Bodies of JSON, in and out, for handlers whose answers nobody may keep."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from litestar import Response
from litestar.datastructures import Cookie

from footage.api.errors import BadRequest, Fault

NO_STORE = {"Cache-Control": "no-store"}


_EXACT = msgspec.json.Decoder(float_hook=Decimal)


def read_object(body: bytes, *, exact: bool = False) -> dict[str, Any]:
    """The members of a JSON object. Raises BadRequest.

    Where ``exact``, numbers with a fraction or an exponent come as decimals.
    """
    try:
        given = _EXACT.decode(body) if exact else msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest(Fault("body", "must be JSON")) from None
    if not isinstance(given, dict):
        raise BadRequest(Fault("body", "must be a JSON object"))
    return given


def whole(value: Any) -> Any:
    """30.0 as 30: some writers of JSON write whole numbers so."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def json_answer(body: object, status_code: int = 200, cookies: tuple[Cookie, ...] = ()) -> Response[bytes]:
    """``body`` as JSON, never to be cached."""
    return Response(
        msgspec.json.encode(body),
        status_code=status_code,
        media_type="application/json",
        headers=NO_STORE,
        cookies=cookies,
    )
