"""A recorder process whose wall clock can be set while it runs, and that dies at a step of a commit.

``python -m proofs.recorder_child CONTROL``: what it is to do is read from the file CONTROL, which
the one who started it writes; so are its settings from the environment. All else is the recorder
as it is. It ends at once when its standard input does.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import sys
import time
from enum import IntEnum
from pathlib import Path
from threading import Event, Thread
from unittest.mock import patch

from footage import house, recorder_process
from footage.archive.group_commit import GroupCommit
from footage.archive.storage import LocalStorage
from footage.recording import supervisor
from footage.recording.host_clock import HostClock
from footage.settings import load
from footage.telemetry import logs
from footage.timeline import Archive, Block, Run

_OFFSET, _STEP, _DIED = "<d", "<q", "<qqq"
_STEP_AT, _DIED_AT, _SIZE = 8, 16, 40


class Step(IntEnum):
    """Where in the way of a segment to die (invariant 1)."""

    NONE = 0
    HALF_WRITTEN = 1
    """Half of its bytes are there."""
    FIRST_ROW = 2
    """Its bytes are there, in a block without a row, in a run without one."""
    NEXT_ROW = 3
    """Its bytes are there, behind those that the block's row promises."""


class Control:
    """A few numbers that two processes share, and that outlive either."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_SIZE))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _SIZE)

    @property
    def offset_s(self) -> float:
        """By how much the recorder's wall clock is ahead."""
        offset_s: float = struct.unpack_from(_OFFSET, self._memory)[0]
        return offset_s

    @offset_s.setter
    def offset_s(self, offset_s: float) -> None:
        struct.pack_into(_OFFSET, self._memory, 0, offset_s)

    @property
    def step(self) -> Step:
        """Where to die."""
        return Step(struct.unpack_from(_STEP, self._memory, _STEP_AT)[0])

    @step.setter
    def step(self, step: Step) -> None:
        struct.pack_into(_STEP, self._memory, _STEP_AT, step)

    @property
    def died(self) -> tuple[int, int, int]:
        """When it died of itself (ms, by the true clock), of which archive's segment, at which start."""
        wall_ms, number, start_ms = struct.unpack_from(_DIED, self._memory, _DIED_AT)
        return wall_ms, number, start_ms

    def die(self, number: int, start_ms: int) -> None:
        """End this process as kill -9 does."""
        struct.pack_into(_DIED, self._memory, _DIED_AT, time.time_ns() // 1_000_000, number, start_ms)
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)


def main() -> None:
    """Record until told to stop, or to die."""
    control = Control(Path(sys.argv[1]))

    class DyingCommit(GroupCommit):
        def commit_block(self, archive: Archive, run: Run, block: Block, fence: int | None = None) -> Run:
            has_row = run.id != 0 and len(block.segments) > 1
            if control.step is (Step.NEXT_ROW if has_row else Step.FIRST_ROW) and (has_row or run.id == 0):
                control.die(archive.number, block.segments[-1].start_ms)
            return super().commit_block(archive, run, block, fence)

    class TearingStorage(LocalStorage):
        def append(self, key: str, start: int, data: bytes) -> None:
            if control.step is Step.HALF_WRITTEN:
                super().append(key, start, data[: len(data) // 2])
                control.die(0, 0)
            super().append(key, start, data)

    settings, stop = load(), Event()
    logs.configure(level=settings.log_level, as_json=True)
    heard, told = os.pipe()
    # What a handler calls must not wait for a lock that the main thread may hold.
    signal.signal(signal.SIGTERM, lambda *_: os.write(told, b"."))
    Thread(target=_stop_when_told, args=(heard, stop), daemon=True).start()
    Thread(target=_end_with_parent, daemon=True).start()
    clock = HostClock(wall=lambda: time.time() + control.offset_s)
    with (
        patch.object(supervisor, "GroupCommit", DyingCommit),
        patch.object(house, "LocalStorage", TearingStorage),
    ):
        recorder_process.run(settings, stop, clock)
    os._exit(0)


def _stop_when_told(heard: int, stop: Event) -> None:
    os.read(heard, 1)
    stop.set()


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
