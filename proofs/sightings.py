"""Watches the index while others write: when each row was first seen, so that none may be gone later."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event, Thread
from typing import Self

from footage.archive.read import Reader
from footage.media.film import wall_clock
from footage.timeline import Archive

_NEWEST = 12


class Sightings:
    """Looks every ``every_s``. Use as a context manager; ``seen_ms`` is by archive number and start."""

    def __init__(self, reader: Reader, archives: Sequence[Archive], *, every_s: float = 0.25) -> None:
        self.seen_ms: dict[int, dict[int, int]] = {archive.number: {} for archive in archives}
        self._reader = reader
        self._archives = archives
        self._every_s = every_s
        self._stop = Event()
        self._thread = Thread(target=self._run, name="sightings", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.look()

    def look(self) -> None:
        """Look once."""
        for archive in self._archives:
            seen = self.seen_ms[archive.number]
            for segment in self._reader.newest_recorded(archive, _NEWEST):
                seen.setdefault(segment.start_ms, wall_clock())

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self.look()
