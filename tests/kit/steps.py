"""Every step that a deed takes towards the disk, and what befalls it there.

A step is a call of the system that changes a file or a folder (a write is two: before it and half way
through), or a commit of the index. ``python -m kit.steps DEED FROM TO`` does a deed again and again, each
time in a copy of the data folder FROM below TO, and each time kill -9 comes a step later, until it comes
too late. It prints a line for each: the step, and the numbers that the deed told of by then.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, event

from footage.archive.commit import RunWriter
from footage.house import House, open_house
from footage.settings import load
from footage.timeline import Archive, Keyframe, Segment
from kit.archive import CODECS, START_MS
from kit.damaged import Ward
from kit.keeping import DAY_MS, MINUTE_MS, Clocks, Keeping

COMMIT = "commit"
_CALLS = ("fsync", "ftruncate", "link", "mkdir", "rename", "rmdir", "sync", "unlink")
SEGMENTS, SIZE_BYTES = 4, 376
BLOCK_MS = 12_000
"""Two segments."""
NOON_MS = START_MS // DAY_MS * DAY_MS
Tell = Callable[[int], None]


@contextmanager
def before_each_step(at_step: Callable[[str], None]) -> Iterator[None]:
    """Call ``at_step`` with the name of each step, in whichever thread it is taken."""

    def told(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **named: Any) -> Any:
            at_step(name)
            return real(*arguments, **named)

        return call

    real_open, real_pwrite, real_write = os.open, os.pwrite, Path.write_bytes

    def making(path: Any, flags: int, *arguments: Any, **named: Any) -> int:
        if flags & os.O_CREAT:
            at_step("open")
        return real_open(path, flags, *arguments, **named)

    def pwrite(descriptor: int, data: memoryview, at: int) -> int:
        at_step("pwrite")
        if len(data) < SIZE_BYTES:
            return real_pwrite(descriptor, data, at)
        written = real_pwrite(descriptor, data[: len(data) // 2], at)
        at_step("half of pwrite")
        return written

    def write_bytes(path: Path, data: bytes) -> int:
        at_step("write")
        real_write(path, data[: len(data) // 2])
        at_step("half of write")
        return real_write(path, data)

    def commit(_: object) -> None:
        at_step(COMMIT)

    event.listen(Engine, COMMIT, commit)
    try:
        with ExitStack() as stack:
            for name in _CALLS:
                stack.enter_context(patch.object(os, name, told(name)))
            stack.enter_context(patch.object(os, "open", making))
            stack.enter_context(patch.object(os, "pwrite", pwrite))
            stack.enter_context(patch.object(Path, "write_bytes", write_bytes))
            yield
    finally:
        event.remove(Engine, COMMIT, commit)


class Once:
    """Does ``act`` before step ``number`` of those that are ``wanted``, and nothing before any other."""

    def __init__(
        self, number: int, act: Callable[[str], None], wanted: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._left = number
        self._act = act
        self._wanted = wanted
        self.is_done = False

    def __call__(self, name: str) -> None:
        if self.is_done or not self._wanted(name):
            return
        self._left -= 1
        if not self._left:
            self.is_done = True
            self._act(name)


def piece(number: int) -> tuple[Segment, bytes]:
    """Made-up footage of six seconds."""
    data = bytes([number % 251]) * SIZE_BYTES
    return Segment(START_MS + number * 6000, 6000, SIZE_BYTES, number, (Keyframe(0, 0, 188),)), data


def only_archive(house: House) -> Archive:
    """That of the camera whose title comes first."""
    return house.cameras.archives_of(list(house.cameras.every()))[0][1]


def record(house: House, tell: Tell, *, first: int = 0) -> None:
    """Segments in blocks of two, each committed by itself; tells how many are."""
    archive = only_archive(house)
    writer = RunWriter(house.index, house.storage, archive, CODECS, block_ms=BLOCK_MS)
    for number in range(first, SEGMENTS):
        writer.add(*piece(number))
        writer.commit()
        tell(number + 1)
    writer.end()


def remove(house: House, _: Tell) -> None:
    """The camera whose title comes first, and all that is kept of it."""
    house.cameras.remove_for_good(only_archive(house).camera_id, now_ms=START_MS)


def keep(house: House, _: Tell) -> None:
    """A pass of the keeper two days and five minutes after noon."""
    Keeping(house, Clocks(NOON_MS + 2 * DAY_MS + 5 * MINUTE_MS)).pass_through()


def repair(house: House, _: Tell) -> None:
    """A check, and a repair of what it finds."""
    ward = Ward(house.settings.data_dir, house)
    ward.repair(ward.check())


DEEDS: dict[str, Callable[[House, Tell], None]] = {
    "record": record,
    "remove": remove,
    "keep": keep,
    "repair": repair,
}


def main(deed: str, template: str, folder: str) -> None:
    for number in count(1):
        data = Path(folder) / f"{number}"
        shutil.copytree(template, data)
        heard, said = os.pipe()
        child = os.fork()
        if not child:
            _die_at(number, DEEDS[deed], data, said)
        os.close(said)
        with os.fdopen(heard) as lines:
            told = lines.read().splitlines()
        _, status = os.waitpid(child, 0)
        if status == 0:
            shutil.rmtree(data)
            return
        if status != signal.SIGKILL:
            raise SystemExit(f"step {number}: {status}")
        sys.stdout.write("\t".join([str(number), *told]) + "\n")
        sys.stdout.flush()


@dataclass(frozen=True)
class Death:
    """What is left of a deed that was killed before ``step``."""

    data: Path
    step: str
    told: int


def deaths(deed: str, template: Path, folder: Path) -> list[Death]:
    """The deed in a process of its own, killed before each of its steps in turn."""
    folder.mkdir(exist_ok=True)
    program = [sys.executable, "-m", "kit.steps", deed, str(template), str(folder)]
    done = subprocess.run(
        program, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = []
    for line in done.stdout.splitlines():
        number, *told, step = line.split("\t")
        found.append(Death(folder / number, step, int(told[-1]) if told else 0))
    return found


def _die_at(number: int, deed: Callable[[House, Tell], None], data: Path, said: int) -> None:
    status = 1
    try:
        house = open_house(load(data_dir=data))

        def die(name: str) -> None:
            os.write(said, f"{name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

        def tell(kept: int) -> None:
            os.write(said, f"{kept}\n".encode())

        with before_each_step(Once(number, die)):
            deed(house, tell)
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main(*sys.argv[1:])
