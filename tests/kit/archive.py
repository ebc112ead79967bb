"""An archive to fill: the real index and storage in a folder of its own, without HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from footage.archive.commit import RunWriter
from footage.archive.read import Reader
from footage.house import House, open_house
from footage.recording.importer import Imported, Importer
from footage.settings import load
from footage.timeline import Archive, Camera, Codecs, Keyframe, Segment

START_MS = 1_790_000_000_000
"""A moment in September 2026 at which most tests let their footage begin."""

CODECS = Codecs("h264", 640, 360, None, 0, 0, "one")
OTHER_CODECS = Codecs("h264", 1280, 720, None, 0, 0, "two")


@dataclass(frozen=True)
class Shelf:
    """One camera's archive in an open house."""

    house: House
    camera: Camera
    archive: Archive

    @property
    def reader(self) -> Reader:
        return Reader(self.house.index, self.house.storage)

    def import_file(self, path: Path, start_ms: int, *, skip_overlap: bool = False) -> Imported:
        importer = Importer(self.house.index, self.house.storage, self.archive, segment_ms=6000)
        return importer.run(path, start_ms, skip_overlap=skip_overlap)

    def add_run(self, start_ms: int, segments: Sequence[tuple[int, int]], codecs: Codecs = CODECS) -> None:
        """A run of made-up segments of (duration in ms, size in bytes)."""
        writer = RunWriter(self.house.index, self.house.storage, self.archive, codecs)
        for number, (duration_ms, size_bytes) in enumerate(segments):
            data = bytes([number % 251]) * size_bytes
            keyframes = (Keyframe(0, 0, min(size_bytes, 188)),)
            writer.add(Segment(start_ms, duration_ms, size_bytes, number, keyframes), data)
            start_ms += duration_ms
        writer.commit()


def open_shelf(folder: Path) -> Shelf:
    """A new camera in the house of ``folder``."""
    house = open_house(load(data_dir=folder))
    return add_shelf(house)


def add_shelf(house: House, title: str = "Entrance") -> Shelf:
    """A new camera in an open house."""
    camera = house.cameras.add(Camera(id=uuid4(), archive_id=uuid4(), title=title))
    return Shelf(house, camera, house.cameras.archive_of(camera))
