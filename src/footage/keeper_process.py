"""The process that removes footage: ``python -m footage.keeper_process``, its settings by the environment.

It yields to whatever else the machine does. It ends in order on SIGTERM, and when its parent is gone.
"""

from __future__ import annotations

import gc

# Until all is imported: it stays, and looking through it takes a third of a start.
gc.disable()

import logging
import os
import time
from pathlib import Path
from threading import Event
from uuid import UUID

from footage.archive.keeper import Keeper, KeepingPlan
from footage.archive.trusted_clock import Moment
from footage.child_process import run_child
from footage.house import House, open_house
from footage.recording.slot import Slot
from footage.settings import Settings

gc.freeze()
gc.enable()

_NICE = 10
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def read_clock() -> Moment:
    """Both clocks of this host."""
    return Moment(
        time.time_ns() // 1_000_000,
        _BOOT.read_text(encoding="ascii").strip(),
        time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
    )


def keeper_of(house: House, keeper_id: UUID) -> Keeper:
    """A keeper for an open house."""
    settings = house.settings
    plan = KeepingPlan(
        max_bytes=settings.storage_max_bytes,
        free_bytes=settings.storage_free_bytes,
        reserve_bytes=settings.storage_reserve_bytes,
    )
    return Keeper(house.index, house.storage, keeper_id, plan, read_clock=read_clock)


def run(settings: Settings, stop: Event) -> None:
    """Keep the archives inside their limits until told to stop. Raises ArchiveError."""
    os.nice(_NICE)
    house = open_house(settings)
    try:
        with Slot(settings.data_dir / "keepers") as slot:
            keeper_of(house, slot.id).run(stop)
    finally:
        house.close()


if __name__ == "__main__":
    code = run_child(run, failed="keeper.ended")
    logging.shutdown()
    os._exit(code)
