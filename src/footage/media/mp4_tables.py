"""The sample tables of one track (``stbl``), gathered chunk by chunk. Pure.

After ISO/IEC 14496-12, 8.6 and 8.7. Lengths of time stand run by run, so a track whose pictures come
evenly costs four bytes a sample.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from footage.media.mp4_boxes import SYNC, Chunk, full_box

_LARGE = 1 << 32
_DURATION, _SIZE, _FLAGS, _COMPOSITION = range(4)


class SampleTables:
    """One track's samples. Chunks must be added in order."""

    def __init__(self) -> None:
        self._sizes: list[bytes] = []
        self._sync: list[NDArray[np.int64]] = []
        self._durations: list[list[int]] = []
        self._compositions: list[list[int]] = []
        self._chunks: list[tuple[int, int]] = []
        self.samples = 0
        self.length = 0

    def add(self, chunk: Chunk, at_bytes: int) -> None:
        """A chunk whose bytes begin at byte ``at_bytes`` of the samples' data."""
        rows = chunk.rows
        if self.samples and chunk.decode_time != self.length:
            self._stretch_last(chunk.decode_time - self.length)
        self.length = chunk.decode_time + int(rows[:, _DURATION].sum())
        self._sizes.append(rows[:, _SIZE].astype(">u4").tobytes())
        self._sync.append(np.flatnonzero(rows[:, _FLAGS] == SYNC) + self.samples + 1)
        _gather(self._durations, rows[:, _DURATION])
        _gather(self._compositions, rows[:, _COMPOSITION])
        self._chunks.append((len(rows), at_bytes))
        self.samples += len(rows)

    def boxes(self, data_at: int) -> bytes:
        """The tables, where the samples' data begins at byte ``data_at`` of the file."""
        offsets = np.array([at_bytes for _, at_bytes in self._chunks], np.int64) + data_at
        sync = np.concatenate([*self._sync, np.zeros(0, np.int64)])
        parts = [_runs(b"stts", 0, self._durations)]
        if any(offset for _, offset in self._compositions):
            parts.append(_runs(b"ctts", 1, self._compositions))
        if len(sync) < self.samples:
            parts.append(full_box(b"stss", 0, 0, _count(len(sync)), sync.astype(">u4").tobytes()))
        parts.append(full_box(b"stsc", 0, 0, *self._samples_to_chunk()))
        parts.append(full_box(b"stsz", 0, 0, struct.pack(">II", 0, self.samples), *self._sizes))
        kind, width = (b"co64", ">u8") if len(offsets) and offsets[-1] >= _LARGE else (b"stco", ">u4")
        parts.append(full_box(kind, 0, 0, _count(len(offsets)), offsets.astype(width).tobytes()))
        return b"".join(parts)

    def _stretch_last(self, ticks: int) -> None:
        """The last sample lasts so much longer."""
        runs = self._durations
        duration = runs[-1][1] + ticks
        runs[-1][0] -= 1
        if not runs[-1][0]:
            runs.pop()
        runs.append([1, duration])

    def _samples_to_chunk(self) -> tuple[bytes, bytes]:
        entries, before = [], 0
        for number, (samples, _) in enumerate(self._chunks, 1):
            if samples != before:
                entries.append(struct.pack(">III", number, samples, 1))
                before = samples
        return _count(len(entries)), b"".join(entries)


def _gather(runs: list[list[int]], values: NDArray[np.int64]) -> None:
    """Add values to runs of [count, value]."""
    edges = np.flatnonzero(np.diff(values)) + 1
    starts = np.concatenate([[0], edges])
    counts = np.diff(np.append(starts, len(values)))
    for count, value in zip(counts.tolist(), values[starts].tolist(), strict=True):
        if runs and runs[-1][1] == value:
            runs[-1][0] += count
        else:
            runs.append([count, value])


def _runs(kind: bytes, version: int, runs: list[list[int]]) -> bytes:
    return full_box(kind, version, 0, _count(len(runs)), np.array(runs, np.int64).astype(">i4").tobytes())


def _count(number: int) -> bytes:
    return struct.pack(">I", number)
