"""The tables. Migrations build them; a test compares what they build with what stands here."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    false,
    true,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Id = BigInteger().with_variant(Integer(), "sqlite")

archive_set = Table(
    "archive_set",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("has_storage", Boolean, nullable=False, server_default=false()),
)

camera = Table(
    "camera",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title", String, nullable=False),
    Column("archive_days", Integer),
    Column("source_url", String),
    Column("device_id", String),
    Column("camera_model", String),
    Column("platform", String),
    Column("serial_number", String),
    Column("firmware_version", String),
    Column("application_version", String),
    Column("location_id", String),
    Column("location_title", String),
    Column("room_id", String),
    Column("room_title", String),
    Column("created_ms", BigInteger, nullable=False),
    Column("removed", Boolean, nullable=False, server_default=false()),
    Column("transport", String, nullable=False, server_default="tcp"),
    Column("is_recorded", Boolean, nullable=False, server_default=true()),
    Column("is_audio_recorded", Boolean, nullable=False, server_default=true()),
    Column("archive_bytes", BigInteger),
    # Of one that is removed: until when it can be taken back. Null: its footage is leaving.
    Column("restorable_until_ms", BigInteger),
    Index(None, "title", "id"),
)

archive = Table(
    "archive",
    metadata,
    Column("number", _Id, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("camera_id", Uuid, ForeignKey("camera.id"), nullable=False, unique=True),
    Column("token_epoch", Integer, nullable=False),
    # Else SQLite gives the number of a row that is gone to the next, and whoever still holds
    # the old one (a writer, a second removal) would meet a stranger.
    sqlite_autoincrement=True,
)

# Few, and never changed: a run's row carries a number instead of seven columns.
codecs = Table(
    "codecs",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("video", String, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("audio", String),
    Column("sample_rate", Integer, nullable=False),
    Column("channels", Integer, nullable=False),
    Column("fingerprint", String, nullable=False, unique=True),
)

run = Table(
    "run",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("archive_number", _Id, ForeignKey("archive.number"), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("bytes_from", BigInteger, nullable=False),
    Column("bytes_to", BigInteger, nullable=False),
    Column("codecs_id", _Id, ForeignKey("codecs.id"), nullable=False),
    Index(None, "archive_number", "start_ms", unique=True),
    sqlite_autoincrement=True,
)

block = Table(
    "block",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("archive_number", _Id, ForeignKey("archive.number"), nullable=False),
    # No foreign key: the run's row goes first, its blocks follow as their bytes are deleted.
    Column("run_id", _Id, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("bytes_from", BigInteger, nullable=False),
    Column("bytes_to", BigInteger, nullable=False),
    Column("leaving", Boolean, nullable=False, server_default=false()),
    Column("segments", LargeBinary, nullable=False),
    Column("keyframes", LargeBinary, nullable=False),
    # The numbers that live playlists give to the segments of a recorder, from and up to, and the
    # number of the run; null in what was imported.
    Column("sequence_from", BigInteger),
    Column("sequence_to", BigInteger),
    Column("discontinuity", BigInteger),
    Index(None, "archive_number", "start_ms", unique=True),
    Index(None, "archive_number", "sequence_from", unique=True),
    sqlite_autoincrement=True,
)
Index("ix_block_leaving", block.c.id, sqlite_where=block.c.leaving, postgresql_where=block.c.leaving)
Index("ix_block_run_id", block.c.run_id)

integration_key = Table(
    "integration_key",
    metadata,
    Column("name", String, primary_key=True),
    Column("key_hash", LargeBinary, nullable=False, unique=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("scope", String, nullable=False, server_default="admin"),
)

# Only ever added to, and pruned from its old end.
audit = Table(
    "audit",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("via", String, nullable=False),
    Column("address", String),
    Column("action", String, nullable=False),
    Column("camera_id", Uuid),
    Column("detail", JSON, nullable=False),
    Index(None, "at_ms"),
    Index(None, "camera_id", "id"),
    # No number is given twice, so none can be missing unnoticed.
    sqlite_autoincrement=True,
)

# Alive while its beat rises; others watch it by their own clocks, so no two need to agree.
recorder = Table(
    "recorder",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("beat", BigInteger, nullable=False),
)

# Who writes an archive (invariant 8). Whoever takes it raises the fence; nobody else commits.
lease = Table(
    "lease",
    metadata,
    Column("archive_number", _Id, ForeignKey("archive.number"), primary_key=True),
    Column("recorder_id", Uuid),
    Column("fence", BigInteger, nullable=False),
)

recording = Table(
    "recording",
    metadata,
    Column("archive_number", _Id, ForeignKey("archive.number"), primary_key=True),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("detail", String),
    Column("since_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("last_packet_ms", BigInteger),
    Column("last_segment_ms", BigInteger),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("segments", BigInteger, nullable=False),
    Column("segments_dropped", BigInteger, nullable=False),
    Column("packets_dropped", BigInteger, nullable=False),
    Column("queued", Integer, nullable=False),
    Column("drift_ms", BigInteger, nullable=False),
    Column("reconnects", JSON, nullable=False),
)

# Exports made in the background. While one waits or runs, runs that it reaches into stay (invariant 6).
# Its worker is alive while the beat rises; whoever takes it up raises the fence, and nobody else ends it.
export = Table(
    "export",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("archive_number", _Id, ForeignKey("archive.number"), nullable=False),
    Column("shown_from_ms", BigInteger, nullable=False),
    Column("shown_to_ms", BigInteger, nullable=False),
    Column("reach_from_ms", BigInteger, nullable=False),
    Column("reach_to_ms", BigInteger, nullable=False),
    Column("is_limited", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("read_bytes", BigInteger, nullable=False),
    Column("total_bytes", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String),
    Column("manifest_bytes", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("done_ms", BigInteger),
    Column("expires_ms", BigInteger),
    Column("worker_id", Uuid),
    Column("fence", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Index(None, "archive_number", "created_ms"),
    Index(None, "state", "created_ms"),
)

# Spans that nothing may remove (invariant 6), up to a moment where one is given.
lock = Table(
    "lock",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("archive_number", _Id, ForeignKey("archive.number"), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("until_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Index(None, "archive_number", "start_ms"),
)

# Spans that a stream or an import is at work in. Alive while its beat rises, as recorders are.
hold = Table(
    "hold",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("archive_number", _Id, ForeignKey("archive.number"), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Index(None, "archive_number", "start_ms"),
)

# Archives that nothing more is recorded into: pinned footage alone exceeds a limit.
halt = Table(
    "halt",
    metadata,
    Column("archive_number", _Id, ForeignKey("archive.number"), primary_key=True),
    Column("limit", String, nullable=False),
)

# One row: who removes footage. Whoever takes it raises the fence; nobody else marks or forgets.
keeper = Table(
    "keeper",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("holder", Uuid),
    Column("beat", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("is_wanted", Boolean, nullable=False),
    Column("seen", JSON),
    Column("report", JSON),
)
