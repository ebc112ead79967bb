"""``footage check``: the index beside the storage, put right, or made again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from footage.archive.check import Checker, Walk
from footage.archive.findings import Eyes, Finding, Level
from footage.archive.repair import Outcome, Repairer
from footage.cli.check_report import faults_left, lines, report
from footage.cli.import_lock import nothing_comes_in
from footage.cli.opening import find_camera, house_for
from footage.cli.output import (
    CommandError,
    DataOption,
    Exit,
    JsonOption,
    err,
    out,
    print_json,
    settings_for,
    stop_on_sigint,
)
from footage.cli.times import moment_of
from footage.house import House, open_house_without_index
from footage.media.decoding import decoded
from footage.media.sealed import read_sealed
from footage.recording.at_work import archives_at_work
from footage.recording.rebuild import Back, TakesIn, cameras_back, rows_back
from footage.timeline import Archive

_EYES = Eyes(read_sealed, decoded)
_WALK = "check.progress"
_KEEP_EVERY_S = 5.0
_AT_WORK_MS = 3_600_000
"""What begins so shortly before now may be in the hands of a recorder that is alive."""


class LevelName(StrEnum):
    """How closely to look."""

    PRESENCE = "presence"
    SIZE = "size"
    CHECKSUM = "checksum"
    DECODE = "decode"


def check(
    level: Annotated[LevelName, typer.Option(help="How closely to look")] = LevelName.SIZE,
    camera: Annotated[
        list[str] | None, typer.Option(help="Only this camera; may be given again", metavar="ID")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only blocks that begin then or later", metavar="TIME")
    ] = None,
    pace: Annotated[
        float | None, typer.Option(help="Read at most so many MB a second", metavar="MB", min=0.001)
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a check that was stopped")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Put right what can be")] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make a lost index again from the storage alone")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that what the index promises is in the storage, and whole. Ends with 1 where it is not."""
    if rebuild:
        if camera or since or resume or repair:
            raise CommandError("--rebuild goes with --data and --json alone", Exit.USAGE)
        _rebuild(data, as_json=as_json)
        return
    with house_for(data) as house:
        wanted = Walk(
            Level[level.name],
            since_ms=0 if since is None else moment_of(since),
            cameras=[find_camera(house, one).id for one in camera or ()],
        )
        kept = house.settings.data_dir / _WALK
        walk = (_kept_walk(kept) if resume else None) or wanted
        pace_bytes = None if pace is None else int(pace * 1_000_000)
        checker = Checker(house.index, house.storage, _EYES, walk, pace_bytes=pace_bytes)
        _walk(house, checker, kept, hidden=as_json)
        findings = checker.findings()
        outcomes = _repair(house, checker, findings) if repair else []
        kept.unlink(missing_ok=True)
        told = report(walk, checker.cameras(), findings, outcomes)
    _print(told, lines, as_json=as_json)
    if faults_left(findings, outcomes):
        raise SystemExit(int(Exit.FAILED))


def _walk(house: House, checker: Checker, kept: Path, *, hidden: bool) -> None:
    """Walk to the end, keeping now and then how far it came."""
    totals = house.index.all_totals()
    numbers = [archive.number for _, archive in checker.cameras()]
    all_bytes = sum(totals[number].size_bytes for number in numbers if number in totals)
    kept_s = time.monotonic()
    with _bar(all_bytes, hidden=hidden) as (progress, task), stop_on_sigint() as stop:
        for _ in checker.run():
            progress.update(task, completed=sum(one.size_bytes for one in checker.walk.looked.values()))
            if stop():
                _keep(kept, checker.walk)
                raise CommandError("stopped; --resume goes on", Exit.INTERRUPTED)
            if time.monotonic() - kept_s >= _KEEP_EVERY_S:
                _keep(kept, checker.walk)
                kept_s = time.monotonic()


def _keep(path: Path, value: object) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(msgspec.json.encode(value))
    fresh.replace(path)


def _kept_walk(path: Path) -> Walk | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Walk)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        raise CommandError(f"{path.name} cannot be read: check anew, without --resume") from None


def _repair(house: House, checker: Checker, findings: Sequence[Finding]) -> list[Outcome]:
    """Put right what can be. What is lost is written down before it leaves the index."""
    if not findings:
        return []
    folder = house.settings.data_dir / "repairs"
    folder.mkdir(exist_ok=True)
    file = folder / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S.%fZ}.json"
    outcomes: list[Outcome] = []
    with nothing_comes_in(house.settings.data_dir):
        _keep(file, report(checker.walk, checker.cameras(), findings, outcomes))
        repairer = Repairer(
            house.index,
            house.storage,
            checker,
            TakesIn(house.index, house.storage),
            is_at_work=_at_work(house),
        )
        try:
            outcomes += repairer.run(findings)
        finally:
            _keep(file, report(checker.walk, checker.cameras(), findings, outcomes))
    err.print(f"what was found and done is kept in {file}", markup=False)
    return outcomes


def _at_work(house: House) -> Callable[[Archive, int], bool]:
    numbers = archives_at_work(house.index)
    now_ms = int(time.time() * 1000)
    return lambda archive, start_ms: archive.number in numbers and start_ms >= now_ms - _AT_WORK_MS


def _rebuild(data: Path | None, *, as_json: bool) -> None:
    """Make the index again. What is in it already stays."""
    settings = settings_for(data)
    with closing(open_house_without_index(settings)) as house, nothing_comes_in(settings.data_dir):
        told = [_camera_back(house, back) for back in cameras_back(house.index, house.storage)]
    _print(told, _rebuilt_lines, as_json=as_json)
    if any(one["left"] or one["damaged"] for one in told):
        raise SystemExit(int(Exit.FAILED))


def _camera_back(house: House, back: Back) -> dict[str, Any]:
    blocks = segments = damaged = 0
    left = []
    for taken in rows_back(house.index, house.storage, back.archive):
        blocks, segments = blocks + (taken.left is None), segments + taken.segments
        damaged += len(taken.damaged)
        if taken.left is not None:
            left.append({"block": taken.start_ms, "reason": taken.left})
    camera = back.camera
    return {
        "id": str(camera.id),
        "archiveId": str(camera.archive_id),
        "title": camera.title,
        "isNew": back.is_new,
        "hasCard": back.has_card,
        "needsSource": back.had_source,
        "blocks": blocks,
        "segments": segments,
        "damaged": damaged,
        "left": left,
    }


def _rebuilt_lines(told: list[dict[str, Any]]) -> Iterator[str]:
    for one in told:
        yield f"{one['title']} ({one['id']}): {one['segments']} segments in {one['blocks']} blocks"
        if one["damaged"]:
            yield f"  {one['damaged']} segments are damaged: footage check --level checksum names them"
        for left in one["left"]:
            yield f"  left: the block {left['block']}: {left['reason']}"
        if not one["hasCard"]:
            yield "  it had no card: give it a title, and its integrator its id"
        if one["needsSource"]:
            yield f"  it was recorded: footage camera change {one['id']} --url URL"
    yield f"{len(told)} cameras are in the index"


def _print(told: Any, as_lines: Callable[[Any], Iterator[str]], *, as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    for line in as_lines(told):
        out.print(line, markup=False)


@contextmanager
def _bar(total_bytes: int, *, hidden: bool) -> Iterator[tuple[Progress, TaskID]]:
    with Progress(
        TextColumn("checking"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=hidden,
    ) as progress:
        yield progress, progress.add_task("", total=total_bytes or 1)
