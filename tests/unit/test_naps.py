"""When a reader of packets may sleep: simulated cameras, machines and clocks."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from footage.media.naps import Naps

FRAME_S, NAP_S = 0.04, 0.2
QUICK_S, SLOW_S = 0.0001, 0.006
"""What a read takes that need not wait: on an idle machine, and on a busy one."""


@dataclass
class Reader:
    """Reads a camera as ``LiveSource`` does; its clock is ``ppm`` off and ``jump_s`` away."""

    read_s: float = QUICK_S
    ppm: float = 0.0
    jump_s: float = 0.0
    now: float = 0.0
    frame: int = 0
    slept_s: float = 0.0
    naps: Naps = field(default_factory=Naps)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            if self.naps.is_caught_up:
                self.now += NAP_S
                self.slept_s += NAP_S
            asked = self.now
            came = self.frame * FRAME_S
            self.now = max(asked, came) + self.read_s
            self.naps.read(asked, self.now, came * (1 + self.ppm / 1e6) + self.jump_s)
            self.frame += 1

    @property
    def behind_s(self) -> float:
        return self.now - self.frame * FRAME_S


def test_it_sleeps_most_of_the_time() -> None:
    reader = Reader()
    reader.run(600)
    assert reader.slept_s > 400
    assert reader.behind_s < 0.3


@pytest.mark.parametrize("ppm", [-100.0, 0.0, 100.0])
def test_a_busy_machine_does_not_leave_it_behind(ppm: float) -> None:
    """Each read takes longer than a wait would: that alone must not send it to sleep."""
    reader = Reader(read_s=SLOW_S, ppm=ppm)
    reader.run(3600)
    assert reader.behind_s < 1.5


def test_it_catches_up_after_it_was_held_up() -> None:
    reader = Reader(read_s=SLOW_S)
    reader.run(60)
    reader.now += 10
    reader.run(10)
    assert reader.behind_s < 1.5


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_a_clock_that_is_set_costs_its_sleep_for_a_while_at_most(jump_s: float) -> None:
    reader = Reader()
    reader.run(60)
    reader.jump_s = jump_s
    reader.run(60)
    before = reader.slept_s
    reader.run(60)
    assert reader.slept_s - before > 40
    assert reader.behind_s < 0.3


def test_packets_without_a_time_change_nothing() -> None:
    naps = Naps()
    naps.read(0.0, 1.0, None)
    assert naps.is_caught_up
    naps.read(1.0, 1.0, None)
    assert not naps.is_caught_up
