"""A backup of index and settings while others write, and what a restore of it gives."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from footage.archive.errors import Unavailable
from footage.archive.findings import Kind, Level
from footage.archive.index.copying import copy_index
from footage.house import open_house
from footage.settings import load
from footage.timeline import Camera
from kit.archive import START_MS, Shelf, add_shelf
from kit.clips import Clip
from kit.damaged import Ward
from kit.server import footage, footage_json


def test_a_restored_backup_knows_all_but_what_came_since(
    ward: Ward, tmp_path: Path, clips: Callable[[str, Clip], Path]
) -> None:
    (ward.folder / "footage.toml").write_text("segment_ms = 5000\n")
    keys = (ward.folder / "signing-keys").read_bytes()
    yesterday = ward.told_of_all()
    told = footage_json("backup", str(tmp_path / "backup"), data=ward.folder)
    assert sorted(told["files"]) == ["footage.toml", "index.db", "signing-keys"]
    # Since then: footage came, footage went, a camera came.
    small = clips("yard.mp4", Clip(seconds=20, size=(128, 96), gop=25))
    door, archive = ward.cameras()[0]
    Shelf(ward.house, door, archive).import_file(small, START_MS + 3_600_000)
    add_shelf(ward.house, "Roof").import_file(small, START_MS)
    today = ward.told_of_all()
    yard = ward.cameras()[2]
    ward.house.cameras.remove_for_good(yard[0].id, now_ms=START_MS)
    ward.house.close()
    for path in ward.folder.iterdir():
        if path.is_file():
            path.unlink()
    for path in (tmp_path / "backup").iterdir():
        shutil.copy2(path, ward.folder)
    ward.house = open_house(load(data_dir=ward.folder))
    assert ward.house.settings.segment_ms == 5000
    assert (ward.folder / "signing-keys").read_bytes() == keys
    known = {camera.title for camera, _ in ward.cameras()}
    assert known == {"Door", "Yard"}
    found = ward.check()
    assert {finding.kind for finding in found} == {
        Kind.UNINDEXED, Kind.UNKNOWN_ARCHIVE, Kind.MISSING, Kind.CARD,
    }  # fmt: skip
    assert all(outcome.is_done for outcome in ward.repair(found))
    assert ward.check(Level.CHECKSUM) == []
    after = ward.told_of_all()
    assert (after["Door"], after["Roof"]) == (today["Door"], today["Roof"])
    assert after["Door"] != yesterday["Door"]
    assert after["Yard"].segments == []


def test_a_copy_is_of_one_moment_while_others_write(shelf: Shelf, tmp_path: Path) -> None:
    """Each camera comes with its archive in one transaction, thousands of pages apart."""
    for number in range(300):
        add_shelf(shelf.house, f"{number}")
    stop = Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            add_shelf(shelf.house, f"more {number} " + "x" * 2000)
            number += 1

    writer = Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            copy_index(shelf.house.settings.index, tmp_path / f"{number}.db")
    finally:
        stop.set()
        writer.join()
    counts = []
    for number in range(3):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as copy:
            [(cameras, archives)] = copy.execute(
                "SELECT (SELECT count(*) FROM camera), (SELECT count(*) FROM archive)"
            )
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert cameras == archives
        counts.append(cameras)
    assert counts[0] >= 301
    assert counts == sorted(counts)
    assert not list(tmp_path.glob("*.db-*"))


def test_what_cannot_be_backed_up_is_refused_and_leaves_nothing(ward: Ward, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="SQLite"):
        copy_index("postgresql://u:hunter2@h/x", tmp_path / "copy.db")
    with pytest.raises(Unavailable):
        copy_index(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "copy.db")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "there").mkdir()
    refused = footage("backup", str(tmp_path / "there"), data=ward.folder, check=False)
    assert refused.returncode == 2
    assert list((tmp_path / "there").iterdir()) == []


def test_a_backup_can_be_taken_of_a_camera_that_is_written_now(ward: Ward, tmp_path: Path) -> None:
    """The write-ahead log holds what the database file does not yet."""
    ward.house.cameras.change(ward.cameras()[0][0].id, {"title": "Gate"})
    assert (ward.folder / "index.db-wal").stat().st_size
    copy_index(ward.house.settings.index, tmp_path / "index.db")
    with closing(sqlite3.connect(tmp_path / "index.db")) as copy:
        titles = {title for (title,) in copy.execute("SELECT title FROM camera")}
    assert titles == {"Gate", "Yard"}
    assert isinstance(ward.cameras()[0][0], Camera)
