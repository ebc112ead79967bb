"""The audit log over HTTP, and how handlers add to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get

from footage.api.audit_words import ID_MAX, PAGE_MAX, AuditEntryOut, entry_out
from footage.api.authorisation import Caller, Grant, require_key
from footage.api.client_address import client_address
from footage.api.delivery import AnyRequest
from footage.api.json_bodies import json_answer
from footage.api.parameters import Query, parse_uuid
from footage.api.services import Injected, Services
from footage.api.threads import in_thread
from footage.archive.index import AuditEntry, AuditFilter
from footage.timeline import Scope

PAGE_DEFAULT = 100


class AuditPage(msgspec.Struct, frozen=True):
    """A page of entries, newest first; ``next`` is handed back as ``before`` for the page that follows."""

    entries: list[AuditEntryOut]
    next: int | None


@get("/v1/audit")
@in_thread
def show_audit(request: AnyRequest, services: Injected) -> Response[bytes]:
    """A page of the audit log."""
    require_key(services, request, Scope.ADMIN)
    query = Query(request.scope["query_string"])
    limit = query.whole("limit", 1, PAGE_MAX) or PAGE_DEFAULT
    before = query.whole("before", 0, ID_MAX)
    camera = query.text("camera") if query.has("camera") else None
    wanted = AuditFilter(
        camera_id=None if camera is None else parse_uuid("camera", camera),
        actor=query.text("actor") if query.has("actor") else None,
        action=query.text("action") if query.has("action") else None,
        from_ms=query.moment("from"),
        to_ms=query.moment("to"),
    )
    query.check()
    found = services.audit.page(wanted, limit=limit + 1, before=before)
    more = found[limit - 1].id if len(found) > limit else None
    return json_answer(AuditPage([entry_out(entry) for entry in found[:limit]], more))


ROUTES = (show_audit,)


def note(
    services: Services,
    request: AnyRequest,
    caller: Caller,
    action: str,
    camera_id: UUID | None = None,
    **detail: Any,
) -> None:
    """Note what the holder of a key has done. ``detail`` holds plain values, and never a secret."""
    peer = request.client.host if request.client else None
    said = request.headers.getall("x-forwarded-for", [])
    services.audit.note(
        AuditEntry(
            at_ms=services.now_ms(),
            actor=caller.name,
            via=caller.via,
            address=client_address(peer, said, services.trusted_proxies) or None,
            action=action,
            camera_id=camera_id,
            detail=detail,
        )
    )


def note_link(services: Services, request: AnyRequest, grant: Grant, action: str, **detail: Any) -> None:
    """Note what whoever holds a link has done: links are known by their fingerprint."""
    holder = Caller(grant.fingerprint, Scope.READ, "link")
    note(services, request, holder, action, grant.archive.camera_id, **detail)
