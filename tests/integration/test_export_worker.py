"""The worker that makes exports, over a real archive: what stops it, and what it leaves behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import pytest

from footage.archive.errors import WrongStorage
from footage.archive.exports import Exports
from footage.archive.remove import forget_exports
from footage.playback.export import Exporter
from footage.playback.export_worker import ExportWorker
from footage.timeline import ALL_TIME, Camera, Export, ExportState, Span
from kit.archive import START_MS, Shelf
from kit.clips import Clip

NOW_MS = START_MS + 1_000_000


@pytest.fixture
def filled(shelf: Shelf, clips: Callable[[str, Clip], Path]) -> Shelf:
    shelf.import_file(clips("twelve.mp4", Clip(seconds=12)), START_MS)
    return shelf


@pytest.fixture
def exports(shelf: Shelf) -> Exports:
    return shelf.house.exports


def asked(shelf: Shelf) -> Export:
    """An export of all that is kept, waiting."""
    plan = Exporter(shelf.reader, streams=1).plan(shelf.archive, ALL_TIME)
    export = Export(
        id=uuid4(),
        archive=shelf.archive,
        shown=plan.shown,
        reach=plan.kept,
        is_limited=False,
        total_bytes=plan.footage_bytes,
        size_bytes=plan.footage_bytes,
        created_ms=NOW_MS,
    )
    shelf.house.exports.add(export)
    return export


def worker(
    shelf: Shelf, worker_id: UUID | None = None, before_the_end: Callable[[], object] = lambda: None
) -> ExportWorker:
    """One that calls ``before_the_end`` when all is written but the name."""

    def name_of(_camera: Camera, _shown: Span) -> str:
        before_the_end()
        return "clip.mp4"

    return ExportWorker(
        shelf.house.exports,
        Exporter(shelf.reader, streams=1),
        worker_id or uuid4(),
        name_of=name_of,
        sweep=lambda: forget_exports(shelf.house.index, shelf.house.storage, NOW_MS),
        now_ms=lambda: NOW_MS,
    )


def found(shelf: Shelf, export: Export) -> Export:
    again = shelf.house.exports.get(shelf.archive, export.id, ALL_TIME)
    assert again is not None
    return again


def names(shelf: Shelf) -> list[str]:
    folder = shelf.house.settings.storage / "exports"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_one_after_the_other_until_none_waits(filled: Shelf) -> None:
    made = [asked(filled) for _ in range(2)]
    one = worker(filled)
    assert [one.run_once() for _ in range(3)] == [True, True, False]
    for export in made:
        done = found(filled, export)
        assert (done.state, done.done_ms, done.expires_ms) == (
            ExportState.DONE,
            NOW_MS,
            NOW_MS + 86_400_000,
        )
        assert {f"{export.id}-1.mp4", f"{export.id}-1.json"} <= set(names(filled))


def test_one_that_is_cancelled_just_before_its_end_leaves_nothing(filled: Shelf, exports: Exports) -> None:
    export = asked(filled)
    assert worker(filled, before_the_end=lambda: exports.remove(export, NOW_MS)).run_once()
    assert found(filled, export).state is ExportState.CANCELLED
    assert names(filled) == []


def test_one_that_another_took_over_is_the_others(filled: Shelf, exports: Exports) -> None:
    export, other = asked(filled), uuid4()

    def take_over() -> None:
        [running] = exports.unfinished()
        assert exports.claim(running.export, other) == 2

    assert worker(filled, before_the_end=take_over).run_once()
    running = found(filled, export)
    assert (running.state, running.fence) == (ExportState.RUNNING, 2)
    assert names(filled) == []
    # The other's process ends and starts anew under its name: it begins again, at once.
    assert worker(filled, other).run_once()
    assert (found(filled, export).state, found(filled, export).fence) == (ExportState.DONE, 3)
    assert names(filled) == [f"{export.id}-3.json", f"{export.id}-3.mp4"]


def test_what_a_worker_elsewhere_is_at_is_left_alone_while_it_may_live(
    filled: Shelf, exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = asked(filled)
    [waiting] = exports.unfinished()
    fence = exports.claim(waiting.export, uuid4())
    assert fence == 1
    one = worker(filled)
    assert not one.run_once()
    clock = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: clock + 19)
    assert not one.run_once()
    assert exports.go_on(replace(export, fence=fence), 5)
    monkeypatch.setattr(time, "monotonic", lambda: clock + 38)
    assert not one.run_once()
    # Its beat stands still.
    monkeypatch.setattr(time, "monotonic", lambda: clock + 60)
    assert one.run_once()
    assert found(filled, export).state is ExportState.DONE


def test_a_stop_lets_it_wait_for_the_next(filled: Shelf) -> None:
    export, stop = asked(filled), Event()
    worker(filled, before_the_end=stop.set).run(stop)
    assert found(filled, export).state is ExportState.WAITING
    assert names(filled) == []
    assert worker(filled).run_once()
    assert found(filled, export).state is ExportState.DONE


def test_a_storage_that_is_away_is_waited_for(filled: Shelf, tmp_path: Path) -> None:
    export = asked(filled)
    folder = filled.house.settings.storage
    away = folder.rename(tmp_path / "away")
    with pytest.raises(WrongStorage):
        worker(filled).run_once()
    assert (found(filled, export).state, found(filled, export).fence) == (ExportState.WAITING, 0)
    away.rename(folder)
    assert worker(filled).run_once()
    assert found(filled, export).state is ExportState.DONE


def test_one_that_ends_its_worker_each_time_is_given_up(filled: Shelf, exports: Exports) -> None:
    export, dead = asked(filled), uuid4()
    for fence in range(10):
        assert exports.claim(replace(export, fence=fence), dead) == fence + 1
    assert worker(filled, dead).run_once()
    failed = found(filled, export)
    assert (failed.state, failed.size_bytes) == (ExportState.FAILED, 0)
    assert "begun 10 times" in (failed.reason or "")
