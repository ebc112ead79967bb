"""Five hundred players beside twenty cameras, while recorders are killed: ``make load``.

Nobody is answered with a 5xx or not at all, no segment that was kept is gone but what retention took,
recorders are not late for the players, and what the processes hold stays the same. Meanwhile retention
removes a minute of each camera every minute.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import msgspec
import numpy as np
from bench.clips import short_clip

from footage.archive.read import Reader
from footage.house import House, open_house
from footage.media.film import Shot, wall_clock
from footage.recording.importer import Importer
from footage.settings import load
from footage.timeline import Span
from kit.rtsp import Studio, studio
from kit.server import Server, http_workers, running_server
from proofs import kill_account
from proofs.kept import in_order, kept_segments, lateness_ms
from proofs.kill_account import GOP_MS, SEGMENT_MS, STEP_MS, Account, Kill
from proofs.logs import Logged, read_log
from proofs.players import Film, Outcome, Plan
from proofs.processes import children_of
from proofs.samples import Sample, quarter, sample
from proofs.sightings import Sightings
from proofs.soak_account import growth
from proofs.watched_camera import Filmed, add_camera
from proofs.witness import witnessed

_MEGABITS = 2
_DAY_MS = 86_400_000
_WORKERS = 2
_SETTLE_S = 15
_P99 = 99
_KEPT_DAYS = 3
"""What is older goes, a minute of each camera every minute; the players see what is younger."""


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    seconds: float
    players: int
    join_s: float
    cameras: int
    minutes: int
    """Of past footage in each archive, at 2 Mbit/s."""
    old_minutes: int
    """Of footage that becomes too old meanwhile."""
    kill_every_s: float
    is_long: bool = True
    """Long enough to tell whether memory stays the same."""


LONG = Scale(seconds=600, players=500, join_s=30, cameras=20, minutes=8, old_minutes=15, kill_every_s=60)
SHORT = Scale(
    seconds=20, players=20, join_s=2, cameras=3, minutes=2, old_minutes=2, kill_every_s=10, is_long=False
)


@dataclass
class Found:
    """What became of it; ``faults`` are what must not be."""

    players: Outcome
    kills: list[Kill]
    samples: dict[str, list[Sample]]
    recorded: kill_account.Outcome
    faults: list[str] = field(default_factory=list)
    removed: int = 0
    """Segments that retention took."""


def run(scale: Scale, data: Path, seed: int) -> Found:
    """All of it."""
    data.mkdir(parents=True, exist_ok=True)
    house = open_house(load(data_dir=data))
    with studio() as at:
        at.film("one", Shot(size=(160, 120), rate=1000 // STEP_MS, gop=GOP_MS // STEP_MS, audio="aac"))
        filmed = [_camera(house, at, number, scale) for number in range(scale.cameras)]
        seen = Sightings(Reader(house.index, house.storage), [one.archive for one in filmed], every_s=0.5)
        environment = {
            "FOOTAGE_SEGMENT_MS": str(SEGMENT_MS),
            "FOOTAGE_LOG_FORMAT": "json",
            "FOOTAGE_STORAGE_RESERVE_BYTES": "0",
        }
        with running_server(data, workers=_WORKERS, record=True, environment=environment) as server, seen:
            time.sleep(_SETTLE_S)
            before = _old_segments(house, filmed)
            found = _load(scale, data, server, filmed, seed)
            found.removed = before - _old_segments(house, filmed)
            for one in filmed:
                one.camera.cut()
            time.sleep(1)
            if server.stop() != 0:
                found.faults.append("the server did not end in order")
    _judge(found, house, filmed, seen, read_log(server.log))
    if scale.is_long:
        if not found.removed:
            found.faults.append("retention removed nothing")
        for name, samples in found.samples.items():
            found.faults += [f"{name}: {fault}" for fault in growth(samples)]
    house.close()
    return found


def _camera(house: House, at: Studio, number: int, scale: Scale) -> Filmed:
    """A camera with footage of two days ago, and some that is about to be too old."""
    one = add_camera(house, witnessed(at, f"camera{number}", source="one"))
    house.cameras.change(UUID(one.id), {"archive_days": _KEPT_DAYS})
    clip = short_clip(_MEGABITS)
    importer = Importer(house.index, house.storage, one.archive, segment_ms=6000)
    too_old_ms = wall_clock() - _KEPT_DAYS * _DAY_MS
    for at_ms, minutes in ((too_old_ms, scale.old_minutes), (_past_ms(number), scale.minutes)):
        for _ in range(minutes):
            span = importer.run(clip, at_ms).span
            assert span is not None
            # A gap, so that one run does not follow the other.
            at_ms = span.end_ms + 5000  # noqa: PLW2901 each begins behind the one before
    return one


def _old_segments(house: House, filmed: list[Filmed]) -> int:
    """How many are left of what is too old, or soon will be."""
    old = Span(0, wall_clock() // _DAY_MS * _DAY_MS - 2 * _DAY_MS)
    reader = Reader(house.index, house.storage)
    return sum(len(reader.parts_and_segments(one.archive, old)[1]) for one in filmed)


def _past_ms(number: int) -> int:
    return wall_clock() // _DAY_MS * _DAY_MS - 2 * _DAY_MS + number * 1000


def _load(scale: Scale, data: Path, server: Server, filmed: list[Filmed], seed: int) -> Found:
    films = []
    for number, one in enumerate(filmed):
        link, from_ms = server.link(one.id), _past_ms(number)
        films.append(Film(link.url, link.token, from_ms, from_ms + scale.minutes * 60_000))
    plan = Plan(films, scale.players, scale.seconds, scale.join_s, seed)
    (data / "plan.json").write_bytes(msgspec.json.encode(plan))
    with (data / "players.json").open("wb") as answers:
        players = subprocess.Popen(
            [sys.executable, "-m", "proofs.players", data / "plan.json"], stdout=answers
        )
        kills, samples = _meanwhile(scale, server, players, random.Random(seed))
    watched = msgspec.json.decode((data / "players.json").read_bytes(), type=Outcome)
    recorded = kill_account.Outcome("recorded", kills)
    return Found(watched, kills, samples, recorded, [f"players: {fault}" for fault in watched.faults])


def _meanwhile(
    scale: Scale, server: Server, players: subprocess.Popen[bytes], dice: random.Random
) -> tuple[list[Kill], dict[str, list[Sample]]]:
    """Kill recorders until the players have gone, and look at what all processes hold."""
    kills: list[Kill] = []
    samples: dict[str, list[Sample]] = {}
    next_s = time.monotonic() + scale.kill_every_s
    workers = http_workers(server)
    while players.poll() is None:
        if time.monotonic() > next_s:
            next_s += scale.kill_every_s
            recorder = dice.choice(children_of(server.process.pid, "recorder_process"))
            kills.append(Kill(wall_clock(), "a recorder"))
            os.kill(recorder, signal.SIGKILL)
        for number, pid in enumerate(workers):
            samples.setdefault(f"HTTP worker {number + 1}", []).append(sample(pid))
        time.sleep(0.5)
    assert players.returncode == 0, "the players did not end in order"
    return kills, samples


def _judge(found: Found, house: House, filmed: list[Filmed], seen: Sightings, log: list[Logged]) -> None:
    """What the cameras sent is there, and no row that was seen is gone."""
    reader, recorded = Reader(house.index, house.storage), found.recorded
    today = Span(wall_clock() - _DAY_MS, wall_clock() + _DAY_MS)
    kept = [(one, kept_segments(reader, one.archive, today)) for one in filmed]
    late = [
        late_ms
        for one, (_, segments) in kept
        for late_ms in lateness_ms(segments, seen.seen_ms[one.archive.number])
    ]
    recorded.lateness_ms = max(late, default=0) + 500
    for one, (parts, segments) in kept:
        pictures = in_order(segments)
        recorded.runs += len(parts)
        recorded.segments += len(segments)
        recorded.pictures += len(pictures)
        began_ms = [
            line.wall_ms for line in log if line.camera == one.id and line.name == "camera.recording"
        ]
        faults = Account(pictures, one.camera.stretches, began_ms, recorded).settle()
        if gone := set(seen.seen_ms[one.archive.number]) - {segment.span.start_ms for segment in segments}:
            faults.append(f"rows that were seen are gone: {sorted(gone)}")
        found.faults += [f"{one.camera.name}: {fault}" for fault in faults]


def as_text(found: Found) -> str:
    """What was found, in words."""
    took = np.array(found.players.segment_ms or [0.0])
    answers = ", ".join(f"{count} {kind}" for kind, count in found.players.answers.items())
    rows = [
        ("answers", answers),
        ("bodies, GB", f"{found.players.size_bytes / 1e9:.1f}"),
        (
            "segment requests, ms: median, p99, most",
            ", ".join(f"{value:.0f}" for value in (np.median(took), np.percentile(took, _P99), took.max())),
        ),
        ("segments that retention removed meanwhile", str(found.removed)),
        *(
            (what, text)
            for what, text in zip(
                kill_account.ROWS[1:], kill_account.column(found.recorded)[1:], strict=True
            )
        ),
        *(
            (
                f"{name}: memory by quarters, MiB",
                ", ".join(f"{quarter(samples, n).memory_mib:.0f}" for n in range(4)),
            )
            for name, samples in found.samples.items()
        ),
    ]
    return "\n".join(["| what | found |", "|---|---|", *(f"| {what} | {text} |" for what, text in rows)])


def main() -> int:
    """``python -m proofs.load``."""
    seed = int(time.time())
    print(f"{LONG.players} players, {LONG.cameras} cameras, {LONG.seconds:.0f} s, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="footage-load-") as folder:
        found = run(LONG, Path(folder), seed)
    print(as_text(found))
    print("\n".join(found.faults) or "nobody was refused, and nothing is missing")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
