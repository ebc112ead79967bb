"""The index over a SQL database: opening it, and bringing its tables up to date."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import Engine, column, delete, insert, select, table, update

from footage.archive.errors import WrongStorage
from footage.archive.index.audit_rows import AuditRows
from footage.archive.index.camera_rows import CameraRows
from footage.archive.index.commit_rows import CommitRows
from footage.archive.index.cut_rows import CutRows
from footage.archive.index.database import connect, for_single_reads, reading, writing
from footage.archive.index.export_rows import ExportRows
from footage.archive.index.footage_rows import FootageRows
from footage.archive.index.keeper_rows import KeeperRows
from footage.archive.index.key_rows import KeyRows
from footage.archive.index.lock_rows import LockRows
from footage.archive.index.overview_rows import OverviewRows
from footage.archive.index.recorder_rows import RecorderRows
from footage.archive.index.tables import archive_set, camera

NEWEST = "0006"
"""The revision that this code works with: the migrations' last one."""
_version = table("alembic_version", column("version_num"))


class SqlIndex(
    FootageRows,
    OverviewRows,
    CommitRows,
    CutRows,
    CameraRows,
    RecorderRows,
    ExportRows,
    LockRows,
    KeeperRows,
    KeyRows,
    AuditRows,
):
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

    def take_set(self, set_id: UUID) -> None:
        """Become the index of that archive set. Raises WrongStorage where cameras are in it already."""
        if set_id == self._set_id:
            return
        with writing(self._engine) as connection:
            if connection.execute(select(camera.c.id).limit(1)).first() is not None:
                raise WrongStorage(
                    f"the index belongs to the archive set {self._set_id}, the storage to {set_id}"
                )
            connection.execute(update(archive_set).values(id=set_id))
        self._set_id = set_id

    @property
    def has_storage(self) -> bool:
        """Whether the set's storage was ever made; from then on an empty place is not it (invariant 3)."""
        with reading(self._engine) as connection:
            return bool(connection.execute(select(archive_set.c.has_storage)).scalar_one())

    def note_storage(self) -> None:
        """The set's storage is made."""
        with writing(self._engine) as connection:
            connection.execute(update(archive_set).values(has_storage=True))

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
    if revision == "head" and _revision(engine) == NEWEST:
        return
    # Most processes never need it: 11 MiB, and a tenth of a second.
    from footage.archive.index.migrating import upgrade  # noqa: PLC0415

    with writing(engine) as connection:
        upgrade(connection, revision)


def _revision(engine: Engine) -> str | None:
    """What the tables are at; None where there are none."""
    with reading(engine) as connection:
        if not connection.dialect.has_table(connection, "alembic_version"):
            return None
        revision: str | None = connection.execute(select(_version.c.version_num)).scalar_one_or_none()
        return revision
