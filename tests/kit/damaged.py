"""An archive with real footage to damage: copied for each test, checked, repaired, asked again."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from footage.archive.check import Checker, Walk
from footage.archive.findings import Eyes, Finding, Level
from footage.archive.read import Reader
from footage.archive.repair import Outcome, Repairer
from footage.archive.storage import block_key
from footage.house import House, open_house, open_house_without_index
from footage.media.decoding import decoded
from footage.media.sealed import read_sealed
from footage.playback.hls import Gaps, vod_playlist
from footage.playback.selection import select
from footage.recording.rebuild import TakesIn, cameras_back, rows_back
from footage.recording.taking_in import Taken
from footage.settings import load
from footage.timeline import ALL_TIME, Archive, Camera
from kit.archive import START_MS, add_shelf
from kit.clips import Clip, Sound

EYES = Eyes(read_sealed, decoded)
SETTLE_S = 0.01
LATER_MS = START_MS + 400_000
"""Where the second run of the first camera begins."""


@dataclass(frozen=True)
class Told:
    """What an archive says of itself, by every way there is."""

    parts: list[tuple[int, int, int]]
    segments: list[tuple[int, int, int]]
    playlist: str
    data: list[bytes]


@dataclass
class Ward:
    """A data folder with two cameras and footage."""

    folder: Path
    house: House

    def cameras(self) -> list[tuple[Camera, Archive]]:
        cameras = list(self.house.cameras.every())
        return self.house.cameras.archives_of(cameras)

    @property
    def archive(self) -> Archive:
        return self.cameras()[0][1]

    def block(self, start_ms: int) -> Path:
        return self.house.settings.storage / block_key(self.archive.id, start_ms)

    def blocks(self) -> list[Path]:
        return sorted((self.house.settings.storage / str(self.archive.id)).rglob("*.ts"))

    def checker(self, level: Level = Level.SIZE, walk: Walk | None = None) -> Checker:
        return Checker(self.house.index, self.house.storage, EYES, walk or Walk(level), settle_s=SETTLE_S)

    def check(self, level: Level = Level.SIZE) -> list[Finding]:
        checker = self.checker(level)
        for _ in checker.run():
            pass
        return checker.findings()

    def repair(
        self,
        findings: Sequence[Finding],
        level: Level = Level.SIZE,
        is_at_work: Callable[[Archive, int], bool] = lambda _archive, _start: False,
    ) -> list[Outcome]:
        house = self.house
        takes_in = TakesIn(house.index, house.storage)
        repairer = Repairer(
            house.index, house.storage, self.checker(level), takes_in, is_at_work=is_at_work
        )
        return list(repairer.run(findings))

    def told(self, archive: Archive | None = None) -> Told:
        return told(self.house, archive or self.archive)

    def sql(self, statement: str, *arguments: Any) -> None:
        """Change rows by hand."""
        with closing(sqlite3.connect(self.folder / "index.db")) as database, database:
            database.execute(statement, arguments)

    def told_of_all(self) -> dict[str, Told]:
        """What each archive says, by the title of its camera."""
        return {camera.title: told(self.house, archive) for camera, archive in self.cameras()}

    def lose_index(self) -> None:
        """The database is gone; the house stays closed."""
        self.house.close()
        for path in self.folder.glob("index.db*"):
            path.unlink()

    def rebuild(self) -> list[Taken]:
        """Make the index again, and open the house around it."""
        self.house = open_house_without_index(load(data_dir=self.folder))
        index, storage = self.house.index, self.house.storage
        backs = list(cameras_back(index, storage))
        return [taken for back in backs for taken in rows_back(index, storage, back.archive)]


def filled_folder(folder: Path, clips: Callable[[str, Clip], Path]) -> Path:
    """A data folder to copy: a camera with a run of four blocks and one of one, and a small one."""
    house = open_house(load(data_dir=folder))
    door, yard = add_shelf(house, "Door"), add_shelf(house, "Yard")
    loud = Clip(seconds=200, size=(160, 120), rate=Fraction(10), gop=20, sound=Sound(seconds=200))
    door.import_file(clips("door.mkv", loud), START_MS)
    small = clips("yard.mp4", Clip(seconds=20, size=(128, 96), gop=25))
    door.import_file(small, LATER_MS)
    yard.import_file(small, START_MS + 7)
    house.close()
    return folder


def ward_of(filled: Path, folder: Path) -> Ward:
    """A copy of it to damage."""
    shutil.copytree(filled, folder)
    return Ward(folder, open_house(load(data_dir=folder)))


def told(house: House, archive: Archive) -> Told:
    """Timeline, playlist and bytes of all that is kept; asserts that they agree (invariant 5)."""
    reader = Reader(house.index, house.storage)
    parts, table = reader.parts_and_segments(archive, ALL_TIME)
    segments = list(
        zip(table.start_ms.tolist(), table.duration_ms.tolist(), table.size_bytes.tolist(), strict=True)
    )
    data: list[bytes] = []
    for start_ms, _, _ in segments:
        kept = reader.segment(archive, start_ms)
        assert kept is not None
        data.append(reader.data(kept))
    assert sum(part.size_bytes for part in parts) == sum(size for _, _, size in segments)
    assert sum(part.span.duration_ms for part in parts) == sum(duration for _, duration, _ in segments)
    text = vod_playlist(select(parts), table, Gaps.CLOSE, "signature=s&exp=1") if parts else ""
    for start_ms, _, _ in segments:
        assert f"{start_ms}.ts" in text
    return Told([(p.start_ms, p.end_ms, p.size_bytes) for p in parts], segments, text, data)
