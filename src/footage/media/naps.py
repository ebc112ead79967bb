"""When a reader may let packets gather instead of waiting for each. Pure.

A thread that is woken for every packet pays for the waking. So one that has read all there is may
sleep a little and read the next packets in one go. What it must not do is sleep while it is
behind: a read that took long tells of a wait for the camera, or of a busy machine, and only the
packet's own time tells which.
"""

from __future__ import annotations

_WAITED_S = 0.002
"""A read that took so long had to wait: for the camera, or for its turn on a busy machine."""
_SHORT_S = 0.1
"""Who read so much less of the stream than time has passed may be behind."""
_JUMP_S = 2.0
_LEAK = 0.0002
"""How quickly what is short is forgotten, in seconds a second: clocks drift less."""


class Naps:
    """Watches the reads of one stream. All times are seconds; ``media_s`` is a picture's own time."""

    def __init__(self) -> None:
        self._waited = False
        self._last: tuple[float, float] | None = None
        self._short_s = 0.0

    @property
    def is_caught_up(self) -> bool:
        """True where nothing that came is left unread."""
        return self._waited and self._short_s < _SHORT_S

    def read(self, asked: float, arrived: float, media_s: float | None) -> None:
        """A packet was asked for and came; without a time of its own it does not count as read."""
        self._waited = arrived - asked > _WAITED_S
        if media_s is None:
            return
        if self._last is not None:
            passed, played = arrived - self._last[0], media_s - self._last[1]
            if not 0 <= played < passed + _JUMP_S:
                # The camera's clock was set: nobody knows.
                played = passed
            self._short_s = max(self._short_s + passed * (1 - _LEAK) - played, 0.0)
        self._last = (arrived, media_s)
