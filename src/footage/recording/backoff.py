"""How long to wait before a camera is tried again. Pure but for the dice."""

from __future__ import annotations

import random
from collections.abc import Callable

from footage.timeline import Reason

_FIRST_S = 1.0
_MOST_S = 30.0
_SLOW_S = {
    # Cameras lock out who tries too often.
    Reason.WRONG_PASSWORD: 120.0,
    # Nothing but a change at the camera helps.
    Reason.NOT_FOUND: 60.0,
    Reason.NO_VIDEO: 60.0,
    Reason.UNSUPPORTED: 60.0,
    Reason.FORBIDDEN: 60.0,
}
_STEADY_S = 30.0
"""A connection that lasted so long was a good one: the next try is a first again."""


class Backoff:
    """Twice as long after each failure, from a second to half a minute, a little by chance.

    Chance keeps a hundred cameras that a switch brought down from coming back in one instant.
    """

    def __init__(self, dice: Callable[[], float] = random.random) -> None:
        self._dice = dice
        self._failures = 0

    def next(self, reason: Reason, lasted_s: float) -> float:
        """Seconds to wait after a connection that recorded for ``lasted_s`` and ended by ``reason``."""
        if lasted_s >= _STEADY_S:
            self._failures = 0
        wait_s = _SLOW_S.get(reason) or min(_FIRST_S * 2.0**self._failures, _MOST_S)
        self._failures = min(self._failures + 1, 10)
        return wait_s * (0.75 + self._dice() / 2)
