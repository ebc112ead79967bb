"""Cameras recorded in this process, as the supervisor would, and what is in their archives afterwards."""

from __future__ import annotations

import io
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Network

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from footage.archive.commit import RunWriter
from footage.house import House
from footage.media.mpegts import TICKS_PER_MS, WRAP
from footage.media.pattern import read_strip
from footage.recording.backoff import Backoff
from footage.recording.host_clock import HostClock
from footage.recording.lane import Lane, Writers
from footage.recording.recorder import Recorder
from footage.recording.walltime import LiveTime
from footage.timeline import ALL_TIME, CameraStatus, Codecs, Reason, Run, Segment, Source, Span
from kit.archive import Shelf, add_shelf

PATIENCE_S = 40
SEGMENT_MS = 2000
STALL_S = 2.5
HURRY = 40
DELAY_MS = 1000
"""From the moment a picture shows until it came: a publisher, a relay and two busy cores.

What all of them stood still when a run began stays in it, but for a few milliseconds a segment.
"""
_CLOSE_S = 20
LOCAL = (IPv4Network("127.0.0.0/8"),)
"""Where the cameras of tests are."""


class QuickBackoff(Backoff):
    """The same pauses, shorter by ``HURRY``, each written down: why, and as long as it would have been."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[tuple[Reason, float]] = []

    def next(self, reason: Reason, lasted_s: float) -> float:
        wait_s = super().next(reason, lasted_s)
        self.pauses.append((reason, wait_s))
        return wait_s / HURRY


class LogBook(logging.Handler):
    """Every event of the program, by camera; ``text`` is all of them as they would be written."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._events: dict[str, list[tuple[str, dict[str, object]]]] = defaultdict(list)

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, object] = getattr(record, "fields", {})
        self._lines.append(f"{record.getMessage()} {fields} {record.exc_info or ''}")
        self._events[str(fields.get("camera"))].append((record.getMessage(), fields))

    def of(self, camera: str, event: str) -> list[dict[str, object]]:
        """The fields of one kind of event of one camera."""
        return [fields for name, fields in self._events[camera] if name == event]

    @property
    def text(self) -> str:
        return "\n".join(self._lines)

    @contextmanager
    def open(self) -> Iterator[LogBook]:
        """Listen to everything from here on."""
        logger = logging.getLogger("footage")
        level, logger.level = logger.level, logging.DEBUG
        logger.addHandler(self)
        try:
            yield self
        finally:
            logger.removeHandler(self)
            logger.level = level


@dataclass(frozen=True)
class KeptPicture:
    """A decoded picture of an archive: when the archive says it was taken, and what it carries itself.

    ``moment_ms`` and ``number`` are -1 where it carries no strip.
    """

    at_ms: float
    moment_ms: int
    number: int
    width: int


@dataclass(frozen=True)
class KeptSegment:
    """A segment decoded alone; ``sound`` are its samples, the first of them heard at ``sound_ms``."""

    segment: Segment
    pictures: list[KeptPicture]
    sound: NDArray[np.float32]
    sound_ms: float
    sample_rate: int


@dataclass(frozen=True)
class KeptRun:
    """A run and its segments."""

    run: Run
    segments: list[KeptSegment]

    @cached_property
    def pictures(self) -> list[KeptPicture]:
        return [picture for kept in self.segments for picture in kept.pictures]

    @property
    def numbers(self) -> list[int]:
        return [picture.number for picture in self.pictures]

    @property
    def late_ms(self) -> float:
        """How much later than what they show the pictures lie in the archive, in the middle."""
        return float(np.median([picture.at_ms - picture.moment_ms for picture in self.pictures]))


@dataclass
class Recording:
    """A camera that is being recorded into an archive of its own."""

    shelf: Shelf
    recorder: Recorder
    lane: Lane
    backoff: QuickBackoff
    started: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        """What the log calls it."""
        return str(self.shelf.camera.id)

    @property
    def status(self) -> CameraStatus:
        return self.recorder.status()

    def wait(self, enough: Callable[[CameraStatus], bool], *, within_s: float = PATIENCE_S) -> CameraStatus:
        """The first status that is enough."""
        deadline = time.monotonic() + within_s
        while not enough(status := self.status):
            assert time.monotonic() < deadline, f"it is still {status}"
            time.sleep(0.05)
        return status

    def wait_for_reason(self, reason: Reason) -> CameraStatus:
        """Until it is not recorded, for that reason."""
        return self.wait(lambda status: not status.is_online and status.reason is reason)

    def wait_for_segments(self, count: int) -> CameraStatus:
        """Until so many segments are kept."""
        return self.wait(lambda status: status.segments >= count)

    def close(self) -> None:
        """End in order; everything that came is kept."""
        assert self.recorder.close(_CLOSE_S)

    def kept(self) -> list[KeptRun]:
        """The archive, every segment decoded alone. Fails where segments overlap or leave a run's line."""
        reader, archive = self.shelf.reader, self.shelf.archive
        parts, table = reader.parts_and_segments(archive, ALL_TIME)
        runs = [KeptRun(part.run, []) for part in parts]
        end_ms = 0
        for start_ms in table.start_ms:
            found = reader.segment(archive, int(start_ms))
            assert found is not None
            segment = found.segment
            assert segment.start_ms >= end_ms, "segments overlap"
            end_ms = segment.end_ms
            [run] = [run for run in runs if run.run.start_ms <= segment.start_ms < run.run.end_ms]
            assert run.segments or segment.start_ms == run.run.start_ms
            assert not run.segments or run.segments[-1].segment.end_ms == segment.start_ms
            run.segments.append(decoded(segment, reader.data(found)))
        return runs


@dataclass
class RecordingRoom:
    """Records cameras side by side, as one recorder process does."""

    house: House
    log: LogBook
    _writers: Writers
    _recordings: list[Recording] = field(default_factory=list)

    def record(
        self, source: Source | str, *, segment_ms: int = SEGMENT_MS, stall_s: float = STALL_S
    ) -> Recording:
        """Begin to record a camera."""
        shelf, backoff = add_shelf(self.house), QuickBackoff()
        index, storage, archive = self.house.index, self.house.storage, shelf.archive

        def begin(codecs: Codecs) -> RunWriter:
            return RunWriter(index, storage, archive, codecs, checks_on_add=False)

        def kept(span: Span) -> Span | None:
            return index.overlap(archive, span)

        camera = str(shelf.camera.id)
        lane = Lane(self._writers, begin, camera=camera)
        recorder = Recorder(
            camera,
            Source(source) if isinstance(source, str) else source,
            lane,
            LiveTime(kept),
            segment_ms=segment_ms,
            stall_s=stall_s,
            local_sources=LOCAL,
            clock=HostClock(),
            backoff=backoff,
        )
        recording = Recording(shelf, recorder, lane, backoff)
        self._recordings.append(recording)
        recorder.start()
        return recording

    def close(self) -> None:
        for recording in self._recordings:
            recording.recorder.finish()
        for recording in self._recordings:
            recording.close()
        self._writers.close()


@contextmanager
def recording_room(house: House) -> Iterator[RecordingRoom]:
    """A place to record in; everything is ended in order when it closes."""
    with LogBook().open() as log:
        room = RecordingRoom(house, log, Writers(threads=4, queue_bytes=1 << 28))
        try:
            yield room
        finally:
            room.close()


def decoded(segment: Segment, data: bytes) -> KeptSegment:
    """What a decoder that knows nothing else makes of a segment."""
    pictures: list[KeptPicture] = []
    sound: list[NDArray[np.float32]] = []
    heard_ms: list[float] = []
    sample_rate = 0
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        for frame in container.decode():
            at_ms = _wall_ms(frame, segment.start_ms)
            if isinstance(frame, VideoFrame):
                pictures.append(_picture(frame, at_ms))
            elif isinstance(frame, AudioFrame):
                sound.append(frame.to_ndarray()[0].astype(np.float32))
                heard_ms.append(at_ms)
                sample_rate = frame.sample_rate
    samples = np.concatenate(sound) if sound else np.zeros(0, np.float32)
    return KeptSegment(segment, pictures, samples, min(heard_ms, default=0.0), sample_rate)


def _picture(frame: VideoFrame, at_ms: float) -> KeptPicture:
    try:
        moment_ms, number = read_strip(np.asarray(frame.to_ndarray(format="gray"), np.uint8))
    except ValueError:
        moment_ms, number = -1, -1
    return KeptPicture(at_ms, moment_ms, number, frame.width)


def _wall_ms(frame: VideoFrame | AudioFrame, near_ms: int) -> float:
    """A timestamp of an archive is wall time modulo 2**33 ticks."""
    assert frame.pts is not None
    assert frame.time_base is not None
    ticks = round(frame.pts * frame.time_base * TICKS_PER_MS * 1000)
    return near_ms + ((ticks - near_ms * TICKS_PER_MS + WRAP // 2) % WRAP - WRAP // 2) / TICKS_PER_MS
