"""The server: HTTP workers, recorders, a maker of exports and a keeper as child processes.

Only the command line imports it. Nothing heavy is imported here, so that what only looks after others
stays small.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import socket
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.mp import MPServer

from footage.children import Children
from footage.house import open_house
from footage.settings import Settings, as_environment
from footage.telemetry.logs import event

_HTTP_APP = "footage.http_process:worker_app"
_RECORDER = "footage.recorder_process"
_EXPORTER = "footage.export_process"
_KEEPER = "footage.keeper_process"
_STOP_WITHIN_S = 30
_HUNG_AFTER_S = 120
"""A recorder looks each second; a disk that stands still may hold it up, but not for so long."""
_HTTP_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
"""HTTP workers and the maker of exports keep the memory of one segment for the next: glibc would give
it back to the kernel each time, and have each of its pages made anew (seen: 400 page faults, 1.6 ms, a
segment of 1.6 MB)."""
_RECORDER_MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(128 << 10)}
"""Recorders give it back: a hundred threads that each kept what they need at their worst moment would
hold a third more (seen: 404 MiB against 283 for fifty cameras)."""
_log = logging.getLogger(__name__)


def serve(settings: Settings, *, http: bool = True, record: bool = True) -> None:
    """Serve and record, or either, until SIGTERM or SIGINT; what is begun ends first."""
    if http:
        _check_port(settings.host, settings.port)
        _check_readable(settings.tls_certificate, settings.tls_key)
    # Made and migrated here, before several processes open it.
    house = open_house(settings)
    house.cameras.write_cards()
    house.close()
    os.environ.update(as_environment(settings))
    with ExitStack() as stack:
        if record:
            stack.enter_context(_keeper())
            recorders = stack.enter_context(_recorders(settings))
        if http:
            _serve_http(settings, stack)
        else:
            recorders.wait()
    event(_log, logging.INFO, "stopped")


def _keeper() -> Children:
    environment = {**_RECORDER_MALLOC, **os.environ}
    return Children(_KEEPER, 1, environment=environment, stop_s=_STOP_WITHIN_S)


def _recorders(settings: Settings) -> Children:
    event(_log, logging.INFO, "recording", processes=settings.recorders)
    return Children(
        _RECORDER,
        settings.recorders,
        environment={**_RECORDER_MALLOC, **os.environ},
        stop_s=_STOP_WITHIN_S,
        hung_after_s=_HUNG_AFTER_S,
    )


def _serve_http(settings: Settings, stack: ExitStack) -> None:
    event(_log, logging.INFO, "serving", host=settings.host, port=settings.port)
    # A fork would copy the parent's locks and open database connections.
    multiprocessing.set_start_method("spawn", force=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = stack.enter_context(
        TemporaryDirectory(prefix="footage-metrics-")
    )
    # Beside the door that lets them be asked for; its metrics go where those of the workers go.
    stack.enter_context(
        Children(_EXPORTER, 1, environment={**_HTTP_MALLOC, **os.environ}, stop_s=_STOP_WITHIN_S)
    )
    for name, value in _HTTP_MALLOC.items():
        os.environ.setdefault(name, value)
    _granian(settings).serve()


def _check_port(host: str, port: int) -> None:
    """Raise OSError where somebody listens there already.

    The workers share their port, so that they could share it with a stranger unnoticed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(error.errno, f"cannot listen on {host} port {port}: {error.strerror}") from error


def _check_readable(*files: Path | None) -> None:
    """Raise OSError where a file that the workers need cannot be read: they would die again and again."""
    for file in files:
        if file is not None:
            try:
                file.open("rb").close()
            except OSError as error:
                raise OSError(error.errno, f"cannot read {file}: {error.strerror}") from error


def _granian(settings: Settings) -> MPServer:
    return MPServer(
        _HTTP_APP,
        factory=True,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        interface=Interfaces.ASGI,
        log_enabled=False,
        websockets=False,
        ssl_cert=settings.tls_certificate,
        ssl_key=settings.tls_key,
        ssl_protocol_min=SSLProtocols.tls12,
        http1_settings=HTTP1Settings(header_read_timeout=settings.client_head_s * 1000),
        http2_settings=HTTP2Settings(max_headers_size=2 * settings.header_max_bytes),
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_WITHIN_S,
    )
