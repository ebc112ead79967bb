"""What a movie was made of, as JSON for whoever has to prove it.

It names the file by its SHA-256, and each segment of the archive that went in by its time, its size, the
CRC-32 that the index has kept since it was recorded, and the SHA-256 of its bytes as they were read.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from footage.archive.read import KeptSegment
from footage.playback.export_plan import ExportPlan
from footage.timeline import Segment

FORMAT = "footage export 1"


class Manifest:
    """Gathers the segments of a movie while it is made.

    A thread of its own digests a segment while the next one is taken apart.
    """

    def __init__(self, archive_id: UUID, camera: Mapping[str, str], plan: ExportPlan) -> None:
        self._archive_id = archive_id
        self._camera = camera
        self._plan = plan
        # As text: a dictionary for each of a month's segments would take ten times as much.
        self._segments: list[msgspec.Raw] = []
        # Its thread ends with the manifest.
        self._digester = ThreadPoolExecutor(1, "manifest")
        self._last: tuple[Segment, Future[str]] | None = None

    def add(self, kept: KeptSegment, data: bytes) -> None:
        """A segment that went in, and its bytes."""
        self._write_last()
        self._last = kept.segment, self._digester.submit(_sha256, data)

    def _write_last(self) -> None:
        if self._last is None:
            return
        segment, digest = self._last
        self._last = None
        entry = {
            "time": segment.start_ms,
            "duration": segment.duration_ms,
            "size": segment.size_bytes,
            "crc32": f"{segment.crc32:08x}",
            "sha256": digest.result(),
        }
        self._segments.append(msgspec.Raw(msgspec.json.encode(entry)))

    def encoded(self, *, name: str, size_bytes: int, digest: str, made_ms: int) -> bytes:
        """The manifest of a movie of that name, size and SHA-256."""
        self._write_last()
        plan, codecs = self._plan, self._plan.form.codecs
        document: dict[str, Any] = {
            "format": FORMAT,
            "file": {"name": name, "size": size_bytes, "sha256": digest},
            "made": made_ms,
            "camera": self._camera,
            "archive": str(self._archive_id),
            "start": plan.shown.start_ms,
            "end": plan.shown.end_ms,
            "duration": plan.form.duration_ms,
            "video": {"codec": codecs.video, "width": codecs.width, "height": codecs.height},
            "audio": None
            if codecs.audio is None
            else {"codec": codecs.audio, "sampleRate": codecs.sample_rate, "channels": codecs.channels},
            "timeline": [
                {"time": p.shown.start_ms, "duration": p.shown.duration_ms, "offset": p.place_ms}
                for p in plan.pieces
            ],
            "gaps": [{"time": gap.start_ms, "duration": gap.duration_ms} for gap in plan.gaps],
            "segments": self._segments,
        }
        return msgspec.json.encode(document)


def _sha256(data: bytes) -> str:
    return sha256(data).hexdigest()
