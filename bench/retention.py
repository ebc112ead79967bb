"""What retention costs: a turn over a thousand cameras, and segment requests while it removes footage."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx
import numpy as np
from sqlalchemy import insert

from bench import WORK
from bench.measure import Figure, Suite, Target, in_turn, ratios, timed_ms
from footage.archive.index import tables as t
from footage.archive.index.database import connect
from footage.archive.index.segment_table import pack_keyframes, pack_segments
from footage.archive.keeper import Keeper, KeepingPlan
from footage.archive.retention import Store
from footage.archive.storage import block_key
from footage.archive.survey import survey
from footage.archive.trusted_clock import Moment
from footage.house import House, open_house
from footage.settings import load
from footage.timeline import Camera, Keyframe, Segment
from kit.archive import CODECS, START_MS, Shelf
from kit.keeping import fill
from kit.server import running_server
from kit.site import Site

CAMERAS, DAYS, RUNS = 1000, 30, 84
BLOCK_MS, DAY_MS = 60_000, 86_400_000
RUN_MS = DAYS * DAY_MS // RUNS
BLOCKS = 500
"""Rows of blocks a camera, its oldest: no more of them is ever read."""
FILES = 20
BLOCK_BYTES = 15_000_000
ROUNDS, WINDOW_S = 5, 4.0
_HOW = f"""\
{CAMERAS} cameras of {DAYS} days in {RUNS} runs each, 15 MB a minute, 648 TB in all; of their 43 million \
blocks the index has the oldest {BLOCKS} of each camera as rows. A turn is all that the keeper does where \
nothing is over a limit. A plan for 1 % too much refines its cuts to whole blocks. Beside removal: a \
client asks a server for segments of another camera, one after the other, for {WINDOW_S:g} s, while a \
keeper marks and deletes blocks (files of 4 kB) by its own pace, and without it, in turn; the ratio is \
pair by pair."""


def run() -> Suite:
    """Measure."""
    with TemporaryDirectory(prefix="retention-", dir=WORK) as folder:
        house = open_house(load(data_dir=Path(folder)))
        _fill(house)
        archives = house.index.kept_archives()
        total = sum(one.totals.size_bytes for one in archives)
        now = Moment(START_MS + DAYS * DAY_MS, "boot", 0)
        keeper = Keeper(
            house.index, house.storage, uuid4(), KeepingPlan(free_bytes=0), read_clock=lambda: now
        )
        store = Store(now.wall_ms, int(total * 0.99))
        (idle,) = in_turn(ROUNDS, timed_ms(keeper.run_once))
        (over,) = in_turn(3, timed_ms(lambda: survey(house.index, archives, store, now.wall_ms)))
        keeper.close()
        alone, beside, removed = _requests(house, Path(folder))
        house.close()
    figures = (
        Figure("a turn, nothing to remove", "ms", idle, Target(at_most=2000)),
        Figure("a plan, 1 % too much", "ms", over),
        Figure("segment request, p99, alone", "ms", alone),
        Figure("segment request, p99, beside removal", "ms", beside),
        Figure("p99 beside removal over alone", "x", ratios(beside, alone), Target(at_most=2)),
        Figure("blocks removed a second meanwhile", "", (removed,)),
    )
    return Suite("Retention", _HOW, figures)


def _fill(house: House) -> None:
    """Rows, by the driver's own means; the files of a few blocks a camera."""
    segments = tuple(
        Segment(n * 6000, 6000, BLOCK_BYTES // 10, n, (Keyframe(0, 0, 188),)) for n in range(10)
    )
    packed, keyframes = pack_segments(segments), pack_keyframes(segments)
    archives = []
    for number in range(CAMERAS):
        camera = house.cameras.add(Camera(id=uuid4(), archive_id=uuid4(), title=f"{number}"))
        archives.append(house.cameras.archive_of(camera))
    engine = connect(house.settings.index)
    run_bytes = RUN_MS // BLOCK_MS * BLOCK_BYTES
    with engine.begin() as connection:
        connection.execute(insert(t.codecs).values(**_codecs()))
        for archive in archives:
            first_id = archive.number * RUNS
            connection.execute(
                insert(t.run),
                [
                    {
                        "id": first_id + n,
                        "archive_number": archive.number,
                        "start_ms": START_MS + n * RUN_MS,
                        "end_ms": START_MS + n * RUN_MS + RUN_MS // BLOCK_MS * BLOCK_MS,
                        "bytes_from": 0,
                        "bytes_to": run_bytes,
                        "codecs_id": 1,
                    }
                    for n in range(RUNS)
                ],
            )
            connection.execute(
                insert(t.block),
                [
                    {
                        "archive_number": archive.number,
                        "run_id": first_id,
                        "start_ms": START_MS + n * BLOCK_MS,
                        "end_ms": START_MS + (n + 1) * BLOCK_MS,
                        "bytes_from": n * BLOCK_BYTES,
                        "bytes_to": (n + 1) * BLOCK_BYTES,
                        "segments": packed,
                        "keyframes": keyframes,
                    }
                    for n in range(BLOCKS)
                ],
            )
    engine.dispose()
    for archive in archives:
        for n in range(FILES):
            house.storage.append(block_key(archive.id, START_MS + n * BLOCK_MS), 0, bytes(4096))


def _codecs() -> dict[str, object]:
    return {name: getattr(CODECS, name) for name in CODECS.__dataclass_fields__}


def _requests(house: House, folder: Path) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """The p99 of a client alone, and beside a keeper at work; blocks that it removed a second."""
    camera = house.cameras.add(Camera(id=uuid4(), archive_id=uuid4(), title="Watched"))
    shelf = Shelf(house, camera, house.cameras.archive_of(camera))
    fill(shelf, START_MS + 29 * DAY_MS, 30)
    with running_server(folder) as server:
        link = Site(server, house).link(shelf)
        urls = [link.of(f"{START_MS + 29 * DAY_MS + n * 6000}.ts") for n in range(300)]
        work = _Removal(house)

        def beside() -> float:
            with work.going_on():
                return _p99_ms(urls)

        alone_ms, beside_ms = in_turn(ROUNDS, lambda: _p99_ms(urls), beside)
        return alone_ms, beside_ms, work.rate


def _p99_ms(urls: list[str]) -> float:
    taken: list[float] = []
    with httpx.Client(timeout=60) as client:
        until = time.monotonic() + WINDOW_S
        while time.monotonic() < until:
            began = time.perf_counter()
            client.get(urls[len(taken) % len(urls)]).raise_for_status()
            taken.append((time.perf_counter() - began) * 1000)
    return float(np.percentile(taken, 99))


class _Removal:
    """A keeper whose clock lets a minute more of every camera go each turn; nobody is waited for."""

    def __init__(self, house: House) -> None:
        self._minutes = 0
        self._spent_s = 0.0
        for camera in house.cameras.every():
            if camera.title != "Watched":
                house.cameras.change(camera.id, {"archive_days": DAYS})
        self._keeper = Keeper(
            house.index,
            house.storage,
            uuid4(),
            KeepingPlan(free_bytes=0, grace_s=0),
            read_clock=self._clock,
        )

    @property
    def rate(self) -> float:
        return self._keeper.report.deleted_blocks / max(self._spent_s, 1)

    def _clock(self) -> Moment:
        minutes_ms = self._minutes * BLOCK_MS
        return Moment(START_MS + DAYS * DAY_MS + minutes_ms, "boot", minutes_ms)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        stop = threading.Event()

        def remove() -> None:
            began = time.monotonic()
            while not stop.is_set() and self._minutes < FILES:
                self._minutes += 1
                self._keeper.run_once()
            self._spent_s += time.monotonic() - began

        thread = threading.Thread(target=remove)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
