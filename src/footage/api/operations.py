"""For those who run the server: is it alive, is it ready, what has it done."""

from __future__ import annotations

import logging
from uuid import UUID

from litestar import Response, get
from litestar.response import Redirect

from footage.api.camera_status import known_status
from footage.api.delivery import AnyRequest, text_response
from footage.api.openapi import document
from footage.api.services import Injected, Services
from footage.api.threads import in_thread
from footage.archive.errors import ArchiveError
from footage.telemetry import metrics
from footage.telemetry.camera_metrics import cameras_exposition
from footage.telemetry.logs import event
from footage.telemetry.retention_metrics import retention_exposition
from footage.timeline import CameraStatus

_log = logging.getLogger(__name__)


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
        body += retention_exposition(services.retention.report().as_row())
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
    for camera, archive in cameras.archives_of(list(cameras.every())):
        said = written.get(archive.number)
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


ROUTES = (healthz, readyz, prometheus, openapi, docs)
