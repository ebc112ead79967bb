"""What a storage promises to exports: a file is whole or not there, and leaves recording its room."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from footage.archive.errors import Full, MissingBytes, WrongStorage
from footage.archive.storage import LocalStorage, Storage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "footage"


@pytest.fixture
def storage(root: Path) -> Storage:
    made = LocalStorage(root, uuid4())
    made.claim()
    return made


def names(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "exports").iterdir())


def test_a_draft_gets_its_name_when_it_is_finished(storage: Storage, root: Path) -> None:
    with storage.exports.draft("a-1.mp4") as draft:
        draft.write(b"samples", 10)
        draft.write(b"head", 0)
        with pytest.raises(MissingBytes):
            storage.exports.open("a-1.mp4")
        assert b"".join(draft.pieces()) == b"head" + bytes(6) + b"samples"
        draft.finish()
    with closing(storage.exports.open("a-1.mp4")) as file:
        assert file.read(0, 17) == b"head" + bytes(6) + b"samples"
    assert names(root) == ["a-1.mp4"]
    # Footage is listed without it.
    assert list(storage.list()) == []


def test_a_draft_that_is_not_finished_leaves_nothing(storage: Storage, root: Path) -> None:
    with storage.exports.draft("a-1.mp4") as draft:
        draft.write(b"half", 0)
        assert names(root) == ["a-1.mp4.part"]
    assert names(root) == []


@pytest.mark.parametrize("by", [1, 5_000_000, 20_000_000])
def test_bytes_are_moved_whole_whatever_overlaps(storage: Storage, by: int) -> None:
    data = os.urandom(11_000_000)
    with storage.exports.draft("a-1.mp4") as draft:
        draft.write(data, 100)
        draft.move(100, 100 + by, len(data))
        assert b"".join(draft.pieces())[100 + by :] == data


def test_all_of_an_export_is_removed_and_nothing_else(storage: Storage, root: Path) -> None:
    mine, other = uuid4(), uuid4()
    for name in (f"{mine}-1.mp4", f"{mine}-1.json", f"{other}-1.mp4"):
        with storage.exports.draft(name) as draft:
            draft.write(b"x", 0)
            draft.finish()
    # As a worker that was killed left it.
    (root / "exports" / f"{mine}-2.mp4.part").write_bytes(b"half")
    with closing(storage.exports.open(f"{mine}-1.mp4")) as file:
        storage.exports.delete(mine)
        assert file.read(0, 1) == b"x"
    assert names(root) == [f"{other}-1.mp4"]
    storage.exports.delete(mine)


def test_nothing_is_written_or_removed_where_the_marker_is_not(storage: Storage, root: Path) -> None:
    export_id = uuid4()
    with storage.exports.draft(f"{export_id}-1.mp4") as draft:
        draft.finish()
    (root / "footage-storage").unlink()
    with pytest.raises(WrongStorage):
        storage.exports.draft("a-1.mp4")
    with pytest.raises(WrongStorage):
        storage.exports.delete(export_id)
    assert names(root) == [f"{export_id}-1.mp4"]


def test_twice_the_reserve_stays_free(root: Path) -> None:
    free_bytes = _free(root.parent)
    storage = LocalStorage(root, uuid4(), reserve_bytes=free_bytes * 2 // 3)
    storage.claim()
    storage.append("a/2026-01-01/00/1.ts", 0, b"footage goes on")
    assert not storage.exports.has_room(1)
    with pytest.raises(Full):
        storage.exports.draft("a-1.mp4")
    assert names(root) == []


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
