"""``footage adopt``: recordings of other systems into cameras' archives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

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
    stop_on_sigint,
)
from footage.house import House
from footage.recording.adopting import Adopted, Adopter, Found, Ledger, Original, find_originals
from footage.recording.importer import Importer
from footage.recording.layouts import Layout, LayoutName
from footage.timeline import Camera, format_ms


@dataclass(slots=True)
class _Share:
    """The files of one camera, and what became of them."""

    camera: Camera
    originals: list[Original]
    results: list[Adopted] = field(default_factory=list)


def adopt(
    path: Annotated[Path, typer.Argument(help="Folder of the recordings", exists=True, file_okay=False)],
    layout: Annotated[LayoutName, typer.Option(help="Whose recordings they are")],
    camera: Annotated[
        list[str],
        typer.Option(help="Id of the camera; NAME=ID where the folder holds several", metavar="[NAME=]ID"),
    ],
    pattern: Annotated[
        str | None,
        typer.Option(help="How paths tell the time, as strptime reads it, without the ending"),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Zone of times in names that carry none", metavar="ZONE")
    ] = None,
    skip_overlap: Annotated[
        bool, typer.Option("--skip-overlap", help="Take what fits beside what is kept")
    ] = False,
    remove_originals: Annotated[
        bool, typer.Option("--remove-originals", help="Delete each file once all of it is in the archive")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take recordings of other systems in, with their times from their names."""
    reads = _layout(layout, pattern, timezone)
    found = find_originals(path, reads, time.time_ns())
    with house_for(data) as house:
        shares = _shares(house, found.originals, camera)
        ledger = Ledger(house.settings.data_dir / "adopted.jsonl")
        if dry_run:
            _report(shares, found, as_json=as_json, planned=lambda share: _planned(share, ledger))
            return
        with nothing_comes_in(house.settings.data_dir), stop_on_sigint() as stop:
            for share in shares:
                adopter = Adopter(
                    Importer(
                        house.index,
                        house.storage,
                        house.cameras.archive_of(share.camera),
                        segment_ms=house.settings.segment_ms,
                        should_stop=stop,
                        joins=True,
                    ),
                    ledger,
                    share.camera.id,
                    tolerance_ms=reads.tolerance_ms,
                    remove_originals=remove_originals,
                    skip_overlap=skip_overlap,
                )
                _run(adopter, share, stop)
    _report(shares, found, as_json=as_json)
    _end(shares, found, stopped=stop())


def _layout(name: LayoutName, pattern: str | None, timezone: str | None) -> Layout:
    if name is LayoutName.PLAIN and not pattern:
        raise CommandError("--layout plain needs a --pattern such as %Y-%m-%d/%H-%M-%S", Exit.USAGE)
    if name is LayoutName.FRIGATE and (pattern or timezone):
        raise CommandError(
            "frigate's paths are of one form and in UTC: no --pattern, no --timezone", Exit.USAGE
        )
    try:
        zone = None if timezone is None else ZoneInfo(timezone)
    except (ValueError, OSError, KeyError):
        raise CommandError(f"{timezone!r} is not a time zone", Exit.USAGE) from None
    layout = Layout(name, zone=zone) if pattern is None else Layout(name, pattern, zone)
    if layout.needs_zone and zone is None:
        raise CommandError("names carry no zone: say it by --timezone, such as Europe/Berlin", Exit.USAGE)
    return layout


def _shares(house: House, originals: list[Original], wanted: list[str]) -> list[_Share]:
    """Whose files go where. Raises CommandError where that is not said."""
    by_name = {name: list(found) for name, found in groupby(originals, lambda one: one.camera)}
    if len(wanted) == 1 and "=" not in wanted[0]:
        if len(by_name) > 1:
            names = ", ".join(f"{name or '.'}=ID" for name in by_name)
            raise CommandError(f"the folder holds several cameras: say --camera {names}", Exit.USAGE)
        return [_Share(find_camera(house, wanted[0]), originals)]
    shares = []
    for pair in wanted:
        name, equals, camera_id = pair.rpartition("=")
        if not equals:
            raise CommandError(f"{pair!r} is not NAME=ID", Exit.USAGE)
        name = "" if name == "." else name
        if name not in by_name:
            raise CommandError(f"no recording of {name!r} is in the folder", Exit.NOT_FOUND)
        shares.append(_Share(find_camera(house, camera_id), by_name[name]))
    return shares


def _run(adopter: Adopter, share: _Share, stop: Callable[[], bool]) -> None:
    if stop():
        return
    for number, adopted in enumerate(adopter.run(share.originals), 1):
        share.results.append(adopted)
        if number % 100 == 0:
            err.print(f"{share.camera.title}: {number} of {len(share.originals)} files", markup=False)
        if stop():
            return


def _planned(share: _Share, ledger: Ledger) -> list[Adopted]:
    return [Adopted(one, ledger.find(share.camera.id, one)) for one in share.originals]


def _report(
    shares: list[_Share],
    found: Found,
    *,
    as_json: bool,
    planned: Callable[[_Share], list[Adopted]] | None = None,
) -> None:
    told = {
        "dryRun": planned is not None,
        "cameras": [_share_out(share, planned(share) if planned else share.results) for share in shares],
        "unfit": [{"file": str(path), "reason": reason} for path, reason in found.unfit],
        "stillWritten": found.young,
    }
    if as_json:
        print_json(told)
        return
    for line in _lines(told):
        out.print(line, markup=False)


def _share_out(share: _Share, results: list[Adopted]) -> dict[str, Any]:
    return {
        "id": str(share.camera.id),
        "title": share.camera.title,
        "files": [_adopted_out(one) for one in results],
        "filesLeft": len(share.originals) - len(results),
    }


def _adopted_out(adopted: Adopted) -> dict[str, Any]:
    imported, span = adopted.imported, adopted.span
    return {
        "file": str(adopted.original.path),
        "start": format_ms(span.start_ms if span else adopted.original.start_ms),
        "end": format_ms(span.end_ms) if span else None,
        "alreadyAdopted": span is not None and (imported is None or imported.unchanged),
        "segmentsAdded": imported.segments_added if imported else 0,
        "segmentsSkipped": imported.segments_skipped if imported else 0,
        "removed": adopted.is_removed,
        "error": adopted.error or (imported.broken if imported else None),
    }


def _lines(told: dict[str, Any]) -> Iterator[str]:
    for camera in told["cameras"]:
        files = camera["files"]
        there = sum(file["alreadyAdopted"] for file in files)
        failed = [file for file in files if file["error"]]
        added = len(files) - there - len(failed)
        words = "would be adopted" if told["dryRun"] else "adopted"
        yield f"{camera['title']}: {added} files {words}, {there} were already, {len(failed)} failed"
        if files:
            yield f"  {files[0]['start']} to {files[-1]['end'] or files[-1]['start']}"
        for file in failed:
            yield f"  {file['file']}: {file['error']}"
    if told["stillWritten"]:
        yield f"{told['stillWritten']} files changed within the last minute and wait for the next time"
    for file in told["unfit"]:
        yield f"passed over {file['file']}: {file['reason']}"


def _end(shares: list[_Share], found: Found, *, stopped: bool) -> None:
    """End with the gravest of it."""
    results = [one for share in shares for one in share.results]
    codes = [Exit.OVERLAP if one.overlaps else Exit.FAILED for one in results if one.error]
    codes += [Exit.DAMAGED for one in results if one.imported and one.imported.broken]
    codes += [Exit.FAILED] if found.unfit else []
    codes += [Exit.INTERRUPTED] if stopped else []
    if codes:
        raise SystemExit(int(codes[0]))
