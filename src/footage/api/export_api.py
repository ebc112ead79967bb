"""The exports' door: a span as one MP4, streamed while it is made."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from litestar import get
from litestar.params import FromPath
from litestar.types import ASGIApp

from footage.api.archive_request import enter, wanted_span
from footage.api.attachment import disposition, file_name
from footage.api.audit_api import note_link
from footage.api.authorisation import Grant
from footage.api.delivery import IS_HEAD, AnyRequest
from footage.api.errors import Conflict, NotFound
from footage.api.movie_response import MovieResponse
from footage.api.services import Injected, Services
from footage.api.threads import in_thread
from footage.playback.export_plan import Changed, ExportPlan, NothingKept
from footage.timeline import Archive, Span, format_ms

MP4_TYPE = "video/mp4"


@get("/archives/{archive_id:str}/export.mp4")
@in_thread
def export_stream(request: AnyRequest, services: Injected, archive_id: FromPath[str]) -> ASGIApp:
    """A span as one MP4, at once."""
    grant, query = enter(request, services, archive_id)
    plan = planned(services, grant, wanted_span(services, grant, query))
    camera = services.cameras.get(grant.archive.camera_id)
    if not request.scope["state"].get(IS_HEAD):
        shown = {"start": plan.shown.start_ms, "end": plan.shown.end_ms}
        note_link(services, request, grant, "export.streamed", **shown)
    headers = {
        "content-type": MP4_TYPE,
        "content-disposition": disposition(file_name(camera.title, plan.shown)),
        # Each is made anew, and would fill a cache with what another cuts a second later.
        "cache-control": "private, no-store",
    }
    make = partial(_held, services, grant.archive, plan)
    return MovieResponse(make, services.exporter.stream(), headers)


ROUTES = (export_stream,)


def _held(services: Services, archive: Archive, plan: ExportPlan) -> Iterator[bytes]:
    """The movie's pieces; retention leaves alone what it is made of (invariant 6)."""
    span = Span(plan.pieces[0].shown.start_ms, plan.pieces[-1].shown.end_ms)
    with services.holds.hold(archive, span):
        yield from services.exporter.fragments(archive, plan)


def planned(services: Services, grant: Grant, span: Span) -> ExportPlan:
    """What a movie of the span holds. Raises NotFound, Conflict."""
    try:
        return services.exporter.plan(grant.archive, span, grant.limits)
    except NothingKept:
        raise NotFound("Nothing is kept of this span") from None
    except Changed as changed:
        raise Conflict(
            f"{changed.what} at {format_ms(changed.moment_ms)}, which one file cannot hold:"
            f" export up to and from {changed.moment_ms} apart"
        ) from None
