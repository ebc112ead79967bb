"""The process that serves HTTP: it imports all that its workers need, once, and forks them.

So they start at once, and share what does not change. Each worker opens the house for itself.
"""

from __future__ import annotations

import gc

# Until all is imported: it stays, and looking through it takes a third of a start.
gc.disable()

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable

from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.mp import MPServer
from litestar.types import ASGIApp

from footage.api.app import create_app
from footage.api.gate import Gate
from footage.api.limits import Limits
from footage.api.services import Services
from footage.archive.holds import Holds
from footage.archive.keep import Retention
from footage.archive.read import Reader
from footage.house import House, open_house
from footage.playback.export import Exporter
from footage.playback.preview import Previewer
from footage.playback.sheets import SheetDrawer
from footage.settings import Settings, load
from footage.telemetry import logs

gc.freeze()
gc.enable()

_STOP_WITHIN_S = 25
"""What a request in flight has when the server stops; then whoever started this process gives it up."""


def build_app(house: House, *, at_end: Callable[[], None] | None = None) -> ASGIApp:
    """The HTTP application over an open house; closes it when it shuts down, then calls ``at_end``."""
    settings = house.settings
    reader = Reader(house.index, house.storage)
    previewer = Previewer(
        reader,
        threads=settings.preview_threads,
        queue=settings.preview_queue,
        cache_bytes=settings.preview_cache_bytes,
    )

    def check_ready() -> None:
        house.index.check()
        house.storage.check()

    def shut_down() -> None:
        previewer.close()
        house.close()
        if at_end is not None:
            at_end()

    services = Services(
        reader=reader,
        cameras=house.cameras,
        keys=house.keys,
        previewer=previewer,
        sheets=SheetDrawer(reader, previewer.pool),
        exporter=Exporter(reader, streams=settings.export_streams),
        exports=house.exports,
        holds=Holds(house.index),
        retention=Retention(house.index, house.index),
        signing_keys=house.signing_keys,
        audit=house.audit,
        token_ttl_s=settings.token_ttl_s,
        session_ttl_s=settings.session_ttl_s,
        playlist_max_segments=settings.playlist_max_segments,
        segment_ms=settings.segment_ms,
        public_url=str(settings.public_url) if settings.public_url else None,
        trusted_proxies=settings.trusted_proxies,
        accel_location=settings.accel_location,
        local_sources=settings.local_sources,
        check_ready=check_ready,
    )
    gate = Gate(
        Limits(
            url_bytes=settings.url_max_bytes,
            header_bytes=settings.header_max_bytes,
            open_requests=settings.open_requests,
            rate_per_address=settings.rate_per_address,
            rate_per_token=settings.rate_per_token,
            requests_per_token=settings.requests_per_token,
            previews_per_token=settings.previews_per_token,
            exports_per_token=settings.exports_per_token,
            body_s=settings.client_body_s,
            reader_s=settings.client_stall_s,
        ),
        settings.trusted_proxies,
    )
    return create_app(services, gate, shut_down)


def run() -> None:
    """Serve until SIGTERM, or until standard input ends; requests in flight end first."""
    settings = load()
    logs.configure(level=settings.log_level, as_json=settings.log_format == "json")
    # The terminal's Ctrl-C reaches the parent too, which tells its children. Workers inherit it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    threading.Thread(target=_stop_with_parent, name="parent-watch", daemon=True).start()
    # Nothing is open here, and no thread holds a lock that a worker would need.
    multiprocessing.set_start_method("fork")
    _granian(settings).serve(target_loader=_worker_app, wrap_loader=False)


def _granian(settings: Settings) -> MPServer:
    return MPServer(
        "footage",
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


def _worker_app() -> ASGIApp:
    """What each worker runs."""
    # Until it has a handler of its own; it inherited that of the process that looks after it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    settings = load()
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    return build_app(open_house(settings), at_end=_leave)


def _leave() -> None:
    """End the process: it is the last thing that the server asks of its worker.

    Threads of Granian's runtime that outlive the interpreter panic now and then, and say so in
    the midst of the log, in a form that is not the log's.
    """
    logging.shutdown()
    os._exit(0)


def _stop_with_parent() -> None:
    """Standard input ends when the parent is gone, however that came."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _end_with_parent() -> None:
    """Stop in order where the process that looks after it is gone: a worker left alone keeps the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    run()
