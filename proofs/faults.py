"""Everything that goes wrong with cameras, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from footage.demo.login import Login
from footage.timeline import Span
from proofs.witness import WitnessedCamera

LOGIN = Login("right one")
_OTHER = {"one": "two", "two": "one"}
"""The films take each other's place."""
_JUNK_MS = 15_000
"""Junk may be taken for the head of a long packet, which swallows what comes until the stall ends it."""


@dataclass(frozen=True)
class Fault:
    """How it begins, and how long after it is healed what is sent may still come to nothing.

    ``hurts_ms`` is None where everything that is sent on a connection is owed nevertheless.
    """

    begin: Callable[[WitnessedCamera], None]
    hurts_ms: int | None = None


@dataclass(frozen=True)
class Mishap:
    """A fault that befell a camera, from its begin until it was healed."""

    camera: str
    fault: str
    span: Span

    def hurt(self, gop_ms: int) -> Span | None:
        """Where pictures that were sent may be missing: a GOP is worth nothing without its begin."""
        hurts_ms = FAULTS[self.fault].hurts_ms
        if hurts_ms is None:
            return None
        return Span(self.span.start_ms - gop_ms, self.span.end_ms + 2 * gop_ms + hurts_ms)


def _not_found(camera: WitnessedCamera) -> None:
    camera.not_found()
    camera.cut()


def _wrong_password(camera: WitnessedCamera) -> None:
    camera.change_password("another one")
    camera.cut()


def _babble(camera: WitnessedCamera) -> None:
    camera.babble()
    camera.cut()


def _swap(camera: WitnessedCamera) -> None:
    camera.swap(_OTHER[camera.source])


def _jumps(seconds: float) -> Callable[[WitnessedCamera], None]:
    return lambda camera: camera.jump(seconds)


FAULTS = {
    "cut": Fault(lambda camera: camera.cut()),
    "reset": Fault(lambda camera: camera.cut(reset=True)),
    "stall": Fault(lambda camera: camera.stall(), 0),
    "refuse": Fault(lambda camera: camera.refuse()),
    "slam": Fault(lambda camera: camera.slam()),
    "half open": Fault(lambda camera: camera.half_open()),
    "not found": Fault(_not_found),
    "wrong password": Fault(_wrong_password),
    "babble": Fault(_babble),
    "drop": Fault(lambda camera: camera.drop(0.2), 0),
    "junk": Fault(lambda camera: camera.junk(), _JUNK_MS),
    "swap": Fault(_swap, 0),
    "jump by 2.5 s": Fault(_jumps(2.5)),
    "jump by an hour": Fault(_jumps(3600.0)),
    "jump back by 2.5 s": Fault(_jumps(-2.5)),
    "jump back by an hour": Fault(_jumps(-3600.0)),
}


def heal(camera: WitnessedCamera) -> None:
    """Be a good camera again, with the password that the recorder knows."""
    camera.login = LOGIN
    camera.heal()
