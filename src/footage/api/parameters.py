"""Query parameters as the contract words them: moments, lengths, switches.

Every fault is named with what it should have been. Numbers are read as decimals, not as binary
fractions: 1700000000.123 s is exactly that many milliseconds, and a span that ends where a
segment starts does not take that segment in for want of a bit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from urllib.parse import parse_qsl
from uuid import UUID

from footage.api.errors import BadRequest, Fault
from footage.timeline import ALL_TIME, Span

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_NUMBER_MAX_CHARS = 64
_SECONDS_BELOW = Decimal(10) ** 11
"""A moment below this counts seconds, from this on milliseconds: they never meet (contract)."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAX_FIELDS = 100
_SWITCH = {"true": True, "1": True, "false": False, "0": False}


class Query:
    """The parameters of one request. Those that nobody asks for are ignored.

    Faults gather; ``check`` raises them all at once as BadRequest.
    """

    def __init__(self, query_string: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        self._faults: list[Fault] = []
        try:
            pairs = parse_qsl(
                query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_FIELDS
            )
        except ValueError:
            raise BadRequest(Fault("query", f"must have at most {_MAX_FIELDS} parameters")) from None
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that is wrong with what was read so far."""
        return tuple(self._faults)

    def check(self) -> None:
        """Raise BadRequest where anything that was read is wrong."""
        if self._faults:
            raise BadRequest(*self._faults)

    def text(self, name: str) -> str | None:
        """The value as it is; None where it is left out or given more than once."""
        values = self._values.get(name, ())
        return values[0] if len(values) == 1 else None

    def switch(self, name: str) -> bool:
        """True or false; false where left out."""
        text = self._one(name)
        if text is None:
            return False
        if text not in _SWITCH:
            self._fault(name, "must be true, false, 1 or 0")
        return _SWITCH.get(text, False)

    def whole(self, name: str, lowest: int, highest: int) -> int | None:
        """A whole number between two bounds; None where left out."""
        number = self._number(name)
        if number is None:
            return None
        if number != number.to_integral_value() or not lowest <= number <= highest:
            self._fault(name, f"must be a whole number from {lowest} to {highest}")
            return None
        return int(number)

    def moment(self, name: str) -> int | None:
        """A moment in ms, rounded down; None where left out."""
        number = self._number(name)
        if number is None:
            return None
        return min(_clamped(number * _unit(number), ROUND_FLOOR), ALL_TIME.end_ms - 1)

    def length(self, name: str) -> int | None:
        """A length in ms, in the unit of ``start``, rounded up; None where left out."""
        length, start = self._number(name), self._number("start")
        if length is None:
            return None
        if not length:
            self._fault(name, "must be a finite number above 0")
            return None
        return _clamped(length * (Decimal(1) if start is None else _unit(start)), ROUND_CEILING)

    def span(self, first_ms: int = ALL_TIME.start_ms) -> Span:
        """From ``start`` on for ``duration``, rounded outwards.

        Without a start from ``first_ms`` on, the duration then in ms; without a duration to the
        end of time.
        """
        start, duration = self._number("start"), self._number("duration")
        unit = Decimal(1) if start is None else _unit(start)
        exact_start = Decimal(first_ms) if start is None else start * unit
        first = _clamped(exact_start, ROUND_FLOOR)
        if duration is None:
            return Span(first, ALL_TIME.end_ms)
        return Span(first, _clamped(exact_start + duration * unit, ROUND_CEILING))

    def has(self, name: str) -> bool:
        """True where the parameter is given."""
        return name in self._values

    def _one(self, name: str) -> str | None:
        values: Sequence[str] = self._values.get(name, ())
        if len(values) > 1:
            self._fault(name, "must be given once")
            return None
        return values[0] if values else None

    def _number(self, name: str) -> Decimal | None:
        text = self._one(name)
        if text is None:
            return None
        if len(text) > _NUMBER_MAX_CHARS or not _NUMBER.fullmatch(text):
            self._fault(name, "must be a finite number, not negative")
            return None
        number = Decimal(text)
        # What no double can hold is infinite to everybody else.
        if number < 0 or number > Decimal("1e308"):
            self._fault(name, "must be a finite number, not negative")
            return None
        return number

    def _fault(self, name: str, detail: str) -> None:
        fault = Fault(name, detail)
        # A parameter may be read more than once: ``start`` gives its unit to others.
        if fault not in self._faults:
            self._faults.append(fault)


def parse_uuid(name: str, text: str) -> UUID:
    """The UUID in its usual form. Raises BadRequest naming the parameter."""
    if not _UUID.fullmatch(text):
        raise BadRequest(Fault(name, "must be a UUID"))
    return UUID(text)


def span_query(span: Span, interval_ms: int) -> str:
    """``start``, ``duration`` and ``interval`` that mean just this span and interval."""
    fields = {"start": span.start_ms, "interval": interval_ms}
    if span.end_ms < ALL_TIME.end_ms:
        fields["duration"] = span.duration_ms
    if span.start_ms >= _SECONDS_BELOW:
        return "&".join(f"{name}={value}" for name, value in fields.items())
    return "&".join(f"{name}={value // 1000}.{value % 1000:03}" for name, value in fields.items())


def _unit(moment: Decimal) -> Decimal:
    return Decimal(1000) if moment < _SECONDS_BELOW else Decimal(1)


def _clamped(number: Decimal, rounding: str) -> int:
    """Whole milliseconds, none beyond the end of time."""
    if number >= ALL_TIME.end_ms:
        return ALL_TIME.end_ms
    return int(number.to_integral_value(rounding))
