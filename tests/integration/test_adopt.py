"""Recordings of other systems, as those lay them out, adopted by the program as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from footage.archive.read import Reader
from footage.house import open_house
from footage.settings import load
from footage.timeline import ALL_TIME, parse_time
from kit.archive import add_shelf
from kit.clips import Clip
from kit.damaged import Ward
from kit.server import footage

BERLIN = ZoneInfo("Europe/Berlin")
TEN = Clip(seconds=10, size=(128, 96), rate=Fraction(5), gop=5)
OLD_MS = 1_790_000_000_000
OTHER = Clip(seconds=10, size=(96, 64), rate=Fraction(5), gop=5)


@dataclass
class Desk:
    """A data folder with a camera, and a folder of recordings beside it."""

    data: Path
    originals: Path
    camera: str
    clip: Path
    other: Path

    def lay(self, name: str, clip: Path | None = None, modified_ms: int = OLD_MS) -> Path:
        path = self.originals / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip or self.clip, path)
        os.utime(path, ns=(modified_ms * 1_000_000, modified_ms * 1_000_000))
        return path

    def frigate(self, moment: str, camera: str = "door", clip: Path | None = None) -> Path:
        at = datetime.fromtimestamp(parse_time(moment) / 1000, UTC)
        return self.lay(f"{at:%Y-%m-%d/%H}/{camera}/{at:%M.%S}.mp4", clip)

    def adopt(self, *options: str, code: int = 0) -> Any:
        done = footage(
            "adopt", str(self.originals), "--camera", self.camera, *options, "--json",
            data=self.data, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def runs(self) -> list[tuple[str, int]]:
        """Start and length in seconds of each run kept."""
        house = open_house(load(data_dir=self.data))
        camera = next(iter(house.cameras.every()))
        archive = house.cameras.archive_of(camera)
        parts = Reader(house.index, house.storage).parts(archive, ALL_TIME)
        house.close()
        return [
            (
                datetime.fromtimestamp(p.start_ms / 1000, UTC).isoformat().replace("+00:00", "Z"),
                round((p.end_ms - p.start_ms) / 1000),
            )
            for p in parts
        ]


@pytest.fixture
def desk(tmp_path: Path, clips: Callable[[str, Clip], Path]) -> Desk:
    house = open_house(load(data_dir=tmp_path / "data"))
    camera = add_shelf(house, "Door").camera
    house.close()
    (tmp_path / "originals").mkdir()
    return Desk(
        tmp_path / "data",
        tmp_path / "originals",
        str(camera.id),
        clips("ten.mp4", TEN),
        clips("other.mp4", OTHER),
    )


def files(told: Any) -> list[Any]:
    [camera] = told["cameras"]
    found: list[Any] = camera["files"]
    return found


def test_frigate_s_ten_seconds_become_runs_with_its_gaps(desk: Desk) -> None:
    """Names in whole seconds, over an hour's edge; a gap; a picture of another size; a stranger."""
    for second in (0, 10, 21, 30):
        desk.frigate(f"2026-07-01T13:59:{second:02}Z")
    for moment in ("13:59:40", "13:59:50", "14:00:00"):
        desk.frigate(f"2026-07-01T{moment}Z")
    desk.frigate("2026-07-01T14:10:00Z")
    desk.frigate("2026-07-01T14:10:10Z", clip=desk.other)
    (desk.originals / "2026-07-01/14/door/preview.jpg").write_bytes(b"x")
    wrong = desk.lay("2026-07-01/14/door/61.00.mp4")
    told = desk.adopt("--layout", "frigate", code=1)
    assert [one["file"] for one in told["unfit"]] == [str(wrong)]
    assert [one["error"] for one in files(told)] == [None] * 9
    assert desk.runs() == [
        ("2026-07-01T13:59:00Z", 70),
        ("2026-07-01T14:10:00Z", 10),
        ("2026-07-01T14:10:10Z", 10),
    ]
    # Runs that were joined are one also for a rebuild.
    ward = Ward(desk.data, open_house(load(data_dir=desk.data)))
    told_before = ward.told()
    ward.lose_index()
    ward.rebuild()
    assert ward.told() == told_before
    ward.house.close()


def test_mediamtx_in_local_time_over_the_night_in_which_clocks_are_set_back(desk: Desk) -> None:
    """A file an hour from midnight to five, ten seconds each, named in Berlin's time."""
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    for hour in range(6):
        moment = begin + timedelta(hours=hour)
        name = moment.astimezone(BERLIN).strftime("house/door/%Y-%m-%d_%H-%M-%S-%f")
        if hour == 3:
            # The same digits as an hour before: another file of that name.
            name = name.replace("-000000", "-500000")
        desk.lay(f"{name}.mp4", modified_ms=int(moment.timestamp() * 1000) + 10_000)
    told = desk.adopt("--layout", "mediamtx", "--timezone", "Europe/Berlin")
    assert told["unfit"] == []
    starts = [start for start, _ in desk.runs()]
    assert starts == [
        "2026-10-24T22:00:00Z",
        "2026-10-24T23:00:00Z",
        "2026-10-25T00:00:00Z",
        "2026-10-25T01:00:00.500000Z",
        "2026-10-25T02:00:00Z",
        "2026-10-25T03:00:00Z",
    ]


def test_a_plain_pattern_and_originals_that_are_removed(desk: Desk) -> None:
    kept = [desk.lay(f"20260701/1200{second:02}.mkv") for second in (0, 10)]
    damaged = desk.lay("20260701/130000.mkv")
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size * 6 // 10])
    os.utime(damaged, ns=(OLD_MS * 1_000_000, OLD_MS * 1_000_000))
    options = ["--layout", "plain", "--pattern", "%Y%m%d/%H%M%S", "--timezone", "UTC"]
    told = desk.adopt(*options, code=1)
    assert [one["error"] is None for one in files(told)] == [True, True, False]
    assert [path.exists() for path in kept] == [True, True]
    told = desk.adopt(*options, "--remove-originals", code=1)
    assert [one["removed"] for one in files(told)] == [True, True, False]
    assert [path.exists() for path in (*kept, damaged)] == [False, False, True]
    assert desk.runs()[0] == ("2026-07-01T12:00:00Z", 20)


def test_a_dry_run_touches_nothing(desk: Desk) -> None:
    for second in (0, 10):
        desk.frigate(f"2026-07-01T12:00:{second:02}Z")
    footage("camera", "list", data=desk.data)
    before = {path: path.read_bytes() for path in desk.data.rglob("*") if path.is_file()}
    told = desk.adopt("--layout", "frigate", "--dry-run", "--remove-originals")
    assert told["dryRun"]
    assert [one["start"] for one in files(told)] == [
        "2026-07-01T12:00:00.000Z", "2026-07-01T12:00:10.000Z",
    ]  # fmt: skip
    after = {path: path.read_bytes() for path in desk.data.rglob("*") if path.is_file()}
    assert {p: b for p, b in after.items() if "index.db" not in p.name} == {
        p: b for p, b in before.items() if "index.db" not in p.name
    }
    assert desk.runs() == []
    assert len(list(desk.originals.rglob("*.mp4"))) == 2


def test_what_was_adopted_is_passed_over(desk: Desk) -> None:
    desk.frigate("2026-07-01T12:00:00Z")
    desk.adopt("--layout", "frigate")
    desk.frigate("2026-07-01T12:00:10Z")
    told = desk.adopt("--layout", "frigate")
    assert [one["alreadyAdopted"] for one in files(told)] == [True, False]
    assert desk.runs() == [("2026-07-01T12:00:00Z", 20)]
    # Also where the ledger is gone: every segment is found in its place.
    (desk.data / "adopted.jsonl").unlink()
    told = desk.adopt("--layout", "frigate")
    assert [one["alreadyAdopted"] for one in files(told)] == [True, True]
    assert desk.runs() == [("2026-07-01T12:00:00Z", 20)]


def test_footage_in_the_way_is_named_and_kept(desk: Desk) -> None:
    desk.frigate("2026-07-01T12:00:00Z")
    desk.adopt("--layout", "frigate")
    desk.frigate("2026-07-01T12:00:05Z", clip=desk.other)
    told = desk.adopt("--layout", "frigate", code=4)
    assert "overlaps" in files(told)[1]["error"]
    assert desk.runs() == [("2026-07-01T12:00:00Z", 10)]


def test_a_file_that_may_still_be_written_waits_for_the_next_time(desk: Desk) -> None:
    desk.frigate("2026-07-01T12:00:00Z")
    young = desk.frigate("2026-07-01T12:00:10Z")
    os.utime(young)
    told = desk.adopt("--layout", "frigate")
    assert told["stillWritten"] == 1
    assert desk.runs() == [("2026-07-01T12:00:00Z", 10)]


def test_several_cameras_in_one_folder(desk: Desk) -> None:
    desk.frigate("2026-07-01T12:00:00Z", "door")
    desk.frigate("2026-07-01T12:00:00Z", "yard")
    refused = footage(
        "adopt", str(desk.originals), "--layout", "frigate", "--camera", desk.camera,
        data=desk.data, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "door=ID" in refused.stderr
    assert "yard=ID" in refused.stderr
    desk.camera = f"yard={desk.camera}"
    told = desk.adopt("--layout", "frigate")
    assert [Path(one["file"]).parent.name for one in files(told)] == ["yard"]


@pytest.mark.parametrize("delay_s", [0.3, 0.9])
def test_adopting_that_is_killed_goes_on(desk: Desk, delay_s: float) -> None:
    for minute in range(4):
        for second in range(0, 60, 10):
            desk.frigate(f"2026-07-01T12:{minute:02}:{second:02}Z")
    process = subprocess.Popen(
        [
            sys.executable, "-m", "footage", "adopt", str(desk.originals), "--layout", "frigate",
            "--camera", desk.camera, "--remove-originals",
        ],
        env={**os.environ, "FOOTAGE_DATA_DIR": str(desk.data)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    ledger = desk.data / "adopted.jsonl"
    while process.poll() is None and not ledger.exists():
        time.sleep(0.01)
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    desk.adopt("--layout", "frigate", "--remove-originals")
    assert desk.runs() == [("2026-07-01T12:00:00Z", 240)]
    assert list(desk.originals.rglob("*.mp4")) == []
    ward = Ward(desk.data, open_house(load(data_dir=desk.data)))
    ward.told()
    assert ward.check() == []
    ward.house.close()
