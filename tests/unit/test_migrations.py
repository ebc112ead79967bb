"""The migrations build the very tables that the code names, whoever runs them, however often."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from footage.archive import index as index_package
from footage.archive.index import Index, LiveSegment, open_index
from footage.archive.index.database import connect
from footage.archive.index.segment_table import pack_keyframes, pack_segments
from footage.archive.index.sql import NEWEST, migrate
from footage.archive.index.tables import metadata
from footage.timeline import ALL_TIME, Archive, Block, Camera, Keyframe, Run, Segment

SCRIPTS = Path(index_package.__file__).with_name("migrations")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A new database without tables."""
    made = connect(f"sqlite:///{tmp_path / 'index.db'}")
    yield made
    made.dispose()


def shape(engine: Engine) -> dict[str, Any]:
    """Every table with its columns, keys and indexes, as the database itself tells them."""
    inspector = inspect(engine)
    told: dict[str, Any] = {}
    for table in inspector.get_table_names():
        if table == "alembic_version":
            continue
        columns = [
            (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in inspector.get_columns(table)
        ]
        told[table] = {
            "columns": columns,
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": sorted(inspector.get_foreign_keys(table), key=str),
            "unique": sorted(inspector.get_unique_constraints(table), key=str),
            "indexes": sorted(
                ((i["name"], i["column_names"], i["unique"]) for i in inspector.get_indexes(table)), key=str
            ),
        }
    return told


def dump(path: Path) -> list[tuple[Any, ...]]:
    """The database's own text of everything in it."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
        ).fetchall()


def test_alembic_finds_nothing_to_change(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_the_code_knows_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_current_head() == NEWEST


def test_migrations_build_what_the_tables_say(engine: Engine, tmp_path: Path) -> None:
    migrate(engine)
    straight = connect(f"sqlite:///{tmp_path / 'straight.db'}")
    metadata.create_all(straight)
    assert shape(engine) == shape(straight)
    assert shape(engine).keys() == metadata.tables.keys()
    straight.dispose()


def test_partial_indexes_and_automatic_ids_are_the_same_too(engine: Engine, tmp_path: Path) -> None:
    # What no inspector tells.
    migrate(engine)
    straight = connect(f"sqlite:///{tmp_path / 'straight.db'}")
    metadata.create_all(straight)
    straight.dispose()

    def details(path: Path) -> set[tuple[str, bool, str]]:
        told = set()
        for _, name, _, sql in dump(path):
            words = " ".join((sql or "").split())
            told.add((name, "AUTOINCREMENT" in words, words.partition(" WHERE ")[2].removeprefix("block.")))
        return told

    migrated = details(tmp_path / "index.db")
    assert ("ix_block_leaving", False, "leaving") in migrated
    assert {one for one in migrated if "alembic" not in one[0]} == details(tmp_path / "straight.db")


def test_migrating_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    migrate(engine)
    before = dump(tmp_path / "index.db")
    migrate(engine)
    assert dump(tmp_path / "index.db") == before


def test_migrating_step_by_step_ends_at_the_same_tables(engine: Engine, tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    scripts = ScriptDirectory.from_config(config)
    assert len(scripts.get_heads()) == 1
    other = connect(f"sqlite:///{tmp_path / 'steps.db'}")
    for script in reversed(list(scripts.walk_revisions())):
        migrate(other, script.revision)
        migrate(other, script.revision)
    migrate(engine)
    assert shape(other) == shape(engine)
    other.dispose()


def test_footage_and_cameras_of_the_first_tables_live_on(tmp_path: Path) -> None:
    """As the first release left them: a camera with a source, a run of one block, none numbered."""
    path, start_ms = tmp_path / "index.db", 1_790_000_000_000
    engine = connect(f"sqlite:///{path}")
    migrate(engine, "0001")
    engine.dispose()
    camera_id, archive_id = UUID(int=1), UUID(int=2)
    old = Block(start_ms, 0, (Segment(start_ms, 6000, 376, 9, (Keyframe(0, 0, 188),)),))
    packed = (pack_segments(old.segments), pack_keyframes(old.segments))
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "INSERT INTO camera (id, title, source_url, created_ms) VALUES (?, 'Gate', 'rtsp://gate', 1)",
            (camera_id.hex,),
        )
        database.execute(
            "INSERT INTO archive (number, id, camera_id, token_epoch) VALUES (7, ?, ?, 3)",
            (archive_id.hex, camera_id.hex),
        )
        database.execute("INSERT INTO codecs VALUES (1, 'h264', 640, 360, NULL, 0, 0, 'one')")
        database.execute(
            "INSERT INTO run (id, archive_number, start_ms, end_ms, bytes_from, bytes_to, codecs_id)"
            " VALUES (5, 7, ?, ?, 0, 376, 1)",
            (start_ms, old.end_ms),
        )
        database.execute(
            "INSERT INTO block (archive_number, run_id, start_ms, end_ms, bytes_from, bytes_to,"
            " segments, keyframes) VALUES (7, 5, ?, ?, 0, 376, ?, ?)",
            (start_ms, old.end_ms, *packed),
        )
        database.commit()
    with closing(open_index(f"sqlite:///{path}")) as index:
        archive = Archive(7, archive_id, camera_id, 3)
        camera = index.camera(camera_id)
        assert camera == Camera(
            id=camera_id, archive_id=archive_id, title="Gate", has_source=True, created_ms=1
        )
        assert (camera.transport, camera.is_recorded, camera.is_audio_recorded) == ("tcp", True, True)
        assert [(one.archive, one.fence) for one in index.to_record()] == [(archive, 0)]
        # The run goes on, and a recorder's numbers begin with what it adds.
        [run] = _runs(index, archive)
        [first] = old.segments
        grown = replace(old, segments=(first, replace(first, start_ms=old.end_ms)))
        index.commit_block(archive, run._replace(end_ms=grown.end_ms, bytes_to=752), grown)
        fence = index.claim(archive, UUID(int=3), 0)
        new = Block(grown.end_ms, 0, (replace(first, start_ms=grown.end_ms),))
        index.commit_block(archive, Run(0, new.start_ms, new.end_ms, 0, 376, run.codecs), new, fence)
        with index.snapshot() as snapshot:
            assert snapshot.block_at(archive, start_ms) == grown
            assert snapshot.newest_recorded(archive, 9) == [LiveSegment(0, 0, new.start_ms, 6000)]


def _runs(index: Index, archive: Archive) -> list[Run]:
    with index.snapshot() as snapshot:
        return snapshot.runs(archive, ALL_TIME)


def test_every_revision_is_left_with_all_that_was_kept(tmp_path: Path) -> None:
    """A full archive under each revision in turn: row by row the same under the newest."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    for revision in revisions:
        path = tmp_path / f"{revision}.db"
        engine = connect(f"sqlite:///{path}")
        migrate(engine, revision)
        engine.dispose()
        fill(path)
        before = {table: contents(path, table) for table in FIRST_TABLES}
        assert all(before.values())
        with closing(open_index(f"sqlite:///{path}")) as index:
            assert index.has_storage == (revision < "0006"), "who kept something has one"
        for table, rows in before.items():
            columns = rows[0].keys()
            after = contents(path, table)
            assert [{name: row[name] for name in columns} for row in after] == rows, (revision, table)


FIRST_TABLES = ("archive_set", "camera", "archive", "codecs", "run", "block", "integration_key")
"""Those of the first release."""


def fill(path: Path) -> None:
    """Cameras with runs, removed ones, blocks that are leaving, keys: by the columns there always were."""
    segments = (Segment(0, 6000, 376, 9, (Keyframe(0, 0, 188), Keyframe(2000, 188, 188))),) * 10
    packed = (pack_segments(segments), pack_keyframes(segments))
    with closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO archive_set (id) VALUES (?)", (UUID(int=9).hex,))
        database.execute(
            "INSERT INTO integration_key (name, key_hash, created_ms) VALUES ('site', ?, 5)", (b"hash",)
        )
        database.execute("INSERT INTO codecs VALUES (1, 'h264', 640, 360, 'aac', 48000, 1, 'one')")
        for camera in range(1, 4):
            database.execute(
                "INSERT INTO camera (id, title, archive_days, source_url, room_id, room_title, created_ms,"
                " removed) VALUES (?, ?, 30, 'rtsp://gate', '1', 'Hall', 7, ?)",
                (UUID(int=camera).hex, f"Camera {camera}", camera == 3),
            )
            database.execute(
                "INSERT INTO archive (number, id, camera_id, token_epoch) VALUES (?, ?, ?, ?)",
                (camera, UUID(int=100 + camera).hex, UUID(int=camera).hex, camera),
            )
            for number in range(200):
                run, at_ms = camera * 1000 + number, number * 700_000
                database.execute(
                    "INSERT INTO run (id, archive_number, start_ms, end_ms, bytes_from, bytes_to,"
                    " codecs_id) VALUES (?, ?, ?, ?, 0, 37600, 1)",
                    (run, camera, at_ms, at_ms + 600_000),
                )
                database.executemany(
                    "INSERT INTO block (archive_number, run_id, start_ms, end_ms, bytes_from, bytes_to,"
                    " leaving, segments, keyframes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [
                        (camera, run, at_ms + n * 60_000, at_ms + (n + 1) * 60_000, n * 3760,
                         (n + 1) * 3760, number == 7, *packed)
                        for n in range(10)
                    ],
                )  # fmt: skip
        database.commit()


def contents(path: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table, by name of the column, in order."""
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute(f"SELECT * FROM {table}")]
    return sorted(rows, key=lambda row: str(row.get("id", row)))


def test_a_migration_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    # Something stands in the way of the last table that a new database gets.
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE integration_key (surprise)")
    before = dump(path)
    engine = connect(f"sqlite:///{path}")
    with pytest.raises(Exception, match="integration_key"):
        migrate(engine)
    engine.dispose()
    assert dump(path) == before


def open_elsewhere(url: str, barrier: Barrier, answers: multiprocessing.SimpleQueue[UUID]) -> None:
    """Open the index in a process of its own, at the same time as others."""
    barrier.wait()
    with closing(open_index(url)) as index:
        answers.put(index.set_id)


def test_two_processes_that_open_a_new_index_at_once_agree(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'index.db'}"
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(2), spawn.SimpleQueue()
    processes = [spawn.Process(target=open_elsewhere, args=(url, barrier, answers)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    with closing(open_index(url)) as index:
        assert {answers.get(), answers.get()} == {index.set_id}


def test_opening_an_index_that_is_up_to_date_does_not_write(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'index.db'}"
    open_index(url).close()
    with closing(sqlite3.connect(tmp_path / "index.db")) as other:
        # Whoever wanted to write would wait for this one, until it is too late.
        other.execute("BEGIN IMMEDIATE")
        open_index(url).close()
        other.rollback()
