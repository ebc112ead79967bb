"""A keeper over a shelf's house, with clocks that tests set, and archives of blocks to be removed."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from footage.archive.commit import RunWriter
from footage.archive.keeper import Keeper, KeepingPlan
from footage.archive.storage import block_key
from footage.archive.trusted_clock import Moment
from footage.house import House
from footage.timeline import ALL_TIME, Archive, Codecs, Keyframe, Segment
from kit.archive import CODECS, START_MS, Shelf

MINUTE_MS = 60_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
SEGMENT_BYTES = 1880


@dataclass
class Clocks:
    """Wall time, time since boot, and the keeper's own: all in the hand of a test."""

    wall_ms: int = START_MS
    boot: str = "first"
    passed_s: float = 1000.0

    def read(self) -> Moment:
        return Moment(self.wall_ms, self.boot, int(self.passed_s * 1000))

    def monotonic(self) -> float:
        return self.passed_s

    def go_on(self, seconds: float) -> None:
        """Time passes, on all clocks alike."""
        self.passed_s += seconds
        self.wall_ms += int(seconds * 1000)


@dataclass
class Keeping:
    """A keeper and its clocks."""

    house: House
    clocks: Clocks = field(default_factory=Clocks)
    plan: KeepingPlan = field(default_factory=lambda: KeepingPlan(free_bytes=0, grace_s=5))

    def __post_init__(self) -> None:
        self.keeper = self.another()

    def another(self) -> Keeper:
        """One more, that takes over where the first is dead."""
        return Keeper(
            self.house.index,
            self.house.storage,
            uuid4(),
            self.plan,
            read_clock=self.clocks.read,
            monotonic=self.clocks.monotonic,
            rest=lambda _: None,
        )

    def pass_through(self) -> None:
        """A turn, the grace, and the turn that deletes the bytes."""
        self.keeper.run_once()
        self.clocks.go_on(self.plan.grace_s + 1)
        self.keeper.run_once()


def fill(shelf: Shelf, start_ms: int, minutes: int, *, codecs: Codecs = CODECS) -> None:
    """A run of so many blocks of a minute, ten segments each."""
    writer = RunWriter(shelf.house.index, shelf.house.storage, shelf.archive, codecs, sync_every_s=None)
    for number in range(minutes * 10):
        data = bytes([number % 251]) * SEGMENT_BYTES
        writer.add(
            Segment(start_ms + number * 6000, 6000, SEGMENT_BYTES, number, (Keyframe(0, 0, 188),)), data
        )
        if number % 10 == 9:
            writer.commit()


def stored(house: House) -> set[str]:
    """The blocks that the storage holds."""
    return {key for key, _ in house.storage.list()}


def promised(house: House, archive: Archive) -> set[str]:
    """The blocks that the index names."""
    with house.index.snapshot() as snapshot:
        found, at_ms = set(), ALL_TIME.end_ms
        while (block := snapshot.last_block_before(archive, at_ms)) is not None:
            found.add(block_key(archive.id, block.start_ms))
            at_ms = block.start_ms
    return found
