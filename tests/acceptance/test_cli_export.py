"""``footage export``: a whole file or none, from the data folder alone."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footage.house import open_house
from footage.settings import load
from kit.archive import START_MS, Shelf, add_shelf
from kit.clips import Clip
from kit.exports import boxes_in_order, wait_until
from kit.movies import TellingClip, make_telling_clip, watch
from kit.server import footage, footage_json

GAP_MS = 60_000
CLIP = TellingClip(start_ms=START_MS, seconds=12, options={"bf": "0"})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def shelf(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Two runs with a gap between."""
    house = open_house(load(data_dir=data))
    filled = add_shelf(house)
    clip = make_telling_clip(tmp_path_factory.mktemp("clip") / "telling.mp4", CLIP)
    for start_ms in (START_MS, START_MS + GAP_MS):
        filled.import_file(clip, start_ms)
    yield filled
    house.close()


def test_a_span_with_its_manifest(data: Path, shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "clip.mp4"
    made = footage_json(
        *("export", str(shelf.camera.id), "--start", str(START_MS + 3500), "--duration", "60"),
        *("--out", str(out), "--manifest"),
        data=data,
    )
    movie = out.read_bytes()
    assert made["bytes"] == len(movie)
    assert (made["start"], made["end"], made["duration"]) == (START_MS + 3500, START_MS + 63_500, 12_000)
    assert made["gaps"] == [{"time": START_MS + 12_000, "duration": GAP_MS - 12_000}]
    assert boxes_in_order(movie) == [b"ftyp", b"moov", b"free", b"mdat"]
    shown = watch(out)
    assert shown.moments[0] == START_MS + 3480
    assert len(shown.pictures) == 213 + 88
    manifest = json.loads((tmp_path / "clip.mp4.json").read_text())
    assert manifest["file"]["sha256"] == hashlib.sha256(movie).hexdigest()
    assert manifest["file"]["name"] == "clip.mp4"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "clip.mp4.json"]


def test_all_that_is_kept_and_words_for_people(data: Path, shelf: Shelf, tmp_path: Path) -> None:
    done = footage("export", str(shelf.camera.id), "--out", str(tmp_path / "clip.mp4"), data=data)
    assert "24.000 s" in done.stdout
    assert "closed a gap of 48.000 s at 2026-09-21T14:13:32.000Z" in done.stdout
    assert len(watch(tmp_path / "clip.mp4").pictures) == 600


def test_what_is_there_stays_unless_it_is_to_be_replaced(data: Path, shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "clip.mp4"
    out.write_bytes(b"precious")
    wanted = ("export", str(shelf.camera.id), "--duration", "1s", "--out", str(out))
    refused = footage(*wanted, data=data, check=False)
    assert (refused.returncode, out.read_bytes()) == (1, b"precious")
    assert "--force replaces it" in refused.stderr
    footage(*wanted, "--force", data=data)
    assert len(watch(out).pictures) == 25
    with_manifest = footage(*wanted, "--force", "--manifest", data=data)
    assert with_manifest.returncode == 0
    refused = footage(*wanted[:-1], str(tmp_path / "other.mp4"), "--manifest", data=data, check=True)
    assert refused.returncode == 0


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--start", "soon"), 2, "neither ISO 8601"),
        (("--duration", "long"), 2, "not a length of time"),
        (("--start", str(START_MS + 30_000), "--duration", "5s"), 1, "nothing is kept of this span"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    data: Path, shelf: Shelf, tmp_path: Path, options: tuple[str, ...], code: int, said: str
) -> None:
    out = str(tmp_path / "clip.mp4")
    done = footage("export", str(shelf.camera.id), "--out", out, *options, data=data, check=False)
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_no_such_camera_and_no_such_folder(data: Path, shelf: Shelf, tmp_path: Path) -> None:
    out = str(tmp_path / "clip.mp4")
    assert footage("export", "door", "--out", out, data=data, check=False).returncode == 2
    strange = "5f3c9a52-6d0e-4d0a-9f0a-2f5b7e6f1c11"
    assert footage("export", strange, "--out", out, data=data, check=False).returncode == 3
    nowhere = str(tmp_path / "nowhere" / "clip.mp4")
    done = footage("export", str(shelf.camera.id), "--out", nowhere, data=data, check=False)
    assert done.returncode == 1
    assert "is not a folder" in done.stderr


def test_changes_and_damage_leave_nothing(tmp_path: Path, clips: Callable[[str, Clip], Path]) -> None:
    house = open_house(load(data_dir=tmp_path / "data"))
    changed, damaged = add_shelf(house), add_shelf(house)
    changed.import_file(clips("small.mp4", Clip(seconds=4)), START_MS)
    changed.import_file(clips("large.mp4", Clip(seconds=4, size=(640, 480))), START_MS + 10_000)
    damaged.import_file(clips("small.mp4", Clip(seconds=4)), START_MS)
    [block] = (tmp_path / "data" / "footage" / str(damaged.archive.id)).rglob("*.ts")
    block.write_bytes(bytes(block.stat().st_size))
    house.close()
    (tmp_path / "made").mkdir()
    out = str(tmp_path / "made" / "clip.mp4")
    for shelf, said in ((changed, "320x240 to 640x480"), (damaged, "not those that were kept")):
        done = footage("export", str(shelf.camera.id), "--out", out, data=tmp_path / "data", check=False)
        assert done.returncode == 1
        assert said in done.stderr
        assert list((tmp_path / "made").iterdir()) == []


def test_ctrl_c_leaves_nothing(tmp_path: Path, clips: Callable[[str, Clip], Path]) -> None:
    house = open_house(load(data_dir=tmp_path / "data"))
    shelf = add_shelf(house)
    for number in range(2):
        shelf.import_file(clips("small.mp4", Clip(seconds=4)), START_MS + number * 10_000)
    house.close()
    last = max((tmp_path / "data" / "footage" / str(shelf.archive.id)).rglob("*.ts"))
    last.unlink()
    # Whoever opens it waits, as on a disk that does not answer.
    os.mkfifo(last)
    made = tmp_path / "made"
    made.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "footage", "export", str(shelf.camera.id), "--out", str(made / "clip.mp4")],
        env={**os.environ, "FOOTAGE_DATA_DIR": str(tmp_path / "data")},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(lambda: list(made.iterdir()))
        wait_until(lambda: any(path.stat().st_size for path in made.iterdir()))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert list(made.iterdir()) == []
