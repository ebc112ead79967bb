"""Recordings of other systems, taken into an archive file after file, in the order of time.

A file that follows on the one before, as near as names tell, goes on with its run: a system that
cuts every ten seconds does not make thousands of runs a day. What was adopted stands in a ledger,
a line a file, written once its footage is durable; the next time it is passed over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from footage.archive.errors import Overlap
from footage.media.errors import MediaError
from footage.recording.importer import Imported, Importer
from footage.recording.layouts import ENDINGS, Layout, Unfit
from footage.timeline import Span

_SETTLED_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Original:
    """A file of the other system: ``camera`` is that system's name, ``start_ms`` what its path tells."""

    path: Path
    camera: str
    start_ms: int
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Found:
    """What lies in a folder: recordings, by camera and time.

    ``unfit`` are files whose paths tell nothing, with the reason; ``young`` counts those that may
    still be written.
    """

    originals: list[Original]
    unfit: list[tuple[Path, str]]
    young: int


def find_originals(folder: Path, layout: Layout, now_ns: int) -> Found:
    """Look through ``folder``. What was changed within the last minute is left for the next time."""
    found: list[Original] = []
    unfit: list[tuple[Path, str]] = []
    young = 0
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in ENDINGS or not path.is_file():
            continue
        status = path.stat()
        try:
            placed = layout.place(path.relative_to(folder), status.st_mtime_ns // 1_000_000)
        except Unfit as error:
            unfit.append((path, str(error)))
            continue
        if status.st_mtime_ns > now_ns - _SETTLED_NS:
            young += 1
            continue
        found.append(Original(path, placed.camera, placed.start_ms, status.st_size, status.st_mtime_ns))
    found.sort(key=lambda original: (original.camera, original.start_ms, original.path))
    return Found(found, unfit, young)


class Ledger:
    """What was adopted, and which time it covers. One process at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[tuple[str, str, int, int], Span] = {}
        for line in path.read_bytes().splitlines() if path.exists() else ():
            try:
                entry = json.loads(line)
                self._known[_key(entry)] = Span(entry["start"], entry["end"])
            except (ValueError, KeyError, TypeError):
                # The line that a crash tore: its file is adopted again, which changes nothing.
                continue

    def find(self, camera_id: UUID, original: Original) -> Span | None:
        """The time that a file covers which was adopted; None where it was not, or changed since."""
        return self._known.get(_key(_entry(camera_id, original)))

    def add(self, camera_id: UUID, original: Original, span: Span) -> None:
        """Write down a file, durably."""
        entry = {**_entry(camera_id, original), "start": span.start_ms, "end": span.end_ms}
        with self._path.open("ab") as file:
            # Whatever a crash left of a line before stays one that cannot be read.
            start = b"\n" if file.tell() else b""
            file.write(start + json.dumps(entry).encode())
            file.flush()
            os.fsync(file.fileno())
        self._known[_key(entry)] = span


def _entry(camera_id: UUID, original: Original) -> dict[str, Any]:
    return {
        "camera": str(camera_id),
        "file": str(original.path.resolve()),
        "size": original.size_bytes,
        "modifiedNs": original.modified_ns,
    }


def _key(entry: dict[str, Any]) -> tuple[str, str, int, int]:
    return entry["camera"], entry["file"], entry["size"], entry["modifiedNs"]


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of a file: already adopted, imported, or why neither."""

    original: Original
    span: Span | None = None
    imported: Imported | None = None
    error: str | None = None
    overlaps: bool = False
    is_removed: bool = False


class Adopter:
    """Takes the files of one camera in; ``importer`` joins runs.

    With ``remove_originals`` a file is deleted once all of it is in the archive, durably, and
    stands in the ledger. One that was damaged, or taken in part, stays.
    """

    def __init__(
        self,
        importer: Importer,
        ledger: Ledger,
        camera_id: UUID,
        *,
        tolerance_ms: int,
        remove_originals: bool,
        skip_overlap: bool,
    ) -> None:
        self._importer = importer
        self._ledger = ledger
        self._camera_id = camera_id
        self._tolerance_ms = tolerance_ms
        self._remove_originals = remove_originals
        self._skip_overlap = skip_overlap
        self._end_ms = 0

    def run(self, originals: Sequence[Original]) -> Iterator[Adopted]:
        """Adopt files, ascending by start. Raises as index and storage do."""
        for original in originals:
            adopted = self._adopt(original)
            if adopted.span is not None:
                self._end_ms = adopted.span.end_ms
            yield adopted

    def _adopt(self, original: Original) -> Adopted:
        known = self._ledger.find(self._camera_id, original)
        if known is not None:
            return self._without_original(Adopted(original, known))
        near = abs(original.start_ms - self._end_ms) <= self._tolerance_ms
        start_ms = self._end_ms if near else original.start_ms
        try:
            imported = self._importer.run(original.path, start_ms, skip_overlap=self._skip_overlap)
        except Overlap as error:
            return Adopted(original, error=str(error), overlaps=True)
        except (MediaError, OSError) as error:
            return Adopted(original, error=str(error))
        adopted = Adopted(original, imported.span, imported)
        if imported.span is None or imported.stopped or imported.segments_skipped or imported.broken:
            return adopted
        self._ledger.add(self._camera_id, original, imported.span)
        return self._without_original(adopted)

    def _without_original(self, adopted: Adopted) -> Adopted:
        if not self._remove_originals:
            return adopted
        adopted.original.path.unlink(missing_ok=True)
        return Adopted(adopted.original, adopted.span, adopted.imported, is_removed=True)
