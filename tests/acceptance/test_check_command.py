"""``footage check`` as an operator types it, beside what records, and killed in its midst."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from footage.archive.findings import Kind, Level
from footage.house import open_house
from footage.settings import load
from kit.damaged import Ward
from kit.server import footage, footage_json


def test_faults_are_told_repaired_and_then_gone(ward: Ward) -> None:
    before = ward.told()
    blocks = ward.blocks()
    data = bytearray(blocks[0].read_bytes())
    data[9000] ^= 1
    blocks[0].write_bytes(data)
    gone = blocks[1].read_bytes()
    blocks[1].unlink()
    ward.house.close()
    told = footage("check", "--json", data=ward.folder, check=False)
    assert told.returncode == 1
    report = json.loads(told.stdout)
    assert (report["level"], report["faults"], report["faultsLeft"]) == ("size", 1, 1)
    door, yard = report["cameras"]
    assert (door["found"], yard["found"]) == ({"missing": 1}, {})
    [finding] = door["findings"]
    lost = next(s for s in before.segments if s[0] == int(blocks[1].stem))
    assert finding["bytes"] == len(gone)
    assert finding["file"].endswith(f"/{lost[0]}.ts")
    for_people = footage("check", "--level", "checksum", data=ward.folder, check=False)
    assert for_people.returncode == 1
    assert "Door: 4 blocks" in for_people.stdout
    assert "damaged" in for_people.stdout
    assert "missing" in for_people.stdout

    repaired = footage("check", "--level", "checksum", "--repair", "--json", data=ward.folder, check=False)
    # What is damaged stays as it is.
    assert repaired.returncode == 1
    report = json.loads(repaired.stdout)
    assert (report["faults"], report["faultsLeft"]) == (2, 1)
    assert {f["kind"]: f["isRepaired"] for f in report["cameras"][0]["findings"]} == {
        "damaged": False, "missing": True,
    }  # fmt: skip
    [kept] = (ward.folder / "repairs").iterdir()
    assert json.loads(kept.read_bytes()) == report
    footage("check", data=ward.folder)
    # The file comes back from a copy, and with it the footage.
    blocks[1].write_bytes(gone)
    footage("check", "--repair", data=ward.folder)
    ward.house = open_house(load(data_dir=ward.folder))
    assert ward.told().segments == before.segments


def test_a_check_that_is_killed_goes_on(ward: Ward) -> None:
    """Paced, so that there is a midst; what was looked at is not read again."""
    ward.blocks()[4].unlink()
    size_bytes = sum(path.stat().st_size for path in ward.house.settings.storage.rglob("*.ts"))
    ward.house.close()
    walk = ward.folder / "check.progress"
    pace = str(size_bytes / 12_000_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "footage", "check", "--level", "checksum", "--pace", pace],
        env={**os.environ, "FOOTAGE_DATA_DIR": str(ward.folder)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    while process.poll() is None and not walk.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert walk.exists()
    resumed = footage("check", "--resume", "--json", data=ward.folder, check=False)
    assert resumed.returncode == 1
    report = json.loads(resumed.stdout)
    assert report["level"] == "checksum"
    assert [camera["found"] for camera in report["cameras"]] == [{"missing": 1}, {}]
    # All was read, and nothing twice.
    assert sum(camera["bytesRead"] for camera in report["cameras"]) == sum(
        path.stat().st_size for path in (ward.folder / "footage").rglob("*.ts")
    )
    assert not walk.exists()


@pytest.mark.parametrize("delay_s", [0.0, 0.1, 0.4])
def test_a_repair_that_is_killed_goes_on(ward: Ward, delay_s: float) -> None:
    before = ward.told()
    rows = ward.house.index.block_rows(ward.archive, 0, 10)
    ward.house.index.cut_out(ward.archive, {row.start_ms: 1 for row in rows[2:]})
    with ward.blocks()[0].open("ab") as block:
        block.write(b"torn")
    ward.blocks()[1].unlink()
    ward.house.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "footage", "check", "--repair"],
        env={**os.environ, "FOOTAGE_DATA_DIR": str(ward.folder)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    repairs = ward.folder / "repairs"
    while process.poll() is None and not (repairs.exists() and any(repairs.iterdir())):
        time.sleep(0.005)
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    footage("check", "--repair", data=ward.folder)
    ward.house = open_house(load(data_dir=ward.folder))
    lost = rows[1]
    assert ward.told().segments == [s for s in before.segments if not lost.start_ms <= s[0] < lost.end_ms]
    assert {finding.kind for finding in ward.check(Level.CHECKSUM)} == {Kind.ASIDE}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--level", "guess"], 2),
        (["--since", "yesterday"], 2),
        (["--camera", "no-uuid"], 2),
        (["--rebuild", "--repair"], 2),
        (["--pace", "0"], 2),
        (["--camera", "11111111-1111-4111-8111-111111111111"], 3),
        ([], 0),
        (["--resume"], 0),
    ],
)
def test_exit_codes(tmp_path: Path, arguments: list[str], code: int) -> None:
    assert footage("check", *arguments, data=tmp_path, check=False).returncode == code


def test_imports_and_repairs_keep_out_of_each_other_s_way(ward: Ward) -> None:
    ward.blocks()[1].unlink()
    camera = ward.cameras()[0][0].id
    with (ward.folder / "import.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        refused = footage("check", "--repair", data=ward.folder, check=False)
        assert refused.returncode == 1
        assert "import" in refused.stderr
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = footage(
            "import", "x.mp4", "--camera", str(camera), "--start", "0", data=ward.folder, check=False
        )
        assert "repair" in refused.stderr
    assert footage_json("check", "--repair", data=ward.folder)["faultsLeft"] == 0
