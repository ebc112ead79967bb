"""What every index promises. A new database joins by a maker of URLs in tests/kit/databases.py."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from footage.archive.errors import (
    AlreadyExists,
    ArchiveError,
    LastAdmin,
    Overlap,
    Unavailable,
    UnknownCamera,
    UnknownRun,
    WrongStorage,
)
from footage.archive.index import (
    AuditEntry,
    AuditFilter,
    BlockCommit,
    Index,
    StoredKey,
    database,
    open_index,
)
from footage.archive.index.kept import Totals
from footage.timeline import (
    ALL_TIME,
    Archive,
    Block,
    Camera,
    Codecs,
    Keyframe,
    Location,
    Place,
    Run,
    Scope,
    Segment,
    Span,
)
from kit.databases import DATABASES

SOUND = Codecs("hevc", 2560, 1440, "aac", 48_000, 2, "loud")
SILENT = Codecs("h264", 640, 360, None, 0, 0, "silent")
T = 1_790_000_000_000


@pytest.fixture
def archive(index: Index) -> Archive:
    return new_archive(index)


def new_archive(index: Index, title: str = "Yard") -> Archive:
    """The archive of a camera that was just added."""
    camera = Camera(id=uuid4(), archive_id=uuid4(), title=title)
    index.add_camera(camera, None)
    archive = index.archive(camera.archive_id)
    assert archive is not None
    return archive


def segments(start_ms: int, *durations_ms: int) -> tuple[Segment, ...]:
    """Consecutive segments, each of bytes and keyframes of its own."""
    made = []
    for number, duration_ms in enumerate(durations_ms):
        frames = tuple(Keyframe(i * 500, i * 376, 188) for i in range(1 + number % 3))
        crc32 = (start_ms + number * 2_654_435_761) % (1 << 32)
        made.append(Segment(start_ms, duration_ms, 188 * (number + 5), crc32, frames))
        start_ms += duration_ms
    return tuple(made)


def add_run(index: Index, archive: Archive, start_ms: int, *durations_ms: int) -> Run:
    """A run of one block."""
    block = Block(start_ms, 0, segments(start_ms, *durations_ms))
    return index.commit_block(archive, run_of(block), block)


def run_of(block: Block, codecs: Codecs = SILENT) -> Run:
    """A new run that is nothing but ``block``."""
    return Run(0, block.start_ms, block.end_ms, 0, block.bytes_to, codecs)


def go_on(run: Run, block: Block) -> Run:
    """``run`` as it is with ``block`` at its end."""
    return run._replace(end_ms=block.end_ms, bytes_to=block.bytes_to)


def runs(index: Index, archive: Archive, span: Span = ALL_TIME) -> list[Run]:
    with index.snapshot() as snapshot:
        return snapshot.runs(archive, span)


def block_at(index: Index, archive: Archive, moment_ms: int) -> Block | None:
    with index.snapshot() as snapshot:
        return snapshot.block_at(archive, moment_ms)


def starts(index: Index, archive: Archive, span: Span = ALL_TIME) -> list[int]:
    """Starts of the segments that start inside a span."""
    with index.snapshot() as snapshot:
        found: list[int] = snapshot.segments(archive, span).start_ms.tolist()
        return found


# Cameras


def test_a_camera_comes_back_as_it_was_added(index: Index) -> None:
    camera = Camera(
        id=uuid4(),
        archive_id=uuid4(),
        title="Einfahrt 🚗 «вход» 入口 'or\" %_",
        archive_days=30,
        device_id="device",
        camera_model="model",
        platform="platform",
        serial_number="serial",
        firmware_version="1.2",
        application_version="3.4",
        location=Location("site", "Site", Place("room", "Room")),
        created_ms=T,
    )
    index.add_camera(camera, "rtsp://user:secret@camera/1")
    assert index.camera(camera.id) == replace(camera, has_source=True)
    assert index.cameras(limit=10) == [replace(camera, has_source=True)]
    assert index.archive(camera.archive_id) == Archive(
        number=index_number(index, camera), id=camera.archive_id, camera_id=camera.id, token_epoch=0
    )


def index_number(index: Index, camera: Camera) -> int:
    archive = index.archive(camera.archive_id)
    assert archive is not None
    return archive.number


def test_what_is_not_known_of_a_camera_stays_unknown(index: Index) -> None:
    bare = Camera(id=uuid4(), archive_id=uuid4(), title="Bare")
    with_site = Camera(id=uuid4(), archive_id=uuid4(), title="Site", location=Location("site", "Site"))
    for camera in (bare, with_site):
        index.add_camera(camera, None)
        assert index.camera(camera.id) == camera


def test_unknown_cameras_and_archives_are_none(index: Index, archive: Archive) -> None:
    assert index.camera(uuid4()) is None
    assert index.archive(uuid4()) is None
    # The ids of a camera and of its archive are two things.
    assert index.camera(archive.id) is None
    assert index.archive(archive.camera_id) is None


def test_a_camera_is_added_once(index: Index, archive: Archive) -> None:
    before = index.cameras(limit=10)
    with pytest.raises(AlreadyExists):
        index.add_camera(Camera(id=archive.camera_id, archive_id=uuid4(), title="Twin"), None)
    assert index.cameras(limit=10) == before


def test_an_archive_has_one_camera(index: Index, archive: Archive) -> None:
    before = index.cameras(limit=10)
    twin = Camera(id=uuid4(), archive_id=archive.id, title="Twin")
    with pytest.raises(AlreadyExists):
        index.add_camera(twin, None)
    assert index.cameras(limit=10) == before
    assert index.camera(twin.id) is None


def test_cameras_are_listed_by_title_then_id(index: Index) -> None:
    titles = ["gate", "barn", "gate", "attic", "gate", "barn"]
    cameras = [Camera(id=uuid4(), archive_id=uuid4(), title=title) for title in titles]
    for camera in cameras:
        index.add_camera(camera, None)
    assert index.cameras(limit=10) == sorted(cameras, key=lambda camera: (camera.title, camera.id))


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_give_every_camera_once(index: Index, limit: int) -> None:
    titles = ["Tor", "Tor", "Tor", "", "Äpfel", "apfel", "Яма", "入口", "🚗", "Tor ", "tor", "Tor"]
    ids = set()
    for title in titles:
        camera = Camera(id=uuid4(), archive_id=uuid4(), title=title)
        index.add_camera(camera, None)
        ids.add(camera.id)
    listed: list[Camera] = []
    page = index.cameras(limit=limit)
    while page:
        assert len(page) <= limit
        listed += page
        page = index.cameras(limit=limit, after=(page[-1].title, page[-1].id))
    assert len(listed) == len(titles)
    assert {camera.id for camera in listed} == ids
    assert listed == index.cameras(limit=100)


def test_a_page_goes_on_after_a_camera_that_is_gone(index: Index) -> None:
    for title in ("a", "b", "c"):
        new_archive(index, title)
    first, second, third = index.cameras(limit=3)
    index.mark_camera(second.id)
    assert index.cameras(limit=3, after=(second.title, second.id)) == [third]
    assert index.cameras(limit=3, after=(first.title, first.id)) == [third]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "New"},
        {"title": "New", "archive_days": None, "serial_number": None},
        {"archive_days": 7, "device_id": "7"},
        {"location": None},
        {"location": Location("b", "B")},
        {"location": Location("b", "B", Place("c", "C"))},
        {},
    ],
)
def test_the_named_fields_of_a_camera_change_and_no_others(index: Index, changes: dict[str, Any]) -> None:
    camera = Camera(
        id=uuid4(),
        archive_id=uuid4(),
        title="Old",
        archive_days=30,
        serial_number="serial",
        location=Location("a", "A", Place("r", "R")),
    )
    index.add_camera(camera, None)
    other = new_archive(index, "Other")
    untouched = index.camera(other.camera_id)
    assert index.change_camera(camera.id, dict(changes)) == replace(camera, **changes)
    assert index.camera(camera.id) == replace(camera, **changes)
    assert index.camera(other.camera_id) == untouched


def test_a_source_is_set_and_taken_away(index: Index, archive: Archive) -> None:
    assert index.change_camera(archive.camera_id, {"source_url": "rtsp://camera"}).has_source
    assert not index.change_camera(archive.camera_id, {"source_url": None}).has_source


def test_unknown_cameras_cannot_be_changed_marked_or_revoked(index: Index) -> None:
    for attempt in (
        lambda: index.change_camera(uuid4(), {"title": "x"}),
        lambda: index.change_camera(uuid4(), {}),
        lambda: index.mark_camera(uuid4()),
        lambda: index.raise_token_epoch(uuid4()),
    ):
        with pytest.raises(UnknownCamera):
            attempt()


def test_a_marked_camera_is_out_of_sight_with_its_archive(index: Index, archive: Archive) -> None:
    stays = new_archive(index, "Stays")
    assert index.mark_camera(archive.camera_id) == archive
    assert index.camera(archive.camera_id) is None
    assert index.archive(archive.id) is None
    assert [camera.id for camera in index.cameras(limit=10)] == [stays.camera_id]
    for attempt in (
        lambda: index.change_camera(archive.camera_id, {"title": "x"}),
        lambda: index.mark_camera(archive.camera_id),
        lambda: index.raise_token_epoch(archive.camera_id),
    ):
        with pytest.raises(UnknownCamera):
            attempt()


def test_the_token_epoch_of_one_archive_rises(index: Index, archive: Archive) -> None:
    other = new_archive(index)
    assert index.raise_token_epoch(archive.camera_id) == 1
    assert index.raise_token_epoch(archive.camera_id) == 2
    assert index.archive(archive.id) == replace(archive, token_epoch=2)
    assert index.archive(other.id) == other


# Keys


def test_keys_are_kept_found_and_forgotten(index: Index) -> None:
    crm = StoredKey("crm", b"\x00" * 32, T, Scope.READ)
    vms = StoredKey("vms", b"\xff" * 32, T + 1)
    assert vms.scope is Scope.ADMIN
    index.add_key(vms)
    index.add_key(crm)
    assert index.keys() == [crm, vms]
    assert index.key(crm.key_hash) == crm
    assert index.key(b"\x01" * 32) is None
    assert index.drop_key("crm")
    assert not index.drop_key("crm")
    assert index.key(crm.key_hash) is None
    assert index.keys() == [vms]


def test_the_last_key_of_an_admin_stays(index: Index) -> None:
    first, second = StoredKey("first", b"1" * 32, T), StoredKey("second", b"2" * 32, T)
    writer = StoredKey("writer", b"3" * 32, T, Scope.WRITE)
    for key in (first, second, writer):
        index.add_key(key)
    assert index.drop_key("first")
    for _ in range(2):
        with pytest.raises(LastAdmin, match="second"):
            index.drop_key("second")
    assert index.drop_key("writer")
    assert index.keys() == [second]
    index.add_key(first)
    assert index.drop_key("second")


# The audit log


def entry(action: str, at_ms: int = T, **more: Any) -> AuditEntry:
    return AuditEntry(at_ms=at_ms, actor="crm", via="key", action=action, **more)


def log_of(index: Index, **wanted: Any) -> list[str]:
    return [one.action for one in index.audit(AuditFilter(**wanted), limit=100)]


def test_the_audit_log_is_read_from_its_end_in_pages(index: Index) -> None:
    camera = uuid4()
    full = entry(
        "camera.added", address="2001:db8::7", camera_id=camera, detail={"title": "Gate ☂", "n": [1]}
    )
    index.add_audit(full, keep_from_ms=0, keep_entries=100)
    for number in range(4):
        index.add_audit(entry(f"a{number}", T + number), keep_from_ms=0, keep_entries=100)
    newest = index.audit(AuditFilter(), limit=3)
    assert [one.action for one in newest] == ["a3", "a2", "a1"]
    [first, last] = index.audit(AuditFilter(), limit=3, before=newest[-1].id)
    assert (first.action, replace(last, id=0)) == ("a0", full)
    assert first.id > last.id > 0


def test_the_audit_log_is_searched(index: Index) -> None:
    camera = uuid4()
    index.add_audit(entry("x", T, camera_id=camera), keep_from_ms=0, keep_entries=100)
    index.add_audit(replace(entry("y", T + 5), actor="vms"), keep_from_ms=0, keep_entries=100)
    assert log_of(index, camera_id=camera) == ["x"]
    assert log_of(index, camera_id=uuid4()) == []
    assert log_of(index, actor="vms") == ["y"]
    assert log_of(index, action="x") == ["x"]
    assert log_of(index, action="x", actor="vms") == []
    assert log_of(index, from_ms=T + 5) == ["y"]
    assert log_of(index, to_ms=T + 5) == ["x"]


def test_the_audit_log_forgets_what_is_old_and_what_is_too_much(index: Index) -> None:
    for number in range(6):
        index.add_audit(entry(f"a{number}", T + number), keep_from_ms=0, keep_entries=4)
    assert log_of(index) == ["a5", "a4", "a3", "a2"]
    index.add_audit(entry("late", T + 9), keep_from_ms=T + 4, keep_entries=100)
    assert log_of(index) == ["late", "a5", "a4"]
    # A clock that was wrong takes nothing new with it.
    index.add_audit(entry("set back", T - 9), keep_from_ms=T, keep_entries=100)
    assert log_of(index) == ["set back", "late", "a5", "a4"]


@pytest.mark.parametrize("twin", [StoredKey("crm", b"b" * 32, T), StoredKey("vms", b"a" * 32, T)])
def test_neither_a_name_nor_a_hash_is_kept_twice(index: Index, twin: StoredKey) -> None:
    crm = StoredKey("crm", b"a" * 32, T)
    index.add_key(crm)
    with pytest.raises(AlreadyExists):
        index.add_key(twin)
    assert index.keys() == [crm]


# Opening


def test_everything_is_there_after_opening_again(url: str) -> None:
    with closing(open_index(url)) as index:
        set_id = index.set_id
        archive = new_archive(index)
        run = add_run(index, archive, T, 6000, 6000)
        block = block_at(index, archive, T)
    with closing(open_index(url)) as index:
        assert index.set_id == set_id
        assert index.archive(archive.id) == archive
        assert runs(index, archive) == [run]
        assert block_at(index, archive, T) == block
        index.check()


def test_two_indexes_are_two_archive_sets(tmp_path: Path, index: Index) -> None:
    (tmp_path / "other").mkdir()
    for make in DATABASES.values():
        with closing(open_index(make(tmp_path / "other"))) as other:
            assert other.set_id != index.set_id


# Runs and blocks: how they are written


def test_a_new_run_comes_back_as_it_was_written(index: Index, archive: Archive) -> None:
    block = Block(T, 0, segments(T, 6000, 5960, 7, 120_000))
    run = index.commit_block(archive, run_of(block, SOUND), block)
    assert run == run_of(block, SOUND)._replace(id=run.id)
    assert run.id > 0
    assert runs(index, archive) == [run]
    assert block_at(index, archive, T) == block
    assert index.totals(archive) == Totals(T, block.end_ms, block.bytes_to, 1)


def test_a_block_grows(index: Index, archive: Archive) -> None:
    whole = segments(T, 6000, 5000, 4000)
    block = Block(T, 0, whole[:1])
    run = index.commit_block(archive, run_of(block), block)
    for count in (2, 3):
        block = Block(T, 0, whole[:count])
        run = index.commit_block(archive, go_on(run, block), block)
        assert runs(index, archive) == [run]
        assert block_at(index, archive, T) == block
    assert (run.end_ms, run.bytes_to) == (T + 15_000, sum(segment.size_bytes for segment in whole))
    assert starts(index, archive) == [T, T + 6000, T + 11_000]


def test_a_run_goes_on_with_a_second_block(index: Index, archive: Archive) -> None:
    first = Block(T, 0, segments(T, 6000, 6000))
    run = index.commit_block(archive, run_of(first), first)
    second = Block(first.end_ms, first.bytes_to, segments(first.end_ms, 6000, 6000))
    run = index.commit_block(archive, go_on(run, second), second)
    assert runs(index, archive) == [run]
    assert run.span == Span(T, T + 24_000)
    assert run.size_bytes == second.bytes_to
    assert block_at(index, archive, T + 11_999) == first
    assert block_at(index, archive, T + 12_000) == second


def test_segments_of_any_size_and_number_survive(index: Index, archive: Archive) -> None:
    largest = (1 << 32) - 1
    frames = tuple(Keyframe(i, i * 188, largest) for i in range(300))
    block = Block(
        T,
        largest,
        (Segment(T, 1, 0, 0, ()), Segment(T + 1, 86_400_000, largest, largest, frames)),
    )
    index.commit_block(archive, run_of(block), block)
    assert block_at(index, archive, T) == block


BETWEEN = Span(T + 10_000, T + 30_000)


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (Span(T + 4_000, T + 10_001), BETWEEN),
        (Span(T + 29_999, T + 36_000), BETWEEN),
        (Span(T + 12_000, T + 18_000), BETWEEN),
        (Span(T + 4_000, T + 36_000), BETWEEN),
        (BETWEEN, BETWEEN),
        (Span(T + 10_000, T + 10_001), BETWEEN),
        (Span(T + 29_999, T + 30_000), BETWEEN),
        (Span(T, T + 10_000), None),
        (Span(T + 30_000, T + 40_000), None),
    ],
)
def test_footage_never_overlaps(index: Index, archive: Archive, wanted: Span, kept: Span | None) -> None:
    """Invariant 4."""
    add_run(index, archive, BETWEEN.start_ms, 6000, 14_000)
    # Neighbours that are not in the way, on both sides.
    add_run(index, archive, T - 5_000, 5000)
    add_run(index, archive, T + 40_000, 5000)
    before = runs(index, archive)
    if kept is None:
        add_run(index, archive, wanted.start_ms, wanted.duration_ms)
        assert len(runs(index, archive)) == len(before) + 1
        return
    assert index.overlap(archive, wanted) == kept
    with pytest.raises(Overlap) as refused:
        add_run(index, archive, wanted.start_ms, wanted.duration_ms)
    assert (refused.value.wanted, refused.value.kept) == (wanted, kept)
    assert runs(index, archive) == before
    assert [start for start in starts(index, archive) if Span(start, start + 1).overlaps(BETWEEN)] == [
        BETWEEN.start_ms,
        BETWEEN.start_ms + 6000,
    ]


def test_a_growing_run_stops_at_the_next_one(index: Index, archive: Archive) -> None:
    add_run(index, archive, T + 10_000, 5000)
    block = Block(T, 0, segments(T, 6000))
    run = index.commit_block(archive, run_of(block), block)
    touching = Block(T, 0, segments(T, 6000, 4000))
    run = index.commit_block(archive, go_on(run, touching), touching)
    crossing = Block(T, 0, segments(T, 6000, 4001))
    with pytest.raises(Overlap):
        index.commit_block(archive, go_on(run, crossing), crossing)
    assert block_at(index, archive, T) == touching
    assert runs(index, archive)[0] == run


def test_archives_do_not_stand_in_each_others_way(index: Index, archive: Archive) -> None:
    other = new_archive(index)
    own = add_run(index, archive, T, 6000)
    theirs = add_run(index, other, T, 6000, 6000)
    assert runs(index, archive) == [own]
    assert runs(index, other) == [theirs]
    assert starts(index, archive) == [T]
    assert starts(index, other) == [T, T + 6000]
    assert index.overlap(archive, Span(T + 6000, T + 7000)) is None


def test_nothing_is_written_for_a_removed_camera(index: Index, archive: Archive) -> None:
    block = Block(T, 0, segments(T, 6000))
    run = index.commit_block(archive, run_of(block), block)
    index.mark_camera(archive.camera_id)
    grown = Block(T, 0, segments(T, 6000, 6000))
    with pytest.raises(UnknownCamera):
        index.commit_block(archive, go_on(run, grown), grown)
    with pytest.raises(UnknownCamera):
        add_run(index, archive, T + 60_000, 6000)
    assert len(index.leaving(10)) == 1


def test_a_writer_of_a_removed_camera_does_not_write_into_the_next_one(
    index: Index, archive: Archive
) -> None:
    index.mark_camera(archive.camera_id)
    index.drop_removed_archives()
    successor = new_archive(index)
    with pytest.raises(UnknownCamera):
        add_run(index, archive, T, 6000)
    assert runs(index, successor) == []


def test_a_run_that_was_marked_meanwhile_does_not_go_on(index: Index, archive: Archive) -> None:
    block = Block(T, 0, segments(T, 6000))
    run = index.commit_block(archive, run_of(block), block)
    index.mark_run(archive, run.id)
    index.drop_blocks(index.leaving(10))
    second = Block(block.end_ms, block.bytes_to, segments(block.end_ms, 6000))
    with pytest.raises(ArchiveError):
        index.commit_block(archive, go_on(run, second), second)
    assert block_at(index, archive, second.start_ms) is None
    assert starts(index, archive) == []


# Runs and blocks: how they are found

# Two runs: [0, 20 s) in two blocks, a gap, [30 s, 40 s) in one.
FIRST, SECOND = Span(T, T + 20_000), Span(T + 30_000, T + 40_000)


@pytest.fixture
def two_runs(index: Index, archive: Archive) -> list[Block]:
    """The blocks of two runs."""
    a = Block(T, 0, segments(T, 6000, 4000))
    run = index.commit_block(archive, run_of(a), a)
    b = Block(a.end_ms, a.bytes_to, segments(a.end_ms, 5000, 5000))
    index.commit_block(archive, go_on(run, b), b)
    c = Block(SECOND.start_ms, 0, segments(SECOND.start_ms, 10_000))
    index.commit_block(archive, run_of(c, SOUND), c)
    return [a, b, c]


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "found"),
    [
        (-1000, 0, []),
        (-1000, 1, [FIRST]),
        (0, 1, [FIRST]),
        (10_000, 10_001, [FIRST]),
        (19_999, 20_000, [FIRST]),
        (19_999, 30_000, [FIRST]),
        (20_000, 30_000, []),
        (20_000, 30_001, [SECOND]),
        (19_999, 30_001, [FIRST, SECOND]),
        (29_999, 100_000, [SECOND]),
        (39_999, 100_000, [SECOND]),
        (40_000, 100_000, []),
        (-1000, 100_000, [FIRST, SECOND]),
        (5_000, 5_000, []),
        (0, 0, []),
    ],
)
@pytest.mark.usefixtures("two_runs")
def test_runs_and_overlaps_are_those_that_share_a_millisecond(
    index: Index, archive: Archive, start_ms: int, end_ms: int, found: list[Span]
) -> None:
    span = Span(T + start_ms, T + end_ms)
    assert [run.span for run in runs(index, archive, span)] == found
    assert index.overlap(archive, span) == (found[0] if found else None)


@pytest.mark.usefixtures("two_runs")
def test_runs_carry_their_own_codecs(index: Index, archive: Archive) -> None:
    assert [run.codecs for run in runs(index, archive)] == [SILENT, SOUND]


@pytest.mark.parametrize(
    ("moment_ms", "found"),
    [
        # Which block covers the moment, and which is the last that starts before it.
        (-1, (None, None)),
        (0, (0, None)),
        (1, (0, 0)),
        (9_999, (0, 0)),
        (10_000, (1, 0)),
        (10_001, (1, 1)),
        (19_999, (1, 1)),
        (20_000, (None, 1)),
        (29_999, (None, 1)),
        (30_000, (2, 1)),
        (30_001, (2, 2)),
        (39_999, (2, 2)),
        (40_000, (None, 2)),
        (10_000_000, (None, 2)),
    ],
)
def test_blocks_are_found_by_moment(
    index: Index,
    archive: Archive,
    two_runs: list[Block],
    moment_ms: int,
    found: tuple[int | None, int | None],
) -> None:
    covering, before = found
    with index.snapshot() as snapshot:
        assert snapshot.block_at(archive, T + moment_ms) == (
            None if covering is None else two_runs[covering]
        )
        assert snapshot.last_block_before(archive, T + moment_ms) == (
            None if before is None else two_runs[before]
        )


@pytest.mark.parametrize(
    ("span", "found"),
    [
        (Span(T, T + 40_000), [0, 6_000, 10_000, 15_000, 30_000]),
        (Span(T, T + 1), [0]),
        (Span(T + 1, T + 6_001), [6_000]),
        (Span(T + 6_000, T + 10_000), [6_000]),
        (Span(T + 6_001, T + 10_000), []),
        (Span(T + 6_001, T + 15_001), [10_000, 15_000]),
        (Span(T + 16_000, T + 30_000), []),
        (Span(T + 16_000, T + 30_001), [30_000]),
        (Span(T + 30_001, T + 100_000), []),
        (Span(T - 1000, T + 0), []),
        (Span(T + 5_000, T + 5_000), []),
    ],
)
def test_segments_are_those_that_start_inside(
    index: Index, archive: Archive, two_runs: list[Block], span: Span, found: list[int]
) -> None:
    every = {s.start_ms: s for block in two_runs for s in block.segments}
    with index.snapshot() as snapshot:
        table = snapshot.segments(archive, span)
    assert len(table) == len(found)
    assert table.start_ms.tolist() == [T + moment for moment in found]
    assert table.duration_ms.tolist() == [every[T + moment].duration_ms for moment in found]
    assert table.size_bytes.tolist() == [every[T + moment].size_bytes for moment in found]


def test_an_archive_without_footage_has_nothing_to_find(index: Index, archive: Archive) -> None:
    assert index.totals(archive) is None
    assert index.overlap(archive, ALL_TIME) is None
    assert runs(index, archive) == []
    assert starts(index, archive) == []
    assert block_at(index, archive, T) is None


def test_totals_count_all_runs(index: Index, archive: Archive, two_runs: list[Block]) -> None:
    new_archive(index)
    kept = sum(block.bytes_to - block.bytes_from for block in two_runs)
    assert index.totals(archive) == Totals(FIRST.start_ms, SECOND.end_ms, kept, 2)


def test_totals_count_what_is_left_of_a_run_whose_beginning_is_gone(index: Index, archive: Archive) -> None:
    block = Block(T, 1000, segments(T, 6000))
    index.commit_block(archive, run_of(block)._replace(bytes_from=1000), block)
    assert index.totals(archive) == Totals(T, T + 6000, 5 * 188, 1)


def test_archives_are_found_by_their_cameras(index: Index) -> None:
    one, two, gone = (new_archive(index, title) for title in ("one", "two", "gone"))
    index.mark_camera(gone.camera_id)
    assert index.archives() == {one.camera_id: one, two.camera_id: two}
    assert index.archives([two.camera_id, gone.camera_id, uuid4()]) == {two.camera_id: two}
    assert index.archives([]) == {}


def test_totals_of_all_are_those_of_each(index: Index) -> None:
    one, two, empty, gone = (new_archive(index, title) for title in ("one", "two", "empty", "gone"))
    add_run(index, one, 1000, 500, 500)
    add_run(index, two, 2000, 500)
    add_run(index, two, 9000, 700, 300)
    add_run(index, gone, 1000, 500)
    index.mark_camera(gone.camera_id)
    assert index.all_totals() == {each.number: index.totals(each) for each in (one, two)}
    assert index.totals(empty) is None


def test_bytes_since_a_moment_are_cut_to_blocks(index: Index, archive: Archive) -> None:
    """Two runs of two archives, one of them of two blocks."""
    other, gone = new_archive(index, "other"), new_archive(index, "gone")
    first = Block(1000, 0, segments(1000, 500, 500))
    run = index.commit_block(archive, run_of(first), first)
    second = Block(2000, run.bytes_to, segments(2000, 500))
    index.commit_block(archive, go_on(run, second), second)
    late = add_run(index, other, 5000, 500)
    add_run(index, gone, 5000, 500)
    index.mark_camera(gone.camera_id)
    sizes = [sum(s.size_bytes for s in block.segments) for block in (first, second)]
    late_bytes = late.bytes_to - late.bytes_from
    assert index.bytes_since(0) == index.bytes_since(1000) == sum(sizes) + late_bytes
    assert index.bytes_since(1999) == sum(sizes) + late_bytes
    assert index.bytes_since(2000) == index.bytes_since(2499) == sizes[1] + late_bytes
    assert index.bytes_since(2500) == index.bytes_since(5499) == late_bytes
    assert index.bytes_since(5500) == 0


def test_many_runs_are_found_as_few(index: Index, archive: Archive) -> None:
    for number in range(40):
        add_run(index, archive, T + number * 10_000, 4000, 4000)
    middle = Span(T + 155_000, T + 203_000)
    assert [run.start_ms - T for run in runs(index, archive, middle)] == [
        150_000,
        160_000,
        170_000,
        180_000,
        190_000,
        200_000,
    ]
    assert len(starts(index, archive)) == 80


# A snapshot is one moment


def test_a_snapshot_does_not_see_what_comes_after_it(index: Index, archive: Archive) -> None:
    run = add_run(index, archive, T, 6000)
    with index.snapshot() as snapshot:
        assert snapshot.runs(archive, ALL_TIME) == [run]
        # Another connection, so as from another process.
        grown = Block(T, 0, segments(T, 6000, 6000))
        index.commit_block(archive, go_on(run, grown), grown)
        add_run(index, archive, T + 60_000, 6000)
        assert snapshot.runs(archive, ALL_TIME) == [run]
        assert snapshot.segments(archive, ALL_TIME).start_ms.tolist() == [T]
        assert snapshot.block_at(archive, T + 7000) is None
        assert snapshot.block_at(archive, T + 60_000) is None
    assert starts(index, archive) == [T, T + 6000, T + 60_000]


def test_a_snapshot_still_sees_what_is_removed_after_it(index: Index, archive: Archive) -> None:
    run = add_run(index, archive, T, 6000)
    with index.snapshot() as snapshot:
        assert snapshot.runs(archive, ALL_TIME) == [run]
        index.mark_run(archive, run.id)
        index.drop_blocks(index.leaving(10))
        block = snapshot.block_at(archive, T)
        assert block is not None
        assert block.segments == segments(T, 6000)


# Removal


def test_a_marked_run_is_out_of_sight_and_its_blocks_are_leaving(
    index: Index, archive: Archive, two_runs: list[Block]
) -> None:
    first, second = runs(index, archive)
    index.mark_run(archive, first.id)
    assert runs(index, archive) == [second]
    assert index.overlap(archive, FIRST) is None
    assert block_at(index, archive, T) is None
    assert starts(index, archive) == [SECOND.start_ms]
    assert index.totals(archive) == Totals(SECOND.start_ms, SECOND.end_ms, second.size_bytes, 1)
    left = index.leaving(10)
    assert sorted((block.archive_id, block.start_ms) for block in left) == [
        (archive.id, two_runs[0].start_ms),
        (archive.id, two_runs[1].start_ms),
    ]
    assert len(index.leaving(1)) == 1


def test_only_a_run_of_the_archive_itself_is_marked(index: Index, archive: Archive) -> None:
    run = add_run(index, archive, T, 6000)
    index.mark_run(new_archive(index), run.id)
    index.mark_run(archive, run.id + 1)
    assert runs(index, archive) == [run]
    assert index.leaving(10) == []


def test_blocks_are_forgotten_one_by_one(index: Index, archive: Archive, two_runs: list[Block]) -> None:
    for run in runs(index, archive):
        index.mark_run(archive, run.id)
    for left in (3, 2, 1):
        blocks = index.leaving(10)
        assert len(blocks) == left
        index.drop_blocks(blocks[:1])
    assert index.leaving(10) == []
    assert len(two_runs) == 3


def test_the_time_of_a_leaving_block_is_taken_until_its_bytes_are_gone(
    index: Index, archive: Archive
) -> None:
    run = add_run(index, archive, T, 6000)
    index.mark_run(archive, run.id)
    # The bytes of both would have the same name.
    with pytest.raises(Overlap):
        add_run(index, archive, T, 3000)
    assert runs(index, archive) == []
    index.drop_blocks(index.leaving(10))
    again = add_run(index, archive, T, 3000)
    assert runs(index, archive) == [again]
    assert block_at(index, archive, T) == Block(T, 0, segments(T, 3000))


def test_leaving_blocks_do_not_hide_others(index: Index, archive: Archive) -> None:
    leaving = add_run(index, archive, T + 6000, 1000)
    index.mark_run(archive, leaving.id)
    add_run(index, archive, T, 3000, 3000, 3000)
    assert starts(index, archive, Span(T + 6000, T + 9000)) == [T + 6000]
    assert starts(index, archive) == [T, T + 3000, T + 6000]
    block = block_at(index, archive, T + 6500)
    assert block is not None
    assert block.start_ms == T


def test_blocks_dropped_twice_take_no_other_with_them(index: Index, archive: Archive) -> None:
    run = add_run(index, archive, T, 6000)
    index.mark_run(archive, run.id)
    # Two processes finish the same removal, and a third goes on writing.
    left = index.leaving(10)
    index.drop_blocks(left)
    add_run(index, archive, T + 60_000, 6000)
    index.drop_blocks(left)
    assert starts(index, archive) == [T + 60_000]


def test_a_marked_camera_leaves_with_all_its_blocks(
    index: Index, archive: Archive, two_runs: list[Block]
) -> None:
    stays = new_archive(index)
    kept = add_run(index, stays, T, 6000)
    index.mark_camera(archive.camera_id)
    index.drop_removed_archives()
    # Not forgotten while bytes are left: nobody else would know of them.
    left = index.leaving(10)
    assert sorted((block.archive_id, block.start_ms) for block in left) == [
        (archive.id, block.start_ms) for block in two_runs
    ]
    index.drop_blocks(left)
    index.drop_removed_archives()
    assert index.leaving(10) == []
    assert runs(index, stays) == [kept]
    # Both ids are free again.
    index.add_camera(Camera(id=archive.camera_id, archive_id=archive.id, title="Again"), None)
    again = index.archive(archive.id)
    assert again is not None
    assert runs(index, again) == []


def test_dropping_nothing_does_nothing(index: Index, archive: Archive) -> None:
    run = add_run(index, archive, T, 6000)
    index.drop_blocks([])
    index.drop_removed_archives()
    assert runs(index, archive) == [run]
    assert index.archive(archive.id) == archive


# Many at once


def fill(index: Index, archive: Archive, commits: int) -> None:
    """Commit a run segment by segment, as a recorder does."""
    run, block = None, Block(T, 0, ())
    for number in range(commits):
        start = T + number * 6000
        if number % 5 == 0:
            block = Block(start, block.bytes_to if number else 0, segments(start, 6000))
        else:
            block = replace(block, segments=(*block.segments, *segments(start, 6000)))
        run = go_on(run or Run(0, T, 0, 0, 0, SILENT), block)
        run = index.commit_block(archive, run, block)


def fill_from_elsewhere(url: str, archive_id: UUID, commits: int) -> None:
    """``fill`` in a process of its own."""
    with closing(open_index(url)) as index:
        archive = index.archive(archive_id)
        assert archive is not None
        fill(index, archive, commits)


def together(calls: Sequence[Callable[[], None]]) -> None:
    """Call all of them at the same time; raise what any of them raised."""
    barrier = Barrier(len(calls))
    failed: list[Exception] = []

    def one(call: Callable[[], None]) -> None:
        barrier.wait()
        try:
            call()
        except Exception as error:  # noqa: BLE001 raised again below, in the test's own thread
            failed.append(error)

    threads = [Thread(target=one, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_threads_and_processes_that_write_at_once_lose_nothing(url: str, index: Index) -> None:
    commits = 30
    archives = [new_archive(index) for _ in range(6)]
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(target=fill_from_elsewhere, args=(url, archive.id, commits))
        for archive in archives[4:]
    ]
    for process in processes:
        process.start()
    together([partial(fill, index, archive, commits) for archive in archives[:4]])
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    for archive in archives:
        assert starts(index, archive) == [T + n * 6000 for n in range(commits)]
        [run] = runs(index, archive)
        assert run.span == Span(T, T + commits * 6000)
        assert run.size_bytes == commits * 5 * 188
        last = block_at(index, archive, run.end_ms - 1)
        assert last is not None
        assert last.bytes_to == run.bytes_to


def test_of_two_writers_of_the_same_time_one_wins(index: Index, archive: Archive) -> None:
    won: list[int] = []
    refused: list[Overlap] = []

    def write(start_ms: int) -> None:
        try:
            add_run(index, archive, start_ms, 6000)
            won.append(start_ms)
        except Overlap as error:
            refused.append(error)

    together([partial(write, start) for start in (T, T + 1, T + 2000, T + 5999)])
    assert (len(won), len(refused)) == (1, 3)
    assert starts(index, archive) == won


def test_readers_do_not_wait_for_writers(index: Index, archive: Archive) -> None:
    seen: list[int] = []

    def read() -> None:
        for _ in range(30):
            with index.snapshot() as snapshot:
                promised = sum(run.size_bytes for run in snapshot.runs(archive, ALL_TIME))
                count = len(snapshot.segments(archive, ALL_TIME))
                # Never a run without its segments, nor the other way round.
                assert promised == count * 5 * 188
                seen.append(count)

    together([lambda: fill(index, archive, 30), read, read])
    assert starts(index, archive) == [T + n * 6000 for n in range(30)]
    assert len(seen) == 60


# Away


def assert_unavailable(attempt: Callable[[], object]) -> None:
    """It is Unavailable, in words without a statement."""
    with pytest.raises(Unavailable) as raised:
        attempt()
    text = str(raised.value)
    assert text.startswith("index: ")
    for word in ("SELECT", "INSERT", "PRAGMA", "BEGIN", "sqlalche", "[SQL", "\n"):
        assert word not in text


@pytest.mark.parametrize(
    "content", [b"this is no database, it is a text " * 100, b"SQLite format 3\x00" * 99]
)
def test_garbage_is_unavailable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "index.db"
    path.write_bytes(content)
    assert_unavailable(lambda: open_index(f"sqlite:///{path}"))
    assert path.read_bytes() == content


def test_a_folder_in_the_place_of_the_database_is_unavailable(tmp_path: Path) -> None:
    assert_unavailable(lambda: open_index(f"sqlite:///{tmp_path}"))


def test_a_database_in_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    assert_unavailable(lambda: open_index(f"sqlite:///{tmp_path / 'away' / 'index.db'}"))


EVERY_CALL: dict[str, Callable[[Index, Archive], object]] = {
    "check": lambda index, _: index.check(),
    "camera": lambda index, archive: index.camera(archive.camera_id),
    "cameras": lambda index, _: index.cameras(limit=1),
    "add_camera": lambda index, _: new_archive(index),
    "change_camera": lambda index, archive: index.change_camera(archive.camera_id, {"title": "x"}),
    "mark_camera": lambda index, archive: index.mark_camera(archive.camera_id),
    "raise_token_epoch": lambda index, archive: index.raise_token_epoch(archive.camera_id),
    "keys": lambda index, _: index.keys(),
    "key": lambda index, _: index.key(b""),
    "audit": lambda index, _: index.audit(AuditFilter(), limit=1),
    "add_audit": lambda index, _: index.add_audit(entry("x"), keep_from_ms=0, keep_entries=1),
    "add_key": lambda index, _: index.add_key(StoredKey("n", b"h", 0)),
    "drop_key": lambda index, _: index.drop_key("n"),
    "archive": lambda index, archive: index.archive(archive.id),
    "archives": lambda index, _: index.archives(),
    "totals": lambda index, archive: index.totals(archive),
    "all_totals": lambda index, _: index.all_totals(),
    "bytes_since": lambda index, _: index.bytes_since(0),
    "overlap": lambda index, archive: index.overlap(archive, ALL_TIME),
    "snapshot": runs,
    "commit_block": lambda index, archive: add_run(index, archive, T, 6000),
    "mark_run": lambda index, archive: index.mark_run(archive, 1),
    "leaving": lambda index, _: index.leaving(1),
    "drop_blocks": lambda index, _: index.drop_blocks([]),
    "drop_removed_archives": lambda index, _: index.drop_removed_archives(),
}


@pytest.mark.parametrize("call", sorted(EVERY_CALL.keys() - {"drop_blocks"}))
def test_every_call_says_so_when_the_database_is_destroyed(tmp_path: Path, call: str) -> None:
    path = tmp_path / "index.db"
    with closing(open_index(f"sqlite:///{path}")) as index:
        archive = new_archive(index)
        index.close()
        for file in tmp_path.glob("index.db*"):
            file.write_bytes(b"no database " * 1000)
        assert_unavailable(lambda: EVERY_CALL[call](index, archive))


def test_a_database_that_is_gone_is_unavailable_not_empty(tmp_path: Path) -> None:
    with closing(open_index(f"sqlite:///{tmp_path / 'index.db'}")) as index:
        archive = new_archive(index)
        index.close()
        for file in tmp_path.glob("index.db*"):
            file.unlink()
        for call in ("archive", "totals", "snapshot", "leaving", "commit_block"):
            assert_unavailable(partial(EVERY_CALL[call], index, archive))


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that wait for a lock for a moment only."""
    pragmas = [pragma for pragma in database._PRAGMAS if "busy_timeout" not in pragma]
    monkeypatch.setattr(database, "_PRAGMAS", ("PRAGMA busy_timeout = 50", *pragmas))
    monkeypatch.setattr(database, "_BUSY_TIMEOUT_MS", 50)


@pytest.mark.usefixtures("hasty")
def test_a_database_that_somebody_keeps_locked_is_unavailable_for_writing(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with closing(open_index(f"sqlite:///{path}")) as index, closing(sqlite3.connect(path)) as other:
        archive = new_archive(index)
        other.execute("BEGIN IMMEDIATE")
        assert_unavailable(lambda: add_run(index, archive, T, 6000))
        assert_unavailable(lambda: index.mark_camera(archive.camera_id))
        # Readers are not kept out.
        assert runs(index, archive) == []
        other.rollback()
        assert runs(index, archive) == []
        run = add_run(index, archive, T, 6000)
        assert runs(index, archive) == [run]


# What a check, a repair and a rebuild ask


def add_blocks(index: Index, archive: Archive, start_ms: int, *lengths_ms: tuple[int, ...]) -> Run:
    """A run of several blocks."""
    run: Run | None = None
    for durations_ms in lengths_ms:
        block = Block(start_ms, run.bytes_to if run else 0, segments(start_ms, *durations_ms))
        run = run or Run(0, start_ms, start_ms, 0, 0, SILENT)
        grown = run._replace(end_ms=block.end_ms, bytes_to=block.bytes_to)
        run = index.commit_block(archive, grown, block)
        start_ms = block.end_ms
    assert run is not None
    return run


def kept_runs(index: Index, archive: Archive) -> list[Run]:
    with index.snapshot() as snapshot:
        return snapshot.runs(archive, ALL_TIME)


def test_rows_of_blocks_come_in_pages_with_those_that_are_leaving(index: Index, archive: Archive) -> None:
    first = add_blocks(index, archive, T, (1000, 1000), (1000,))
    add_run(index, archive, T + 10_000, 500)
    index.mark_run(archive, first.id)
    rows = index.block_rows(archive, 0, 10)
    assert [(row.start_ms, row.end_ms, row.leaving) for row in rows] == [
        (T, T + 2000, True), (T + 2000, T + 3000, True), (T + 10_000, T + 10_500, False),
    ]  # fmt: skip
    assert index.block_rows(archive, T + 1, 1) == rows[1:2]
    assert index.block_rows(archive, T + 10_001, 1) == []


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("kept", [0, 1])
def test_what_is_cut_out_is_covered_by_nothing_any_more(
    index: Index, archive: Archive, number: int, kept: int
) -> None:
    """The first, a middle and the last block of a run, and all of another; whole, or its second half."""
    run = add_blocks(index, archive, T, (1000, 2000), (1000, 2000), (1000, 2000))
    add_blocks(index, archive, T + 60_000, (1000, 2000))
    before = index.totals(archive)
    starts = [T, T + 3000, T + 6000, T + 60_000]
    with index.snapshot() as snapshot:
        block = snapshot.block_at(archive, starts[number])
    assert block is not None
    gone = block.segments[kept:]
    lost = Span(gone[0].start_ms, gone[-1].end_ms)
    assert index.cut_out(archive, {starts[number]: kept}) == [lost]
    # Again, or of a block that is not there: nothing.
    assert index.cut_out(archive, {starts[number]: kept, T + 1: 0}) == []
    after = index.totals(archive)
    assert before is not None
    assert after is not None
    assert before.size_bytes - after.size_bytes == sum(segment.size_bytes for segment in gone)
    runs = kept_runs(index, archive)
    assert not any(each.span.overlaps(lost) for each in runs)
    with index.snapshot() as snapshot:
        for each in runs:
            # Its blocks tile it, in time and in bytes.
            at_ms, at_bytes = each.start_ms, each.bytes_from
            while at_ms < each.end_ms:
                inside = snapshot.block_at(archive, at_ms)
                assert inside is not None
                assert (inside.start_ms, inside.bytes_from) == (at_ms, at_bytes)
                at_ms, at_bytes = inside.end_ms, inside.bytes_to
            assert (at_ms, at_bytes) == (each.end_ms, each.bytes_to)
    # A recorder that was adding to the run goes on where its end is still there, and is told where not.
    more = Block(run.end_ms, run.bytes_to, segments(run.end_ms, 1000))
    grown = run._replace(end_ms=more.end_ms, bytes_to=more.bytes_to)
    if number == 2:
        with pytest.raises(UnknownRun):
            index.commit_block(archive, grown, more)
    else:
        index.commit_block(archive, grown, more)
        assert more.end_ms in {each.end_ms for each in kept_runs(index, archive)}


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("kept", [0, 1, 2])
def test_what_is_cut_out_of_a_block_does_not_come_back_with_whoever_grows_it(
    index: Index, archive: Archive, number: int, kept: int
) -> None:
    """Invariant 1: it is the first block of the run, or another."""
    durations = [(1000, 1000, 1000)] * (number + 1)
    run = add_blocks(index, archive, T, *durations)
    block = block_at(index, archive, T + 3000 * number)
    assert block is not None
    index.cut_out(archive, {block.start_ms: kept})
    grown = Block(block.start_ms, block.bytes_from, (*block.segments, *segments(block.end_ms, 1000)))
    with pytest.raises(UnknownRun):
        index.commit_block(archive, go_on(run, grown), grown)
    left = [T + 1000 * each for each in range(3 * number + kept)]
    assert starts(index, archive) == left
    assert sum(each.span.duration_ms for each in runs(index, archive)) == 1000 * len(left)


def test_the_blocks_of_a_new_run_can_come_in_one_call(index: Index, archive: Archive) -> None:
    blocks = [Block(T, 0, segments(T, 1000))]
    blocks.append(Block(T + 1000, blocks[0].bytes_to, segments(T + 1000, 2000)))
    run = Run(0, T, T + 1000, 0, blocks[0].bytes_to, SILENT)
    grown = run._replace(end_ms=T + 3000, bytes_to=blocks[1].bytes_to)
    outcomes = index.commit_blocks(
        [BlockCommit(archive, run, blocks[0]), BlockCommit(archive, grown, blocks[1])]
    )
    assert all(isinstance(outcome, Run) for outcome in outcomes)
    assert [each._replace(id=0) for each in kept_runs(index, archive)] == [grown]
    # One without its first block is no run.
    orphan = run._replace(start_ms=T + 9000, end_ms=T + 11_000)
    [refused] = index.commit_blocks(
        [BlockCommit(archive, orphan, Block(T + 10_000, 0, segments(T + 10_000, 1000)))]
    )
    assert isinstance(refused, UnknownRun)


def test_archives_are_known_until_they_are_forgotten(index: Index, archive: Archive) -> None:
    add_run(index, archive, T, 1000)
    assert index.archive_ids() == {archive.id}
    index.mark_camera(archive.camera_id)
    assert (index.archive_ids(), index.emptied_archives()) == ({archive.id}, [])
    index.drop_blocks(index.leaving(10))
    assert (index.archive_ids(), index.emptied_archives()) == ({archive.id}, [archive.id])
    index.drop_removed_archives()
    assert (index.archive_ids(), index.emptied_archives()) == (set(), [])


def test_an_index_without_cameras_becomes_that_of_a_set(index: Index, url: str) -> None:
    wanted = uuid4()
    index.take_set(wanted)
    assert index.set_id == wanted
    with closing(open_index(url)) as again:
        assert again.set_id == wanted
    new_archive(index)
    index.take_set(wanted)
    with pytest.raises(WrongStorage):
        index.take_set(uuid4())
    assert index.set_id == wanted


def test_a_camera_comes_back_with_its_epoch(index: Index) -> None:
    camera = Camera(id=uuid4(), archive_id=uuid4(), title="Yard")
    index.add_camera(camera, None, 7)
    archive = index.archive(camera.archive_id)
    assert archive is not None
    assert archive.token_epoch == 7


def test_what_is_leaving_is_found_without_a_look_at_what_is_not(tmp_path: Path) -> None:
    """A month of a thousand cameras has 43 million blocks, and this is asked for each second."""
    with closing(open_index(f"sqlite:///{tmp_path / 'index.db'}")) as index:
        asked: list[str] = []
        event.listen(index._engine, "before_cursor_execute", lambda *seen: asked.append(seen[2]))
        index.leaving(10)
        index.leaving_bytes()
        with index._engine.connect() as connection:
            for statement in [one for one in asked if "FROM block" in one]:
                values = (1,) * statement.count("?")
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                assert "ix_block_leaving" in str(plan), statement
