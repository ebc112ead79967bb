"""The application: routes, errors, and what is done around every request."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping, MutableMapping
from functools import cache
from http import HTTPStatus
from typing import Any, cast

from litestar import Litestar
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.enums import HttpMethod, ScopeType
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from footage.api import (
    archive_api,
    audit_api,
    camera_tokens,
    errors,
    export_api,
    export_jobs_api,
    integration_api,
    lock_api,
    operations,
    overview,
    pages,
    session_api,
    storyboard_api,
)
from footage.api.delivery import IS_HEAD
from footage.api.errors import Refusal, send_problem
from footage.api.gate import Gate, Sending
from footage.api.services import Services
from footage.telemetry import metrics
from footage.telemetry.logs import event

_log = logging.getLogger(__name__)
_ARCHIVES = "/archives/"
_SAFE = (b"x-content-type-options", b"nosniff")
_CORS = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Content-Length, Content-Disposition, Content-Range, Accept-Ranges, ETag, Date, Location, "
        b"Retry-After, " + archive_api.FRAME_TIME_HEADER.encode("ascii"),
    ),
    # A page that asked to be isolated may embed the pictures and segments too.
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_PREFLIGHT = (
    (b"access-control-allow-headers", b"Content-Type, Range, If-Range, If-None-Match, If-Modified-Since"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
)
_EXPORTS = re.compile(rf"{_ARCHIVES}[^/]+/exports(/[^/]+)?")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE", "PUT"})
_BODY_MAX_BYTES = 1 << 20


def create_app(services: Services, gate: Gate, on_shutdown: Callable[[], None]) -> ASGIApp:
    """Everything that answers over HTTP, as one ASGI application behind ``gate``."""
    app = Litestar.from_config(
        AppConfig(
            route_handlers=[
                *archive_api.ROUTES,
                *storyboard_api.ROUTES,
                *export_api.ROUTES,
                *export_jobs_api.ROUTES,
                *integration_api.ROUTES,
                *lock_api.ROUTES,
                *camera_tokens.ROUTES,
                *overview.ROUTES,
                *audit_api.ROUTES,
                *session_api.ROUTES,
                *operations.ROUTES,
                *pages.ROUTES,
            ],
            dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
            exception_handlers=dict(errors.HANDLERS),
            on_shutdown=[on_shutdown],
            openapi_config=None,
            logging_config=None,
            request_max_body_size=_BODY_MAX_BYTES,
        )
    )
    return _around(app, _allowed(app), gate)


def _allowed(app: Litestar) -> dict[str, bytes]:
    """The methods of each path as ``Allow`` names them.

    Litestar knows no HEAD, and tells OPTIONS of the methods that a path had when its first handler
    was registered.
    """
    allowed = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            methods = {str(method) for method in route.methods}
            if "GET" in methods:
                methods.add("HEAD")
            allowed[route.path_format] = ", ".join(sorted(methods)).encode("ascii")
    return allowed


def _around(app: ASGIApp, allowed: Mapping[str, bytes], gate: Gate) -> ASGIApp:
    """The gate, HEAD as GET without the body, CORS for the Archive API, metrics and the access log."""

    async def let_in(scope: Scope, receive: Receive, watched: _Watched) -> None:
        try:
            entered = gate.enter(scope)
        except Refusal as refusal:
            await send_problem(cast("Send", watched), scope["path"], refusal)
            return
        metrics.REQUESTS_OPEN.inc()
        gate.watch(watched.sending)
        try:
            await app(scope, gate.watched(receive), cast("Send", watched))
        except asyncio.CancelledError:
            if not watched.sending.is_left:
                raise
            # Without the answer's end the server closes the connection.
            watched.sending.task.uncancel()
        finally:
            gate.forget(watched.sending)
            gate.leave(entered)
            metrics.REQUESTS_OPEN.dec()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        is_archive = path.startswith(_ARCHIVES)
        watched = _Watched(send, scope, allowed, is_head=method == "HEAD", is_archive=is_archive)
        started = time.perf_counter()
        try:
            if method == "OPTIONS" and is_archive:
                await watched.preflight()
                return
            if method == "HEAD":
                scope["method"] = HttpMethod.GET
                # For answers that would go on for an hour.
                scope["state"][IS_HEAD] = True
            await let_in(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - started
            _account(scope, method, watched, seconds)

    return answer


class _Watched:
    """A send that adds headers, drops the bodies of HEAD, and counts."""

    def __init__(
        self,
        send: Send,
        scope: Scope,
        allowed: Mapping[str, bytes],
        *,
        is_head: bool,
        is_archive: bool,
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.sending = Sending(task)
        self._send = send
        self._scope = scope
        self._allowed = allowed
        self._is_head = is_head
        self._extra = (_SAFE, *_CORS) if is_archive else (_SAFE,)
        self.status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
        self.sent_bytes = 0

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [self._corrected(name, value) for name, value in message["headers"]]
            message["headers"] = [*headers, *self._extra]
        elif message["type"] == "http.response.body":
            if self._is_head:
                message["body"] = b""
            self.sent_bytes += len(message.get("body", b""))
        self.sending.since = time.monotonic()
        await self._send(cast("Any", message))
        self.sending.since = None

    def _corrected(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        if name != b"allow":
            return name, value
        template = self._scope.get("path_template")
        if template in self._allowed:
            return name, self._allowed[template]
        return name, value.replace(b"GET,", b"GET, HEAD,")

    async def preflight(self) -> None:
        """Any origin may ask (the token is the right)."""
        methods = _methods(self._scope["path"])
        headers = [(b"access-control-allow-methods", methods), (b"allow", methods), *_PREFLIGHT]
        await self({"type": "http.response.start", "status": 204, "headers": headers})
        await self({"type": "http.response.body", "body": b"", "more_body": False})


def _methods(path: str) -> bytes:
    """What a path of the Archive API takes: all can be read, exports also be asked for and removed."""
    exports = _EXPORTS.fullmatch(path)
    if exports is None:
        return b"GET, HEAD, OPTIONS"
    return b"DELETE, GET, HEAD, OPTIONS" if exports[1] else b"GET, HEAD, OPTIONS, POST"


@cache
def _counters(method: str, route: str, status: int) -> tuple[Counter, Histogram, Counter]:
    """The counters of one kind of request, looked up once: routes and methods are few."""
    return (
        metrics.REQUESTS.labels(method, route, status),
        metrics.REQUEST_SECONDS.labels(route),
        metrics.BYTES_SERVED.labels(route),
    )


def _account(scope: Scope, method: str, watched: _Watched, seconds: float) -> None:
    route = scope.get("path_template") or "unmatched"
    # Clients can invent methods; labels must stay few.
    known = method if method in _METHODS else "other"
    requests, latency, bytes_served = _counters(known, route, watched.status)
    requests.inc()
    latency.observe(seconds)
    bytes_served.inc(watched.sent_bytes)
    # The path alone: the query carries the signature.
    event(
        _log,
        logging.INFO,
        "request",
        method=method,
        path=scope["path"],
        status=watched.status,
        bytes=watched.sent_bytes,
        ms=round(seconds * 1000, 1),
    )
