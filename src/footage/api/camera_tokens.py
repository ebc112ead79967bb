"""Tokens made to measure: for as long as a page or a program wants, limited to a part of an archive."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.params import FromPath, RawBody

from footage.access.tokens import Token
from footage.api.audit_api import note
from footage.api.audit_words import about_token
from footage.api.authorisation import fresh_token, require_camera_id, require_key
from footage.api.delivery import AnyRequest
from footage.api.errors import BadRequest, Fault, Forbidden
from footage.api.json_bodies import json_answer, read_object, whole
from footage.api.links import archive_url, base_url
from footage.api.services import Injected
from footage.api.threads import in_thread
from footage.timeline import ALL_TIME, Scope

TTL_MAX_S = 366 * 86_400


_Ttl = Annotated[int, msgspec.Meta(ge=1, le=TTL_MAX_S)]
_Moment = Annotated[int, msgspec.Meta(ge=0, le=ALL_TIME.end_ms)]


class TokenIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a token is to be good for; all of it may be left out."""

    ttl: _Ttl | None = None
    from_ms: _Moment | None = msgspec.field(default=None, name="from")
    to_ms: _Moment | None = msgspec.field(default=None, name="to")


class TokenOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """A token and where it is good; ``from`` and ``to`` where it has them."""

    archive_api_url: str = msgspec.field(name="archiveApiUrl")
    signature: str
    exp: int
    from_ms: int | None = msgspec.field(default=None, name="from")
    to_ms: int | None = msgspec.field(default=None, name="to")


@post("/v1/cameras/{camera_id:str}/tokens", status_code=201)
@in_thread
def make_token(
    request: AnyRequest, services: Injected, camera_id: FromPath[str], body: RawBody
) -> Response[bytes]:
    """Make a token for a camera's archive."""
    caller = require_key(services, request, Scope.READ)
    camera = services.cameras.get(require_camera_id(camera_id))
    wanted = _read_wanted(body)
    ttl_s = services.token_ttl_s if wanted.ttl is None else wanted.ttl
    if ttl_s > services.token_ttl_s and not caller.scope.includes(Scope.WRITE):
        # A link outlives the key that it was made with.
        raise Forbidden(f"A key of scope read makes links for {services.token_ttl_s} s at most")
    token = Token(int(services.clock()) + ttl_s, wanted.from_ms, wanted.to_ms)
    archive = services.cameras.archive_of(camera)
    url = archive_url(base_url(services, request), archive.id)
    signature = fresh_token(services, archive, token)
    made = TokenOut(url, signature, token.exp, token.from_ms, token.to_ms)
    note(services, request, caller, "token.made", camera.id, **about_token(token, signature))
    return json_answer(made, status_code=201)


ROUTES = (make_token,)
_MOMENT = (0, ALL_TIME.end_ms, "a moment in ms")
_BOUNDS = {"ttl": (1, TTL_MAX_S, "seconds"), "from": _MOMENT, "to": _MOMENT}


def _read_wanted(body: bytes) -> TokenIn:
    """What a body asks for; no body asks for nothing special. Raises BadRequest with every fault."""
    given = read_object(body) if body.strip() else {}
    faults = [Fault(name, "is not a field of a token") for name in given if name not in _BOUNDS]
    fields: dict[str, Any] = {}
    for name, (lowest, highest, what) in _BOUNDS.items():
        value = whole(given.get(name))
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            faults.append(Fault(name, f"must be a whole number of {what}, from {lowest} to {highest}"))
        else:
            fields[name] = value
    if not faults and fields.get("from", 0) >= fields.get("to", ALL_TIME.end_ms + 1):
        faults.append(Fault("to", "must be later than from"))
    if faults:
        raise BadRequest(*faults)
    return TokenIn(fields.get("ttl"), fields.get("from"), fields.get("to"))
