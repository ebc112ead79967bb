"""Archives of any length, made in minutes: rows of the real index, without bytes.

A house of four cameras, whose blocks were written in turn, minute by minute, as recorders would:
a row's neighbours in the file are mostly other cameras'. A thousand runs a year, 36 s between
them, blocks of ten segments of about 6 s with a keyframe every 2 s.
"""

from __future__ import annotations

import random
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Table, insert
from sqlalchemy.schema import CreateTable

from bench import WORK
from footage.archive.index import tables as t
from footage.archive.index.database import connect
from footage.archive.index.segment_table import pack_keyframes, pack_segments
from footage.house import House, open_house
from footage.settings import load
from footage.timeline import Camera, Codecs, Keyframe, Segment, Span

CAMERAS = 4
RUNS_A_YEAR = 1000
RUN_PITCH_MS = 365 * 86_400_000 // RUNS_A_YEAR
BLOCK_MS = 60_000
BLOCKS_A_RUN = 525
SEGMENTS_A_BLOCK = 10
FIVE_YEARS = range(5 * RUNS_A_YEAR)
ABOUT_A_DAY = range(2600, 2603)
"""Three runs out of the middle of the five years: 26 hours."""
_FIRST_MS = 1_620_000_000_000
_BLOCK_COLUMNS = (
    "archive_number",
    "run_id",
    "start_ms",
    "end_ms",
    "bytes_from",
    "bytes_to",
    "segments",
    "keyframes",
)
_RUN_COLUMNS = ("id", "archive_number", "start_ms", "end_ms", "bytes_from", "bytes_to", "codecs_id")
_CODECS = Codecs("h264", 1920, 1080, "aac", 48_000, 1, "0123456789abcdef")

Row = tuple[object, ...]


def start_of_run(number: int) -> int:
    """When a run of the first camera begins, counted from the oldest of the five years."""
    return _FIRST_MS + number * RUN_PITCH_MS


def a_day(segments: int = 14_400) -> Span:
    """24 hours of footage inside ABOUT_A_DAY, both ends inside a run."""
    start_ms = start_of_run(ABOUT_A_DAY.start) + 10 * BLOCK_MS
    holes_ms = 2 * (RUN_PITCH_MS - BLOCKS_A_RUN * BLOCK_MS)
    return Span(start_ms, start_ms + segments // SEGMENTS_A_BLOCK * BLOCK_MS + holes_ms)


def a_year() -> Span:
    """A year with 1,000 runs inside FIVE_YEARS, both ends inside a run."""
    start_ms = start_of_run(2 * RUNS_A_YEAR) + 10 * BLOCK_MS
    last_ms = start_of_run(3 * RUNS_A_YEAR - 1)
    return Span(start_ms, last_ms + (BLOCKS_A_RUN - 10) * BLOCK_MS)


def house_of(name: str, runs: range) -> Path:
    """The data folder of four cameras that kept ``runs``; made where it is not there yet."""
    folder = WORK / f"{name}-{_made_by()}"
    if not folder.exists():
        # Also what was half made, or made for other tables.
        for outdated in WORK.glob(f"{name}-*"):
            shutil.rmtree(outdated)
        half_made = WORK / f"{name}-half-made"
        half_made.mkdir(parents=True)
        _fill(half_made, runs)
        half_made.rename(folder)
    return folder


def _made_by() -> str:
    """Names these tables and this way to fill them: where either changes, houses are made anew."""
    tables = "".join(str(CreateTable(table)) for table in t.metadata.sorted_tables)
    return f"{zlib.crc32(tables.encode() + Path(__file__).read_bytes()):08x}"


def first_camera(house: House) -> Camera:
    """The camera to ask for."""
    return house.cameras.page(limit=1)[0]


def _fill(folder: Path, runs: range) -> None:
    house = open_house(load(data_dir=folder))
    cameras = [
        house.cameras.add(Camera(id=uuid4(), archive_id=uuid4(), title=f"Camera {number}"))
        for number in range(CAMERAS)
    ]
    archives = [house.cameras.archive_of(camera).number for camera in cameras]
    house.close()
    engine = connect(house.settings.index)
    with engine.connect() as connection:
        # Nothing is lost where the machine stops meanwhile: the folder has not its name yet.
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA journal_mode = OFF")
        driver.execute("PRAGMA synchronous = OFF")
        with connection.begin():
            added = connection.execute(insert(t.codecs).values(**asdict(_CODECS)))
            key = added.inserted_primary_key
            assert key is not None
            _insert(connection, archives, int(key[0]), runs)
    engine.dispose()


def _insert(connection: Connection, archives: list[int], codecs_id: int, runs: range) -> None:
    """Straight to the driver: ten million rows, and SQLAlchemy's share would be the half of it."""
    statements = {
        table: str(insert(table).compile(connection, column_keys=columns))
        for table, columns in ((t.block, _BLOCK_COLUMNS), (t.run, _RUN_COLUMNS))
    }
    for table, rows in _rows(archives, codecs_id, runs):
        connection.exec_driver_sql(statements[table], rows)


def _rows(archives: list[int], codecs_id: int, runs: range) -> Iterator[tuple[Table, list[Row]]]:
    """Rows in the order in which recorders would commit them: blocks in turn, run after run."""
    packed = _some_blocks()
    for place, number in enumerate(runs):
        # The same run is the same in every house.
        moods = random.Random(number)
        # Each camera's minute begins a few seconds after its neighbour's.
        starts = [start_of_run(number) + camera * 7000 for camera in range(len(archives))]
        ids = [1 + place * len(archives) + camera for camera in range(len(archives))]
        written = [0] * len(archives)
        blocks: list[Row] = []
        for at_ms in range(0, BLOCKS_A_RUN * BLOCK_MS, BLOCK_MS):
            for camera, archive in enumerate(archives):
                segments, keyframes, size = moods.choice(packed)
                start_ms, before = starts[camera] + at_ms, written[camera]
                written[camera] = before + size
                ends = (start_ms + BLOCK_MS, before, before + size)
                blocks.append((archive, ids[camera], start_ms, *ends, segments, keyframes))
        yield t.block, blocks
        length_ms = BLOCKS_A_RUN * BLOCK_MS
        yield (
            t.run,
            [
                (ids[camera], archive, start_ms, start_ms + length_ms, 0, written[camera], codecs_id)
                for camera, (archive, start_ms) in enumerate(zip(archives, starts, strict=True))
            ],
        )


def _some_blocks() -> list[tuple[bytes, bytes, int]]:
    """Packed minutes of 25 pictures a second at 2 Mbit/s, none like another, and their sizes."""
    moods = random.Random(2)
    packed = []
    for _ in range(500):
        # A segment takes a picture from the next one now and then; the minute stays whole.
        steps = [40 * moods.choice((-1, 0, 0, 0, 1)) for _ in range(SEGMENTS_A_BLOCK // 2)]
        durations = [6000 + sign * step for step in steps for sign in (1, -1)]
        segments = []
        for duration_ms in durations:
            size = moods.randrange(7000, 9000) * 188
            frames = [
                Keyframe(offset, moods.randrange(size // 188) * 188, moods.randrange(400, 900) * 188)
                for offset in (0, 2000, 4000)
            ]
            segments.append(Segment(0, duration_ms, size, moods.getrandbits(32), tuple(frames)))
        total = sum(segment.size_bytes for segment in segments)
        packed.append((pack_segments(segments), pack_keyframes(segments), total))
    return packed
