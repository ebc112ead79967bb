"""Whoever reads or writes a span for long holds it, and retention leaves it alone meanwhile.

A hold is a row whose beat rises every few seconds; a process that dies beats no more, and the keeper then
lets go what it held.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Thread
from uuid import UUID, uuid4

from footage.archive.errors import ArchiveError
from footage.archive.index import LockIndex
from footage.telemetry.logs import event
from footage.timeline import Archive, Span

_BEAT_S = 5.0
_log = logging.getLogger(__name__)


class Holds:
    """All holds of one process. Calls come from any thread."""

    def __init__(self, index: LockIndex) -> None:
        self._index = index
        self._changed = Condition()
        self._held: set[UUID] = set()

    @contextmanager
    def hold(self, archive: Archive, span: Span) -> Iterator[None]:
        """Keep retention away from a span. Raises Unavailable, UnknownCamera."""
        hold_id = uuid4()
        self._index.add_hold(archive, hold_id, span)
        with self._changed:
            self._held.add(hold_id)
            if len(self._held) == 1:
                Thread(target=self._beat, name="holds", daemon=True).start()
        try:
            yield
        finally:
            with self._changed:
                self._held.discard(hold_id)
                self._changed.notify_all()
            with suppress(ArchiveError):
                self._index.drop_holds([hold_id])

    def _beat(self) -> None:
        """Beat as long as anything is held."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._held, timeout=_BEAT_S)
                held = list(self._held)
            if not held:
                return
            try:
                self._index.beat_holds(held)
            except ArchiveError as error:
                event(_log, logging.WARNING, "hold.not_beaten", reason=str(error))
