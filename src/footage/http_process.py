"""What one HTTP worker process runs: the application over an open house."""

from __future__ import annotations

import gc

# Until all is imported: it stays, and looking through it takes a third of a start.
gc.disable()

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable

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
from footage.settings import load
from footage.telemetry import logs

gc.freeze()
gc.enable()


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


def worker_app() -> ASGIApp:
    """What each HTTP worker process runs; its settings come by the environment."""
    settings = load()
    logs.configure(level=settings.log_level, as_json=settings.log_format == "json")
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    return build_app(open_house(settings), at_end=_leave)


def _leave() -> None:
    """End the process: it is the last thing that the server asks of its worker.

    Threads of Granian's runtime that outlive the interpreter panic now and then, and say so in
    the midst of the log, in a form that is not the log's.
    """
    logging.shutdown()
    os._exit(0)


def _end_with_parent() -> None:
    """Stop in order where the parent is gone, however that came: a worker left alone keeps the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
