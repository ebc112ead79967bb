"""The process that makes exports: ``python -m footage.export_process``, its settings by the environment.

It yields to whatever else the machine does. It ends in order on SIGTERM, and when its parent is gone.
"""

from __future__ import annotations

import gc
import os

# Until all is imported: it stays, and looking through it takes a third of a start.
gc.disable()
if __name__ == "__main__":
    # From the start: the server's other processes come up at the same time.
    os.nice(10)

import logging
import time
from threading import Event

from footage.api.attachment import file_name
from footage.archive.read import Reader
from footage.archive.remove import forget_exports
from footage.child_process import run_child
from footage.house import open_house
from footage.playback.export import Exporter
from footage.playback.export_worker import ExportWorker
from footage.recording.slot import Slot
from footage.settings import Settings

gc.freeze()
gc.enable()


def run(settings: Settings, stop: Event) -> None:
    """Make the exports that wait until told to stop. Raises ArchiveError."""
    house = open_house(settings)
    try:
        with Slot(settings.data_dir / "exporters") as slot:
            worker = ExportWorker(
                house.exports,
                Exporter(Reader(house.index, house.storage), streams=1),
                slot.id,
                name_of=lambda camera, shown: file_name(camera.title, shown),
                sweep=lambda: forget_exports(house.index, house.storage, _now_ms()),
                now_ms=_now_ms,
            )
            worker.run(stop)
    finally:
        house.close()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    code = run_child(run, failed="export.process_ended")
    logging.shutdown()
    os._exit(code)
