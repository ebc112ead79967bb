"""What a process holds, looked at again and again: memory, threads, file descriptors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_KIB = re.compile(r"VmRSS:\s+(\d+) kB")
_THREADS = re.compile(r"Threads:\s+(\d+)")


@dataclass(frozen=True)
class Sample:
    """One look."""

    memory_mib: float
    threads: int
    descriptors: int


def sample(pid: int) -> Sample:
    """Look at a process. Raises OSError where it is gone."""
    folder = Path("/proc") / str(pid)
    status = (folder / "status").read_text()
    memory, threads = _KIB.search(status), _THREADS.search(status)
    if memory is None or threads is None:
        raise ProcessLookupError(f"process {pid} has ended")
    descriptors = len(list((folder / "fd").iterdir()))
    return Sample(int(memory[1]) / 1024, int(threads[1]), descriptors)


def quarter(samples: list[Sample], number: int) -> Sample:
    """The middle values of one quarter of the time, counted from 0."""
    size = len(samples) // 4
    part = samples[number * size : (number + 1) * size]

    def middle(of: Callable[[Sample], float]) -> float:
        return median(of(one) for one in part)

    return Sample(
        middle(lambda one: one.memory_mib),
        round(middle(lambda one: one.threads)),
        round(middle(lambda one: one.descriptors)),
    )
