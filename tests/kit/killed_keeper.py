"""A keeper that kills itself before a step: ``python -m kit.killed_keeper FOLDER STEP COUNT``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from footage.house import open_house
from footage.settings import load
from kit.archive import START_MS
from kit.keeping import DAY_MS, MINUTE_MS, Clocks, Keeping


def main(folder: str, wanted: str, count: str) -> None:
    left = int(count)

    def at_step(step: str) -> None:
        nonlocal left
        left -= step == wanted
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    house = open_house(load(data_dir=Path(folder)))
    clocks = Clocks(wall_ms=START_MS // DAY_MS * DAY_MS + 2 * DAY_MS + 10 * MINUTE_MS)
    keeping = Keeping(house, clocks, at_step=at_step)
    for _ in range(3):
        keeping.pass_through()


if __name__ == "__main__":
    main(*sys.argv[1:])
