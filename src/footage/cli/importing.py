"""``footage import``: files into an archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from footage.archive.errors import Overlap
from footage.cli.import_lock import footage_comes_in
from footage.cli.opening import find_camera, house_for
from footage.cli.output import (
    CommandError,
    DataOption,
    Exit,
    JsonOption,
    err,
    out,
    print_json,
    stop_on_sigint,
)
from footage.cli.times import moment_of
from footage.house import House
from footage.media.errors import MediaError
from footage.media.source import FileSource
from footage.recording.importer import Imported, Importer
from footage.timeline.span import to_ms

_TAGS = ("com.apple.quicktime.creationdate", "creation_time", "date")
StartOf = Callable[[Path], int]


def import_files(
    files: Annotated[list[Path], typer.Argument(help="Footage files", metavar="FILE...")],
    camera: Annotated[str, typer.Option(help="Id of the camera")],
    start: Annotated[
        str | None,
        typer.Option(
            help="When the first picture was taken: ISO 8601 with zone, or Unix ms."
            " Several files follow each other",
            metavar="TIME",
        ),
    ] = None,
    start_from: Annotated[
        str | None,
        typer.Option(
            help="Take each file's start from its name (name:%Y-%m-%d_%H-%M-%S),"
            " its modification time (mtime) or its tags (metadata)",
            metavar="name:PATTERN|mtime|metadata",
        ),
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Zone of times in names that carry none", metavar="ZONE")
    ] = "UTC",
    skip_overlap: Annotated[
        bool, typer.Option("--skip-overlap", help="Take what fits beside what is kept")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import footage files into a camera's archive."""
    if (start is None) == (start_from is None):
        raise CommandError("give either --start or --start-from", Exit.USAGE)
    start_of = _start_from(start_from, timezone) if start_from else None
    first_ms = 0 if start is None else moment_of(start)
    with (
        house_for(data) as house,
        footage_comes_in(house.settings.data_dir),
        _bar(files, hidden=as_json) as bar,
        stop_on_sigint() as stop,
    ):
        batch = _Batch(house, camera, bar, stop, skip_overlap=skip_overlap)
        for path in files:
            first_ms = batch.take(path, first_ms if start_of is None else start_of)
            if stop():
                break
    _report(batch, as_json=as_json)


class _Batch:
    """The files of one command: each is tried, whatever became of the one before."""

    def __init__(
        self,
        house: House,
        camera: str,
        bar: tuple[Progress, TaskID],
        stop: Callable[[], bool],
        *,
        skip_overlap: bool,
    ) -> None:
        self._progress, self._task = bar
        self._done_bytes = 0
        self._importer = Importer(
            house.index,
            house.storage,
            house.cameras.archive_of(find_camera(house, camera)),
            segment_ms=house.settings.segment_ms,
            on_progress=self._advance,
            should_stop=stop,
        )
        self._skip_overlap = skip_overlap
        self.results: list[Imported] = []
        self.failures: list[tuple[Path, str, Exit]] = []

    def take(self, path: Path, start: int | StartOf) -> int:
        """Import one file; where the next one starts if it follows on."""
        self._progress.update(self._task, description=path.name)
        start_ms = 0 if callable(start) else start
        try:
            start_ms = start(path) if callable(start) else start
            result = self._importer.run(path, start_ms, skip_overlap=self._skip_overlap)
        except Overlap as error:
            self.failures.append((path, str(error), Exit.OVERLAP))
            return error.wanted.end_ms
        except (MediaError, CommandError, OSError) as error:
            self.failures.append((path, str(error), Exit.FAILED))
            return start_ms
        else:
            self.results.append(result)
            return result.span.end_ms if result.span else start_ms
        finally:
            self._done_bytes += path.stat().st_size if path.is_file() else 0
            self._progress.update(self._task, completed=self._done_bytes)

    def _advance(self, read_bytes: int) -> None:
        self._progress.update(self._task, completed=self._done_bytes + read_bytes)


def _report(batch: _Batch, *, as_json: bool) -> None:
    """Say what became of each file, and end with the gravest of it."""
    if as_json:
        print_json([_as_json(result) for result in batch.results] + [_failed(f) for f in batch.failures])
    else:
        for result in batch.results:
            for line in _lines(result):
                out.print(f"{result.path.name}: {line}", markup=False)
    for result in batch.results:
        if result.broken:
            err.print(f"error: {result.broken}", markup=False)
    for path, reason, _ in batch.failures:
        words = reason if path.name in reason else f"{path.name}: {reason}"
        err.print(f"error: {words}", markup=False)
    codes = [code for _, _, code in batch.failures]
    codes += [Exit.DAMAGED for result in batch.results if result.broken]
    codes += [Exit.INTERRUPTED for result in batch.results if result.stopped]
    if codes:
        raise SystemExit(int(codes[0]))


def _lines(result: Imported) -> Iterator[str]:
    summary = result.summary
    if summary.video_transcoded:
        yield f"{summary.video} video is encoded anew as H.264"
    if summary.audio_transcoded:
        yield f"{summary.audio} sound is encoded anew as AAC"
    yield from result.warnings
    if result.unchanged:
        yield f"already imported, {result.span}"
        return
    added = f"{result.segments_added} segments, {result.size_bytes} bytes, {result.span}"
    yield f"imported {added}" if not result.stopped else f"stopped after {added}"
    if result.segments_kept:
        yield f"{result.segments_kept} segments were there already"
    if result.segments_skipped:
        yield f"{result.segments_skipped} segments overlap what is kept from {result.overlaps}"


def _as_json(result: Imported) -> dict[str, object]:
    span, summary = result.span, result.summary
    return {
        "file": str(result.path),
        "start": span.start_ms if span else None,
        "end": span.end_ms if span else None,
        "segmentsAdded": result.segments_added,
        "segmentsKept": result.segments_kept,
        "segmentsSkipped": result.segments_skipped,
        "bytes": result.size_bytes,
        "video": summary.video,
        "videoTranscoded": summary.video_transcoded,
        "audio": summary.audio,
        "audioTranscoded": summary.audio_transcoded,
        "unchanged": result.unchanged,
        "stopped": result.stopped,
        "warnings": result.warnings,
        "error": result.broken,
    }


def _failed(failure: tuple[Path, str, Exit]) -> dict[str, object]:
    path, reason, _ = failure
    return {"file": str(path), "segmentsAdded": 0, "error": reason}


def _start_from(rule: str, timezone: str) -> StartOf:
    """What finds a file's start. Raises CommandError where the rule is none."""
    try:
        zone = ZoneInfo(timezone)
    except (ValueError, OSError, KeyError):
        raise CommandError(f"{timezone!r} is not a time zone", Exit.USAGE) from None
    kind, _, pattern = rule.partition(":")
    if kind == "name" and pattern:
        return lambda path: _from_name(path, pattern, zone)
    if rule == "mtime":
        return lambda path: path.stat().st_mtime_ns // 1_000_000
    if rule == "metadata":
        return _from_metadata
    raise CommandError(f"{rule!r} is not name:PATTERN, mtime or metadata", Exit.USAGE)


def _from_name(path: Path, pattern: str, zone: ZoneInfo) -> int:
    try:
        moment = datetime.strptime(path.stem, pattern)  # noqa: DTZ007 the zone follows
    except ValueError:
        raise CommandError(f"{path.name}: the name does not fit {pattern!r}") from None
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _from_metadata(path: Path) -> int:
    with FileSource(path) as source:
        tags = source.metadata
    for name in _TAGS:
        if text := tags.get(name):
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                continue
            return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    raise CommandError(f"{path.name}: its tags tell no time of creation")


@contextmanager
def _bar(files: list[Path], *, hidden: bool) -> Iterator[tuple[Progress, TaskID]]:
    total = sum(path.stat().st_size for path in files if path.is_file())
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=hidden,
    ) as progress:
        yield progress, progress.add_task("", total=total)
