"""``footage export``: a span of an archive as an MP4 file, straight from the data folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from footage.archive.read import KeptSegment, Reader
from footage.archive.storage import LocalDraft
from footage.cli.audit import note
from footage.cli.opening import find_camera, house_for
from footage.cli.output import (
    CommandError,
    DataOption,
    Exit,
    JsonOption,
    err,
    out,
    print_json,
)
from footage.cli.times import moment_of, seconds_of
from footage.playback.export import Broken, Exporter
from footage.playback.export_file import digest, write_movie
from footage.playback.export_manifest import Manifest
from footage.playback.export_plan import Changed, ExportPlan, NothingKept
from footage.timeline import ALL_TIME, Archive, Camera, Span, format_ms


def export(
    camera: Annotated[str, typer.Argument(help="Id of the camera")],
    to: Annotated[Path, typer.Option("--out", help="File to write", metavar="FILE")],
    start: Annotated[
        str | None,
        typer.Option(
            help="First moment to be seen: ISO 8601 with zone, or Unix ms; left out: the first kept",
            metavar="TIME",
        ),
    ] = None,
    duration: Annotated[
        str | None, typer.Option(help="How long: 90s, 30m, 24h, 7d; left out: to the last moment kept")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there")] = False,
    manifest: Annotated[
        bool, typer.Option("--manifest", help="Write beside it, as FILE.json, what it was made of")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a span of a camera's archive as one MP4."""
    beside = to.with_name(f"{to.name}.json")
    for path in (to, beside) if manifest else (to,):
        if path.exists() and not force:
            raise CommandError(f"{path} is there already; --force replaces it")
    if not to.parent.is_dir():
        raise CommandError(f"{to.parent} is not a folder")
    first_ms = None if start is None else moment_of(start)
    length_ms = None if duration is None else seconds_of(duration) * 1000
    with house_for(data) as house:
        found = find_camera(house, camera)
        archive = house.cameras.archive_of(found)
        reader = Reader(house.index, house.storage)
        exporter = Exporter(reader, streams=1)
        plan = _planned(reader, exporter, archive, first_ms, length_ms)
        record = Manifest(archive.id, {"id": str(found.id), "title": found.title}, plan)
        try:
            size_bytes, text = _write(exporter, archive, plan, record if manifest else None, to)
        except Broken as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("interrupted: nothing was written", Exit.INTERRUPTED) from None
        note(house, "export.written", found.id, start=plan.shown.start_ms, end=plan.shown.end_ms)
    _report(found, plan, to, size_bytes, beside if text else None, as_json=as_json)


def _planned(
    reader: Reader, exporter: Exporter, archive: Archive, first_ms: int | None, length_ms: int | None
) -> ExportPlan:
    """What the movie holds. Raises CommandError."""
    if first_ms is None:
        first_ms = reader.first_moment(archive, ALL_TIME) or 0
    end_ms = ALL_TIME.end_ms if length_ms is None else min(first_ms + length_ms, ALL_TIME.end_ms)
    try:
        return exporter.plan(archive, Span(first_ms, end_ms))
    except NothingKept:
        raise CommandError("nothing is kept of this span") from None
    except Changed as changed:
        raise CommandError(
            f"{changed}, which one file cannot hold: export up to and from {changed.moment_ms} apart"
        ) from None


def _write(
    exporter: Exporter, archive: Archive, plan: ExportPlan, record: Manifest | None, to: Path
) -> tuple[int, bytes]:
    """Write the movie, and a manifest where there is a record; the size of the one, the other as text."""
    with _bar(plan) as (progress, task), LocalDraft(_draft_name(to), to) as movie:

        def on_segment(kept: KeptSegment, data: bytes) -> None:
            progress.advance(task, len(data))
            if record is not None:
                record.add(kept, data)

        size_bytes = write_movie(exporter, archive, plan, movie, on_segment)
        if record is None:
            movie.finish()
            return size_bytes, b""
        found = digest(movie, lambda: None)
        made_ms = time.time_ns() // 1_000_000
        text = record.encoded(name=to.name, size_bytes=size_bytes, digest=found, made_ms=made_ms)
        beside = to.with_name(f"{to.name}.json")
        with LocalDraft(_draft_name(beside), beside) as draft:
            draft.write(text, 0)
            movie.finish()
            draft.finish()
        return size_bytes, text


def _draft_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _report(
    camera: Camera, plan: ExportPlan, to: Path, size_bytes: int, beside: Path | None, *, as_json: bool
) -> None:
    if as_json:
        print_json(
            {
                "file": str(to),
                "manifest": None if beside is None else str(beside),
                "camera": str(camera.id),
                "bytes": size_bytes,
                "start": plan.shown.start_ms,
                "end": plan.shown.end_ms,
                "duration": plan.form.duration_ms,
                "gaps": [{"time": gap.start_ms, "duration": gap.duration_ms} for gap in plan.gaps],
            }
        )
        return
    seconds = plan.form.duration_ms / 1000
    out.print(f"{to}: {plan.shown}, {seconds:.3f} s, {size_bytes} bytes", markup=False)
    for gap in plan.gaps:
        out.print(f"closed a gap of {gap.duration_ms / 1000:.3f} s at {format_ms(gap.start_ms)}")


@contextmanager
def _bar(plan: ExportPlan) -> Iterator[tuple[Progress, TaskID]]:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    ) as progress:
        yield progress, progress.add_task("export", total=plan.footage_bytes)
