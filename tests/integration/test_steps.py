"""Commits and removals, attacked between each two of their steps: kill -9, a full disk, no disk at all."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from footage.archive.commit import RunWriter
from footage.archive.errors import ArchiveError, Full
from footage.archive.index.copying import copy_index
from footage.archive.keeper import KeepingPlan
from footage.archive.read import Reader
from footage.archive.remove import finish
from footage.archive.storage import block_key
from footage.house import House, open_house
from footage.settings import load
from footage.timeline import ALL_TIME
from kit.archive import CODECS, START_MS, add_shelf, open_shelf
from kit.damaged import Ward
from kit.keeping import DAY_MS, Clocks, Keeping, promised, stored
from kit.steps import (
    BLOCK_MS,
    COMMIT,
    NOON_MS,
    SEGMENTS,
    Once,
    before_each_step,
    deaths,
    only_archive,
    piece,
    record,
    remove,
)

LEFTOVER = b"what a writer before left " * 40


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A camera without footage; bytes without a row are in the way of its second block."""
    shelf = open_shelf(tmp_path / "template")
    shelf.house.storage.append(block_key(shelf.archive.id, START_MS + BLOCK_MS), 0, LEFTOVER)
    shelf.house.close()
    return tmp_path / "template"


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """Two cameras with two runs each."""
    shelf = open_shelf(tmp_path / "template")
    for each in (shelf, add_shelf(shelf.house, "Yard")):
        each.add_run(START_MS, [(6000, 376)] * 12)
        each.add_run(START_MS + 90_000, [(6000, 376)] * 2)
    shelf.house.close()
    return tmp_path / "template"


@contextmanager
def opened(data: Path) -> Iterator[House]:
    house = open_house(load(data_dir=data))
    try:
        yield house
    finally:
        house.close()


def attacked(
    template: Path,
    folder: Path,
    attack: Callable[[House], None],
    deed: Callable[[House], None],
    wanted: Callable[[str], bool] = lambda _: True,
) -> Iterator[House]:
    """A house after the deed, the attack having come before each of its steps in turn, and at last not."""
    for number in count(1):
        data = folder / f"{number}"
        shutil.copytree(template, data)
        with opened(data) as house:

            def act(_: str, house: House = house) -> None:
                attack(house)

            once = Once(number, act, wanted)
            with before_each_step(once):
                deed(house)
            yield house
        if not once.is_done:
            assert number > 10
            return
        shutil.rmtree(data)


def kept(house: House) -> int:
    """How many segments are, from the first on; each with its bytes (invariants 1 and 4)."""
    reader, archive = Reader(house.index, house.storage), only_archive(house)
    _, table = reader.parts_and_segments(archive, ALL_TIME)
    starts = table.start_ms.tolist()
    for number, start_ms in enumerate(starts):
        segment, data = piece(number)
        found = reader.segment(archive, start_ms)
        assert found is not None
        assert found.segment.span == segment.span
        assert reader.data(found) == data
    return len(starts)


def assert_leftover_is_kept(house: House) -> None:
    """Invariant 2: where it lay, or aside."""
    found = [path for path in house.settings.storage.rglob("*") if path.is_file()]
    assert LEFTOVER in [path.read_bytes() for path in found]


def assert_whole(house: House) -> None:
    """Invariants 1 and 2: every block that a row names is there, and no other."""
    named = set[str]()
    for _, archive in house.cameras.archives_of(list(house.cameras.every())):
        named |= promised(house, archive)
        assert promised(house, archive) <= stored(house)
    leaving = {block_key(block.archive_id, block.start_ms) for block in house.index.leaving(1000)}
    assert stored(house) <= named | leaving


def go_on(house: House) -> None:
    record(house, lambda _: None, first=kept(house))
    assert kept(house) == SEGMENTS
    assert_leftover_is_kept(house)


def test_kill_9_between_each_two_steps_of_commits_loses_nothing_committed(
    empty: Path, tmp_path: Path
) -> None:
    """Invariants 1, 2, 4 and 7."""
    found = deaths("record", empty, tmp_path / "killed")
    assert sum(death.step == COMMIT for death in found) == SEGMENTS
    for death in found:
        with opened(death.data) as house:
            assert kept(house) in (death.told, death.told + 1)
            assert_leftover_is_kept(house)
            go_on(house)


def test_kill_9_between_each_two_steps_of_a_removal_is_made_good(full: Path, tmp_path: Path) -> None:
    """Invariants 1 and 2."""
    for death in deaths("remove", full, tmp_path / "killed"):
        with opened(death.data) as house:
            assert_whole(house)
            cameras = [camera.title for camera in house.cameras.every()]
            finish(house.index, house.storage)
            assert_whole(house)
            # Removed or not, and nothing between; of what is removed nothing is left.
            assert cameras in (["Entrance", "Yard"], ["Yard"])
            assert len(house.storage.archives()) == len(house.index.archive_ids()) == len(cameras)


def test_a_disk_that_is_full_at_any_write_is_said_and_leaves_nothing_torn(
    empty: Path, tmp_path: Path
) -> None:
    """Invariants 1, 2 and 4. What found no room is added again."""
    refusals = 0

    def no_room(_: House) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def stubborn(act: Callable[[], None]) -> None:
        nonlocal refusals
        try:
            act()
        except Full:
            refusals += 1
            act()

    def record_in_spite(house: House) -> None:
        writer = RunWriter(house.index, house.storage, only_archive(house), CODECS, block_ms=BLOCK_MS)
        for number in range(SEGMENTS):
            stubborn(partial(writer.add, *piece(number)))
            assert kept(house) == number
            stubborn(writer.commit)
        stubborn(writer.end)

    steps = 0
    for house in attacked(
        empty, tmp_path / "full", no_room, record_in_spite, lambda name: name not in (COMMIT, "unlink")
    ):
        steps += 1
        assert kept(house) == SEGMENTS
        assert_leftover_is_kept(house)
        # What is set aside is whole.
        assert {path.read_bytes() for path in house.settings.storage.rglob("*.aside")} == {LEFTOVER}
    assert refusals == steps - 1


def unmount(house: House) -> None:
    root = house.settings.storage
    root.rename(root.with_name("away"))
    root.mkdir()


def mount_again(house: House) -> None:
    """Nothing was written into the bare mount point."""
    root = house.settings.storage
    if root.with_name("away").exists():
        assert list(root.iterdir()) == []
        root.rmdir()
        root.with_name("away").rename(root)


def test_a_disk_that_goes_away_at_any_step_of_commits_costs_nothing(empty: Path, tmp_path: Path) -> None:
    """Invariants 1, 2 and 3."""

    def try_to_record(house: House) -> None:
        with suppress(ArchiveError):
            record(house, lambda _: None)

    for house in attacked(empty, tmp_path / "bare", unmount, try_to_record):
        mount_again(house)
        assert_leftover_is_kept(house)
        go_on(house)


def test_a_disk_that_goes_away_at_any_step_of_a_removal_forgets_nothing(full: Path, tmp_path: Path) -> None:
    """Invariants 2 and 3: what could not be deleted is not forgotten."""

    def try_to_remove(house: House) -> None:
        with suppress(ArchiveError):
            remove(house, lambda _: None)

    for house in attacked(full, tmp_path / "bare", unmount, try_to_remove):
        mount_again(house)
        assert_whole(house)
        finish(house.index, house.storage)
        assert_whole(house)
        assert len(house.storage.archives()) == len(house.index.archive_ids())


def test_an_index_of_yesterday_has_nothing_overwritten_and_nothing_deleted(tmp_path: Path) -> None:
    """Invariants 1 to 4: blocks grew, blocks and a camera came, and the recorder's clock was set back."""
    data, backup = tmp_path / "data", tmp_path / "index.yesterday"
    shelf = open_shelf(data)

    def add(first: int, last: int, house: House) -> None:
        writer = RunWriter(house.index, house.storage, shelf.archive, CODECS, block_ms=BLOCK_MS)
        for number in range(first, last):
            writer.add(*piece(number))
        writer.commit()

    add(0, 1, shelf.house)
    copy_index(shelf.house.settings.index, backup)
    # Behind the bytes that yesterday's row promises, and in blocks of their own.
    shelf.house.storage.append(block_key(shelf.archive.id, START_MS), 376, piece(1)[1])
    add(2, 5, shelf.house)
    add_shelf(shelf.house, "Yard").add_run(START_MS, [(6000, 376)] * 3)
    shelf.house.close()
    before = [path.read_bytes() for path in data.rglob("*.ts")]
    for path in data.glob("index.db*"):
        path.unlink()
    backup.rename(data / "index.db")
    with opened(data) as house:
        assert kept(house) == 1
        # Other bytes at times of which there are bytes already.
        segment, _ = piece(2)
        other = RunWriter(house.index, house.storage, shelf.archive, CODECS, block_ms=BLOCK_MS)
        other.add(segment, b"x" * 376)
        other.commit()
        Keeping(
            house, Clocks(NOON_MS + DAY_MS), KeepingPlan(max_bytes=1 << 20, free_bytes=0)
        ).pass_through()
        finish(house.index, house.storage)
        found = b"".join(path.read_bytes() for path in data.rglob("*.ts*"))
        assert all(block in found for block in before)
        kept_bytes = Reader(house.index, house.storage).segment(shelf.archive, segment.start_ms)
        assert kept_bytes is not None
        assert Reader(house.index, house.storage).data(kept_bytes) == b"x" * 376


def test_kill_9_between_each_two_steps_of_a_repair_loses_nothing(
    ward: Ward, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Invariants 1, 2 and 5. Damage of every kind, and repairing again is going on."""
    blocks = ward.blocks()
    blocks[0].unlink()
    whole = blocks[1].read_bytes()
    blocks[1].write_bytes(whole[: len(whole) // 2])
    with blocks[4].open("ab") as block:
        block.write(LEFTOVER)
    yard = ward.cameras()[1][1]
    [row] = ward.house.index.block_rows(yard, 0, 10)
    ward.house.index.cut_out(yard, {row.start_ms: 1})
    ward.house.close()
    template, folder = ward.folder, tmp_path_factory.mktemp("killed")
    shutil.copytree(template, folder / "never")
    with opened(folder / "never") as house:
        repaired = Ward(folder / "never", house)
        repaired.repair(repaired.check())
        expected, wanted = repaired.told_of_all(), {finding.name for finding in repaired.check()}
    found = deaths("repair", template, folder)
    assert len(found) > 5
    for death in found:
        with opened(death.data) as house:
            again = Ward(death.data, house)
            again.repair(again.check())
            assert again.told_of_all() == expected
            assert {finding.name for finding in again.check()} >= wanted
            asides = [path.read_bytes() for path in death.data.rglob("*.aside")]
            assert LEFTOVER in asides
