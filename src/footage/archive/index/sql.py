"""The index over a SQL database: opening it, and bringing its tables up to date."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, delete, insert, select

from footage.archive.index.camera_rows import CameraRows
from footage.archive.index.database import connect, for_single_reads, reading, writing
from footage.archive.index.footage_rows import FootageRows
from footage.archive.index.key_rows import KeyRows
from footage.archive.index.tables import archive_set


class SqlIndex(FootageRows, CameraRows, KeyRows):
    """Index over an engine whose tables are up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._single_reads = for_single_reads(engine)
        self._codecs = {}
        self._set_id = _find_set_id(engine)

    @property
    def set_id(self) -> UUID:
        """Names the archive set; the storage's marker carries the same (invariant 3)."""
        return self._set_id

    def check(self) -> None:
        """Raise Unavailable where the index does not answer."""
        with reading(self._engine) as connection:
            connection.execute(select(archive_set.c.id)).one()

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def _find_set_id(engine: Engine) -> UUID:
    """The archive set's id; made by whoever opens a new index first."""
    with reading(engine) as connection:
        set_id: UUID | None = connection.execute(select(archive_set.c.id)).scalar_one_or_none()
    if set_id is not None:
        return set_id
    with writing(engine) as connection:
        set_id = connection.execute(select(archive_set.c.id)).scalar_one_or_none() or uuid4()
        connection.execute(delete(archive_set))
        connection.execute(insert(archive_set).values(id=set_id))
    return set_id


def open_index(url: str) -> SqlIndex:
    """The index behind ``url``, made or migrated where it must be. Raises Unavailable."""
    engine = connect(url)
    migrate(engine)
    return SqlIndex(engine)


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up to ``revision``, one process at a time."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    newest = ScriptDirectory.from_config(config).get_current_head()
    with reading(engine) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found == newest and revision == "head":
        return
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
