"""The target duration of a playlist that grows. Pure.

It must not change while a client watches (RFC 8216, 6.2.1), and nobody knows how long the camera's
next segment will be. So it is never below what segments are meant to have, and where longer ones
were seen it stands on the next of a few steps: lengths that vary a little do not show in it.
"""

from __future__ import annotations

_STEPS_S = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 45, 60)


def steady_target_s(longest_ms: int, usual_ms: int) -> int:
    """In seconds, for segments that are ``usual_ms`` long, the longest of those seen ``longest_ms``.

    An EXTINF may not exceed it once it is rounded to the nearest second (RFC 8216, 4.3.3.1).
    """
    needed_s = (max(longest_ms, usual_ms) + 500) // 1000
    for step_s in _STEPS_S:
        if step_s >= needed_s:
            return step_s
    return -(-needed_s // _STEPS_S[-1]) * _STEPS_S[-1]
