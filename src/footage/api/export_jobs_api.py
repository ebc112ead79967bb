"""Exports made in the background: asked for, watched, fetched, cancelled.

Each is seen only through links whose limits reach as far as its file does.
"""

from __future__ import annotations

import base64
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID, uuid4

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath, RawBody
from litestar.types import ASGIApp

from footage.api.archive_request import enter, wanted_span
from footage.api.attachment import disposition, file_name
from footage.api.audit_api import note_link
from footage.api.authorisation import Grant
from footage.api.delivery import AnyRequest, ByteRange, StoredResponse
from footage.api.errors import BadRequest, Conflict, Fault, NotFound, TooMuch
from footage.api.export_api import MP4_TYPE, planned
from footage.api.json_bodies import json_answer, read_object
from footage.api.links import archive_url, base_url
from footage.api.parameters import Query
from footage.api.services import Injected, Services
from footage.api.threads import in_thread
from footage.timeline import ALL_TIME, Export, ExportState

PAGE_DEFAULT, PAGE_MAX = 100, 1000
_NUMBER = "must be a finite number, not negative"
_FIELDS = ("start", "duration")


class ExportOut(msgspec.Struct, frozen=True, rename="camel"):
    """An export as a client sees it; times and lengths in ms, null what is not known yet."""

    id: str
    state: str
    reason: str | None
    progress: float
    start: int
    end: int
    name: str
    size: int | None
    sha256: str | None
    created: int
    ended: int | None
    expires: int | None
    links: dict[str, str]


class ExportPage(msgspec.Struct, frozen=True):
    """Exports, newest first; ``next`` is handed back as ``after`` for the page that follows."""

    exports: list[ExportOut]
    next: str | None


class ExportIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The span of an export; moments and lengths as in queries."""

    start: float | None = None
    duration: float | None = None


@post("/archives/{archive_id:str}/exports", status_code=201)
@in_thread
def add_export(
    request: AnyRequest, services: Injected, archive_id: FromPath[str], body: RawBody
) -> Response[bytes]:
    """Let a span be made into one MP4."""
    grant, query = enter(request, services, archive_id)
    query.check()
    plan = planned(services, grant, wanted_span(services, grant, _read_wanted(body)))
    most = services.exports.limits.max_bytes
    if plan.footage_bytes > most:
        raise TooMuch(
            f"The span has {plan.footage_bytes} bytes, all exports may take {most}: export shorter spans"
        )
    export = Export(
        id=uuid4(),
        archive=grant.archive,
        shown=plan.shown,
        reach=plan.kept.cut_to(grant.limits),
        is_limited=grant.limits != ALL_TIME,
        total_bytes=plan.footage_bytes,
        size_bytes=plan.footage_bytes,
        created_ms=services.now_ms(),
    )
    services.exports.add(export)
    shown_span = {"start": export.shown.start_ms, "end": export.shown.end_ms}
    note_link(services, request, grant, "export.added", export=str(export.id), **shown_span)
    shown = _shown(services, request, grant, [export])[0]
    answer = json_answer(shown, status_code=201)
    answer.headers["Location"] = shown.links["self"]
    return answer


@get("/archives/{archive_id:str}/exports")
@in_thread
def list_exports(request: AnyRequest, services: Injected, archive_id: FromPath[str]) -> Response[bytes]:
    """A page of exports, newest first."""
    grant, query = enter(request, services, archive_id)
    limit = query.whole("limit", 1, PAGE_MAX) or PAGE_DEFAULT
    after = _read_cursor(query)
    query.check()
    found = services.exports.page(grant.archive, grant.limits, limit=limit + 1, after=after)
    following = _cursor(found[limit - 1]) if len(found) > limit else None
    return json_answer(ExportPage(_shown(services, request, grant, found[:limit]), following))


@get("/archives/{archive_id:str}/exports/{export_id:str}")
@in_thread
def show_export(
    request: AnyRequest, services: Injected, archive_id: FromPath[str], export_id: FromPath[str]
) -> Response[bytes]:
    """How far an export is."""
    grant, export = _found(request, services, archive_id, export_id)
    return json_answer(_shown(services, request, grant, [export])[0])


@delete("/archives/{archive_id:str}/exports/{export_id:str}", status_code=204)
@in_thread
def remove_export(
    request: AnyRequest, services: Injected, archive_id: FromPath[str], export_id: FromPath[str]
) -> None:
    """Cancel an export that waits or runs; remove one that has ended."""
    grant, export = _found(request, services, archive_id, export_id)
    services.exports.remove(export, services.now_ms())
    note_link(services, request, grant, "export.removed", export=str(export.id))


@get("/archives/{archive_id:str}/exports/{export_id:str}/movie.mp4")
@in_thread
def export_movie(
    request: AnyRequest, services: Injected, archive_id: FromPath[str], export_id: FromPath[str]
) -> ASGIApp:
    """The movie of an export that is done."""
    grant, export = _done(request, services, archive_id, export_id)
    headers = {
        "content-type": MP4_TYPE,
        "content-disposition": disposition(_name(services, grant, export)),
    }
    return StoredResponse(
        services.exports.open_movie(export), ByteRange(0, export.size_bytes), f'"{export.sha256}"', headers
    )


@get("/archives/{archive_id:str}/exports/{export_id:str}/manifest.json")
@in_thread
def export_manifest(
    request: AnyRequest, services: Injected, archive_id: FromPath[str], export_id: FromPath[str]
) -> Response[bytes]:
    """What the movie of an export that is done was made of."""
    _, export = _done(request, services, archive_id, export_id)
    return json_answer(msgspec.Raw(services.exports.manifest(export)))


ROUTES = (add_export, list_exports, show_export, remove_export, export_movie, export_manifest)


def _read_wanted(body: bytes) -> Query:
    """The span that a body asks for; no body asks for all. Raises BadRequest with every fault."""
    given = read_object(body, exact=True) if body.strip() else {}
    faults = [Fault(name, "is not a field of an export") for name in given if name not in _FIELDS]
    numbers = {}
    for name in _FIELDS:
        value = given.get(name)
        if isinstance(value, bool) or not isinstance(value, int | Decimal | None):
            faults.append(Fault(name, _NUMBER))
        elif value is not None:
            # An exponent, since a number of JSON may have any number of digits.
            numbers[name] = f"{Decimal(value):.40E}"
    query = Query(urlencode(numbers).encode("ascii"))
    query.span()
    faults += query.faults
    if faults:
        raise BadRequest(*faults)
    return query


def _found(
    request: AnyRequest, services: Services, archive_id: str, export_id: str
) -> tuple[Grant, Export]:
    """The export of a path, where the link reaches as far. Raises NotFound, and what ``enter`` raises."""
    grant, query = enter(request, services, archive_id)
    query.check()
    try:
        export = services.exports.get(grant.archive, UUID(export_id), grant.limits)
    except ValueError:
        export = None
    if export is None:
        raise NotFound("Export not found")
    return grant, export


def _done(request: AnyRequest, services: Services, archive_id: str, export_id: str) -> tuple[Grant, Export]:
    """The same, where it is done. Raises Conflict too."""
    grant, export = _found(request, services, archive_id, export_id)
    if export.state is not ExportState.DONE:
        raise Conflict(f"The export is not done but {export.state.value}: there is no file of it")
    return grant, export


def _shown(services: Services, request: AnyRequest, grant: Grant, exports: list[Export]) -> list[ExportOut]:
    """Exports as the caller's own link leads to them."""
    title = services.cameras.get(grant.archive.camera_id).title if exports else ""
    root = f"{archive_url(base_url(services, request), grant.archive.id)}/exports"
    return [_export_out(export, f"{root}/{export.id}", title, grant.query) for export in exports]


def _export_out(export: Export, url: str, title: str, query: str) -> ExportOut:
    is_done = export.state is ExportState.DONE
    links = {"self": f"{url}?{query}"}
    if is_done:
        links |= {"movie": f"{url}/movie.mp4?{query}", "manifest": f"{url}/manifest.json?{query}"}
    return ExportOut(
        id=str(export.id),
        state=export.state.value,
        reason=export.reason,
        # Done is 1 and nothing else is: the file is still to be checked and named after the last byte.
        progress=1.0 if is_done else round(min(export.read_bytes / (export.total_bytes or 1), 0.999), 3),
        start=export.shown.start_ms,
        end=export.shown.end_ms,
        name=file_name(title, export.shown),
        size=export.size_bytes if is_done else None,
        sha256=export.sha256,
        created=export.created_ms,
        ended=export.done_ms,
        expires=export.expires_ms,
        links=links,
    )


def _name(services: Services, grant: Grant, export: Export) -> str:
    return file_name(services.cameras.get(grant.archive.camera_id).title, export.shown)


def _cursor(export: Export) -> str:
    text = msgspec.json.encode([export.created_ms, str(export.id)])
    return base64.urlsafe_b64encode(text).decode("ascii")


def _read_cursor(query: Query) -> tuple[int, UUID] | None:
    if not query.has("after"):
        return None
    try:
        text = base64.urlsafe_b64decode(query.text("after") or "")
        return msgspec.json.decode(text, type=tuple[int, UUID])
    except ValueError:
        raise BadRequest(Fault("after", "must be the next of a page before")) from None
