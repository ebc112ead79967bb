"""Makes the exports that wait, one after the other, until told to stop.

A worker is alive while the beat of its export rises; the others watch that by their own clocks. What a
dead one was at is begun again by whoever sees it first: at once by the process that took its name, else
after a while.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from uuid import UUID

from footage.archive.errors import ArchiveError, Full, MissingBytes
from footage.archive.exports import Exports, manifest_name, movie_name
from footage.archive.index import OpenExport
from footage.archive.read import KeptSegment
from footage.playback.export import Broken, Exporter
from footage.playback.export_file import digest, write_movie
from footage.playback.export_manifest import Manifest
from footage.playback.export_plan import Changed, NothingKept
from footage.telemetry import metrics
from footage.telemetry.logs import event
from footage.timeline import Camera, Export, ExportState, Span

_LOOK_S = 0.5
_SWEEP_S = 5.0
_BEAT_S = 0.5
_DEAD_AFTER_S = 20.0
_TRIES = 10
"""Footage that ends the process each time must not do so for ever."""
_PAUSE_S = 5.0
_log = logging.getLogger(__name__)

NameOf = Callable[[Camera, Span], str]


class _Stopped(Exception):
    """The worker is to end."""


class _Lost(Exception):
    """The export was cancelled, or another worker has it."""


class ExportWorker:
    """Takes exports up as ``worker_id``.

    ``name_of`` says what the movie of a span is to be called, ``sweep`` removes what has expired, and
    ``now_ms`` is wall time.
    """

    def __init__(
        self,
        exports: Exports,
        exporter: Exporter,
        worker_id: UUID,
        *,
        name_of: NameOf,
        sweep: Callable[[], object],
        now_ms: Callable[[], int],
    ) -> None:
        self._exports = exports
        self._exporter = exporter
        self._id = worker_id
        self._name_of = name_of
        self._sweep = sweep
        self._now_ms = now_ms
        self._stop = Event()
        # What was seen of the exports of others, and when that was new.
        self._seen: dict[UUID, tuple[int, int, float]] = {}
        self._swept_at = -_SWEEP_S

    def run(self, stop: Event) -> None:
        """Work until told to stop; an export that is in work then waits again."""
        self._stop = stop
        while not stop.is_set():
            try:
                found = self.run_once()
            except ArchiveError as error:
                event(_log, logging.WARNING, "export.worker_waits", reason=str(error))
                stop.wait(_PAUSE_S)
            else:
                if not found:
                    stop.wait(_LOOK_S)

    def run_once(self) -> bool:
        """Remove what has expired, and make one export; False where none waits. Raises ArchiveError."""
        if time.monotonic() - self._swept_at >= _SWEEP_S:
            self._swept_at = time.monotonic()
            self._sweep()
            self._tell_totals()
        for waiting in self._exports.unfinished():
            if self._is_free(waiting):
                fence = self._exports.claim(waiting.export, self._id)
                if fence is not None:
                    self._make(replace(waiting.export, fence=fence, read_bytes=0))
                    return True
        return False

    def _is_free(self, one: OpenExport) -> bool:
        """Whether nobody makes it: it waits, or whoever did is dead."""
        if one.export.state is ExportState.WAITING:
            return True
        if one.worker_id == self._id:
            # This worker makes one at a time: it is what its predecessor of the same name was at.
            return True
        now = time.monotonic()
        fence, beat, since = self._seen.get(one.export.id, (-1, -1, now))
        if (fence, beat) != (one.export.fence, one.beat):
            self._seen[one.export.id] = (one.export.fence, one.beat, now)
            return False
        return now - since > _DEAD_AFTER_S

    def _make(self, export: Export) -> None:
        """Make one, and write down what became of it. Raises ArchiveError where it is to be tried again."""
        fields = {"export": str(export.id), "archive": str(export.archive.id), "fence": export.fence}
        event(_log, logging.INFO, "export.begun", **fields)
        began = time.monotonic()
        try:
            ended = self._made(export)
        except _Lost:
            metrics.EXPORT_JOBS.labels("cancelled").inc()
            event(_log, logging.INFO, "export.cancelled", **fields)
            return
        except _Stopped:
            self._exports.release(export)
            return
        except (Broken, MissingBytes, Full, NothingKept, Changed) as error:
            ended = self._failed(export, _words(error))
        except ArchiveError:
            self._exports.release(export)
            raise
        except Exception:  # noqa: BLE001 the worker goes on with the next
            _log.exception("export.fault", extra={"fields": fields})
            ended = self._failed(export, "a fault of the server: its log tells more")
        self._exports.end(ended)
        metrics.EXPORT_JOBS.labels(ended.state.value).inc()
        seconds = round(time.monotonic() - began, 3)
        event(
            _log,
            logging.INFO if ended.state is ExportState.DONE else logging.ERROR,
            f"export.{ended.state.value}",
            **fields,
            bytes=ended.size_bytes,
            seconds=seconds,
            reason=ended.reason,
        )

    def _made(self, export: Export) -> Export:
        camera = self._exports.camera_of(export)
        if camera is None:
            raise _Lost
        if export.fence > _TRIES:
            return self._failed(export, f"it was begun {_TRIES} times and never ended")
        plan = self._exporter.plan(export.archive, export.shown, export.limits)
        work = _Work(self._exports, export, self._stop, Manifest(export.archive.id, _said(camera), plan))
        with self._exports.draft(movie_name(export)) as movie:
            size_bytes = write_movie(self._exporter, export.archive, plan, movie, work.take)
            found = digest(movie, work.go_on)
            made_ms = self._now_ms()
            text = work.manifest.encoded(
                name=self._name_of(camera, plan.shown), size_bytes=size_bytes, digest=found, made_ms=made_ms
            )
            with self._exports.draft(manifest_name(export)) as manifest:
                manifest.write(text, 0)
                work.go_on(at_once=True)
                manifest.finish()
                movie.finish()
        return replace(
            self._ended(export, ExportState.DONE),
            read_bytes=export.total_bytes,
            size_bytes=size_bytes,
            sha256=found,
            manifest_bytes=len(text),
        )

    def _failed(self, export: Export, reason: str) -> Export:
        return replace(self._ended(export, ExportState.FAILED), reason=reason, size_bytes=0)

    def _ended(self, export: Export, state: ExportState) -> Export:
        now_ms = self._now_ms()
        expires_ms = now_ms + self._exports.limits.ttl_ms
        return replace(export, state=state, done_ms=now_ms, expires_ms=expires_ms)

    def _tell_totals(self) -> None:
        totals = self._exports.totals()
        for state in ExportState:
            count, size_bytes = totals.get(state, (0, 0))
            metrics.EXPORT_JOBS_KEPT.labels(state.value).set(count)
            if state is ExportState.DONE:
                metrics.EXPORT_JOBS_BYTES.set(size_bytes)


class _Work:
    """What goes on beside the writing: the manifest grows, the beat goes on, an end is heard of."""

    def __init__(self, exports: Exports, export: Export, stop: Event, manifest: Manifest) -> None:
        self._exports = exports
        self._export = export
        self._stop = stop
        self._read_bytes = 0
        # The first segment is told of at once.
        self._told_at = -_BEAT_S
        self.manifest = manifest

    def take(self, kept: KeptSegment, data: bytes) -> None:
        """A segment is written. Raises what ``go_on`` raises."""
        self.manifest.add(kept, data)
        self._read_bytes += len(data)
        self.go_on()

    def go_on(self, *, at_once: bool = False) -> None:
        """Say so now and then. Raises _Stopped, and _Lost where it is no longer this worker's."""
        if self._stop.is_set():
            raise _Stopped
        if at_once or time.monotonic() - self._told_at >= _BEAT_S:
            self._told_at = time.monotonic()
            if not self._exports.go_on(self._export, self._read_bytes):
                raise _Lost


def _said(camera: Camera) -> dict[str, str]:
    return {"id": str(camera.id), "title": camera.title}


def _words(error: Exception) -> str:
    """A failure in words for whoever asked for the export."""
    match error:
        case NothingKept():
            return "nothing is kept of the span any more"
        case Full():
            return "the storage has no room for it beside the footage"
        case MissingBytes():
            return "footage of the span is gone"
        case Broken():
            return "footage of the span cannot be read"
    return str(error)
