"""The keeper over real footage: what goes, in what order, and what never does."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from footage.archive.commit import RunWriter
from footage.archive.errors import ArchiveError, LeaseLost, Locked, Unavailable, WrongStorage
from footage.archive.index.keeper_protocol import Marked
from footage.archive.keeper import KeepingPlan
from footage.archive.keeper_report import Refusal
from footage.archive.read import Reader
from footage.archive.retention import Limit
from footage.house import House, open_house
from footage.settings import load
from footage.timeline import ALL_TIME, Archive, Export, Keyframe, Lock, Segment, Span
from kit.archive import CODECS, START_MS, Shelf, add_shelf, open_shelf
from kit.keeping import DAY_MS, MINUTE_MS, SEGMENT_BYTES, Clocks, Keeping, fill, promised, stored
from kit.steps import deaths

BLOCK_BYTES = 10 * SEGMENT_BYTES
T = START_MS // DAY_MS * DAY_MS


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A camera whose footage is kept for two days."""
    made = open_shelf(tmp_path)
    made.house.cameras.change(made.camera.id, {"archive_days": 2})
    yield made
    made.house.close()


def at(moment_ms: int) -> Clocks:
    return Clocks(wall_ms=moment_ms)


def spans(shelf: Shelf) -> list[Span]:
    return [part.span for part in shelf.reader.parts(shelf.archive, ALL_TIME)]


def minutes(*pairs: tuple[int, int]) -> list[Span]:
    return [Span(T + first * MINUTE_MS, T + last * MINUTE_MS) for first, last in pairs]


def verify(house: House, archive: Archive) -> None:
    """What is promised is there, and timeline, playlist and size speak of the same (invariants 1, 5)."""
    reader = Reader(house.index, house.storage)
    parts, table = reader.parts_and_segments(archive, ALL_TIME)
    assert sum(part.span.duration_ms for part in parts) == int(table.duration_ms.sum())
    assert sum(part.size_bytes for part in parts) == int(table.size_bytes.sum())
    for part in parts:
        for kept in reader.segments(archive, part.span):
            assert len(reader.data(kept)) == kept.segment.size_bytes
        # A cut through the middle agrees as well.
        middle = Span(part.start_ms + 7000, max(part.end_ms - 7000, part.start_ms + 7000))
        inner, listed = reader.parts_and_segments(archive, middle)
        assert sum(one.size_bytes for one in inner) == int(listed.size_bytes.sum())


def lock(shelf: Shelf, first: int, last: int, *, until_ms: int | None = None) -> Lock:
    [span] = minutes((first, last))
    made = Lock(uuid4(), span, "a theft", until_ms, T)
    shelf.house.index.add_lock(shelf.archive, made)
    return made


def test_what_is_older_than_its_days_goes_in_whole_blocks(shelf: Shelf) -> None:
    fill(shelf, T, 10)
    fill(shelf, T + 20 * MINUTE_MS, 5)
    keeping = Keeping(shelf.house, at(T + 2 * DAY_MS + 3 * MINUTE_MS + 30_000))
    keeping.keeper.run_once()
    # Out of sight at once; the bytes stay for whoever still reads.
    assert spans(shelf) == minutes((3, 10), (20, 25))
    assert len(stored(shelf.house)) == 15
    verify(shelf.house, shelf.archive)
    keeping.clocks.go_on(4)
    keeping.keeper.run_once()
    assert len(stored(shelf.house)) == 15
    keeping.clocks.go_on(2)
    keeping.keeper.run_once()
    assert stored(shelf.house) == promised(shelf.house, shelf.archive)
    assert keeping.keeper.report.deleted_bytes >= 3 * BLOCK_BYTES
    # Nothing new is due; then the rest of the first run, and the second.
    keeping.clocks.go_on(DAY_MS / 1000)
    keeping.pass_through()
    assert spans(shelf) == []
    assert stored(shelf.house) == set()


def test_locked_footage_outlives_every_limit(shelf: Shelf) -> None:
    """Invariant 6."""
    fill(shelf, T, 20)
    lock(shelf, 5, 6)
    [span] = minutes((10, 11))
    shelf.house.index.add_lock(
        shelf.archive, Lock(uuid4(), Span(span.start_ms + 59_999, span.end_ms + 1), "an edge", None, T)
    )
    shelf.house.cameras.change(shelf.camera.id, {"archive_bytes": 1})
    plan = KeepingPlan(max_bytes=1, free_bytes=0)
    keeping = Keeping(shelf.house, at(T + 100 * DAY_MS), plan)
    keeping.pass_through()
    # Whole blocks that a lock touches, and nothing beside.
    assert spans(shelf) == minutes((5, 6), (10, 12))
    verify(shelf.house, shelf.archive)
    assert stored(shelf.house) == promised(shelf.house, shelf.archive)
    assert shelf.house.index.locked_bytes(T) == {shelf.archive.number: 3 * BLOCK_BYTES}
    # It is said that there is no room for more.
    assert shelf.house.index.halts() == {shelf.archive.number: Limit.BYTES.value}
    assert keeping.keeper.report.stuck_bytes == 3 * BLOCK_BYTES - 1
    for held in shelf.house.index.locks(shelf.archive, T):
        assert shelf.house.index.drop_lock(shelf.archive, held.id)
    keeping.pass_through()
    assert spans(shelf) == []
    assert shelf.house.index.halts() == {}


def test_a_lock_that_is_made_after_the_plan_is_honoured(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 6: the check and the mark are one transaction."""
    fill(shelf, T, 6)
    real = shelf.house.index.mark_before

    def mark_before(*arguments: Any, **named: Any) -> Marked:
        if not shelf.house.index.locks(shelf.archive, T):
            lock(shelf, 2, 3)
        return real(*arguments, **named)

    monkeypatch.setattr(shelf.house.index, "mark_before", mark_before)
    Keeping(shelf.house, at(T + 10 * DAY_MS)).pass_through()
    assert spans(shelf) == minutes((2, 3))
    assert stored(shelf.house) == promised(shelf.house, shelf.archive)
    with pytest.raises(Locked):
        shelf.house.cameras.remove_for_good(shelf.camera.id, now_ms=T)
    verify(shelf.house, shelf.archive)


def test_a_lock_that_ends_by_itself_ends_by_a_clock_that_is_believed(shelf: Shelf) -> None:
    fill(shelf, T, 4)
    lock(shelf, 1, 2, until_ms=T + 10 * DAY_MS)
    keeping = Keeping(shelf.house, at(T + 9 * DAY_MS), KeepingPlan(max_bytes=0, free_bytes=0))
    keeping.pass_through()
    assert spans(shelf) == minutes((1, 2))
    # A year ahead: the lock stands, for nobody knows what time it is.
    keeping.clocks.wall_ms += 365 * DAY_MS
    keeping.pass_through()
    assert keeping.keeper.report.refusal is Refusal.CLOCK_AHEAD
    assert spans(shelf) == minutes((1, 2))
    keeping.clocks.wall_ms -= 365 * DAY_MS
    keeping.clocks.go_on(2 * DAY_MS / 1000)
    keeping.pass_through()
    assert spans(shelf) == []


def test_runs_are_split_where_a_lock_is_and_recording_goes_on_in_the_last_part(shelf: Shelf) -> None:
    index = shelf.house.index
    fence = index.claim(shelf.archive, uuid4(), 0)
    writer = RunWriter(index, shelf.house.storage, shelf.archive, CODECS, fence=fence)

    def record(first: int, last: int) -> None:
        for number in range(first * 10, last * 10):
            segment = Segment(T + number * 6000, 6000, 188, number, (Keyframe(0, 0, 188),))
            writer.add(segment, bytes([number % 251]) * 188)
            writer.commit()

    record(0, 10)
    before = shelf.reader.newest_recorded(shelf.archive, 5)
    lock(shelf, 3, 5)
    keeping = Keeping(shelf.house, at(T + 2 * DAY_MS + 8 * MINUTE_MS))
    keeping.pass_through()
    assert spans(shelf) == minutes((3, 5), (8, 10))
    record(10, 12)
    assert spans(shelf) == minutes((3, 5), (8, 12))
    # Live playlists go on where they were.
    assert shelf.reader.newest_recorded(shelf.archive, 25)[:5] == before
    verify(shelf.house, shelf.archive)
    # The block in progress stays, whatever the limits say.
    keeping.clocks.go_on(10 * DAY_MS / 1000)
    keeping.pass_through()
    assert spans(shelf) == minutes((3, 5), (11, 12))
    record(12, 13)
    verify(shelf.house, shelf.archive)
    [first, _] = shelf.reader.parts(shelf.archive, ALL_TIME)
    index.mark_run(shelf.archive, first.run.id)
    assert spans(shelf) == minutes((11, 13))


def test_the_store_cuts_all_cameras_back_to_the_same_reach(shelf: Shelf) -> None:
    other = add_shelf(shelf.house, "Yard")
    fill(shelf, T, 30)
    fill(other, T + MINUTE_MS, 10)
    fill(other, T + 21 * MINUTE_MS, 9)
    plan = KeepingPlan(max_bytes=30 * BLOCK_BYTES, free_bytes=0)
    keeping = Keeping(shelf.house, at(T + DAY_MS), plan)
    keeping.pass_through()
    kept = {one.archive.number: one.totals for one in shelf.house.index.kept_archives()}
    lengths = [totals.last_ms - totals.first_ms for totals in kept.values()]
    assert sum(totals.size_bytes for totals in kept.values()) == 30 * BLOCK_BYTES
    assert abs(lengths[0] - lengths[1]) <= MINUTE_MS
    assert keeping.keeper.report.pressing is Limit.STORE_BYTES
    verify(shelf.house, shelf.archive)
    verify(shelf.house, other.archive)


def test_a_full_turn_is_planned_without_doing_it(shelf: Shelf) -> None:
    fill(shelf, T, 5)
    keeping = Keeping(shelf.house, at(T + 30 * DAY_MS))
    made, report = keeping.keeper.plan_now()
    assert made.cuts[shelf.archive.number].size_bytes == 5 * BLOCK_BYTES
    assert report.refusal is None
    assert spans(shelf) == minutes((0, 5))


@pytest.mark.parametrize("days", [365, -365])
def test_a_clock_that_jumps_takes_nothing(shelf: Shelf, days: int) -> None:
    """Invariant 6: nor does a lock end by it, nor a camera leave that can be taken back."""
    fill(shelf, T, 10)
    binned = add_shelf(shelf.house, "Yard")
    fill(binned, T, 1)
    shelf.house.cameras.remove(binned.camera.id, now_ms=T + DAY_MS)
    keeping = Keeping(shelf.house, at(T + DAY_MS))
    keeping.pass_through()
    keeping.clocks.wall_ms += days * DAY_MS
    keeping.pass_through()
    expected = Refusal.CLOCK_AHEAD if days > 0 else Refusal.CLOCK_BEHIND
    assert keeping.keeper.report.refusal is expected
    assert spans(shelf) == minutes((0, 10))
    assert len(stored(shelf.house)) == 11
    # Nor another keeper, nor after a restart of the machine.
    keeping.keeper.close()
    keeping.clocks.boot = "second"
    later = keeping.another()
    later.run_once()
    assert later.report.refusal is expected
    assert spans(shelf) == minutes((0, 10))
    assert [one.id for one in shelf.house.cameras.bin()] == [binned.camera.id]
    # Until somebody says that the clock is right.
    shelf.house.index.set_seen(keeping.clocks.read().as_row())
    later.run_once()
    assert later.report.refusal is None
    assert spans(shelf) == ([] if days > 0 else minutes((0, 10)))


def test_a_machine_that_was_off_for_a_night_is_believed(shelf: Shelf) -> None:
    fill(shelf, T, 10)
    keeping = Keeping(shelf.house, at(T + 2 * DAY_MS - 10 * MINUTE_MS))
    keeping.keeper.run_once()
    keeping.keeper.close()
    keeping.clocks = Clocks(keeping.clocks.wall_ms + 15 * MINUTE_MS, boot="second", passed_s=5)
    again = keeping.another()
    again.run_once()
    assert again.report.refusal is None
    assert spans(shelf) == minutes((5, 10))


def test_one_keeper_at_a_time(shelf: Shelf) -> None:
    fill(shelf, T, 10)
    keeping = Keeping(shelf.house, at(T + 2 * DAY_MS + MINUTE_MS))
    keeping.keeper.run_once()
    second = keeping.another()
    with pytest.raises(LeaseLost):
        second.run_once()
    keeping.clocks.go_on(31)
    # The first stood still for so long: it is dead, and finds that out where it is not.
    second.run_once()
    with pytest.raises(LeaseLost):
        keeping.keeper.run_once()
    keeping.keeper = second
    keeping.pass_through()
    verify(shelf.house, shelf.archive)


def test_what_somebody_reads_stays_until_it_is_done(shelf: Shelf) -> None:
    fill(shelf, T, 10)
    hold = uuid4()
    [span] = minutes((2, 4))
    shelf.house.index.add_hold(shelf.archive, hold, span)
    keeping = Keeping(shelf.house, at(T + 10 * DAY_MS))
    keeping.pass_through()
    assert spans(shelf) == minutes((2, 4))
    for _ in range(5):
        shelf.house.index.beat_holds([hold])
        keeping.clocks.go_on(40)
        keeping.keeper.run_once()
        assert spans(shelf) == minutes((2, 4))
    # One that beats no more is dead.
    keeping.clocks.go_on(61)
    keeping.keeper.run_once()
    keeping.pass_through()
    assert spans(shelf) == []
    assert shelf.house.index.holds() == []


def test_kill_9_between_each_two_steps_is_harmless(
    shelf: Shelf, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Invariants 1, 2, 5 and 6."""
    fill(shelf, T, 6)
    lock(shelf, 2, 3)
    shelf.house.close()
    for death in deaths("keep", tmp_path, tmp_path_factory.mktemp("killed")):
        house = open_house(load(data_dir=death.data))
        now = replace(shelf, house=house)
        verify(house, shelf.archive)
        # Whatever is gone from the storage is gone from sight.
        assert promised(house, shelf.archive) <= stored(house)
        keeping = Keeping(house, at(T + 2 * DAY_MS + 5 * MINUTE_MS))
        # The dead keeper's lease stands for a while.
        with suppress(LeaseLost):
            keeping.keeper.run_once()
        keeping.clocks.go_on(31)
        keeping.pass_through()
        assert spans(now) == minutes((2, 3), (5, 6))
        verify(house, shelf.archive)
        assert stored(house) == promised(house, shelf.archive)
        assert house.index.leaving(100) == []
        house.close()


def test_an_index_that_was_lost_never_causes_a_deletion(shelf: Shelf, tmp_path: Path) -> None:
    """Invariant 3."""
    fill(shelf, T, 5)
    before = stored(shelf.house)
    shelf.house.close()
    for path in tmp_path.glob("index.db*"):
        path.unlink()
    with pytest.raises(WrongStorage):
        open_house(load(data_dir=tmp_path))
    assert {
        str(p.relative_to(tmp_path / "footage")) for p in (tmp_path / "footage").rglob("*.ts")
    } == before


def test_an_index_that_knows_little_of_what_is_stored_removes_nothing(shelf: Shelf, tmp_path: Path) -> None:
    """Invariant 3: an index of long ago, or half of one."""
    fill(shelf, T, 3)
    backup = tmp_path / "index.backup"
    shelf.house.index.close()
    shutil.copy(tmp_path / "index.db", backup)
    house = open_house(load(data_dir=tmp_path))
    now = replace(shelf, house=house)
    for day in range(1, 8):
        fill(now, T + day * DAY_MS, 1)
    house.close()
    before = set(tmp_path.rglob("*.ts"))
    for path in tmp_path.glob("index.db*"):
        path.unlink()
    backup.rename(tmp_path / "index.db")
    house = open_house(load(data_dir=tmp_path))
    keeping = Keeping(house, at(T + 300 * DAY_MS), KeepingPlan(max_bytes=1, free_bytes=1 << 60))
    keeping.pass_through()
    report = keeping.keeper.report
    assert report.refusal is Refusal.INDEX_EMPTIER
    assert report.refusal_detail == {"known": 1, "found": 8}
    assert set(tmp_path.rglob("*.ts")) == before
    house.close()


def test_a_storage_that_is_away_or_anothers_loses_nothing(shelf: Shelf, tmp_path: Path) -> None:
    """Invariant 3: an unmounted disk shows an empty folder, or another's footage."""
    fill(shelf, T, 5)
    keeping = Keeping(shelf.house, at(T + 30 * DAY_MS))
    root, away = tmp_path / "footage", tmp_path / "away"
    root.rename(away)
    root.mkdir()
    with pytest.raises(ArchiveError):
        keeping.keeper.run_once()
    (root / "footage-storage").write_text(f"{uuid4()}\n")
    with pytest.raises(WrongStorage):
        keeping.keeper.run_once()
    assert spans(shelf) == minutes((0, 5))
    shutil.rmtree(root)
    away.rename(root)
    # Marked, and then the disk goes: the marks wait.
    keeping.keeper.run_once()
    root.rename(away)
    keeping.clocks.go_on(100)
    with pytest.raises((WrongStorage, Unavailable)):
        keeping.keeper.run_once()
    assert len(list(away.rglob("*.ts"))) == 5
    away.rename(root)
    keeping.pass_through()
    assert stored(shelf.house) == set()
    assert shelf.house.index.leaving(10) == []


def test_a_disk_that_runs_short_is_given_room_and_recording_goes_on(tmp_path: Path) -> None:
    """Much more is recorded than the disk holds, and none of it is refused."""
    root = tmp_path / "disk"
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={4 << 20}", "tmpfs", str(root)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        # Where nothing may be mounted, the limit by bytes stands for this.
        return
    house = open_house(
        load(data_dir=tmp_path / "data", storage_dir=root / "footage", storage_reserve_bytes=1 << 20)
    )
    try:
        shelf = add_shelf(house)
        plan = KeepingPlan(free_bytes=2 << 20, reserve_bytes=1 << 20, grace_s=60)
        keeping = Keeping(house, at(T), plan)
        fence = house.index.claim(shelf.archive, uuid4(), 0)
        writer = RunWriter(house.index, house.storage, shelf.archive, CODECS, fence=fence)
        data = bytes(100_000)
        for number in range(200):
            writer.add(Segment(T + number * 6000, 6000, len(data), 0, (Keyframe(0, 0, 188),)), data)
            writer.commit()
            keeping.clocks.go_on(6)
            keeping.keeper.tick()
        verify(house, shelf.archive)
        [span] = spans(shelf)
        assert span.end_ms == T + 200 * 6000
        assert keeping.keeper.report.pressing is Limit.STORE_FREE
        # Then all of it is locked: there is no room to be made, which is said, and nothing is deleted.
        house.index.add_lock(shelf.archive, Lock(uuid4(), ALL_TIME, "all", None, T))
        (root / "ballast").write_bytes(bytes(2 << 20))
        before = promised(house, shelf.archive)
        keeping.keeper.run_once()
        assert house.index.halts() == {shelf.archive.number: Limit.STORE_FREE.value}
        keeping.clocks.go_on(100)
        keeping.keeper.run_once()
        assert promised(house, shelf.archive) == before <= stored(house)
        (root / "ballast").unlink()
        keeping.keeper.run_once()
        assert house.index.halts() == {}
    finally:
        house.close()
        subprocess.run(["umount", "--lazy", str(root)], check=True, capture_output=True)


def test_what_an_export_is_made_of_stays_until_that_has_ended(shelf: Shelf) -> None:
    """Invariant 6."""
    fill(shelf, T, 10)
    [reach] = minutes((2, 4))
    export = Export(
        id=uuid4(),
        archive=shelf.archive,
        shown=reach,
        reach=reach,
        is_limited=False,
        total_bytes=1,
        size_bytes=1,
        created_ms=T,
    )
    shelf.house.index.add_export(export, max_open=9, max_bytes=1 << 40)
    keeping = Keeping(shelf.house, at(T + 10 * DAY_MS))
    keeping.pass_through()
    assert spans(shelf) == minutes((2, 4))
    assert shelf.house.index.cancel_export(export.id, T, T + 11 * DAY_MS)
    keeping.pass_through()
    assert spans(shelf) == []


def test_much_that_is_leaving_is_no_index_that_was_lost(shelf: Shelf) -> None:
    """What retention takes out, and removed cameras, are known until their bytes are gone."""
    other = add_shelf(shelf.house, "Yard")
    for day in range(8):
        fill(shelf, T + day * DAY_MS, 1)
        fill(other, T + day * DAY_MS, 1)
    shelf.house.index.mark_camera(other.camera.id)
    keeping = Keeping(shelf.house, at(T + 9 * DAY_MS))
    keeping.keeper.run_once()
    assert keeping.keeper.report.refusal is None
    assert spans(shelf) == [Span(T + 7 * DAY_MS, T + 7 * DAY_MS + MINUTE_MS)]
    keeping.keeper.close()
    keeping.keeper = keeping.another()
    keeping.pass_through()
    assert keeping.keeper.report.refusal is None
    assert stored(shelf.house) == promised(shelf.house, shelf.archive)
