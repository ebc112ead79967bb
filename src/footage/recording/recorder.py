"""One camera: connect, cut, hand over, back off, again.

A thread reads packets; what is read goes through the GOPs and the cutter to the lane, which
writes. Nothing here waits for a disk. Every end of a connection has a reason, which the status
shows, and the next try comes after a pause.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread

from footage.archive.errors import ArchiveError
from footage.media.errors import MediaError, NotLive
from footage.media.gops import TICKS_PER_SECOND, AnyPacket, Gop
from footage.media.live import LiveSource
from footage.media.segment_muxer import mux
from footage.media.source_addresses import Network
from footage.recording.backoff import Backoff
from footage.recording.cutter import Cutter, Piece
from footage.recording.host_clock import HostClock
from footage.recording.lane import Cut, Lane
from footage.recording.walltime import FAR_MS, TICKS_PER_MS, LiveTime
from footage.telemetry.logs import event
from footage.timeline import CameraStatus, Reason, Source, State

_HELD_TICKS = 3 * TICKS_PER_SECOND
"""How long the first GOPs of a connection wait at least: many cameras begin with what they sent
before, all at once, and until that is through nobody can tell how late it came. It is through when
nothing more came ahead of its time for so long; a file that stands still for a moment goes on."""
_HELD_MOST_TICKS = 90 * TICKS_PER_SECOND
_AT_ONCE_TICKS = 10 * TICKS_PER_SECOND
"""So much may come before its time over a connection that ends while its first GOPs wait."""
_NOT_LIVE = "it sends faster than time passes: it is not live"
_NAP_S = 0.2
_READ_OUT_S = 1.0
"""How long a camera that is stopped may take to read what the kernel holds of it."""
_MUXING = Lock()
"""One at a time in a process: each packet lets go of the interpreter for a moment, and threads that
do so side by side hand it to and fro until nothing else is done (seen: 190,000 switches a second)."""
_log = logging.getLogger(__name__)


class Connection:
    """What comes over one connection, cut into segments for the lane.

    Not for two threads at once. Raises NotLive where what comes cannot be recorded.
    """

    def __init__(
        self,
        source: LiveSource,
        live_time: LiveTime,
        lane: Lane,
        clock: HostClock,
        *,
        segment_ms: int,
        camera: str,
    ) -> None:
        self._source = source
        self._time = live_time
        self._lane = lane
        self._clock = clock
        self._camera = camera
        self._cutter: Cutter[Gop] = Cutter(segment_ms * TICKS_PER_MS)
        self._held: list[Gop] | None = []
        self._held_ticks = 0
        self._lead = 0
        """The most by which what was sent lasts longer than it took to come."""
        self._led_at = 0
        self._first: int | None = None
        self._last = 0
        self._follows = False
        self._is_over = False
        self.drift_ms = 0

    def take(self, packet: AnyPacket, arrived: int) -> None:
        """One packet."""
        if self._first is None:
            self._first = self._led_at = arrived
        self._last = arrived
        for gop in self._source.take(packet, arrived):
            self._push(gop)
            if self._held is None:
                continue
            lead = self._held_ticks - (arrived - self._first)
            if lead - self._lead > (gop.end - gop.start) // 2:
                self._lead, self._led_at = lead, arrived
            elif arrived - self._led_at >= _HELD_TICKS:
                self._let_go()
                continue
            if self._held_ticks > _HELD_MOST_TICKS:
                raise NotLive(Reason.UNSUPPORTED, _NOT_LIVE)

    def finish(self) -> None:
        """No more is to come: what is left becomes the last segment. Doing it twice is fine.

        Raises NotLive where what waits came all at once, as files do: nobody knows its time.
        """
        if self._is_over:
            return
        self._is_over = True
        for gop in self._source.flush():
            self._push(gop)
        if self._held is not None:
            if self._held_ticks - (self._last - (self._first or 0)) > _AT_ONCE_TICKS:
                raise NotLive(Reason.UNSUPPORTED, _NOT_LIVE)
            self._let_go()
        for piece in self._cutter.flush():
            self._keep(piece)

    def _push(self, gop: Gop) -> None:
        if self._held is None:
            self._cut(gop)
        else:
            self._held.append(gop)
            self._held_ticks += gop.end - gop.start

    def _let_go(self) -> None:
        """The first GOPs, with the lag that the best of them came with."""
        held, self._held = self._held or [], None
        self._source.nap(_NAP_S)
        stretches: list[list[Gop]] = []
        for gop in held:
            if not stretches or not gop.continuous:
                stretches.append([])
            stretches[-1].append(gop)
        kept_before = False
        for stretch in stretches:
            lag = _least_lag(stretch)
            repeats = stretch is stretches[0]
            for gop in stretch:
                gop.lag = lag
                repeats = repeats and self._time.is_repeated(
                    gop.start, lag=lag, host_ms=self._clock.offset_ms()
                )
                if not repeats:
                    # What it went on from was left out.
                    gop.continuous = gop.continuous and kept_before
                    kept_before = True
                    self._cut(gop)

    def _cut(self, gop: Gop) -> None:
        for piece in self._cutter.push(gop):
            self._keep(piece)

    def _keep(self, piece: Piece[Gop]) -> None:
        place = self._time.place(
            piece.start,
            piece.end,
            lag=_least_lag(piece.gops),
            host_ms=self._clock.offset_ms(),
            begins_run=piece.begins_run or not self._follows,
            follows=piece.gops[0].continuous,
        )
        self.drift_ms = place.ahead_ms
        if place.begins is not None:
            event(
                _log,
                logging.INFO,
                "run.begun",
                camera=self._camera,
                start_ms=place.start_ms,
                why=place.begins,
                ahead_ms=place.ahead_ms,
            )
        with _MUXING:
            muxed = mux(
                piece.gops,
                self._source.tracks,
                run_start_ms=place.run_start_ms,
                start_ms=place.start_ms,
                duration_ms=place.end_ms - place.start_ms,
                ticks=place.shift_ticks,
            )
        cut = Cut(muxed.segment, muxed.data, piece.gops[0].codecs, place.begins is not None)
        # After one that was dropped a new run begins.
        self._follows = self._lane.put(cut)
        if place.gained_ms > FAR_MS:
            raise NotLive(Reason.UNSUPPORTED, "it sends faster than time passes")


def _least_lag(gops: list[Gop] | tuple[Gop, ...]) -> int:
    return min((gop.lag for gop in gops if gop.lag is not None), default=0)


class Recorder:
    """Records one camera in a thread of its own, from ``start`` to ``close``.

    ``prepare`` is called in that thread before the first connection. ``before`` are the counters
    to go on from. Reading ``status`` is fine from any thread.
    """

    def __init__(
        self,
        camera: str,
        source: Source,
        lane: Lane,
        live_time: LiveTime,
        *,
        segment_ms: int,
        stall_s: float,
        local_sources: Sequence[Network] = (),
        clock: HostClock,
        before: CameraStatus | None = None,
        prepare: Callable[[], None] = lambda: None,
        backoff: Backoff | None = None,
    ) -> None:
        self._camera = camera
        self._source = source
        self._lane = lane
        self._time = live_time
        self._segment_ms = segment_ms
        self._stall_s = stall_s
        self._local_sources = local_sources
        self._clock = clock
        self._prepare = prepare
        self._backoff = backoff or Backoff()
        self._lock = Lock()
        self._stop = Event()
        self._stopped_at = 0.0
        self._read_out = Event()
        self._read_out.set()
        self._connection: Connection | None = None
        self._state = State.CONNECTING
        self._reason: Reason | None = None
        self._detail: str | None = None
        self._since_ms = clock.now_ms()
        self._last_arrived: int | None = None
        self._last_packet_ms = before.last_packet_ms if before else None
        self._packets_dropped = before.packets_dropped if before else 0
        self._dropped_now = 0
        self._drift_ms = 0
        self._reconnects: Counter[Reason] = Counter(before.reconnects if before else {})
        self._thread = Thread(target=self._run, name=f"camera-{camera[:8]}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Read what has come already, and no more."""
        if not self._stop.is_set():
            self._stopped_at = self._clock.monotonic()
            self._stop.set()

    def finish(self) -> None:
        """Stop, and hand what is left over to the lane. It waits a moment, never for a camera."""
        self.stop()
        self._read_out.wait(max(self._stopped_at + _READ_OUT_S - self._clock.monotonic(), 0.0))
        try:
            with self._lock:
                self._end_connection()
        except NotLive as error:
            event(
                _log,
                logging.WARNING,
                "camera.rest_lost",
                camera=self._camera,
                reason=error.reason,
                detail=str(error),
            )
        except Exception:  # noqa: BLE001 the others are to be ended too
            _log.exception("recorder.failed", extra={"fields": {"camera": self._camera}})

    def close(self, timeout_s: float) -> bool:
        """Stop, and wait until everything is written; False where that takes too long."""
        self.finish()
        return self._lane.drain(timeout_s)

    @property
    def is_over(self) -> bool:
        """True where it can write no more, for another recorder took over or the camera is gone."""
        return self._lane.is_over

    def halt(self, why: str | None) -> None:
        """Keep nothing of what comes, for there is no room that may be made; None: go on."""
        self._lane.halt(why)

    def retry(self) -> None:
        """Try again what could not be written."""
        self._lane.retry()

    def status(self) -> CameraStatus:
        """How it goes."""
        lane, last = self._lane, self._last_arrived
        state, reason, detail = self._state, self._reason, self._detail
        if state is State.RECORDING and lane.trouble is not None:
            state, (reason, detail) = State.HALTED, lane.trouble
        if last is not None:
            self._last_packet_ms = int(last / TICKS_PER_MS + self._clock.offset_ms())
        return CameraStatus(
            state=state,
            reason=reason,
            detail=detail,
            since_ms=self._since_ms,
            updated_ms=self._clock.now_ms(),
            last_packet_ms=self._last_packet_ms,
            last_segment_ms=lane.last_segment_ms,
            recorded_ms=lane.recorded_ms,
            size_bytes=lane.size_bytes,
            segments=lane.segments,
            segments_dropped=lane.segments_dropped,
            packets_dropped=self._packets_dropped + self._dropped_now,
            queued=lane.queued,
            drift_ms=self._drift_ms,
            reconnects=dict(self._reconnects),
        )

    def _run(self) -> None:
        while not self._stop.is_set():
            began = self._clock.monotonic()
            try:
                self._prepare()
                self._run_once()
            except NotLive as error:
                reason, detail = error.reason, str(error)
            except MediaError as error:
                reason, detail = Reason.GARBAGE, str(error)
            except ArchiveError as error:
                reason, detail = Reason.STORAGE_AWAY, str(error)
            except Exception:  # noqa: BLE001 the outermost loop: one camera's fault is no other's
                _log.exception("recorder.failed", extra={"fields": {"camera": self._camera}})
                reason, detail = Reason.FAILED, "a fault of the recorder; its log tells more"
            else:
                return
            if self._stop.is_set():
                return
            was_recording = self._state is State.RECORDING
            wait_s = self._backoff.next(reason, self._clock.monotonic() - began if was_recording else 0.0)
            self._reconnects[reason] += 1
            event(
                _log,
                logging.WARNING,
                "camera.lost" if was_recording else "camera.not_reached",
                camera=self._camera,
                reason=reason,
                detail=detail,
                again_in_s=round(wait_s, 1),
            )
            self._enter(State.WAITING, reason, detail)
            self._stop.wait(wait_s)

    def _run_once(self) -> None:
        """One connection, from its begin to its end. Raises NotLive; returns where told to stop."""
        self._enter(State.CONNECTING, self._reason, self._detail)
        with LiveSource(
            self._source,
            stall_s=self._stall_s,
            clock=self._clock.monotonic,
            local_sources=self._local_sources,
        ) as source:
            connection = Connection(
                source,
                self._time,
                self._lane,
                self._clock,
                segment_ms=self._segment_ms,
                camera=self._camera,
            )
            self._connection = connection
            self._read_out.clear()
            try:
                for packet, arrived in source.packets():
                    with self._lock:
                        if self._connection is None or self._lane.is_over:
                            return
                        connection.take(packet, arrived)
                    self._last_arrived = arrived
                    self._dropped_now = source.packets_dropped
                    self._drift_ms = connection.drift_ms
                    if self._state is not State.RECORDING:
                        self._enter(State.RECORDING)
                    if self._stop.is_set() and source.is_read_out:
                        return
            finally:
                self._read_out.set()
                with self._lock:
                    self._end_connection()
                self._packets_dropped += source.packets_dropped
                self._dropped_now = 0

    def _end_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.finish()

    def _enter(self, state: State, reason: Reason | None = None, detail: str | None = None) -> None:
        if state is State.RECORDING:
            event(_log, logging.INFO, "camera.recording", camera=self._camera)
        self._state, self._reason, self._detail = state, reason, detail
        self._since_ms = self._clock.now_ms()
