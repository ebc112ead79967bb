"""Segments on their way into the archive, a lane a camera, written by threads that all lanes share.

A disk that is slow, full or away makes the lanes fill, up to a number of bytes for all of them
together. Up to there nothing is lost: what could not be written is tried again each second, in
order. Beyond it the newest segment is dropped and counted; the camera stays connected.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Condition, Lock

from footage.archive.commit import RunWriter
from footage.archive.errors import (
    ArchiveError,
    Full,
    LeaseLost,
    Unavailable,
    UnknownCamera,
    UnknownRun,
    WrongStorage,
)
from footage.telemetry.logs import event
from footage.timeline import CameraStatus, Codecs, Reason, Segment

_AGAIN_S = 0.5
"""How often a lane that is to be emptied tries again."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A segment ready to be kept."""

    segment: Segment
    data: bytes
    codecs: Codecs
    begins_run: bool


class Writers:
    """The threads that write, and the memory that all lanes share."""

    def __init__(self, *, threads: int, queue_bytes: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="segment-writer")
        self._lock = Lock()
        self._left_bytes = queue_bytes

    def submit(self, work: Callable[[], None]) -> None:
        """Run it soon."""
        self._pool.submit(work)

    def reserve(self, size_bytes: int) -> bool:
        """Take memory for a segment; False where there is none left."""
        with self._lock:
            if size_bytes > self._left_bytes:
                return False
            self._left_bytes -= size_bytes
            return True

    def give_back(self, size_bytes: int) -> None:
        """The segment is written, or dropped."""
        with self._lock:
            self._left_bytes += size_bytes

    def close(self) -> None:
        """Wait for what runs; what still waits is not begun."""
        self._pool.shutdown(cancel_futures=True)


class Lane:
    """One camera's segments, written in order.

    ``open_run`` makes the writer of a run; ``camera`` names the lane in logs. Once ``is_over``
    nothing more can be written: the lease went to another recorder, the camera was removed, or the
    lane was drained in vain.
    Its counters only rise, from where those of ``before`` stood.
    """

    def __init__(
        self,
        writers: Writers,
        open_run: Callable[[Codecs], RunWriter],
        *,
        camera: str,
        before: CameraStatus | None = None,
    ) -> None:
        self._writers = writers
        self._open_run = open_run
        self._camera = camera
        self._changed = Condition()
        self._queue: deque[Cut] = deque()
        self._is_busy = False
        self._writer: RunWriter | None = None
        self._written_to_ms = 0
        self._added: Cut | None = None
        self._halt: str | None = None
        self.trouble: tuple[Reason, str] | None = None
        self.is_over = False
        self.segments = before.segments if before else 0
        self.segments_dropped = before.segments_dropped if before else 0
        self.size_bytes = before.size_bytes if before else 0
        self.recorded_ms = before.recorded_ms if before else 0
        self.last_segment_ms = before.last_segment_ms if before else None

    @property
    def queued(self) -> int:
        """Segments that wait, or are being written."""
        return len(self._queue)

    def halt(self, why: str | None) -> None:
        """Take no more segments, for there is no room that may be made; None: go on."""
        if why == self._halt:
            return
        self._halt = why
        if why is not None:
            self._meet(Reason.STORAGE_LOCKED, why)
        elif self.trouble is not None and self.trouble[0] is Reason.STORAGE_LOCKED:
            self.trouble = None
            event(_log, logging.INFO, "storage.back", camera=self._camera)

    def put(self, cut: Cut) -> bool:
        """Keep a segment soon; False where it had to be dropped."""
        if self._halt is not None:
            self._meet(Reason.STORAGE_LOCKED, self._halt)
            self.segments_dropped += 1
            return False
        if self.is_over or not self._writers.reserve(cut.segment.size_bytes):
            self.segments_dropped += 1
            if not self.is_over and self.trouble is None:
                self._meet(Reason.STORAGE_SLOW, "the storage does not keep up")
            event(
                _log, logging.WARNING, "segment.dropped", camera=self._camera, start_ms=cut.segment.start_ms
            )
            return False
        with self._changed:
            self._queue.append(cut)
            # After a failure the next try is the supervisor's, each second.
            if self.trouble is None or self.trouble[0] is Reason.STORAGE_SLOW:
                self._start()
        return True

    def retry(self) -> None:
        """Try again what failed, if anything did."""
        with self._changed:
            if self.trouble is not None:
                self._start()

    def drain(self, timeout_s: float) -> bool:
        """Wait until everything is written and end the run; False where that takes too long.

        What is left then is given up, for nobody tries it again: its memory is the other lanes'.
        """
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while self._queue or self._is_busy:
                left_s = deadline - time.monotonic()
                self.is_over = self.is_over or left_s <= 0
                self._start()
                if left_s <= 0:
                    return False
                self._changed.wait(min(left_s, _AGAIN_S))
        try:
            if not self.is_over:
                self._end_run()
        except ArchiveError as error:
            event(_log, logging.WARNING, "run.not_ended", camera=self._camera, reason=str(error))
        return True

    def _start(self) -> None:
        if self._queue and not self._is_busy:
            self._is_busy = True
            self._writers.submit(self._work)

    def _work(self) -> None:
        """Write one segment, then let other lanes go first."""
        done = True
        try:
            done = self._write(self._queue[0])
        except Exception:  # noqa: BLE001 the outermost loop of this lane: the next segment may go well
            _log.exception("segment.failed", extra={"fields": {"camera": self._camera}})
            self._drop()
        finally:
            with self._changed:
                if done and self._queue:
                    self._writers.give_back(self._queue.popleft().segment.size_bytes)
                self._is_busy = False
                if done or self.is_over:
                    self._start()
                self._changed.notify_all()

    def _write(self, cut: Cut) -> bool:
        """True where the segment is done with: kept, or given up."""
        if self.is_over:
            self.segments_dropped += 1
            return True
        try:
            self._keep(cut)
        except Full as error:
            return self._meet(Reason.STORAGE_FULL, str(error))
        except (Unavailable, WrongStorage) as error:
            return self._meet(Reason.STORAGE_AWAY, str(error))
        except (LeaseLost, UnknownCamera) as error:
            self.is_over = True
            event(_log, logging.WARNING, "camera.given_up", camera=self._camera, reason=str(error))
            if isinstance(error, UnknownCamera):
                self._take_back()
            self._drop()
        except UnknownRun:
            # Its run was removed by hand: a new one begins with it.
            self._writer = self._added = None
            return self._write(cut)
        except ArchiveError as error:
            event(_log, logging.ERROR, "segment.refused", camera=self._camera, reason=str(error))
            self._drop()
        else:
            self._count(cut.segment)
        return True

    def _keep(self, cut: Cut) -> None:
        if self._added is not cut:
            if cut.begins_run or self._writer is None or cut.segment.start_ms != self._written_to_ms:
                self._end_run()
                self._writer = self._open_run(cut.codecs)
            self._writer.add(cut.segment, cut.data)
            self._added = cut
        assert self._writer is not None
        self._writer.commit()
        # Its bytes would stay in memory as long as the camera lives.
        self._added = None

    def _end_run(self) -> None:
        """Sync what is left of the run before. Raises what can be tried again."""
        try:
            if self._writer is not None:
                self._writer.end()
        except (Unavailable, WrongStorage):
            raise
        except ArchiveError as error:
            # Its file was removed by hand, say: that is no reason to lose what comes now.
            event(_log, logging.WARNING, "run.not_ended", camera=self._camera, reason=str(error))

    def _count(self, segment: Segment) -> None:
        if self.trouble is not None:
            event(_log, logging.INFO, "storage.back", camera=self._camera)
        self.trouble = None
        self._written_to_ms = self.last_segment_ms = segment.end_ms
        self.segments += 1
        self.size_bytes += segment.size_bytes
        self.recorded_ms += segment.duration_ms

    def _take_back(self) -> None:
        """The camera was removed: what came later goes, what was kept can still be taken back."""
        try:
            if self._writer is not None:
                self._writer.withdraw()
        except ArchiveError as error:
            event(_log, logging.WARNING, "bytes.left", camera=self._camera, reason=str(error))

    def _drop(self) -> None:
        self.segments_dropped += 1
        self._writer = self._added = None

    def _meet(self, reason: Reason, detail: str) -> bool:
        if self.trouble is None or self.trouble[0] is not reason:
            event(_log, logging.ERROR, "storage.trouble", camera=self._camera, reason=reason, detail=detail)
        self.trouble = (reason, detail)
        return False
