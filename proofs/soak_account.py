"""What cameras sent while they went wrong all the time, against what is kept, and why there are gaps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from footage.archive.read import Part, Reader
from footage.house import House
from footage.timeline import Span
from proofs.faults import Mishap
from proofs.kept import KeptSegment, Picture, in_order, kept_segments, lateness_ms, missing, twice
from proofs.logs import Logged
from proofs.samples import Sample, quarter
from proofs.sightings import Sightings
from proofs.watched_camera import Filmed

GOP_MS = 1000
_NEAR_MS = 10_000
_SLACK_MS = 1000
"""A log line may be a little late too."""
_MOST_GROWTH, _MOST_GROWTH_MIB = 1.1, 4
_BAD = frozenset(
    {
        "recorder.failed",
        "segment.failed",
        "segment.refused",
        "segment.dropped",
        "child.died",
        "camera.not_drained",
    }
)
"""Events that no fault of a camera may bring about."""


@dataclass
class Outcome:
    """What became of it; ``faults`` are what must not be."""

    mishaps: list[Mishap] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    gaps: Counter[str] = field(default_factory=Counter)
    segments: int = 0
    runs: int = 0
    sent: int = 0
    kept: int = 0
    owed_ms: int = 0
    lateness_ms: int = 0
    faults: list[str] = field(default_factory=list)


def judge(outcome: Outcome, house: House, filmed: list[Filmed], seen: Sightings, log: list[Logged]) -> None:
    """Read everything back, and write into ``outcome`` what was found."""
    reader = Reader(house.index, house.storage)
    kept: list[tuple[Filmed, list[Part], list[KeptSegment]]] = []
    late: list[int] = []
    for one in filmed:
        parts, segments = kept_segments(reader, one.archive)
        kept.append((one, parts, segments))
        own = [mishap for mishap in outcome.mishaps if mishap.camera == one.camera.name]
        calm = [segment for segment in segments if not _is_near(segment, own)]
        late += lateness_ms(calm, seen.seen_ms[one.archive.number])
    # How late this machine brings a segment to the disk is no loss of the recorder's.
    outcome.lateness_ms = max(late, default=0) + 500
    for one, parts, segments in kept:
        pictures = in_order(segments)
        outcome.runs += len(parts)
        outcome.segments += len(segments)
        outcome.kept += len(pictures)
        lines = [line for line in log if line.camera == one.id]
        own = [mishap for mishap in outcome.mishaps if mishap.camera == one.camera.name]
        found = _missing(one, pictures, own, outcome)
        found += _unexplained(parts, lines, own, outcome)
        gone = set(seen.seen_ms[one.archive.number]) - {segment.span.start_ms for segment in segments}
        if gone:
            found.append(f"rows that were seen are gone: {sorted(gone)}")
        outcome.faults += [f"{one.camera.name}: {fault}" for fault in found]
    dropped = sum(status.segments_dropped for status in house.cameras.statuses().values())
    if dropped:
        outcome.faults.append(f"{dropped} segments were dropped")
    outcome.faults += sorted({f"the log tells of {line.name}" for line in log if line.name in _BAD})


def _is_near(segment: KeptSegment, own: list[Mishap]) -> bool:
    """Whether something went wrong about the time of a segment, so that it may be late for that."""
    return any(
        picture.moment_ms < mishap.span.end_ms + _NEAR_MS
        and mishap.span.start_ms - _NEAR_MS < picture.moment_ms
        for picture in segment.pictures
        for mishap in own
    )


def _missing(one: Filmed, pictures: list[Picture], own: list[Mishap], outcome: Outcome) -> list[str]:
    """Holes in what the camera sent over good connections."""
    late_ms = outcome.lateness_ms
    hurts = [hurt for mishap in own if (hurt := mishap.hurt(GOP_MS)) is not None]
    owed = [
        span
        for stretch in one.camera.stretches
        for span in _without(stretch.from_ms + GOP_MS + late_ms, stretch.to_ms - late_ms, hurts)
    ]
    outcome.owed_ms += sum(span.end_ms - span.start_ms for span in owed)
    return missing(pictures, owed) + twice(pictures, hurts)


def _without(start_ms: int, end_ms: int, hurts: list[Span]) -> list[Span]:
    """What is left of a stretch where nothing went wrong."""
    left = []
    for hurt in sorted(hurts):
        if start_ms < min(hurt.start_ms, end_ms):
            left.append(Span(start_ms, min(hurt.start_ms, end_ms)))
        start_ms = max(start_ms, hurt.end_ms)
    if start_ms < end_ms:
        left.append(Span(start_ms, end_ms))
    return left


def _unexplained(parts: list[Part], lines: list[Logged], own: list[Mishap], outcome: Outcome) -> list[str]:
    """Gaps of the timeline of which the log does not tell why."""
    begun = {line.fields["start_ms"]: line for line in lines if line.name == "run.begun"}
    ended = [line for line in lines if line.name in {"camera.lost", "camera.not_reached"}]
    found = []
    for earlier, later in pairwise(parts):
        from_ms, to_ms = earlier.end_ms, later.start_ms
        if from_ms == to_ms:
            continue
        slack_ms = outcome.lateness_ms + _SLACK_MS
        reasons = [
            line.fields["reason"] for line in ended if from_ms - slack_ms < line.wall_ms < to_ms + slack_ms
        ]
        began = begun.get(to_ms)
        hurt = [
            mishap
            for mishap in own
            if mishap.span.start_ms < to_ms + slack_ms and from_ms - slack_ms < mishap.span.end_ms
        ]
        if began is not None and reasons:
            outcome.gaps[reasons[0]] += 1
        elif began is not None and hurt:
            # The connection stood; the camera's own timestamps told of the gap.
            outcome.gaps[f"timestamps, {hurt[0].fault}"] += 1
        else:
            found.append(f"the gap from {from_ms} to {to_ms} has no reason in the log")
    return found


def growth(samples: list[Sample]) -> list[str]:
    """What the recorder held more of in the last quarter of the time than in the second."""
    before, after = quarter(samples, 1), quarter(samples, 3)
    found = []
    if after.memory_mib > before.memory_mib * _MOST_GROWTH + _MOST_GROWTH_MIB:
        found.append(f"memory grew from {before.memory_mib:.0f} to {after.memory_mib:.0f} MiB")
    # Some cameras are connected at one time, others at another.
    if after.threads > before.threads + 3:
        found.append(f"threads grew from {before.threads} to {after.threads}")
    if after.descriptors > before.descriptors + 4:
        found.append(f"file descriptors grew from {before.descriptors} to {after.descriptors}")
    return found


def as_text(outcome: Outcome) -> str:
    """What was found, in words."""
    quarters = [quarter(outcome.samples, number) for number in range(4)]
    faults = Counter(mishap.fault for mishap in outcome.mishaps)
    rows = [
        ("faults", f"{faults.total()}: {', '.join(f'{n} {name}' for name, n in sorted(faults.items()))}"),
        ("pictures sent, kept", f"{outcome.sent}, {outcome.kept}"),
        ("runs, segments", f"{outcome.runs}, {outcome.segments}"),
        ("gaps by logged reason", ", ".join(f"{n} {why}" for why, n in sorted(outcome.gaps.items()))),
        ("sent without a fault and looked at, camera seconds", f"{outcome.owed_ms / 1000:.0f}"),
        ("a row late by at most, s", f"{outcome.lateness_ms / 1000:.1f}"),
        ("memory by quarters, MiB", ", ".join(f"{one.memory_mib:.1f}" for one in quarters)),
        ("threads by quarters", ", ".join(str(one.threads) for one in quarters)),
        ("file descriptors by quarters", ", ".join(str(one.descriptors) for one in quarters)),
    ]
    lines = ["| what | found |", "|---|---|", *(f"| {what} | {found} |" for what, found in rows)]
    return "\n".join(lines)
