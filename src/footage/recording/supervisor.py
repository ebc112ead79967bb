"""All cameras of this process: follows the camera table, shares it with other recorders.

Each second it says that it is alive, looks at what is to be recorded and by whom, takes what
nobody records up to its share, and lets go what is no longer its own (invariant 8). Who is alive
is told by watching: a recorder whose beat stands still for ten seconds of the watcher's own clock
is gone, so no two clocks need to agree.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Event
from uuid import UUID

from footage.archive.commit import RunWriter
from footage.archive.errors import ArchiveError, Unavailable
from footage.archive.group_commit import GroupCommit
from footage.archive.index import Index
from footage.archive.index.protocol import ToRecord
from footage.archive.retention import Limit
from footage.archive.retention_words import NO_ROOM
from footage.archive.storage import Storage
from footage.media.source_addresses import Network
from footage.recording.host_clock import HostClock
from footage.recording.lane import Lane, Writers
from footage.recording.memory import give_back
from footage.recording.recorder import Recorder
from footage.recording.tail import TailTaker
from footage.recording.walltime import LiveTime
from footage.telemetry.logs import event
from footage.timeline import Archive, CameraStatus, Source, Span

TICK_S = 1.0
_GONE_S = 10.0
"""How long a beat stands still before its recorder is taken for dead."""
_STATUS_EVERY = 2
"""Ticks from one writing of the statuses to the next."""
_TRIM_EVERY = 30
_WRITE_THREADS = 16
"""They mostly wait for the disk; together they fill each transaction of the index."""
_CLOSE_S = 20.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """How recorders are to work; ``processes`` is how many of them are meant to share the cameras."""

    segment_ms: int
    stall_s: float
    sync_every_s: float | None
    queue_bytes: int
    processes: int
    local_sources: Sequence[Network] = ()


@dataclass(frozen=True, slots=True)
class _Held:
    """A camera that this process records."""

    archive: Archive
    source: Source
    fence: int
    recorder: Recorder


class Supervisor:
    """Records the share of the cameras that falls to ``recorder_id``. One thread calls it."""

    def __init__(
        self, index: Index, storage: Storage, recorder_id: UUID, plan: RecordingPlan, clock: HostClock
    ) -> None:
        self._index = index
        self._storage = storage
        self._id = recorder_id
        self._plan = plan
        self._clock = clock
        self._committer = GroupCommit(index)
        self._writers = Writers(threads=_WRITE_THREADS, queue_bytes=plan.queue_bytes)
        self._closers = ThreadPoolExecutor(8, thread_name_prefix="closer")
        self._held: dict[int, _Held] = {}
        self._closing: set[int] = set()
        self._beats: dict[UUID, tuple[int, float]] = {}
        self._ticks = 0
        self._began = clock.monotonic()

    def run(self, stop: Event) -> None:
        """Record until told to stop, then end every run in order."""
        try:
            while True:
                began = self._clock.monotonic()
                self.tick()
                if stop.wait(max(began + TICK_S - self._clock.monotonic(), 0.0)):
                    break
        finally:
            self.close()

    def tick(self) -> None:
        """What is due each second. Where the index is away, recording goes on meanwhile."""
        self._ticks += 1
        try:
            self._index.beat(self._id)
            wanted = {camera.archive.number: camera for camera in self._index.to_record()}
            alive = self._alive()
            share = -(-len(wanted) // self._sharers(alive))
            self._let_go(wanted, share)
            self._take(wanted, share, alive)
            self._halt()
            if self._ticks % _STATUS_EVERY == 0:
                self._write_statuses(self._held.values())
        except Unavailable as error:
            event(_log, logging.WARNING, "index.away", reason=str(error))
        for held in self._held.values():
            held.recorder.retry()
        if self._ticks % _TRIM_EVERY == 0:
            give_back()

    def close(self) -> None:
        """End every run, keep what is left of it, and give the leases back."""
        held, self._held = list(self._held.values()), {}
        for camera in held:
            camera.recorder.stop()
        for camera in held:
            camera.recorder.finish()
        deadline = self._clock.monotonic() + _CLOSE_S
        for camera in held:
            self._end(camera, max(deadline - self._clock.monotonic(), 0.0))
        self._closers.shutdown()
        self._writers.close()
        try:
            self._write_statuses(held)
            self._index.forget_recorder(self._id)
        except Unavailable as error:
            event(_log, logging.WARNING, "index.away", reason=str(error))

    def _let_go(self, wanted: dict[int, ToRecord], share: int) -> None:
        """Stop what is removed, off, changed, another's, or more than the share."""
        for number, held in list(self._held.items()):
            camera = wanted.get(number)
            if (
                camera is None
                or held.recorder.is_over
                or camera.source != held.source
                or (camera.holder, camera.fence) != (self._id, held.fence)
            ):
                self._stop(number)
        for number in list(self._held)[share:]:
            self._stop(number)

    def _take(self, wanted: dict[int, ToRecord], share: int, alive: set[UUID]) -> None:
        """Start what nobody records, up to the share, and as far as a tick goes.

        Cameras that begin are busy: while many were started in one go no beat would rise, and others
        would take them over, and start them anew.
        """
        room = share - len(self._held)
        until = self._clock.monotonic() + TICK_S
        for number, camera in wanted.items():
            if room <= 0 or self._clock.monotonic() >= until:
                return
            if number in self._held or number in self._closing:
                continue
            if camera.holder in alive and camera.holder != self._id:
                continue
            fence = self._index.claim(camera.archive, self._id, camera.fence)
            if fence is not None:
                self._start(camera, fence)
                room -= 1

    def _halt(self) -> None:
        """Follow the keeper: no room may be made for some archives, for what is there is locked."""
        halts = self._index.halts()
        for number, held in self._held.items():
            limit = halts.get(number)
            held.recorder.halt(None if limit is None else NO_ROOM[Limit(limit)])

    def _alive(self) -> set[UUID]:
        """The recorders whose beat rose a short while ago, or that were not watched so long yet."""
        now = self._clock.monotonic()
        beats = self._index.beats()
        self._beats = {
            recorder: known if (known := self._beats.get(recorder)) and known[0] == beat else (beat, now)
            for recorder, beat in beats.items()
        }
        return {recorder for recorder, (_, seen) in self._beats.items() if now - seen < _GONE_S}

    def _sharers(self, alive: set[UUID]) -> int:
        """How many share the cameras; at first also those that are still to come."""
        count = len(alive | {self._id})
        if self._clock.monotonic() - self._began < _GONE_S:
            count = max(count, self._plan.processes)
        return count

    def _start(self, camera: ToRecord, fence: int) -> None:
        archive, name = camera.archive, str(camera.archive.camera_id)
        before = self._index.statuses([archive.number]).get(archive.number)

        open_run = partial(
            RunWriter,
            self._index,
            self._storage,
            archive,
            fence=fence,
            sync_every_s=self._plan.sync_every_s,
            committer=self._committer,
        )
        tail = TailTaker(self._index, self._storage, archive, open_run=open_run)
        # Before a segment is muxed its place was looked at already.
        lane = Lane(self._writers, partial(open_run, checks_on_add=False), camera=name, before=before)
        recorder = Recorder(
            name,
            camera.source,
            lane,
            LiveTime(self._kept_in(archive)),
            segment_ms=self._plan.segment_ms,
            stall_s=self._plan.stall_s,
            local_sources=self._plan.local_sources,
            clock=self._clock,
            before=before,
            prepare=_once(lambda: tail.run(self._clock.now_ms())),
        )
        self._held[archive.number] = _Held(archive, camera.source, fence, recorder)
        event(_log, logging.INFO, "camera.taken", camera=name, fence=fence)
        recorder.start()

    def _kept_in(self, archive: Archive) -> Callable[[Span], Span | None]:
        def kept(span: Span) -> Span | None:
            try:
                return self._index.overlap(archive, span)
            except Unavailable:
                # The commit looks again.
                return None

        return kept

    def _stop(self, number: int) -> None:
        """End a camera's recording behind the supervisor's back: it waits for the disk."""
        held = self._held.pop(number)
        self._closing.add(number)

        def end() -> None:
            held.recorder.finish()
            self._end(held, _CLOSE_S)
            self._closing.discard(number)

        self._closers.submit(end)

    def _end(self, held: _Held, within_s: float) -> None:
        if not held.recorder.close(within_s):
            event(
                _log,
                logging.ERROR,
                "camera.not_drained",
                camera=str(held.archive.camera_id),
                within_s=round(within_s, 1),
            )
        try:
            self._index.release(held.archive, held.fence)
        except ArchiveError as error:
            event(_log, logging.WARNING, "lease.not_released", reason=str(error))

    def _write_statuses(self, held: Iterable[_Held]) -> None:
        statuses: dict[int, CameraStatus] = {
            camera.archive.number: camera.recorder.status() for camera in held
        }
        if statuses:
            self._index.put_statuses(statuses)


def _once(work: Callable[[], object]) -> Callable[[], None]:
    """The same, that does nothing once it went well."""
    done = False

    def call() -> None:
        nonlocal done
        if not done:
            work()
            done = True

    return call
