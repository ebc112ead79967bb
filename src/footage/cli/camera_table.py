"""Cameras as a table for people: printed once, or kept up to date on a terminal."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.live import Live
from rich.markup import escape
from rich.table import Table

from footage.api.camera_status import known_status
from footage.archive.errors import UnknownCamera
from footage.cli.output import CommandError, Exit, out
from footage.house import House
from footage.timeline import CameraStatus, State

_EVERY_S = 1.0
_COLUMNS = ("id", "title", "state", "reason", "since", "kept", "last segment", "drift", "reconnects")
_STYLES = {
    State.RECORDING: "green",
    State.HALTED: "red",
    State.WAITING: "red",
    State.CONNECTING: "yellow",
    State.OFF: "dim",
}
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000))
_QUIT = b"qQ\x03\x04"


def camera_table(house: House) -> Table:
    """What is recorded of every camera, as it is now."""
    now_ms = int(time.time() * 1000)
    statuses = house.cameras.statuses()
    table = Table(*_COLUMNS, box=None, pad_edge=False, header_style="bold")
    for camera in house.cameras.every():
        # One that is removed while the table is drawn is left out.
        with suppress(UnknownCamera):
            archive = house.cameras.archive_of(camera)
            totals = house.index.totals(archive)
            written = statuses.get(archive.number)
            status = known_status(camera, written, now_ms)
            kept = "" if totals is None else size_text(totals.size_bytes)
            cells = _status_cells(status, now_ms, has_history=written is not None)
            state = f"[{_STYLES[status.state]}]{status.state.value}"
            table.add_row(str(camera.id), escape(camera.title), state, *cells[:2], kept, *cells[2:])
    return table


def _status_cells(status: CameraStatus, now_ms: int, *, has_history: bool) -> list[str]:
    """Reason, since, age of the last segment, drift, reconnects."""
    reason = "" if status.reason is None else status.reason.value
    if status.detail:
        reason = f"{reason}: {status.detail}"
    age_ms = None if status.last_segment_ms is None else now_ms - status.last_segment_ms
    return [
        escape(reason),
        length_text(now_ms - status.since_ms) if has_history else "",
        "" if age_ms is None else f"{length_text(age_ms)} ago",
        f"{status.drift_ms} ms" if has_history else "",
        str(sum(status.reconnects.values())) if has_history else "",
    ]


def watch(draw: Callable[[], Table]) -> None:
    """Draw the table anew each second, until q or Ctrl-C. Raises CommandError without a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("--watch needs a terminal", Exit.USAGE)
    with _keys() as pressed, Live(draw(), console=out, auto_refresh=False, screen=True) as live:
        while not pressed(_EVERY_S):
            live.update(draw(), refresh=True)


@contextmanager
def _keys() -> Iterator[Callable[[float], bool]]:
    """Keys as they are pressed; yields a wait that tells whether one of them was to quit."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def pressed(within_s: float) -> bool:
        ready, _, _ = select.select([descriptor], [], [], within_s)
        # A terminal that is gone reads as nothing.
        keys = os.read(descriptor, 64) if ready else None
        return keys == b"" or any(key in _QUIT for key in keys or b"")

    try:
        tty.setcbreak(descriptor)
        yield pressed
    except KeyboardInterrupt:
        pass
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def length_text(length_ms: int) -> str:
    """A length of time in its two largest units: ``3 d 4 h``, ``12 min 5 s``, ``2.4 s``."""
    length_ms = max(length_ms, 0)
    for (unit, unit_ms), (smaller, smaller_ms) in zip(_UNITS, (*_UNITS[1:], ("s", 1000)), strict=True):
        if length_ms >= unit_ms:
            rest = length_ms % unit_ms // smaller_ms
            return f"{length_ms // unit_ms} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{length_ms / 1000:.1f} s"


def size_text(size_bytes: int) -> str:
    """Bytes in the unit that leaves the fewest digits, 1 kB being 1000 bytes."""
    size, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
