"""Moments and lengths as callers give them, and as the server takes them. Pure.

A moment is an aware datetime or whole milliseconds since the Unix epoch; a length is a timedelta or
whole milliseconds. What could be meant in two ways is refused: a datetime without a zone, and a
number so small that it must be seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Moment: TypeAlias = datetime | int
Length: TypeAlias = timedelta | int

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_SECONDS_BELOW = 10**11
"""The server takes moments below this for seconds; no footage of ms is that old (March 1973)."""


def datetime_of(moment_ms: int) -> datetime:
    """The moment in UTC."""
    return _EPOCH + timedelta(milliseconds=moment_ms)


def moment_ms(name: str, moment: Moment, *, up: bool = False) -> int:
    """Milliseconds of a moment, rounded down, or ``up``. Raises ValueError, TypeError naming it."""
    if isinstance(moment, datetime):
        if moment.utcoffset() is None:
            raise ValueError(f"{name} has no zone: give it one, e.g. tzinfo=UTC")
        since = moment - _EPOCH
        found = -(-since // _MS) if up else since // _MS
    elif isinstance(moment, bool) or not isinstance(moment, int):
        raise TypeError(f"{name} must be a datetime or whole milliseconds, not {type(moment).__name__}")
    else:
        found = moment
        if 0 <= found < _SECONDS_BELOW:
            raise ValueError(f"{name} is in milliseconds, and {found} looks like seconds: use a datetime")
    if found < 0:
        raise ValueError(f"{name} is before 1970")
    return found


def length_ms(name: str, length: Length) -> int:
    """Milliseconds of a length, rounded up. Raises ValueError, TypeError naming it."""
    if isinstance(length, timedelta):
        found = -(-length // _MS)
    elif isinstance(length, bool) or not isinstance(length, int):
        raise TypeError(f"{name} must be a timedelta or whole milliseconds, not {type(length).__name__}")
    else:
        found = length
    if found < 0:
        raise ValueError(f"{name} is negative")
    return found


def span_query(
    start: Moment | None,
    duration: Length | None,
    end: Moment | None,
    **lengths: Length | None,
) -> dict[str, str]:
    """``start`` and ``duration`` as the server takes them, and other ``lengths`` in the same unit.

    What is None is left out. Raises ValueError, TypeError.
    """
    given: dict[str, int] = {}
    if start is not None:
        given["start"] = moment_ms("start", start)
    if end is not None:
        if duration is not None:
            raise ValueError("give either duration or end, not both")
        if start is None:
            raise ValueError("end needs a start")
        given["duration"] = moment_ms("end", end, up=True) - given["start"]
        if given["duration"] < 0:
            raise ValueError("end is before start")
    elif duration is not None:
        given["duration"] = length_ms("duration", duration)
    for name, length in lengths.items():
        if length is not None:
            given[name] = length_ms(name, length)
    in_seconds = given.get("start", _SECONDS_BELOW) < _SECONDS_BELOW
    return {name: _text(value, in_seconds=in_seconds) for name, value in given.items()}


def moment_query(name: str, moment: Moment | None) -> dict[str, str]:
    """One moment as the server takes it; nothing for None. Raises ValueError, TypeError."""
    if moment is None:
        return {}
    found = moment_ms(name, moment)
    return {name: _text(found, in_seconds=found < _SECONDS_BELOW)}


def _text(value_ms: int, *, in_seconds: bool) -> str:
    return f"{value_ms // 1000}.{value_ms % 1000:03}" if in_seconds else str(value_ms)
