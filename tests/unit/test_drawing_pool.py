"""The pool that draws: bounded whatever is asked of it, fair to single pictures, and never left taken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from uuid import uuid4

import pytest

from footage.playback.drawing_pool import Busy, DrawingPool, Picture


@pytest.fixture
def pool() -> Iterator[DrawingPool]:
    with closing(DrawingPool(threads=2, queue=2, cache_bytes=100)) as made:
        yield made


def wait_for(gate: threading.Event) -> None:
    """A picture that takes as long as the test likes."""
    assert gate.wait(20)


def test_a_sheet_is_drawn_whole(pool: DrawingPool) -> None:
    drawn: list[int] = []
    pool.draw_sheet(lambda: (partial(drawn.append, number) for number in range(50)))
    assert sorted(drawn) == list(range(50))


def test_a_single_picture_does_not_wait_for_a_whole_sheet(pool: DrawingPool) -> None:
    """A sheet that has not been begun any further than there are threads lets it through."""
    begun = threading.Event()
    drawn: list[int] = []

    def sheet() -> Iterator[Callable[[], None]]:
        for number in range(200):
            yield partial(drawn.append, number)
            if number == 20:
                begun.set()
                assert singled.wait(20)

    singled = threading.Event()
    with ThreadPoolExecutor(1) as asker:
        done = asker.submit(pool.draw_sheet, sheet)
        assert begun.wait(20)
        assert pool.draw(lambda: "picture") == "picture"
        singled.set()
        done.result(20)
    assert len(drawn) == 200


def test_no_more_of_a_sheet_is_begun_than_there_are_threads(pool: DrawingPool) -> None:
    gate = threading.Event()
    handed_out: list[int] = []

    def sheet() -> Iterator[Callable[[], None]]:
        for number in range(10):
            handed_out.append(number)
            yield partial(wait_for, gate)

    with ThreadPoolExecutor(1) as asker:
        done = asker.submit(pool.draw_sheet, sheet)
        while len(handed_out) < 3:
            pass
        # The third waits for the first; the fourth was not asked for.
        assert handed_out == [0, 1, 2]
        gate.set()
        done.result(20)
    assert len(handed_out) == 10


def test_too_many_sheets_are_refused_before_they_hold_anything(pool: DrawingPool) -> None:
    """Two may be in work: one, and half of the queue."""
    gate, started = threading.Event(), threading.Barrier(3)
    asked: list[str] = []

    def slow() -> Iterator[Callable[[], None]]:
        started.wait(20)
        yield partial(wait_for, gate)

    def refused() -> list[Callable[[], None]]:
        asked.append("held something")
        return []

    with ThreadPoolExecutor(2) as askers:
        sheets = [askers.submit(pool.draw_sheet, slow) for _ in range(2)]
        started.wait(20)
        with pytest.raises(Busy):
            pool.draw_sheet(refused)
        gate.set()
        for sheet in sheets:
            sheet.result(20)
    assert not asked
    pool.draw_sheet(refused)
    assert asked


def test_a_failure_is_told_after_what_was_begun_and_leaves_nothing_taken(pool: DrawingPool) -> None:
    drawn: list[int] = []

    def fail() -> None:
        raise OSError("gone")

    for _ in range(5):
        drawn.clear()
        with pytest.raises(OSError, match="gone"):
            pool.draw_sheet(lambda: iter([fail, lambda: drawn.append(1), *[lambda: drawn.append(2)] * 9]))
        assert drawn[0] == 1
        assert len(drawn) <= 3
        with pytest.raises(OSError, match="gone"):
            pool.draw(fail)
    pool.draw_sheet(list)
    assert pool.draw(lambda: 7) == 7


def test_what_is_kept_in_memory_is_bounded_and_of_its_own_archive(pool: DrawingPool) -> None:
    one, other = uuid4(), uuid4()
    for number in range(10):
        pool.keep(one, f"tag{number}", Picture(bytes(30), number))
    assert pool.cached_bytes <= 100
    assert pool.cached(one, "tag9") == Picture(bytes(30), 9)
    assert pool.cached(one, "tag0") is None
    assert pool.cached(other, "tag9") is None
    pool.keep(one, "large", Picture(bytes(101), 0))
    assert pool.cached(one, "large") is None
    assert pool.cached(one, "tag9") is not None
