"""A source's own timestamps become wall time. Pure; design/time.md tells why it is done so.

A run is anchored once: one moment of its own time is one moment of wall time, and from there its
own clock paces it, so its segments meet to the tick whatever their number (invariant 4). A live
run follows the host's clock besides, by a few milliseconds a segment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from footage.timeline import Span

TICKS_PER_MS = 90

MAX_CORRECTION_MS = 5
"""The most that a segment is made longer or shorter than its pictures last."""
_LEFT_ALONE_MS = 10
"""An error so small is the network's unevenness."""
_STEP_MS = 1000
"""A host clock that moves so far against its own steady clock was set."""
FAR_MS = 5000
"""An error so large is no drift: time passed at the camera that the timestamps do not tell."""
_LAGS = 20
"""Segments whose least lag is remembered: a network that is slow for a minute moves nothing."""
_RUNS = 16
"""Runs that are remembered: more than can wait to be committed."""
_REPEATED_MS, _REPEATED_MOST_MS = 250, 60_000
"""How far a new connection may reach back into the last one."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """``ticks`` of the source are shown at ``wall_ms``."""

    ticks: int
    wall_ms: int

    def to_ms(self, ticks: int) -> int:
        """Wall time of a moment of the source, to the nearest millisecond."""
        return self.wall_ms + (ticks - self.ticks + TICKS_PER_MS // 2) // TICKS_PER_MS

    @property
    def shift_ticks(self) -> int:
        """What added to a timestamp of the source makes it its wall time in ticks."""
        return self.wall_ms * TICKS_PER_MS - self.ticks


class Break(StrEnum):
    """Why a run begins."""

    SOURCE = "source"
    """The connection, the codecs or the camera's timestamps are new."""
    CLOCK_STEP = "clock_step"
    """The host's clock was set."""
    DRIFT = "drift"
    """The camera's time fell too far behind."""
    NO_ROOM = "no_room"
    """Footage is kept where it would go on."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a segment lies in wall time; ``shift_ticks`` takes its timestamps there.

    ``begins`` says why a run begins with it; ``run_start_ms`` is where the run began. ``ahead_ms``
    is by how much it lies later than the host's clock says, ``gained_ms`` how much of that came
    since the run began.
    """

    start_ms: int
    end_ms: int
    shift_ticks: int
    run_start_ms: int
    begins: Break | None
    ahead_ms: int
    gained_ms: int


class LiveTime:
    """Gives the segments of one camera, in order, their wall time.

    Segments never overlap, neither each other nor what is kept: ``kept`` answers with the first
    span in the archive that a span would cover.

    Everywhere ``lag`` is the least by which a picture came after its own time, in ticks of the
    host's steady clock, and ``host_ms`` what is added to that clock to make it wall time.
    """

    def __init__(self, kept: Callable[[Span], Span | None]) -> None:
        self._kept = kept
        self._lags: deque[int] = deque(maxlen=_LAGS)
        self._anchor: Anchor | None = None
        self._runs: deque[Span] = deque([Span(0, 0)], maxlen=_RUNS)
        self._host_ms = 0.0
        self._ahead_ms = 0

    def is_repeated(self, start: int, *, lag: int, host_ms: float) -> bool:
        """True where what starts at this tick of a new connection was recorded over the last one.

        Some cameras begin with what they sent last.
        """
        again_ms = self._runs[-1].end_ms - _true_ms(start, lag, host_ms)
        return _REPEATED_MS < again_ms < _REPEATED_MOST_MS and not self._was_set(host_ms)

    def place(
        self, start: int, end: int, *, lag: int, host_ms: float, begins_run: bool, follows: bool = True
    ) -> Place:
        """The wall time of the segment from tick ``start`` up to ``end``.

        It ``follows`` where its timestamps go on from those of the segment before, also where a
        run begins with it, for its codecs are new: nothing about time has to be found out again.
        """
        follows = follows and self._anchor is not None and not self._was_set(host_ms)
        begins = Break.SOURCE if begins_run or self._anchor is None else None
        if begins is None and self._was_set(host_ms):
            begins = Break.CLOCK_STEP
        self._host_ms = host_ms
        if begins is Break.SOURCE and not follows:
            self._lags.clear()
        self._lags.append(lag)
        true_ms = max(_true_ms(start, min(self._lags), host_ms), 0)
        length_ms = max((end - start + TICKS_PER_MS // 2) // TICKS_PER_MS, 1)
        wanted_ms = self._runs[-1].end_ms if follows else true_ms
        if begins is None:
            if true_ms - self._runs[-1].end_ms > FAR_MS:
                begins, wanted_ms = Break.DRIFT, true_ms
            elif (next_in_run := self._go_on(end, true_ms)) is not None:
                return next_in_run
            else:
                begins, wanted_ms = Break.NO_ROOM, self._runs[-1].end_ms
        return self._begin(begins, start, self._free(wanted_ms, length_ms), length_ms, true_ms)

    def _was_set(self, host_ms: float) -> bool:
        return self._anchor is not None and abs(host_ms - self._host_ms) > _STEP_MS

    def _begin(self, why: Break, start: int, start_ms: int, length_ms: int, true_ms: int) -> Place:
        self._anchor = Anchor(start, start_ms)
        self._ahead_ms = start_ms - true_ms
        end_ms = start_ms + length_ms
        self._runs.append(Span(start_ms, end_ms))
        return Place(start_ms, end_ms, self._anchor.shift_ticks, start_ms, why, self._ahead_ms, 0)

    def _go_on(self, end: int, true_ms: int) -> Place | None:
        """The next segment of the run, a little longer or shorter where its time is off.

        None where footage is kept in its place.
        """
        assert self._anchor is not None
        run = self._runs[-1]
        anchor, ahead_ms = self._anchor, run.end_ms - true_ms
        if abs(ahead_ms) > _LEFT_ALONE_MS:
            step_ms = max(-MAX_CORRECTION_MS, min(MAX_CORRECTION_MS, -ahead_ms))
            anchor = Anchor(anchor.ticks, anchor.wall_ms + step_ms)
        end_ms = max(anchor.to_ms(end), run.end_ms + 1)
        if self._kept(Span(run.end_ms, end_ms)) is not None:
            return None
        shift, self._anchor = self._anchor.shift_ticks, anchor
        self._runs[-1] = Span(run.start_ms, end_ms)
        return Place(run.end_ms, end_ms, shift, run.start_ms, None, ahead_ms, ahead_ms - self._ahead_ms)

    def _free(self, start_ms: int, length_ms: int) -> int:
        """The first moment from ``start_ms`` on with room for a segment."""
        while True:
            wanted = Span(start_ms, start_ms + length_ms)
            # Those in memory may not be committed yet.
            in_the_way = next((run for run in self._runs if run.overlaps(wanted)), None)
            in_the_way = in_the_way or self._kept(wanted)
            if in_the_way is None:
                return start_ms
            start_ms = in_the_way.end_ms


def _true_ms(ticks: int, lag: int, host_ms: float) -> int:
    return round((ticks + lag) / TICKS_PER_MS + host_ms)
