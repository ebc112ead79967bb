"""How the recording of a camera goes: what the recorder writes down and everybody else reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class State(StrEnum):
    """What the recorder does with a camera right now."""

    OFF = "off"
    """Not to be recorded: switched off, or without a source."""
    CONNECTING = "connecting"
    RECORDING = "recording"
    HALTED = "halted"
    """Video comes in and cannot be kept now; the reason says why."""
    WAITING = "waiting"
    """Until the next try; the reason says what became of the last one."""


class Reason(StrEnum):
    """Why a camera is not recorded, or why what comes from it is not kept."""

    REFUSED = "refused"
    """Nobody listens at its address."""
    UNREACHABLE = "unreachable"
    """No way to its address, or its name is unknown."""
    NO_ANSWER = "no_answer"
    """It took the connection and then did not answer in time."""
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 a word for it, none
    NOT_FOUND = "not_found"
    """It has no stream of that name."""
    STALLED = "stalled"
    """The connection stands, and nothing comes."""
    LOST = "lost"
    """The connection broke, or the camera ended it."""
    GARBAGE = "garbage"
    """What comes cannot be taken apart."""
    NO_VIDEO = "no_video"
    UNSUPPORTED = "unsupported"
    """A protocol or a codec that is not recorded."""
    FORBIDDEN = "forbidden"
    """Its address is this machine's own, or one that only this machine can reach."""
    STORAGE_FULL = "storage_full"
    STORAGE_LOCKED = "storage_locked"
    """A limit is reached, and all that could make room is locked or being read."""
    STORAGE_AWAY = "storage_away"
    """The storage or the index does not answer, or is another archive set's."""
    STORAGE_SLOW = "storage_slow"
    """The storage does not keep up: the queue is full."""
    FAILED = "failed"
    """A fault of the recorder itself; the log tells more."""
    NO_RECORDER = "no_recorder"
    """No recorder process looks after it."""


_FRESH_MS = 15_000
"""Recorders write every other second; one that was silent for so long is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraStatus:
    """State of one camera's recording, and counters that only rise.

    ``updated_ms`` is when this was written: a recorder that has died says nothing more.
    ``drift_ms`` is how far the archive's time is ahead of the host's clock. ``reconnects`` counts
    the ends of connections by reason.
    """

    state: State
    reason: Reason | None = None
    detail: str | None = None
    """The reason in words for an operator, without the source's URL."""
    since_ms: int
    updated_ms: int
    last_packet_ms: int | None = None
    """When the last picture or sound came."""
    last_segment_ms: int | None = None
    """Where the newest segment that is kept ends."""
    recorded_ms: int = 0
    size_bytes: int = 0
    segments: int = 0
    segments_dropped: int = 0
    """Segments that came and could not be kept."""
    packets_dropped: int = 0
    """Packets that nothing could decode or that came too late."""
    queued: int = 0
    """Segments that wait for the storage."""
    drift_ms: int = 0
    reconnects: Mapping[Reason, int] = field(default_factory=dict)

    @property
    def is_online(self) -> bool:
        """True where video comes in."""
        return self.state in (State.RECORDING, State.HALTED)


def status_now(written: CameraStatus | None, now_ms: int, *, is_recorded: bool) -> CameraStatus:
    """What can be said of a camera now, from what its recorder wrote last.

    ``is_recorded`` tells whether it is to be. A word that is too old is no longer believed.
    """
    if written is None:
        written = CameraStatus(state=State.OFF, since_ms=now_ms, updated_ms=now_ms)
    if not is_recorded:
        return replace(written, state=State.OFF, reason=None, detail=None)
    if written.state is State.OFF or now_ms - written.updated_ms > _FRESH_MS:
        return replace(written, state=State.WAITING, reason=Reason.NO_RECORDER, detail=None)
    return written
