"""What every index promises to recorders: leases, fences, numbers for live playlists, statuses."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from multiprocessing.synchronize import Barrier as ProcessBarrier
from pathlib import Path
from threading import Barrier, Thread
from uuid import uuid4

import pytest

from footage.archive.cameras import Cameras
from footage.archive.errors import (
    ArchiveError,
    Full,
    LeaseLost,
    Overlap,
    Unavailable,
    UnknownCamera,
    UnknownRun,
)
from footage.archive.index import (
    BlockCommit,
    Index,
    LiveSegment,
    ToRecord,
    commit_rows,
    database,
    footage_rows,
    open_index,
)
from footage.archive.storage import LocalStorage
from footage.timeline import (
    ALL_TIME,
    Archive,
    Block,
    Camera,
    CameraStatus,
    Codecs,
    Keyframe,
    Reason,
    Run,
    Segment,
    Source,
    State,
)

CODECS = Codecs("h264", 640, 360, None, 0, 0, "one")
T = 1_790_000_000_000
URL = "rtsp://user:secret@camera/1"


@pytest.fixture
def archive(index: Index) -> Archive:
    return new_archive(index)


def new_archive(index: Index, source_url: str | None = URL) -> Archive:
    """The archive of a camera that was just added."""
    camera = Camera(id=uuid4(), archive_id=uuid4(), title="Yard")
    index.add_camera(camera, source_url)
    archive = index.archive(camera.archive_id)
    assert archive is not None
    return archive


def claimed(index: Index, archive: Archive) -> int:
    """The fence of a lease that was just taken."""
    [seen] = [one.fence for one in index.to_record() if one.archive == archive]
    fence = index.claim(archive, uuid4(), seen)
    assert fence is not None
    return fence


def block_of(start_ms: int, count: int, bytes_from: int = 0) -> Block:
    """So many segments of 6 s."""
    made = (Segment(start_ms + n * 6000, 6000, 376, n, (Keyframe(0, 0, 188),)) for n in range(count))
    return Block(start_ms, bytes_from, tuple(made))


def with_block(run: Run | None, block: Block) -> Run:
    """``run``, or a new one, as it is with ``block`` at its end."""
    run = run or Run(0, block.start_ms, 0, 0, 0, CODECS)
    return run._replace(end_ms=block.end_ms, bytes_to=block.bytes_to)


def commit(
    index: Index, archive: Archive, block: Block, fence: int | None = None, run: Run | None = None
) -> Run:
    return index.commit_block(archive, with_block(run, block), block, fence)


def numbers(index: Index, archive: Archive, count: int = 100) -> list[tuple[int, int, int]]:
    """Sequence, discontinuity and start after T in s of the newest segments."""
    with index.snapshot() as snapshot:
        newest = snapshot.newest_recorded(archive, count)
    assert all(one.duration_ms == 6000 for one in newest)
    return [(one.sequence, one.discontinuity, (one.start_ms - T) // 1000) for one in newest]


def starts(index: Index, archive: Archive) -> list[int]:
    with index.snapshot() as snapshot:
        found: list[int] = snapshot.segments(archive, ALL_TIME).start_ms.tolist()
        return found


# What is to be recorded


def test_a_camera_says_how_it_is_recorded(index: Index) -> None:
    camera = Camera(
        id=uuid4(),
        archive_id=uuid4(),
        title="Gate",
        transport="udp",
        is_recorded=False,
        is_audio_recorded=False,
    )
    index.add_camera(camera, URL)
    assert index.camera(camera.id) == replace(camera, has_source=True)
    changed = index.change_camera(camera.id, {"transport": "tcp", "is_recorded": True})
    assert changed == replace(camera, has_source=True, transport="tcp", is_recorded=True)


def test_cameras_with_a_source_that_are_switched_on_are_to_be_recorded(index: Index) -> None:
    first, second = new_archive(index), new_archive(index)
    sourceless, off, removed = new_archive(index, None), new_archive(index), new_archive(index)
    index.change_camera(off.camera_id, {"is_recorded": False})
    index.mark_camera(removed.camera_id)
    index.change_camera(second.camera_id, {"transport": "udp", "is_audio_recorded": False})
    assert index.to_record() == [
        ToRecord(first, "Yard", Source(URL), None, 0),
        ToRecord(second, "Yard", Source(URL, "udp", with_audio=False), None, 0),
    ]
    index.change_camera(sourceless.camera_id, {"source_url": "srt://camera"})
    index.change_camera(first.camera_id, {"source_url": None})
    index.change_camera(off.camera_id, {"is_recorded": True})
    assert [one.archive for one in index.to_record()] == [second, sourceless, off]
    assert "secret" not in repr(index.to_record())


# Leases


def test_a_lease_is_taken_once(index: Index, archive: Archive) -> None:
    mine, theirs = uuid4(), uuid4()
    assert index.claim(archive, mine, 0) == 1
    assert index.claim(archive, theirs, 0) is None
    [seen] = index.to_record()
    assert (seen.holder, seen.fence) == (mine, 1)
    # Taken over, from whoever saw how it stood.
    assert index.claim(archive, theirs, 1) == 2
    assert index.claim(archive, mine, 1) is None
    [seen] = index.to_record()
    assert (seen.holder, seen.fence) == (theirs, 2)


def test_a_fence_that_nobody_gave_out_takes_nothing(index: Index, archive: Archive) -> None:
    assert index.claim(archive, uuid4(), 7) is None
    [seen] = index.to_record()
    assert (seen.holder, seen.fence) == (None, 0)


def test_the_lease_of_a_removed_camera_is_not_taken(index: Index, archive: Archive) -> None:
    held = new_archive(index)
    assert index.claim(held, uuid4(), 0) == 1
    for gone in (archive, held):
        index.mark_camera(gone.camera_id)
    assert index.claim(archive, uuid4(), 0) is None
    assert index.claim(held, uuid4(), 1) is None
    index.drop_removed_archives()
    assert index.claim(held, uuid4(), 1) is None
    assert index.claim(held, uuid4(), 0) is None


def test_a_lease_given_back_has_no_holder_and_a_fence_that_goes_on(index: Index, archive: Archive) -> None:
    assert index.claim(archive, uuid4(), 0) == 1
    index.release(archive, 1)
    [seen] = index.to_record()
    assert (seen.holder, seen.fence) == (None, 1)
    theirs = uuid4()
    assert index.claim(archive, theirs, 1) == 2
    # Too late: it is somebody else's.
    index.release(archive, 1)
    [seen] = index.to_record()
    assert (seen.holder, seen.fence) == (theirs, 2)


def test_a_recorder_is_alive_while_its_beat_rises(index: Index, archive: Archive) -> None:
    other = new_archive(index)
    mine, theirs = uuid4(), uuid4()
    for recorder in (mine, theirs, mine):
        index.beat(recorder)
    assert index.beats() == {mine: 2, theirs: 1}
    assert index.claim(archive, mine, 0) == 1
    assert index.claim(other, theirs, 0) == 1
    index.forget_recorder(mine)
    index.forget_recorder(uuid4())
    assert index.beats() == {theirs: 1}
    assert [(one.holder, one.fence) for one in index.to_record()] == [(None, 1), (theirs, 1)]


def race(index: Index, archives: list[Archive], barrier: Barrier | ProcessBarrier) -> list[int]:
    """Claim each archive at the same time as others do; the numbers of those that were won."""
    recorder, won = uuid4(), list[int]()
    for archive in archives:
        barrier.wait(60)
        taken = [fence for fence in range(3) if index.claim(archive, recorder, fence) == fence + 1]
        won += [archive.number * 10 + fence for fence in taken]
    return won


def race_elsewhere(
    url: str, archives: list[Archive], barrier: ProcessBarrier, won: multiprocessing.SimpleQueue[list[int]]
) -> None:
    """``race`` in a process of its own."""
    with closing(open_index(url)) as index:
        won.put(race(index, archives, barrier))


def test_of_many_threads_one_takes_a_lease(index: Index) -> None:
    archives = [new_archive(index) for _ in range(5)]
    barrier = Barrier(6)
    won: list[int] = []
    threads = [Thread(target=lambda: won.extend(race(index, archives, barrier))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Every fence of every lease was given out, and to one alone.
    assert sorted(won) == sorted(archive.number * 10 + fence for archive in archives for fence in range(3))


def test_of_two_processes_one_takes_a_lease(url: str, index: Index) -> None:
    archives = [new_archive(index) for _ in range(10)]
    spawn = multiprocessing.get_context("spawn")
    barrier, won = spawn.Barrier(2), spawn.SimpleQueue()
    processes = [spawn.Process(target=race_elsewhere, args=(url, archives, barrier, won)) for _ in range(2)]
    for process in processes:
        process.start()
    both = won.get() + won.get()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert sorted(both) == sorted(archive.number * 10 + fence for archive in archives for fence in range(3))


# Fences


def test_who_lost_the_lease_commits_nothing_more(index: Index, archive: Archive) -> None:
    """Invariant 8: a stalled recorder wakes up."""
    stalled = claimed(index, archive)
    block = block_of(T, 1)
    run = commit(index, archive, block, stalled)
    now = claimed(index, archive)
    grown, elsewhere = block_of(T, 2), block_of(T + 600_000, 1)
    with pytest.raises(LeaseLost):
        commit(index, archive, grown, stalled, run)
    with pytest.raises(LeaseLost):
        commit(index, archive, elsewhere, stalled)
    assert starts(index, archive) == [T]
    commit(index, archive, elsewhere, now)
    assert starts(index, archive) == [T, T + 600_000]


def test_without_any_lease_a_fence_is_refused(index: Index, archive: Archive) -> None:
    with pytest.raises(LeaseLost):
        commit(index, archive, block_of(T, 1), 1)
    assert starts(index, archive) == []


def test_an_import_needs_no_lease(index: Index, archive: Archive) -> None:
    fence = claimed(index, archive)
    commit(index, archive, block_of(T, 1))
    commit(index, archive, block_of(T + 6000, 1), fence)
    assert starts(index, archive) == [T, T + 6000]
    assert numbers(index, archive) == [(0, 0, 6)]


# Numbers for live playlists


def test_segments_are_numbered_on_and_on(index: Index, archive: Archive) -> None:
    fence = claimed(index, archive)
    assert numbers(index, archive) == []
    run = commit(index, archive, block_of(T, 1), fence)
    assert numbers(index, archive) == [(0, 0, 0)]
    run = commit(index, archive, block_of(T, 3), fence, run)
    second = block_of(T + 18_000, 2, run.bytes_to)
    commit(index, archive, second, fence, run)
    assert numbers(index, archive) == [(n, 0, n * 6) for n in range(5)]
    # A new run: the connection was lost for a while.
    run = commit(index, archive, block_of(T + 60_000, 1), fence)
    commit(index, archive, block_of(T + 60_000, 2), fence, run)
    assert numbers(index, archive)[4:] == [(4, 0, 24), (5, 1, 60), (6, 1, 66)]
    # And another recorder takes over.
    commit(index, archive, block_of(T + 90_000, 1), claimed(index, archive))
    assert numbers(index, archive)[5:] == [(5, 1, 60), (6, 1, 66), (7, 2, 90)]
    for count in range(9):
        assert numbers(index, archive, count) == (numbers(index, archive)[-count:] if count else [])


def test_numbers_go_on_where_the_clock_was_set_back(index: Index, archive: Archive) -> None:
    fence = claimed(index, archive)
    commit(index, archive, block_of(T + 600_000, 2), fence)
    commit(index, archive, block_of(T, 2), fence)
    assert numbers(index, archive) == [(0, 0, 600), (1, 0, 606), (2, 1, 0), (3, 1, 6)]


def test_what_was_imported_has_no_numbers(index: Index, archive: Archive) -> None:
    fence = claimed(index, archive)
    commit(index, archive, block_of(T, 2), fence)
    run = commit(index, archive, block_of(T + 60_000, 1))
    commit(index, archive, block_of(T + 60_000, 2), None, run)
    commit(index, archive, block_of(T + 120_000, 1), fence)
    assert numbers(index, archive) == [(0, 0, 0), (1, 0, 6), (2, 1, 120)]


def test_numbers_of_archives_are_their_own(index: Index, archive: Archive) -> None:
    other = new_archive(index)
    commit(index, archive, block_of(T, 3), claimed(index, archive))
    commit(index, other, block_of(T + 6000, 1), claimed(index, other))
    assert numbers(index, other) == [(0, 0, 6)]
    assert len(numbers(index, archive)) == 3


def test_leaving_blocks_are_not_listed_and_their_numbers_not_given_again(
    index: Index, archive: Archive
) -> None:
    fence = claimed(index, archive)
    commit(index, archive, block_of(T, 2), fence)
    run = commit(index, archive, block_of(T + 60_000, 2), fence)
    index.mark_run(archive, run.id)
    assert numbers(index, archive) == [(0, 0, 0), (1, 0, 6)]
    commit(index, archive, block_of(T + 120_000, 1), fence)
    assert numbers(index, archive) == [(0, 0, 0), (1, 0, 6), (4, 2, 120)]
    assert numbers(index, archive, 2) == [(1, 0, 6), (4, 2, 120)]


def test_a_live_segment_says_where_it_is(index: Index, archive: Archive) -> None:
    segments = (
        Segment(T, 5480, 376, 1, (Keyframe(0, 0, 188),)),
        Segment(T + 5480, 7000, 376, 2, (Keyframe(0, 0, 188), Keyframe(500, 188, 188))),
    )
    commit(index, archive, Block(T, 0, segments), claimed(index, archive))
    with index.snapshot() as snapshot:
        newest = snapshot.newest_recorded(archive, 5)
    assert newest == [LiveSegment(0, 0, T, 5480), LiveSegment(1, 0, T + 5480, 7000)]


def test_the_newest_are_found_without_a_scan(tmp_path: Path) -> None:
    """However old an archive is, and however much of it was imported."""
    with closing(open_index(f"sqlite:///{tmp_path / 'index.db'}")) as index:
        for statement in (footage_rows._NEWEST_RECORDED, commit_rows._LAST_NUMBERS):
            text = str(statement.compile(index._engine, compile_kwargs={"literal_binds": False}))
            with closing(sqlite3.connect(tmp_path / "index.db")) as database:
                values = [1] * text.count("?")
                plan = [row[-1] for row in database.execute(f"EXPLAIN QUERY PLAN {text}", values)]
            assert len(plan) == 1
            assert "SEARCH block USING" in plan[0]
            assert "ix_block_archive_number_sequence_from (archive_number=? AND sequence_from>?)" in plan[0]


# Many in one transaction


def test_each_of_many_has_an_outcome_of_its_own(index: Index, archive: Archive) -> None:
    others = [new_archive(index) for _ in range(4)]
    removed, kept, marked, lost = others
    index.mark_camera(removed.camera_id)
    in_the_way = commit(index, kept, block_of(T, 1))
    gone = commit(index, marked, block_of(T, 1))
    index.mark_run(marked, gone.id)
    index.drop_blocks(index.leaving(10))
    fence = claimed(index, lost)
    block, grown = block_of(T, 1), block_of(T, 2)
    outcomes = index.commit_blocks(
        [
            BlockCommit(removed, with_block(None, block), block),
            BlockCommit(archive, with_block(None, block), block, claimed(index, archive)),
            BlockCommit(kept, with_block(None, block), block),
            BlockCommit(marked, with_block(gone, grown), grown),
            BlockCommit(lost, with_block(None, block), block, fence + 1),
            BlockCommit(kept, with_block(in_the_way, grown), grown),
        ]
    )
    assert [type(one) for one in outcomes] == [UnknownCamera, Run, Overlap, UnknownRun, LeaseLost, Run]
    assert starts(index, archive) == [T]
    assert starts(index, kept) == [T, T + 6000]
    for empty in (removed, marked, lost):
        assert starts(index, empty) == []
    assert index.commit_blocks([]) == []


def test_several_blocks_of_one_archive_see_each_other(index: Index, archive: Archive) -> None:
    fence = claimed(index, archive)
    first, second = block_of(T, 2), block_of(T + 6000, 1)
    later = block_of(T + 12_000, 1)
    commits = [BlockCommit(archive, with_block(None, one), one, fence) for one in (first, second, later)]
    outcomes = index.commit_blocks(commits)
    assert [type(one) for one in outcomes] == [Run, Overlap, Run]
    assert numbers(index, archive) == [(0, 0, 0), (1, 0, 6), (2, 1, 12)]


def test_one_that_no_look_beforehand_tells_of_takes_no_other_with_it(
    index: Index, archive: Archive
) -> None:
    """The bytes of a removed run are still there, under the name that the new block wants."""
    other = new_archive(index)
    leaving = commit(index, archive, block_of(T, 1))
    index.mark_run(archive, leaving.id)
    fence = claimed(index, archive)
    commits = [
        BlockCommit(other, with_block(None, block_of(T, 1)), block_of(T, 1), claimed(index, other)),
        BlockCommit(archive, with_block(None, block_of(T, 2)), block_of(T, 2), fence),
        BlockCommit(archive, with_block(None, block_of(T + 60_000, 1)), block_of(T + 60_000, 1), fence),
    ]
    first, second, third = index.commit_blocks(commits)
    assert isinstance(first, Run)
    assert isinstance(second, Overlap)
    assert isinstance(third, Run)
    # No run without its block is left of the second.
    assert starts(index, archive) == [T + 60_000]
    with index.snapshot() as snapshot:
        assert snapshot.runs(archive, ALL_TIME) == [third]
        assert snapshot.runs(other, ALL_TIME) == [first]
    assert numbers(index, other) == [(0, 0, 0)]
    assert numbers(index, archive) == [(0, 0, 60)]


def test_ids_of_runs_in_one_transaction_are_their_own(index: Index) -> None:
    archives = [new_archive(index) for _ in range(5)]
    block = block_of(T, 1)
    outcomes = index.commit_blocks([BlockCommit(one, with_block(None, block), block) for one in archives])
    for archive, outcome in zip(archives, outcomes, strict=True):
        assert isinstance(outcome, Run)
        with index.snapshot() as snapshot:
            assert snapshot.runs(archive, ALL_TIME) == [outcome]


# How it goes

STATUS = CameraStatus(
    state=State.WAITING,
    reason=Reason.WRONG_PASSWORD,
    detail="refused: „пароль“",
    since_ms=T,
    updated_ms=T + 1,
    last_packet_ms=T - 1,
    last_segment_ms=T - 2,
    recorded_ms=1 << 40,
    size_bytes=1 << 50,
    segments=3,
    segments_dropped=4,
    packets_dropped=5,
    queued=6,
    drift_ms=-7,
    reconnects={Reason.STALLED: 2, Reason.LOST: 9},
)
BARE = CameraStatus(state=State.CONNECTING, since_ms=T, updated_ms=T)


def test_a_status_comes_back_as_it_was_written(index: Index, archive: Archive) -> None:
    other, silent = new_archive(index), new_archive(index)
    index.put_statuses({archive.number: STATUS, other.number: BARE})
    assert index.statuses() == {archive.number: STATUS, other.number: BARE}
    assert index.statuses([other.number, silent.number]) == {other.number: BARE}
    assert index.statuses([]) == {}
    [found] = index.statuses([archive.number]).values()
    assert all(isinstance(reason, Reason) for reason in (found.reason, *found.reconnects))
    assert isinstance(found.state, State)


def test_a_status_replaces_the_one_before_and_no_other(index: Index, archive: Archive) -> None:
    other = new_archive(index)
    index.put_statuses({archive.number: STATUS, other.number: STATUS})
    index.put_statuses({archive.number: BARE})
    index.put_statuses({})
    assert index.statuses() == {archive.number: BARE, other.number: STATUS}


def test_nothing_is_said_of_removed_cameras(index: Index, archive: Archive) -> None:
    other, forgotten = new_archive(index), new_archive(index)
    index.put_statuses(dict.fromkeys((archive.number, other.number, forgotten.number), STATUS))
    for gone in (archive, forgotten):
        assert index.claim(gone, uuid4(), 0) == 1
    index.mark_camera(forgotten.camera_id)
    index.drop_removed_archives()
    index.mark_camera(archive.camera_id)
    assert index.statuses() == {other.number: STATUS}
    # Whoever recorded them does not know it yet.
    index.put_statuses({archive.number: BARE, forgotten.number: BARE, other.number: BARE})
    index.put_statuses({forgotten.number: BARE})
    assert index.statuses() == {other.number: BARE}
    # Nothing that a recorder left keeps a camera from being forgotten.
    index.drop_removed_archives()
    index.add_camera(Camera(id=archive.camera_id, archive_id=archive.id, title="Again"), URL)
    again = index.archive(archive.id)
    assert again is not None
    assert index.statuses([again.number]) == {}
    [seen] = [one for one in index.to_record() if one.archive == again]
    assert (seen.holder, seen.fence) == (None, 0)


def test_cameras_tell_how_their_recording_goes(index: Index, archive: Archive, tmp_path: Path) -> None:
    cameras = Cameras(index, LocalStorage(tmp_path / "footage", index.set_id))
    other, silent = new_archive(index), new_archive(index)
    index.put_statuses({archive.number: STATUS, other.number: BARE})
    assert cameras.status(cameras.get(archive.camera_id)) == STATUS
    assert cameras.status(cameras.get(silent.camera_id)) is None
    assert cameras.statuses() == {archive.number: STATUS, other.number: BARE}
    assert cameras.statuses([silent, other]) == {other.number: BARE}
    gone = cameras.get(archive.camera_id)
    index.mark_camera(gone.id)
    with pytest.raises(UnknownCamera):
        cameras.status(gone)


# Away

EVERY_CALL: dict[str, Callable[[Index, Archive], object]] = {
    "beat": lambda index, _: index.beat(uuid4()),
    "beats": lambda index, _: index.beats(),
    "forget_recorder": lambda index, _: index.forget_recorder(uuid4()),
    "to_record": lambda index, _: index.to_record(),
    "claim": lambda index, archive: index.claim(archive, uuid4(), 0),
    "release": lambda index, archive: index.release(archive, 1),
    "put_statuses": lambda index, archive: index.put_statuses({archive.number: BARE}),
    "statuses": lambda index, _: index.statuses(),
    "newest_recorded": numbers,
    "commit_blocks": lambda index, archive: index.commit_blocks(
        [BlockCommit(archive, with_block(None, block_of(T, 1)), block_of(T, 1))]
    ),
}


@pytest.mark.parametrize("call", sorted(EVERY_CALL))
def test_every_call_says_so_when_the_database_is_destroyed(tmp_path: Path, call: str) -> None:
    with closing(open_index(f"sqlite:///{tmp_path / 'index.db'}")) as index:
        archive = new_archive(index)
        index.close()
        for file in tmp_path.glob("index.db*"):
            file.write_bytes(b"no database " * 1000)
        with pytest.raises(Unavailable) as raised:
            EVERY_CALL[call](index, archive)
    assert not isinstance(raised.value, Full)
    assert str(raised.value).startswith("index: ")


def tried(index: Index, archive: Archive, start_ms: int, fence: int) -> Run | ArchiveError:
    """A commit of many segments, or why it was refused."""
    try:
        return commit(index, archive, block_of(start_ms, 100), fence)
    except ArchiveError as error:
        return error


def test_a_database_without_room_is_full_and_can_still_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, "PRAGMA max_page_count = 80"))
    with closing(open_index(f"sqlite:///{tmp_path / 'index.db'}")) as index:
        archive = new_archive(index)
        fence = claimed(index, archive)
        committed = 0
        while not isinstance(outcome := tried(index, archive, T + committed * 600_000, fence), Full):
            committed += 1
        assert "index: database or disk is full" in str(outcome)
        assert committed
        assert len(starts(index, archive)) == committed * 100
        # Removal makes room, and it goes on.
        with index.snapshot() as snapshot:
            runs = snapshot.runs(archive, ALL_TIME)
        for run in runs[:5]:
            index.mark_run(archive, run.id)
        index.drop_blocks(index.leaving(10))
        commit(index, archive, block_of(T, 1), fence)
        assert len(starts(index, archive)) == (committed - 5) * 100 + 1
