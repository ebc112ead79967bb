"""The server: a door for HTTP, recorders, a maker of exports and a keeper as child processes.

Only the command line imports it. Nothing heavy is imported here, so that what only looks after others
stays small.
"""

from __future__ import annotations

import logging
import math
import os
import socket
import ssl
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from footage.children import Children, StopSignal
from footage.settings import Settings, as_environment
from footage.telemetry.logs import event

_HTTP = "footage.http_process"
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
        _check_certificate(settings.tls_certificate, settings.tls_key)
    stop = StopSignal()
    inherited = {**os.environ, **as_environment(settings)}
    with ExitStack() as stack:
        # It takes longer to come up than the house takes to be opened.
        if http:
            event(_log, logging.INFO, "serving", host=settings.host, port=settings.port)
            metrics = stack.enter_context(TemporaryDirectory(prefix="footage-metrics-"))
            environment = {**_HTTP_MALLOC, **inherited, "PROMETHEUS_MULTIPROC_DIR": metrics}
            door = stack.enter_context(_children(_HTTP, environment))
        _prepare(settings)
        if record:
            event(_log, logging.INFO, "recording", processes=settings.recorders)
            recording = {**_RECORDER_MALLOC, **inherited}
            stack.enter_context(_children(_KEEPER, recording))
            stack.enter_context(
                _children(_RECORDER, recording, settings.recorders, hung_after_s=_HUNG_AFTER_S)
            )
        if http:
            # Beside the door that lets them be asked for; its metrics go where those of the door go.
            stack.enter_context(_children(_EXPORTER, environment))
        stop.wait()
        if http:
            # Recording goes on while requests in flight end.
            door.close()
    event(_log, logging.INFO, "stopped")


def _prepare(settings: Settings) -> None:
    """Make and migrate what is kept, once, and find out whether it can be opened. Raises ArchiveError."""
    from footage.house import open_house  # noqa: PLC0415 the door is on its way meanwhile

    house = open_house(settings)
    house.cameras.write_cards()
    house.close()


def _children(
    module: str, environment: Mapping[str, str], count: int = 1, *, hung_after_s: float = math.inf
) -> Children:
    return Children(
        module, count, environment=environment, stop_s=_STOP_WITHIN_S, hung_after_s=hung_after_s
    )


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


def _check_certificate(certificate: Path | None, key: Path | None) -> None:
    """Raise OSError where they cannot be used: the door would come up again and again."""
    if certificate is None or key is None:
        return
    for file in (certificate, key):
        try:
            file.open("rb").close()
        except OSError as error:
            raise OSError(error.errno, f"cannot read {file}: {error.strerror}") from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        raise OSError(f"{certificate} and {key} are no certificate in PEM and its key") from error
