"""kill -9 of the recorder, again and again, while four cameras record: ``make kills``.

Half of the kills meet a recorder whose wall clock is set while it records and between two kills,
some of them at a step of a commit (invariant 1); the others meet ``footage record``. Afterwards
every picture that was sent is there, but for the segment in progress at each kill and the time
until the recorder was back (invariant 7).
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from footage.archive.read import Reader
from footage.house import open_house
from footage.media.film import Shot
from footage.settings import load
from kit.rtsp import Studio, studio
from proofs.kept import KeptSegment, in_order, kept_segments, lateness_ms
from proofs.kill_account import GOP_MS, SEGMENT_MS, STEP_MS, Account, Kill, Outcome, as_text
from proofs.logs import Logged, read_log
from proofs.processes import PlainRecording, Program
from proofs.recorder_child import Control, Step
from proofs.sightings import Sightings
from proofs.watched_camera import Filmed, add_camera
from proofs.witness import witnessed

_SIZE, _RATE, _GOP = (160, 120), 1000 // STEP_MS, GOP_MS // STEP_MS
_FILMS = {
    "silent": Shot(size=_SIZE, rate=_RATE, gop=_GOP),
    "sounding": Shot(size=_SIZE, rate=_RATE, gop=_GOP, audio="aac"),
}
_ENVIRONMENT = {
    "FOOTAGE_SEGMENT_MS": str(SEGMENT_MS),
    "FOOTAGE_LOG_FORMAT": "json",
    "FOOTAGE_LOCAL_SOURCES": '["127.0.0.0/8"]',
    # The disk of a test machine may be fuller than an operator's.
    "FOOTAGE_STORAGE_RESERVE_BYTES": "0",
}
_CLOCK_STEPS_S = (0.3, -0.3, 2.5, -2.5, 40.0, -40.0, 3600.0, -3600.0)
_STEPS = (Step.FIRST_ROW, Step.NEXT_ROW, Step.HALF_WRITTEN)
_PATIENCE_S = 120
_FROM_S, _TO_S = 1.0, 12.0
"""How long a recorder lives; it needs some seconds to have anything to lose."""


@dataclass(frozen=True)
class Life:
    """A recorder's: till each camera has ``rows`` more, then for ``seconds``, then to the step.

    In the middle of the seconds its wall clock is set by ``set_clock_s``.
    """

    seconds: float
    rows: int = 0
    set_clock_s: float = 0
    step: Step = Step.NONE


def run(folder: Path, injected: list[Life], plain: list[Life], *, seed: int) -> list[Outcome]:
    """Both kinds of recorders at the same time, each with cameras of its own."""
    with studio() as at, ThreadPoolExecutor(2) as both:
        for source, shot in _FILMS.items():
            at.film(source, shot)
        scenes = Scene(at, folder / "injected", "i"), Scene(at, folder / "plain", "p")
        dice = random.Random(seed)
        running = (
            both.submit(_run_injected, scenes[0], injected, dice),
            both.submit(_run_plain, scenes[1], plain),
        )
        return [one.result() for one in running]


class Scene:
    """Four cameras in a data folder."""

    def __init__(self, at: Studio, data: Path, prefix: str) -> None:
        data.mkdir(parents=True)
        self.data = data
        self.log = data / "recorder.log"
        self._house = open_house(load(data_dir=data))
        self._reader = Reader(self._house.index, self._house.storage)
        self._filmed = [
            add_camera(self._house, witnessed(at, f"{prefix}{number}", source=source))
            for number, source in enumerate([*_FILMS] * 2)
        ]
        self._sightings = Sightings(self._reader, [filmed.archive for filmed in self._filmed])

    def watched(self) -> Sightings:
        """Watches what is recorded, as a context manager."""
        return self._sightings

    def wait_for_rows(self, count: int) -> None:
        """Return when each camera has so many more."""
        before = {number: len(seen) for number, seen in self._sightings.seen_ms.items()}
        deadline = time.monotonic() + _PATIENCE_S
        while any(len(seen) < before[number] + count for number, seen in self._sightings.seen_ms.items()):
            assert time.monotonic() < deadline, f"not recorded:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.1)

    def record_again(self, program: Program) -> None:
        """Let every camera be recorded once more, and end in order."""
        program.start()
        # The first may be what a tail was made into; the others are new.
        self.wait_for_rows(3)
        program.stop()

    def judge(self, name: str, kills: list[Kill]) -> Outcome:
        """Read everything back."""
        outcome = Outcome(name, kills)
        try:
            self._judge(outcome, read_log(self.log))
        except AssertionError as error:
            outcome.faults.append(str(error))
        self._house.close()
        return outcome

    def _judge(self, outcome: Outcome, log: list[Logged]) -> None:
        outcome.taken_in = sum(line.fields["segments"] for line in log if line.name == "tail.taken_in")
        kept: list[tuple[Filmed, list[KeptSegment]]] = []
        late: list[int] = []
        for filmed in self._filmed:
            parts, segments = kept_segments(self._reader, filmed.archive)
            kept.append((filmed, segments))
            late += lateness_ms(segments, self._sightings.seen_ms[filmed.archive.number])
            outcome.runs += len(parts)
            outcome.segments += len(segments)
        # How late this machine brings a segment to the disk is no loss of the recorder's.
        outcome.lateness_ms = max(late, default=0) + 500
        for filmed, segments in kept:
            pictures = in_order(segments)
            outcome.pictures += len(pictures)
            own = [line for line in log if line.camera == filmed.id]
            began_ms = [line.wall_ms for line in own if line.name == "camera.recording"]
            found = Account(pictures, filmed.camera.stretches, began_ms, outcome).settle()
            found += self._rows_gone(filmed, segments, outcome.kills)
            outcome.faults += [f"{filmed.camera.name}: {fault}" for fault in found]

    def _rows_gone(self, filmed: Filmed, segments: list[KeptSegment], kills: list[Kill]) -> list[str]:
        """Segments that had a row, or all of their bytes, and are not there."""
        number = filmed.archive.number
        starts = {segment.span.start_ms for segment in segments}
        written = {kill.died[1] for kill in kills if kill.died is not None and kill.died[0] == number}
        return [
            *(
                f"the row of {start} is gone"
                for start in self._sightings.seen_ms[number]
                if start not in starts
            ),
            *(f"the segment at {start} was not taken in" for start in written - starts),
        ]


def _run_injected(scene: Scene, lives: list[Life], dice: random.Random) -> Outcome:
    """Kills under a clock that is set."""
    control = Control(scene.data / "control")
    program = Program(
        ["proofs.recorder_child", str(scene.data / "control")],
        {**_ENVIRONMENT, "FOOTAGE_DATA_DIR": str(scene.data)},
        scene.log,
    )
    kills = []
    with scene.watched(), program:
        for life in lives:
            program.start()
            scene.wait_for_rows(life.rows)
            time.sleep(life.seconds / 2)
            control.offset_s += life.set_clock_s
            time.sleep(life.seconds / 2)
            if life.step is Step.NONE:
                kills.append(Kill(program.kill(), "any moment"))
            else:
                kills.append(_die_at(life.step, program, control))
            control.offset_s += dice.choice((0, 0, *_CLOCK_STEPS_S))
        scene.record_again(program)
    return scene.judge("wall clock set", kills)


def _die_at(step: Step, program: Program, control: Control) -> Kill:
    control.step = step
    if step is Step.FIRST_ROW:
        # A run begins where the clock is set.
        control.offset_s += 40.0
    program.wait()
    control.step = Step.NONE
    wall_ms, number, start_ms = control.died
    died = None if step is Step.HALF_WRITTEN else (number, start_ms)
    return Kill(wall_ms, step.name.lower().replace("_", " "), died)


def _run_plain(scene: Scene, lives: list[Life]) -> Outcome:
    """Kills of ``footage record``: its child, or all of it."""
    kills: list[Kill] = []
    with scene.watched(), PlainRecording(scene.data, _ENVIRONMENT, scene.log) as plain:
        for life in lives:
            plain.start()
            scene.wait_for_rows(life.rows)
            time.sleep(life.seconds)
            kills.append(Kill(plain.kill(), "whole tree" if len(kills) % 2 else "child"))
        scene.record_again(plain)
    return scene.judge("footage record", kills)


def main(arguments: list[str]) -> int:
    """``python -m proofs.kills [COUNT]``."""
    count = int(arguments[0]) if arguments else 100
    seed = int(time.time())
    dice = random.Random(seed)
    lives = [
        Life(dice.uniform(_FROM_S, _TO_S), set_clock_s=dice.choice((0, *_CLOCK_STEPS_S)))
        for _ in range(count)
    ]
    injected = [
        life if number % 3 else replace(life, step=_STEPS[number // 3 % len(_STEPS)])
        for number, life in enumerate(lives[: count // 2])
    ]
    print(f"{count} kills, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="footage-kills-") as folder:
        outcomes = run(Path(folder), injected, lives[count // 2 :], seed=seed)
    print(as_text(outcomes))
    faults = [f"{one.name}: {fault}" for one in outcomes for fault in one.faults]
    print("\n".join(faults) or "nothing else is missing, and nothing is there twice")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
