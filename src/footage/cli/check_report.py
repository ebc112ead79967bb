"""What a check found, camera by camera, as JSON and for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from footage.archive.check import Looked, Walk
from footage.archive.findings import Finding, Kind
from footage.archive.repair import Outcome
from footage.timeline import Archive, Camera, format_ms

Pairs = Sequence[tuple[Camera, Archive]]


def report(
    walk: Walk, cameras: Pairs, findings: Sequence[Finding], outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """All of it, as docs/guide/check.md describes it."""
    done = {outcome.finding: outcome for outcome in outcomes}
    entries = [(finding.archive_id, _entry(finding, done.get(finding))) for finding in findings]
    known = {archive.id for _, archive in cameras}
    return {
        "level": walk.level.name.lower(),
        "since": format_ms(walk.since_ms) if walk.since_ms else None,
        "faults": sum(finding.is_fault for finding in findings),
        "faultsLeft": faults_left(findings, outcomes),
        "cameras": [
            {
                "id": str(camera.id),
                "archiveId": str(archive.id),
                "title": camera.title,
                **_looked(walk.looked.get(archive.id, Looked())),
                "found": dict(Counter(f.kind.value for f in findings if f.archive_id == archive.id)),
                "findings": [entry for archive_id, entry in entries if archive_id == archive.id],
            }
            for camera, archive in cameras
        ],
        "unknownArchives": [entry for archive_id, entry in entries if archive_id not in known],
    }


def faults_left(findings: Sequence[Finding], outcomes: Sequence[Outcome]) -> int:
    """How many faults nothing was done about."""
    done = {outcome.finding for outcome in outcomes if outcome.is_done}
    return sum(finding.is_fault and finding not in done for finding in findings)


def lines(told: dict[str, Any]) -> Iterator[str]:
    """The same for people: a line a camera, a line a finding."""
    for camera in told["cameras"]:
        counts = ", ".join(f"{count} {kind}" for kind, count in camera["found"].items()) or "clean"
        looked = f"{camera['blocks']} blocks, {camera['bytes']} bytes"
        if camera["bytesRead"]:
            looked += f", {camera['bytesRead']} read"
        yield f"{camera['title']}: {looked}: {counts}"
        yield from map(_line, camera["findings"])
    yield from map(_line, told["unknownArchives"])
    faults, left = told["faults"], told["faultsLeft"]
    yield "no fault" if not faults else f"{faults} faults" + (f", {left} left" if left != faults else "")


def _looked(looked: Looked) -> dict[str, int]:
    return {"blocks": looked.blocks, "bytes": looked.size_bytes, "bytesRead": looked.read_bytes}


def _entry(finding: Finding, outcome: Outcome | None) -> dict[str, Any]:
    span = finding.span
    return {
        "kind": finding.kind.value,
        "isFault": finding.is_fault,
        "file": finding.name,
        "start": format_ms(span.start_ms) if span else None,
        "end": format_ms(span.end_ms) if span else None,
        "bytes": finding.size_bytes,
        "detail": finding.detail or None,
        "outcome": outcome.words if outcome else None,
        "isRepaired": bool(outcome and outcome.is_done),
    }


def _line(entry: dict[str, Any]) -> str:
    kind = Kind(entry["kind"]).value.replace("_", " ")
    span = f" {entry['start']} to {entry['end']}" if entry["start"] else ""
    detail = f": {entry['detail']}" if entry["detail"] else ""
    outcome = f" -> {entry['outcome']}" if entry["outcome"] else ""
    return f"  {kind}{span} {entry['file']} ({entry['bytes']} bytes){detail}{outcome}"
