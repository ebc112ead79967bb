"""For those who run the server: is it alive, is it ready, what has it done; and its pages."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from litestar import Response, Router, get
from litestar.response import Redirect
from litestar.static_files import create_static_files_router

from footage.api.camera_status import known_status
from footage.api.delivery import AnyRequest, text_response
from footage.api.openapi import document
from footage.api.services import Injected, Services
from footage.api.threads import in_thread
from footage.archive.errors import ArchiveError, UnknownCamera
from footage.telemetry import metrics
from footage.telemetry.camera_metrics import cameras_exposition
from footage.telemetry.logs import event
from footage.timeline import CameraStatus

_log = logging.getLogger(__name__)

PAGES = Path(__file__).with_name("static")
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src * data:; media-src * blob:; connect-src *; worker-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@get("/healthz", sync_to_thread=False)
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz")
@in_thread
def readyz(services: Injected) -> dict[str, str]:
    """The index and the storage answer too; 503 where they do not."""
    services.check_ready()
    return {"status": "ready"}


@get("/metrics")
@in_thread
def prometheus(services: Injected) -> Response[bytes]:
    """Every metric in the Prometheus text format; those of cameras where the index can be read."""
    body, media_type = metrics.exposition()
    try:
        body += cameras_exposition(_statuses(services), services.now_ms())
    except ArchiveError as error:
        # The numbers of this server are wanted most when something is away.
        event(_log, logging.WARNING, "metrics.cameras_unknown", reason=type(error).__name__)
    # Litestar adds the charset to every kind of text.
    return Response(body, media_type=media_type.removesuffix("; charset=utf-8"))


def _statuses(services: Services) -> list[tuple[UUID, CameraStatus]]:
    """Of every camera that is to be recorded, or ever was. Raises ArchiveError."""
    cameras, now_ms = services.cameras, services.now_ms()
    written = cameras.statuses()
    found = []
    for camera in cameras.every():
        with suppress(UnknownCamera):
            said = written.get(cameras.archive_of(camera).number)
            if said is not None or camera.is_to_be_recorded:
                found.append((camera.id, known_status(camera, said, now_ms)))
    return found


@get("/openapi.json")
@in_thread
def openapi(request: AnyRequest) -> Response[bytes]:
    """Both APIs as an OpenAPI 3.1 document."""
    return text_response(request, document(), "application/json", cache_control="no-cache")


@get("/docs", sync_to_thread=False)
def docs() -> Redirect:
    """The same as a page to read."""
    return Redirect("docs.html")


def pages() -> Router:
    """The pages that the front end's build put into the package."""
    return create_static_files_router(path="/", directories=[PAGES], html_mode=True, after_request=_as_page)


def _as_page(response: Response[bytes]) -> Response[bytes]:
    response.headers.update(PAGE_HEADERS)
    return response


ROUTES = (healthz, readyz, prometheus, openapi, docs)
