"""One recorder process: ``python -m footage.recorder_process``, its settings by the environment.

It ends in order on SIGTERM, and when its parent is gone.
"""

from __future__ import annotations

import gc

# Until all is imported: it stays, and looking through it takes a third of a start.
gc.disable()

import logging
import os
import threading
from threading import Event

from footage.child_process import run_child
from footage.house import open_house
from footage.recording.host_clock import HostClock
from footage.recording.slot import Slot
from footage.recording.supervisor import RecordingPlan, Supervisor
from footage.settings import Settings

gc.freeze()
gc.enable()

_STACK_BYTES = 1 << 20
"""Threads are many, and none is deep."""


def run(settings: Settings, stop: Event, clock: HostClock) -> None:
    """Record this process's share of the cameras until told to stop. Raises ArchiveError."""
    threading.stack_size(_STACK_BYTES)
    # FFmpeg would go around the proxy that looks at addresses.
    os.environ.pop("no_proxy", None)
    house = open_house(settings)
    plan = RecordingPlan(
        segment_ms=settings.segment_ms,
        stall_s=settings.stall_s,
        sync_every_s=None if settings.sync_every_s == "never" else settings.sync_every_s,
        queue_bytes=settings.queue_bytes,
        processes=settings.recorders,
        local_sources=settings.local_sources,
    )
    try:
        with Slot(settings.data_dir / "recorders") as slot:
            Supervisor(house.index, house.storage, slot.id, plan, clock).run(stop)
    finally:
        house.close()


if __name__ == "__main__":
    code = run_child(lambda settings, stop: run(settings, stop, HostClock()), failed="recorder.ended")
    logging.shutdown()
    # A thread that waits for a camera's answer must not hold the process up.
    os._exit(code)
