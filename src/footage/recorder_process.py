"""One recorder process: ``python -m footage.recorder_process``, its settings by the environment.

It ends in order on SIGTERM, and when its parent is gone.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from threading import Event

from footage.archive.errors import ArchiveError
from footage.house import open_house
from footage.recording.host_clock import HostClock
from footage.recording.slot import Slot
from footage.recording.supervisor import RecordingPlan, Supervisor
from footage.settings import Settings, load
from footage.telemetry import logs
from footage.telemetry.logs import event

_STACK_BYTES = 1 << 20
"""Threads are many, and none is deep."""
_log = logging.getLogger(__name__)


def run(settings: Settings, stop: Event, clock: HostClock) -> None:
    """Record this process's share of the cameras until told to stop. Raises ArchiveError."""
    threading.stack_size(_STACK_BYTES)
    house = open_house(settings)
    plan = RecordingPlan(
        segment_ms=settings.segment_ms,
        stall_s=settings.stall_s,
        sync_every_s=None if settings.sync_every_s == "never" else settings.sync_every_s,
        queue_bytes=settings.queue_bytes,
        processes=settings.recorders,
    )
    try:
        with Slot(settings.data_dir / "recorders") as slot:
            Supervisor(house.index, house.storage, slot.id, plan, clock).run(stop)
    finally:
        house.close()


def main() -> int:
    """Run until SIGTERM, or until standard input ends."""
    settings = load()
    logs.configure(level=settings.log_level, as_json=settings.log_format == "json")
    stop = Event()
    _watch_sigterm(stop)
    # The terminal's Ctrl-C reaches the parent too, which tells its children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_stop_with_parent, args=(stop,), name="parent-watch", daemon=True).start()
    try:
        run(settings, stop, HostClock())
    except ArchiveError as error:
        event(_log, logging.ERROR, "recorder.ended", reason=str(error))
        return 1
    return 0


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


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # A thread that waits for a camera's answer must not hold the process up.
    os._exit(code)
