"""Figures and how they are taken: sides in turn, A B A B, so that what else the machine does hits all.

A comparison is worked out pair by pair, and the median of the pairs is the figure: a slow moment
of the machine then falls on both sides of one pair, not on one side's median.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Target:
    """What a median must be at most, or at least."""

    at_most: float | None = None
    at_least: float | None = None

    def is_met(self, value: float) -> bool:
        """Whether that is enough."""
        if self.at_most is not None and value > self.at_most:
            return False
        return self.at_least is None or value >= self.at_least

    def __str__(self) -> str:
        words = [
            f"{word} {limit:g}"
            for word, limit in (("at most", self.at_most), ("at least", self.at_least))
            if limit is not None
        ]
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the results; without a target it is there to explain the others."""

    what: str
    unit: str
    values: tuple[float, ...]
    target: Target | None = None

    @property
    def median(self) -> float:
        """The figure itself."""
        return median(self.values)

    @property
    def verdict(self) -> str:
        """Whether the target is reached; nothing where there is none."""
        if self.target is None:
            return ""
        return "yes" if self.target.is_met(self.median) else "NO"


@dataclass(frozen=True, slots=True)
class Suite:
    """What one module measured, and in words how."""

    title: str
    how: str
    figures: tuple[Figure, ...]


def in_turn(rounds: int, *sides: Callable[[], float], warm: int = 1) -> list[tuple[float, ...]]:
    """What each side gives, a column a side, after ``warm`` rounds that do not count."""
    taken = [tuple(side() for side in sides) for _ in range(warm + rounds)][warm:]
    return list(zip(*taken, strict=True))


def ratios(over: Sequence[float], under: Sequence[float]) -> tuple[float, ...]:
    """Pair by pair, the one divided by the other."""
    return tuple(a / b for a, b in zip(over, under, strict=True))


def timed_ms(call: Callable[[], object]) -> Callable[[], float]:
    """A side that gives how long ``call`` took."""

    def side() -> float:
        started = time.perf_counter()
        call()
        return (time.perf_counter() - started) * 1000

    return side
