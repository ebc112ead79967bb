"""Signing in to the page: an integration key becomes a cookie that no script can read."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from litestar import Response, delete, get, post
from litestar.params import RawBody

from footage.access.integration_keys import hash_key
from footage.access.sessions import Session
from footage.api.audit_api import note
from footage.api.authorisation import Caller
from footage.api.delivery import AnyRequest
from footage.api.errors import BadRequest, Fault, Forbidden, Unauthorized
from footage.api.json_bodies import NO_STORE, json_answer, read_object
from footage.api.services import Injected, Services
from footage.api.session_cookie import no_cookie, require_own_page, session_cookie, session_of
from footage.api.threads import in_thread
from footage.timeline import Scope

_REFUSED_S = 0.5
"""Every sign-in that is refused takes so long: nobody can guess 256 bits, and nobody need try fast."""
_KEY_MAX_CHARS = 256


class SessionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What signs in."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=_KEY_MAX_CHARS)]


class SessionOut(msgspec.Struct, frozen=True):
    """Whose key was signed in with, until when, and what it may do."""

    name: str
    exp: int
    scope: Scope


@post("/session", status_code=201)
async def sign_in(request: AnyRequest, services: Injected, body: RawBody) -> Response[bytes]:
    """Check an integration key and keep it in a session."""
    try:
        return await _signed_in(request, services, body)
    except Forbidden:
        await asyncio.sleep(_REFUSED_S)
        raise


@get("/session")
@in_thread
def show_session(request: AnyRequest, services: Injected) -> Response[bytes]:
    """Whose session it is."""
    found = session_of(services, request)
    if found is None:
        raise Unauthorized("Nobody is signed in")
    session, key = found
    return json_answer(SessionOut(key.name, session.exp, key.scope))


@delete("/session", status_code=204)
@in_thread
def sign_out(request: AnyRequest, services: Injected) -> Response[None]:
    """Make the browser forget its session."""
    require_own_page(services, request)
    return Response(None, status_code=204, headers=NO_STORE, cookies=[no_cookie(services, request)])


ROUTES = (sign_in, show_session, sign_out)


@in_thread
def _signed_in(request: AnyRequest, services: Services, body: bytes) -> Response[bytes]:
    require_own_page(services, request)
    key_hash = hash_key(_read_key(body))
    key = services.keys.find(key_hash)
    if key is None:
        raise Forbidden("The integration key is not known")
    session = Session(key_hash, int(services.clock()) + services.session_ttl_s)
    cookie = session_cookie(services, request, session)
    note(services, request, Caller(key.name, key.scope, "key"), "session.opened", exp=session.exp)
    return json_answer(SessionOut(key.name, session.exp, key.scope), 201, (cookie,))


def _read_key(body: bytes) -> str:
    """The key of a body. Raises BadRequest, which never says what it was."""
    given = read_object(body)
    faults = [Fault(name, "is not a field of a session") for name in given if name != "key"]
    key = given.get("key")
    if not isinstance(key, str) or not 0 < len(key) <= _KEY_MAX_CHARS:
        faults.append(Fault("key", f"must be text of 1 to {_KEY_MAX_CHARS} characters"))
    if faults:
        raise BadRequest(*faults)
    return str(key).strip()
