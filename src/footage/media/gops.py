"""Packets become GOPs: a keyframe, the pictures up to the next one, and the sound beside them.

A GOP is the unit in which the rest of the house works, so that what is decided is decided once a
GOP and the work a packet stays small. Three things are settled here: GOPs of one source follow
each other without a hole in time, a jump of the timestamps is told apart from a long frame, and
sound lies in the GOP whose time it belongs to, whatever the order in which it came.

All times are ticks of 90 kHz, in the source's own time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeAlias

from av.packet import Packet

from footage.media.silence import Silence
from footage.timeline import Codecs

AnyPacket: TypeAlias = "Packet[Any]"

TICKS_PER_SECOND = 90_000
_AUDIO_WAIT = 3 * TICKS_PER_SECOND
"""How far video may run ahead of the sound that belongs to an earlier GOP before it goes without."""

_UNEVEN = TICKS_PER_SECOND * 3 // 10
"""How unevenly a live source may send before its timestamps are doubted."""

_LAGS = 8
"""GOPs whose least lag is remembered: long enough to be sure, short beside any drift."""

_REORDERED = 16
"""The most pictures that H.264 and H.265 let wait to be shown."""


@dataclass(slots=True)
class Gop:
    """Pictures from one keyframe up to the next, in decoding order, and the sound of that time.

    Shown from ``start`` up to ``end``, where the next one starts if it is ``continuous``: that
    is, if it goes on where this one ended. ``lag`` is the least by which one of its pictures came
    after its own time: what live sources set their clock by, None for files.
    """

    start: int
    end: int
    codecs: Codecs
    continuous: bool
    lag: int | None = None
    video: list[AnyPacket] = field(default_factory=list)
    audio: list[AnyPacket] = field(default_factory=list)

    def packets(self) -> list[AnyPacket]:
        """All of them by decoding time."""
        return sorted(self.video + self.audio, key=attrgetter("dts"))


class GopAssembler:
    """Sorts one source's packets into GOPs.

    ``max_frame`` is the longest a picture may stand, in ticks, before its successor is taken
    for a jump of the timestamps. Packets must carry ticks of 90 kHz. Counters say what was left
    out: pictures that nothing can decode, and sound that came too late.
    """

    def __init__(
        self, *, frame_ticks: int, max_frame: int, has_audio: bool, silence: Silence | None = None
    ) -> None:
        self._frame = frame_ticks
        self._max_frame = max_frame
        self._has_audio = has_audio
        self._silence = silence
        self._heard_to = 0
        self._silent_to = 0
        self._last_heard: int | None = None
        self._waiting: list[tuple[AnyPacket, Codecs | None, int | None]] = []
        self._least_lags: deque[int] = deque(maxlen=_LAGS)
        self._gop: Gop | None = None
        self._closed: deque[Gop] = deque()
        self._audio: deque[AnyPacket] = deque()
        self._last_audio: int | None = None
        self._last_dts: int | None = None
        self._correction = 0
        self._broken = True
        self._settled = False
        self._keyframe_pts = 0
        self.shown_to = 0
        self.undecodable_pictures = 0
        self.late_sound_packets = 0

    def video(self, packet: AnyPacket, codecs: Codecs | None, arrived: int | None = None) -> list[Gop]:
        """Take a picture, a keyframe where ``codecs`` are given; return the GOPs now complete.

        ``arrived`` is when it came, in ticks of any clock that runs evenly.
        """
        if self._last_dts is None and packet.dts is None and len(self._waiting) < _REORDERED:
            self._waiting.append((packet, codecs, arrived))
            return []
        if self._waiting:
            return [*self._let_in(packet.dts), *self._video(packet, codecs, arrived)]
        return self._video(packet, codecs, arrived)

    def _let_in(self, next_dts: int | None) -> list[Gop]:
        """The first pictures, which some containers give no dts: they count back from the first one."""
        waiting, self._waiting = self._waiting, []
        if next_dts is not None:
            for back, (packet, _, _) in enumerate(reversed(waiting), 1):
                packet.dts = next_dts - back * self._frame
        return [gop for picture in waiting for gop in self._video(*picture)]

    def _video(self, packet: AnyPacket, codecs: Codecs | None, arrived: int | None) -> list[Gop]:
        self._mend_times(packet, arrived, starts_gop=codecs is not None)
        pts: int = packet.pts  # type: ignore[assignment]
        if codecs is not None:
            self._begin(pts, codecs)
        gop = self._gop
        if gop is None:
            self.undecodable_pictures += 1
            return []
        if pts < gop.start:
            # Pictures shown before the keyframe that they follow lean on the GOP before (open GOP).
            if not gop.continuous:
                self.undecodable_pictures += 1
                return []
            if self._closed and self._closed[-1].start < pts:
                self._pull_start(gop, pts)
            else:
                # Damaged times: the time before the keyframe is given away. Shown as early as can be.
                packet.pts = pts = gop.start
        elif pts > self._keyframe_pts:
            self._settled = True
        gop.video.append(packet)
        if arrived is not None and (gop.lag is None or arrived - pts < gop.lag):
            gop.lag = arrived - pts
        end = pts + (packet.duration or self._frame)
        gop.end = max(gop.end, end)
        self.shown_to = gop.end
        return self._ready() if self._closed else []

    def audio(self, packet: AnyPacket) -> list[Gop]:
        """Take a piece of sound; return the GOPs now complete."""
        self._audio.append(packet)
        self._last_audio = packet.pts
        return self._ready() if self._closed else []

    def flush(self) -> list[Gop]:
        """The source has ended: everything that is left."""
        done = self._let_in(None)
        if self._gop is not None:
            self._closed.append(self._gop)
            self._gop = None
        while self._closed:
            done.append(self._let_go(self._closed.popleft()))
        return done

    def _mend_times(self, packet: AnyPacket, arrived: int | None, *, starts_gop: bool) -> None:
        """Give every picture a rising dts and a pts not before it, jumps inside a GOP taken out."""
        if starts_gop:
            self._correction = 0
        dts = packet.dts
        last = self._last_dts
        if dts is None and last is not None:
            dts = last + (self._frame if packet.pts is None else 1)
        elif dts is None:
            # None carries one: it lies before the first pts.
            dts = 0 if packet.pts is None else packet.pts - _REORDERED * self._frame
        else:
            dts += self._correction
            if last is not None and (
                not last < dts <= last + self._max_frame or self._came_too_soon(dts, last, arrived)
            ):
                dts = self._step(dts, last, starts_gop=starts_gop)
        pts = dts if packet.pts is None else max(packet.pts + self._correction, dts)
        packet.pts, packet.dts = pts, dts
        self._last_dts = dts

    def _came_too_soon(self, dts: int, last: int, arrived: int | None) -> bool:
        """True for a step of the timestamps that the time passed does not bear out.

        A hole in the stream is as long by the clock; a jump brings pictures from the future.
        """
        if arrived is None or dts - last <= self._frame + _UNEVEN:
            return False
        lags = [*self._least_lags]
        if self._gop is not None and self._gop.lag is not None:
            lags.append(self._gop.lag)
        return bool(lags) and arrived - dts < min(lags) - _UNEVEN

    def _step(self, dts: int, last: int, *, starts_gop: bool) -> int:
        """A dts that does not follow the last one: a stumble is evened out, a jump breaks the run."""
        if last - 2 * self._frame < dts <= last:
            return last + 1
        self._broken = True
        if starts_gop:
            return dts
        # The pictures up to the next keyframe lean on those before the jump: they stay with them.
        self._correction += last + self._frame - dts
        return last + self._frame

    def _begin(self, pts: int, codecs: Codecs) -> None:
        before = self._gop
        continuous = (
            not self._broken
            and before is not None
            and before.start < pts
            and before.end - self._max_frame < pts <= before.end + self._max_frame
        )
        if before is not None:
            if continuous:
                before.end = pts
            self._closed.append(before)
            if before.lag is not None:
                self._least_lags.append(before.lag)
        if not continuous:
            self._least_lags.clear()
        self._gop = Gop(pts, pts, codecs, continuous)
        self._keyframe_pts = pts
        self._broken = False
        self._settled = False

    def _pull_start(self, gop: Gop, pts: int) -> None:
        gop.start = pts
        if self._closed:
            self._closed[-1].end = pts

    def _ready(self) -> list[Gop]:
        done = []
        while self._closed and self._is_complete(self._closed[0]):
            done.append(self._let_go(self._closed.popleft()))
        return done

    def _is_complete(self, gop: Gop) -> bool:
        # A picture shown before the keyframe of the next GOP would still move the border.
        if len(self._closed) == 1 and not self._settled:
            return False
        if not self._has_audio:
            return True
        sound_came = self._last_audio is not None and self._last_audio >= gop.end
        newest = self._last_dts if self._last_dts is not None else gop.end
        # Decoding runs ahead of showing, so the newest dts may still lie before the end.
        return sound_came or not gop.end - self._max_frame <= newest < gop.end + _AUDIO_WAIT

    def _let_go(self, gop: Gop) -> Gop:
        """Hand the GOP its sound: what begins before its end and is still heard after its start."""
        waiting = self._audio
        self._audio = deque()
        for packet in waiting:
            pts: int = packet.pts  # type: ignore[assignment]
            if pts >= gop.end:
                self._audio.append(packet)
            elif pts < self._silent_to and gop.continuous:
                self.late_sound_packets += 1
            elif pts + (packet.duration or 0) > gop.start or self._is_just_late(gop, pts):
                gop.audio.append(packet)
            elif gop.continuous:
                self.late_sound_packets += 1
        gop.audio = self._rising(gop)
        if self._silence is not None:
            self._fill(gop, self._silence)
        return gop

    def _rising(self, gop: Gop) -> list[AnyPacket]:
        """Its sound in order: around a jump back, sound of before and after it has the same times."""
        last = self._last_heard if gop.continuous else None
        rising: list[AnyPacket] = []
        for packet in sorted(gop.audio, key=attrgetter("pts")):
            pts: int = packet.pts  # type: ignore[assignment]
            if last is not None and pts <= last:
                self.late_sound_packets += 1
                continue
            rising.append(packet)
            last = pts
        self._last_heard = last
        return rising

    def _fill(self, gop: Gop, silence: Silence) -> None:
        """Put silence wherever a frame of it or more fits between the sounds."""
        heard_to = self._heard_to if gop.continuous else gop.start
        whole: list[AnyPacket] = []
        for packet in [*gop.audio, None]:
            until: int = gop.end if packet is None else packet.pts  # type: ignore[assignment]
            while heard_to + silence.frame_ticks <= until:
                whole.append(silence.at(heard_to))
                heard_to += silence.frame_ticks
                self._silent_to = heard_to
            if packet is not None:
                whole.append(packet)
                heard_to = max(heard_to, until + (packet.duration or silence.frame_ticks))
        gop.audio = whole
        self._heard_to = heard_to

    @property
    def pictures_waiting(self) -> int:
        """Pictures since the last keyframe."""
        return len(self._gop.video) if self._gop is not None else 0

    @staticmethod
    def _is_just_late(gop: Gop, pts: int) -> bool:
        return gop.continuous and pts > gop.start - TICKS_PER_SECOND
