"""What every index promises to exports: a queue with an end, one worker each, and footage that stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest

from footage.archive.errors import ExportsFull, Held, UnknownCamera
from footage.archive.index import Index
from footage.timeline import (
    ALL_TIME,
    Archive,
    Block,
    Camera,
    Codecs,
    Export,
    ExportState,
    Keyframe,
    Run,
    Segment,
    Span,
)

T = 1_790_000_000_000
CODECS = Codecs("h264", 640, 360, None, 0, 0, "one")
MANY = 1_000_000


def new_archive(index: Index) -> Archive:
    camera = Camera(id=uuid4(), archive_id=uuid4(), title="Yard")
    index.add_camera(camera, None)
    archive = index.archive(camera.archive_id)
    assert archive is not None
    return archive


@pytest.fixture
def archive(index: Index) -> Archive:
    return new_archive(index)


def add_run(index: Index, archive: Archive, start_ms: int) -> Run:
    block = Block(start_ms, 0, (Segment(start_ms, 6000, 376, 0, (Keyframe(0, 0, 188),)),))
    return index.commit_block(archive, Run(0, start_ms, block.end_ms, 0, 376, CODECS), block)


def wanted(archive: Archive, start_ms: int = T, **other: object) -> Export:
    """An export of a segment, wider than what it shows."""
    made = Export(
        id=uuid4(),
        archive=archive,
        shown=Span(start_ms + 100, start_ms + 5900),
        reach=Span(start_ms, start_ms + 6000),
        is_limited=False,
        total_bytes=376,
        size_bytes=376,
        created_ms=T,
    )
    return replace(made, **other)  # type: ignore[arg-type]


def added(index: Index, export: Export) -> Export:
    index.add_export(export, max_open=MANY, max_bytes=MANY)
    return export


def ended(export: Export, state: ExportState = ExportState.DONE, expires_ms: int = T + 1000) -> Export:
    return replace(
        export,
        state=state,
        done_ms=T + 1,
        expires_ms=expires_ms,
        sha256="ab",
        manifest_bytes=7,
        size_bytes=300,
    )


def claimed(index: Index, export: Export) -> Export:
    fence = index.claim_export(export, uuid4())
    assert fence is not None
    return replace(export, fence=fence)


def ids(exports: list[Export]) -> list[UUID]:
    return [export.id for export in exports]


def test_what_is_asked_for_is_found_again(index: Index, archive: Archive) -> None:
    export = added(index, wanted(archive, is_limited=True))
    assert index.export(archive, export.id) == export
    assert index.exports(archive, ALL_TIME, limit=9) == [export]
    [waiting] = index.open_exports()
    assert (waiting.export, waiting.worker_id) == (export, None)
    assert index.export(new_archive(index), export.id) is None
    assert index.export(archive, uuid4()) is None


def test_limits_show_only_what_reaches_nowhere_outside(index: Index, archive: Archive) -> None:
    first, second = (
        added(index, wanted(archive, T + at_ms, created_ms=T + at_ms)) for at_ms in (0, 60_000)
    )
    for limits, seen in (
        (Span(T, T + 66_000), [second, first]),
        (Span(T, T + 65_999), [first]),
        (Span(T + 1, T + 66_000), [second]),
        (Span(T + 100, T + 5900), []),
    ):
        assert index.exports(archive, limits, limit=9) == seen


def test_pages_go_from_the_newest_to_the_oldest(index: Index, archive: Archive) -> None:
    made = [added(index, wanted(archive, created_ms=T + number // 3)) for number in range(8)]
    added(index, wanted(new_archive(index)))
    listed: list[Export] = []
    after = None
    while page := index.exports(archive, ALL_TIME, limit=3, after=after):
        listed += page
        after = (page[-1].created_ms, page[-1].id)
    assert sorted(ids(listed)) == sorted(ids(made))
    assert [export.created_ms for export in listed] == sorted((e.created_ms for e in made), reverse=True)


def test_no_more_wait_than_may(index: Index, archive: Archive) -> None:
    for _ in range(2):
        index.add_export(wanted(archive), max_open=2, max_bytes=MANY)
    with pytest.raises(ExportsFull, match="wait"):
        index.add_export(wanted(archive), max_open=2, max_bytes=MANY)
    [first, _] = index.open_exports()
    assert index.end_export(ended(claimed(index, first.export)))
    index.add_export(wanted(archive), max_open=2, max_bytes=MANY)


def test_no_more_bytes_are_kept_than_may(index: Index, archive: Archive) -> None:
    first, second = wanted(archive), wanted(archive)
    index.add_export(first, max_open=MANY, max_bytes=752)
    index.add_export(second, max_open=MANY, max_bytes=752)
    with pytest.raises(ExportsFull, match="room"):
        index.add_export(wanted(archive), max_open=MANY, max_bytes=752)
    # One that is done counts as what it takes; those that failed take nothing.
    assert index.end_export(ended(claimed(index, first)))
    with pytest.raises(ExportsFull):
        index.add_export(wanted(archive), max_open=MANY, max_bytes=752)
    index.add_export(wanted(archive, size_bytes=76), max_open=MANY, max_bytes=752)
    index.cancel_export(second.id, T, T)
    index.add_export(wanted(archive), max_open=MANY, max_bytes=752)


def test_a_removed_camera_gets_none(index: Index, archive: Archive) -> None:
    index.mark_camera(archive.camera_id)
    with pytest.raises(UnknownCamera):
        added(index, wanted(archive))


def test_one_worker_gets_it(index: Index, archive: Archive) -> None:
    export = added(index, wanted(archive))
    barrier, fences = Barrier(4), list[int | None]()

    def claim() -> None:
        barrier.wait()
        fences.append(index.claim_export(export, uuid4()))

    threads = [Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fences, key=str) == [1, None, None, None]
    [running] = index.open_exports()
    assert running.export.state is ExportState.RUNNING
    assert running.export.fence == 1


def test_a_beat_says_how_far_it_is_until_somebody_else_takes_it(index: Index, archive: Archive) -> None:
    mine = claimed(index, added(index, wanted(archive)))
    assert index.beat_export(mine.id, mine.fence, 100)
    [before] = index.open_exports()
    assert index.beat_export(mine.id, mine.fence, 200)
    [after] = index.open_exports()
    assert (before.export.read_bytes, after.export.read_bytes) == (100, 200)
    assert after.beat == before.beat + 1
    theirs = claimed(index, after.export)
    [again] = index.open_exports()
    assert (again.export.read_bytes, again.beat) == (0, 0)
    assert not index.beat_export(mine.id, mine.fence, 300)
    assert not index.end_export(ended(mine))
    assert index.end_export(ended(theirs))
    assert index.export(archive, mine.id) == ended(theirs)
    assert index.open_exports() == []


def test_what_is_given_back_waits_again(index: Index, archive: Archive) -> None:
    mine = claimed(index, added(index, wanted(archive)))
    index.release_export(mine.id, mine.fence)
    [waiting] = index.open_exports()
    assert (waiting.export.state, waiting.worker_id) == (ExportState.WAITING, None)
    assert claimed(index, waiting.export).fence == 2


@pytest.mark.parametrize("is_running", [False, True])
def test_what_is_cancelled_is_nobodys(index: Index, archive: Archive, is_running: bool) -> None:
    export = added(index, wanted(archive))
    if is_running:
        export = claimed(index, export)
    assert index.cancel_export(export.id, T + 5, T + 10)
    found = index.export(archive, export.id)
    assert found is not None
    assert (found.state, found.done_ms, found.expires_ms) == (ExportState.CANCELLED, T + 5, T + 10)
    assert index.claim_export(export, uuid4()) is None
    assert not index.beat_export(export.id, export.fence, 1)
    assert not index.end_export(ended(export))
    assert not index.cancel_export(export.id, T + 6, T + 11)


def test_what_has_expired_leaves(index: Index, archive: Archive) -> None:
    done = ended(claimed(index, added(index, wanted(archive))))
    assert index.end_export(done)
    added(index, wanted(archive))
    assert index.leaving_exports(T + 999) == []
    assert index.leaving_exports(T + 1000) == [done]
    index.drop_export(done.id)
    assert index.leaving_exports(T + 1000) == []
    assert index.export(archive, done.id) is None


def test_totals_by_state(index: Index, archive: Archive) -> None:
    assert index.export_totals() == {}
    assert index.end_export(ended(claimed(index, added(index, wanted(archive)))))
    for _ in range(2):
        added(index, wanted(archive))
    assert index.export_totals() == {ExportState.DONE: (1, 300), ExportState.WAITING: (2, 752)}


END: dict[str, Callable[[Index, Export], object]] = {
    "done": lambda index, export: index.end_export(ended(claimed(index, export))),
    "failed": lambda index, export: index.end_export(ended(claimed(index, export), ExportState.FAILED)),
    "cancelled": lambda index, export: index.cancel_export(export.id, T, T),
}


@pytest.mark.parametrize("end", END)
@pytest.mark.parametrize("is_running", [False, True])
def test_a_run_stays_while_an_export_is_made_of_it(
    index: Index, archive: Archive, is_running: bool, end: str
) -> None:
    held, other = add_run(index, archive, T), add_run(index, archive, T + 6000)
    export = added(index, wanted(archive))
    if is_running:
        export = claimed(index, export)
    with pytest.raises(Held):
        index.mark_run(archive, held.id)
    with index.snapshot() as snapshot:
        assert snapshot.runs(archive, ALL_TIME) == [held, other]
    assert index.leaving(9) == []
    # What only touches it, and another archive's, may go.
    index.mark_run(archive, other.id)
    strange = new_archive(index)
    index.mark_run(strange, add_run(index, strange, T).id)
    END[end](index, export)
    index.mark_run(archive, held.id)
    with index.snapshot() as snapshot:
        assert snapshot.runs(archive, ALL_TIME) == []


def test_an_import_that_failed_takes_its_run_back_all_the_same(index: Index, archive: Archive) -> None:
    run = add_run(index, archive, T)
    added(index, wanted(archive))
    index.mark_run(archive, run.id, held_too=True)
    with index.snapshot() as snapshot:
        assert snapshot.runs(archive, ALL_TIME) == []


def test_removing_a_camera_cancels_its_exports_and_waits_for_their_files(
    index: Index, archive: Archive
) -> None:
    done = ended(claimed(index, added(index, wanted(archive))))
    assert index.end_export(done)
    running = claimed(index, added(index, wanted(archive)))
    index.mark_camera(archive.camera_id)
    assert index.open_exports() == []
    assert not index.beat_export(running.id, running.fence, 1)
    assert index.export(archive, done.id) is None
    assert index.exports(archive, ALL_TIME, limit=9) == []
    leaving = index.leaving_exports(-1)
    assert sorted(ids(leaving)) == sorted((done.id, running.id))
    index.drop_removed_archives()
    # Its files are still to be found by their rows.
    assert len(index.leaving_exports(-1)) == 2
    for export in leaving:
        index.drop_export(export.id)
    index.drop_removed_archives()
    new_archive(index)
