"""Cameras that go wrong all the time, for twenty minutes: ``make soak``.

``footage serve`` records them. Afterwards the recorder holds no more than before, every gap of
every timeline has its reason in the log, and all that the cameras say they sent is there.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from footage.archive.read import Reader
from footage.house import House, open_house
from footage.media.film import Shot, wall_clock
from footage.settings import load
from footage.timeline import Span
from kit.rtsp import Studio, studio
from kit.server import Server, running_server
from proofs.faults import FAULTS, LOGIN, Mishap, heal
from proofs.logs import read_log
from proofs.processes import child_of, children_of
from proofs.samples import sample
from proofs.sightings import Sightings
from proofs.soak_account import GOP_MS, Outcome, as_text, growth, judge
from proofs.watched_camera import Filmed, add_camera
from proofs.witness import witnessed

_RATE = 5
_GOP = GOP_MS * _RATE // 1000
_FILMS = {
    "one": Shot(size=(160, 120), rate=_RATE, gop=_GOP, audio="aac"),
    "two": Shot(size=(192, 144), rate=_RATE, gop=_GOP, audio="aac"),
}


@dataclass(frozen=True)
class Plan:
    """How long, how many cameras, and how often something goes wrong with one, for how long."""

    seconds: float
    cameras: int
    every_s: float
    lasts_s: tuple[float, float]
    segment_ms: int
    stall_s: float = 5.0
    is_long: bool = True
    """Long enough to tell whether memory stays the same."""


LONG = Plan(seconds=1200, cameras=20, every_s=10, lasts_s=(2, 12), segment_ms=6000)
SHORT = Plan(seconds=24, cameras=6, every_s=1.5, lasts_s=(1, 7), segment_ms=2000, stall_s=3, is_long=False)


def run(plan: Plan, data: Path, seed: int) -> Outcome:
    """The whole of it."""
    data.mkdir(parents=True, exist_ok=True)
    house = open_house(load(data_dir=data))
    outcome = Outcome()
    with studio() as at:
        for source, shot in _FILMS.items():
            at.film(source, shot)
        filmed = [_camera(house, at, number) for number in range(plan.cameras)]
        seen = Sightings(Reader(house.index, house.storage), [one.archive for one in filmed], every_s=0.5)
        environment = {
            "FOOTAGE_SEGMENT_MS": str(plan.segment_ms),
            "FOOTAGE_STALL_S": str(plan.stall_s),
            "FOOTAGE_RECORDERS": "1",
            "FOOTAGE_LOG_FORMAT": "json",
            "FOOTAGE_STORAGE_RESERVE_BYTES": "0",
        }
        with running_server(data, record=True, environment=environment) as server, seen:
            _spoil(plan, filmed, server, outcome, random.Random(seed))
            for one in filmed:
                # Nothing new is owed while it ends.
                one.camera.cut()
            time.sleep(1)
            if server.stop() != 0:
                outcome.faults.append("the server did not end in order")
        outcome.sent = sum(one.camera.pictures for one in filmed)
    judge(outcome, house, filmed, seen, read_log(server.log))
    if plan.is_long:
        outcome.faults += growth(outcome.samples)
    house.close()
    return outcome


def _camera(house: House, at: Studio, number: int) -> Filmed:
    source = list(_FILMS)[number % len(_FILMS)]
    return add_camera(house, witnessed(at, f"camera{number}", source=source, login=LOGIN))


class _Ill(NamedTuple):
    """A camera that something is wrong with, until a moment of the steady clock."""

    until_s: float
    one: Filmed
    fault: str
    began_ms: int


def _spoil(plan: Plan, filmed: list[Filmed], server: Server, outcome: Outcome, dice: random.Random) -> None:
    """Let things go wrong, one after the other, and look at the recorder meanwhile."""
    recorder = child_of(server.process.pid, "recorder_process")
    ends_s = time.monotonic() + plan.seconds
    next_s = time.monotonic() + plan.every_s
    ill: list[_Ill] = []
    waiting: list[str] = []
    while time.monotonic() < ends_s:
        now_s = time.monotonic()
        for patient in [patient for patient in ill if patient.until_s <= now_s]:
            ill.remove(patient)
            _heal(patient, outcome)
        well = [one for one in filmed if one not in [patient.one for patient in ill]]
        if now_s >= next_s and well:
            next_s += plan.every_s
            waiting = waiting or dice.sample(sorted(FAULTS), len(FAULTS))
            one, fault = dice.choice(well), waiting.pop()
            ill.append(_Ill(now_s + dice.uniform(*plan.lasts_s), one, fault, wall_clock()))
            FAULTS[fault].begin(one.camera)
        outcome.samples.append(sample(recorder))
        time.sleep(0.5)
    for patient in ill:
        _heal(patient, outcome)
    if children_of(server.process.pid, "recorder_process") != [recorder]:
        outcome.faults.append("the recorder process died")


def _heal(patient: _Ill, outcome: Outcome) -> None:
    camera = patient.one.camera
    if patient.fault == "swap":
        FAULTS["swap"].begin(camera)
    heal(camera)
    outcome.mishaps.append(Mishap(camera.name, patient.fault, Span(patient.began_ms, wall_clock() + 1)))


def main() -> int:
    """``python -m proofs.soak``."""
    seed = int(time.time())
    print(f"{LONG.cameras} cameras, {LONG.seconds:.0f} s, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="footage-soak-") as folder:
        outcome = run(LONG, Path(folder), seed)
    print(as_text(outcome))
    print("\n".join(outcome.faults) or "nothing else is missing, and no gap lacks its reason")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
