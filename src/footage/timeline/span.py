"""Spans of wall time: half-open, whole milliseconds since the Unix epoch, UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"[0-9]{1,16}")

LAST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999: no footage lies after it, every calendar can write it."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The time from ``start_ms`` up to, not including, ``end_ms``.

    Raises ValueError where it would end before it starts; one of no length is allowed and
    overlaps nothing.
    """

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if self.end_ms < self.start_ms:
            raise ValueError(f"a span cannot end ({self.end_ms}) before it starts ({self.start_ms})")

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.end_ms - self.start_ms

    def overlaps(self, other: Span) -> bool:
        """True where the two share at least a millisecond."""
        return max(self.start_ms, other.start_ms) < min(self.end_ms, other.end_ms)

    def cut_to(self, limits: Span) -> Span:
        """The part inside ``limits``; of no length where there is none."""
        start = max(self.start_ms, limits.start_ms)
        return Span(start, max(start, min(self.end_ms, limits.end_ms)))

    def __str__(self) -> str:
        return f"{format_ms(self.start_ms)} to {format_ms(self.end_ms)}"


ALL_TIME = Span(0, LAST_MS + 1)


def format_ms(moment_ms: int) -> str:
    """RFC 3339 text of a moment, in UTC with milliseconds."""
    moment = _EPOCH + timedelta(milliseconds=min(max(moment_ms, 0), LAST_MS))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch of an aware datetime, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def parse_time(text: str) -> int:
    """Milliseconds since the epoch, from ISO 8601 with a zone or from Unix milliseconds.

    Raises ValueError, with what it should have been, for anything else: a time without a zone
    could be meant in any.
    """
    text = text.strip()
    if _DIGITS.fullmatch(text):
        moment_ms = int(text)
    else:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is neither ISO 8601 with a zone nor Unix milliseconds") from None
        if moment.tzinfo is None:
            raise ValueError(f"{text!r} has no zone: add Z or an offset such as +01:00")
        moment_ms = to_ms(moment)
    if not 0 <= moment_ms <= LAST_MS:
        raise ValueError(f"{text!r} is outside 1970 to 9999")
    return moment_ms
