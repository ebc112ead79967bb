"""Pictures and sound of many segments as the two tracks of one movie. Pure.

Here is decided when each sample is decoded and shown, which are left out, and where silence goes.
Movie time is ticks of 90 kHz from the first moment that is shown. Pictures come exactly at their time.
Sound is laid frame after frame, so that players which do not look at its times hear no more than half a
frame beside the pictures: where a hole is longer silence goes in, and a frame that comes too early for
what lies there already stays out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from footage.media.mp4_boxes import NOT_SYNC, SYNC, Chunk
from footage.media.mpegts import TICKS_PER_MS, WRAP
from footage.media.segment_samples import Picture, SoundFrame

TICKS_PER_SECOND = 90_000
SAMPLES_A_FRAME = 1024
_LOOSE_MS = 10
"""How far a frame's time may be off before it is believed rather than the frames before it."""
_ABOUT_NOW = TICKS_PER_MS // 2
"""The first moment is a whole millisecond, a picture's time is not."""

Buffer = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Stretch:
    """A segment's place: the wall time (ms) at which it begins, and where that is in the movie (ticks).

    It lasts up to ``until``, and belongs to a piece of the movie ``from piece_from up to piece_to``.
    """

    wall_ms: int
    at: int
    until: int
    piece_from: int
    piece_to: int

    def movie_time(self, stamp: int) -> int:
        """Where a timestamp of 33 bits lies in the movie."""
        return self.at + (stamp - self.wall_ms * TICKS_PER_MS + WRAP // 2) % WRAP - WRAP // 2


class PictureTrack:
    """The pictures. The movie begins ``lead`` ticks after the first of them is decoded (the edit list).

    The pictures before the movie, from the keyframe on, take a tick each instead of their time: what
    players make of an edit list differs, and so a movie is no longer than it says in any of them.

    ``end`` is where the movie ends. Pictures from there on are left out, but for those that earlier
    ones are decoded from: the edit list hides them, and where ``in_fragments`` so does their decoding
    time, that of the picture before, which then has no length (``split`` says what that is good for).
    Where ``nothing_beyond``, they and what leans on them stay out too.
    """

    def __init__(self, *, end: int, nothing_beyond: bool, in_fragments: bool) -> None:
        self._end = end
        self._nothing_beyond = nothing_beyond
        self._in_fragments = in_fragments
        self._next = 0
        self._delay = 0
        self.lead: int | None = None
        self.count = 0

    def take(self, pictures: Sequence[Picture], stretch: Stretch) -> tuple[Chunk, list[Buffer]] | None:
        """The samples of a segment's pictures, and their bytes; None where none is wanted."""
        wanted = [(stretch.movie_time(picture.pts), picture) for picture in pictures]
        if self.lead is None:
            wanted = _from_the_keyframe_before(wanted)
        wanted = wanted[: self._needed([shown for shown, _ in wanted])]
        if not wanted:
            return None
        shown = [time for time, _ in wanted]
        delay = shown[0] - stretch.movie_time(wanted[0][1].dts)
        decoded = [stretch.movie_time(picture.dts) for _, picture in wanted]
        may_discard = self._in_fragments and self.lead is not None
        if self.lead is None:
            self.lead, self._delay = _squeeze(shown, decoded, delay), delay
        until = stretch.until - delay if stretch.until < self._end else self._end - self._delay
        hidden = [time >= self._end and may_discard for time in shown]
        times = self._decoding_times(
            [time + self.lead for time in decoded],
            hidden,
            until + self.lead,
        )
        rows = [
            (later - time, picture.size_bytes, _flags(picture), at + self.lead - time)
            for (_, picture), at, (time, later) in zip(wanted, shown, pairwise(times), strict=True)
        ]
        self._next = times[-1]
        self.count += len(rows)
        data = [piece for _, picture in wanted for piece in picture.pieces]
        return Chunk(times[0], np.array(rows, np.int64)), data

    def _decoding_times(self, decoded: list[int], hidden: list[bool], until: int) -> list[int]:
        """When each is decoded in the track's own time, ascending, and where the segment ends."""
        times, count = [self._next], len(decoded)
        for number in range(1, count):
            time = max(min(decoded[number], until - count + number), times[-1] + 1)
            times.append(times[-1] if hidden[number] else time)
        times.append(max(until, times[-1] + 1))
        return times

    def _needed(self, shown: Sequence[int]) -> int:
        """How many pictures are needed, in the order of decoding."""
        beyond = [number for number, time in enumerate(shown) if time >= self._end]
        if not beyond:
            return len(shown)
        if self._nothing_beyond:
            return beyond[0]
        return max((number + 1 for number, time in enumerate(shown) if time < self._end), default=0)


def _from_the_keyframe_before(pictures: list[tuple[int, Picture]]) -> list[tuple[int, Picture]]:
    """From the last keyframe that is shown by the first moment of the movie, else from the first one.

    Without what is shown before it and leans on the GOP before (open GOPs).
    """
    keys = [number for number, (_, picture) in enumerate(pictures) if picture.is_keyframe]
    before = [number for number in keys if pictures[number][0] <= _ABOUT_NOW]
    if not keys:
        return []
    first = before[-1] if before else keys[0]
    return [(shown, picture) for shown, picture in pictures[first:] if shown >= pictures[first][0]]


def _flags(picture: Picture) -> int:
    return SYNC if picture.is_keyframe else NOT_SYNC


def _squeeze(shown: list[int], decoded: list[int], delay: int) -> int:
    """Give all before the movie a tick each, in both orders; the lead that this leaves.

    The last of them is what was to be seen in the first moment: it is shown from there on. ``delay`` is
    how long pictures wait between decoding and being shown.
    """
    before = sorted(time for time in shown if time <= _ABOUT_NOW)
    ranks = {time: rank - len(before) + 1 for rank, time in enumerate(before)}
    shown[:] = [ranks.get(time, time) for time in shown]
    early = sum(time < -delay for time in decoded)
    decoded[:] = [
        max(time, -delay) if number >= early else number - early - delay
        for number, time in enumerate(decoded)
    ]
    return early + delay


def split(chunk: Chunk, data: Sequence[Buffer]) -> list[tuple[Chunk, list[Buffer]]]:
    """A chunk of pictures in parts, each for a fragment of its own, so that hidden pictures are hidden.

    FFmpeg shows nothing that is decoded no later than the last sample of the fragment before.
    """
    ends = (np.flatnonzero(chunk.rows[:, 0] == 0) + 1).tolist()
    edges = [0, *ends, len(chunk.rows)]
    times = [chunk.decode_time, *(chunk.decode_time + np.cumsum(chunk.rows[:, 0])).tolist()]
    buffers, parts = iter(data), []
    for first, last in pairwise(edges):
        part = Chunk(times[first], chunk.rows[first:last])
        missing, own = part.size_bytes, list[Buffer]()
        while missing > 0:
            own.append(next(buffers))
            missing -= len(own[-1])
        parts.append((part, own))
    return parts


class SoundTrack:
    """The sound: AAC frames of 1024 samples at ``rate``; times are samples.

    ``silence`` is a frame of it, None where there is none for this kind of sound: holes then stay.
    """

    def __init__(self, rate: int, *, end: int, silence: bytes | None, nothing_beyond: bool) -> None:
        self._rate = rate
        self._end = self._samples(end)
        self._silence = silence
        self._nothing_beyond = nothing_beyond
        self._at = 0
        self._laid = 0
        self._rows: list[tuple[int, int]] = []
        self._data: list[Buffer] = []
        self.lead: int | None = None
        self.count = 0

    def take(self, frames: Sequence[SoundFrame], stretch: Stretch) -> tuple[Chunk, list[Buffer]] | None:
        """The samples of a segment's sound, and their bytes; None where there are none."""
        self._rows, self._data = [], []
        half = SAMPLES_A_FRAME // 2
        due = [self._samples(stretch.movie_time(frame.pts)) for frame in frames]
        lowest, highest = self._samples(stretch.piece_from), self._samples(stretch.piece_to)
        if self.lead is None:
            frames, due = self._begin(frames, due)
            lowest = min(lowest, self._laid)
        for frame, time in zip(frames, due, strict=True):
            if lowest - half <= time < highest - half and self._is_wanted(time):
                self._fill(time)
                if time - self._laid > -half:
                    self._put(frame.data, time)
        if not frames:
            self._fill(min(self._samples(stretch.until), self._end) - half)
        return self._chunk() if self._rows else None

    def _begin(
        self, frames: Sequence[SoundFrame], due: list[int]
    ) -> tuple[Sequence[SoundFrame], list[int]]:
        """Start with the frame that sounds in the first moment, or with silence."""
        first = max((number for number, time in enumerate(due) if time <= 0), default=0)
        if due and due[first] <= 0 and not self._nothing_beyond and due[first] > -SAMPLES_A_FRAME:
            self.lead = -due[first]
        else:
            self.lead = 0
            first = next((number for number, time in enumerate(due) if time >= 0), len(due))
        self._at = self._laid = -self.lead
        return frames[first:], due[first:]

    def _is_wanted(self, time: int) -> bool:
        return time < self._end - (SAMPLES_A_FRAME if self._nothing_beyond else 0)

    def _fill(self, time: int) -> None:
        """Silence, in whole frames, up to about ``time``."""
        missing = round((time - self._laid) / SAMPLES_A_FRAME)
        if missing <= 0:
            return
        if self._silence is None:
            # The frames before the hole cannot be told how long it is but by their times.
            self._laid += missing * SAMPLES_A_FRAME
            return
        for _ in range(missing):
            self._put(self._silence, self._at)

    def _put(self, data: Buffer, time: int) -> None:
        loose = _LOOSE_MS * self._rate // 1000
        last = self._rows[-1][0] if self._rows else self._at - SAMPLES_A_FRAME
        at = self._at if abs(time - self._at) <= loose else max(time, last + 1)
        self._rows.append((at, len(data)))
        self._data.append(data)
        self._at = at + SAMPLES_A_FRAME
        self._laid += SAMPLES_A_FRAME
        self.count += 1

    def _chunk(self) -> tuple[Chunk, list[Buffer]]:
        assert self.lead is not None
        times, sizes = np.array(self._rows, np.int64).T
        # The last frame of all may reach beyond the end; the movie does not.
        last = max(min(SAMPLES_A_FRAME, self._end - int(times[-1])), 1)
        durations = np.append(np.diff(times), last)
        flags = np.full(len(times), SYNC, np.int64)
        rows = np.stack([durations, sizes, flags, np.zeros_like(times)], axis=1)
        return Chunk(int(times[0]) + self.lead, rows), self._data

    def _samples(self, ticks: int) -> int:
        return round(ticks * self._rate / TICKS_PER_SECOND)
