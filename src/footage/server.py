"""The one place where the parts are put together; nobody but the command line imports it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import socket
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from granian.constants import Interfaces
from granian.server.mp import MPServer
from litestar.types import ASGIApp

from footage.access.signing_keys import SigningKeys
from footage.api.app import create_app
from footage.api.services import Services
from footage.archive.cameras import Cameras
from footage.archive.index import SqlIndex, open_index
from footage.archive.keys import Keys
from footage.archive.read import Reader
from footage.archive.remove import finish
from footage.archive.storage import LocalStorage
from footage.playback.preview import Previewer
from footage.settings import Settings, as_environment, load
from footage.telemetry import logs
from footage.telemetry.logs import event

_STOP_WITHIN_S = 30
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
"""Workers keep the memory of one segment for the next: glibc would give it back to the kernel each
time, and have each of its pages made anew (seen: 400 page faults, 1.6 ms, a segment of 1.6 MB)."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class House:
    """The parts that every command works with, opened. Close it when done."""

    settings: Settings
    index: SqlIndex
    storage: LocalStorage
    signing_keys: SigningKeys

    @property
    def cameras(self) -> Cameras:
        """The cameras."""
        return Cameras(self.index, self.storage)

    @property
    def keys(self) -> Keys:
        """The integration keys."""
        return Keys(self.index)

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()


def open_house(settings: Settings) -> House:
    """Open, or make, what is in the data folder. Raises ArchiveError, SigningKeysError."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    index = open_index(settings.index)
    storage = LocalStorage(settings.storage, index.set_id)
    storage.claim()
    signing_keys = SigningKeys(settings.signing_keys)
    signing_keys.ensure()
    return House(settings, index, storage, signing_keys)


def build_app(house: House) -> ASGIApp:
    """The HTTP application over an open house; closes it when it shuts down."""
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

    services = Services(
        reader=reader,
        cameras=house.cameras,
        keys=house.keys,
        previewer=previewer,
        signing_keys=house.signing_keys,
        token_ttl_s=settings.token_ttl_s,
        playlist_max_segments=settings.playlist_max_segments,
        public_url=str(settings.public_url) if settings.public_url else None,
        trusted_proxies=settings.trusted_proxies,
        check_ready=check_ready,
    )
    return create_app(services, shut_down)


def worker_app() -> ASGIApp:
    """What each HTTP worker process runs; its settings come by the environment."""
    settings = load()
    logs.configure(level=settings.log_level, as_json=settings.log_format == "json")
    return build_app(open_house(settings))


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight end first."""
    _check_port(settings.host, settings.port)
    house = open_house(settings)
    removed = finish(house.index, house.storage)
    house.close()
    if removed:
        event(_log, logging.INFO, "removal.finished", blocks=removed)
    event(_log, logging.INFO, "serving", host=settings.host, port=settings.port)
    # A fork would copy the parent's locks and open database connections.
    multiprocessing.set_start_method("spawn", force=True)
    with TemporaryDirectory(prefix="footage-metrics-") as shared_metrics:
        os.environ.update(as_environment(settings), PROMETHEUS_MULTIPROC_DIR=shared_metrics)
        for name, value in _MALLOC.items():
            os.environ.setdefault(name, value)
        _granian(settings).serve()
    event(_log, logging.INFO, "stopped")


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


def _granian(settings: Settings) -> MPServer:
    return MPServer(
        "footage.server:worker_app",
        factory=True,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        interface=Interfaces.ASGI,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_WITHIN_S,
    )
