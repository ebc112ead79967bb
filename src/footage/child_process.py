"""How a child process of the server begins and ends: settings by the environment, and two ways to be told.

It ends in order on SIGTERM, and when its parent is gone: its standard input then ends. Each time it looks
whether it is to stop, its parent hears that it is alive.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from threading import Event

from footage.archive.errors import ArchiveError
from footage.children import PULSE
from footage.settings import Settings, load
from footage.telemetry import logs
from footage.telemetry.logs import event

_log = logging.getLogger(__name__)


def run_child(run: Callable[[Settings, Event], None], *, failed: str) -> int:
    """Run until SIGTERM, or until standard input ends; the exit code.

    ``failed`` is what a failure is logged as.
    """
    pulse = os.environ.pop(PULSE, None)
    settings = load()
    logs.configure(level=settings.log_level, as_json=settings.log_format == "json")
    stop = Event() if pulse is None else _Stop(int(pulse))
    _watch_sigterm(stop)
    # The terminal's Ctrl-C reaches the parent too, which tells its children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_stop_with_parent, args=(stop,), name="parent-watch", daemon=True).start()
    try:
        run(settings, stop)
    except ArchiveError as error:
        event(_log, logging.ERROR, failed, reason=str(error))
        return 1
    return 0


class _Stop(Event):
    """Waiting for it gives a sign of life."""

    def __init__(self, pulse: int) -> None:
        super().__init__()
        self._pulse = pulse
        os.set_blocking(pulse, False)

    def wait(self, timeout: float | None = None) -> bool:
        # A parent that is gone, or too busy to listen, is told by other means.
        with suppress(OSError):
            os.write(self._pulse, b".")
        return super().wait(timeout)


def _watch_sigterm(stop: Event) -> None:
    """Set ``stop`` on SIGTERM, from a thread.

    A handler runs in the midst of what the main thread does, which may hold the event's own lock.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told)
    signal.signal(signal.SIGTERM, lambda *_: None)

    def watch() -> None:
        os.read(heard, 1)
        stop.set()

    threading.Thread(target=watch, name="signal-watch", daemon=True).start()


def _stop_with_parent(stop: Event) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    stop.set()
