"""The first tables: cameras, archives, runs, blocks, keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Build them."""
    op.create_table(
        "archive_set",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.PrimaryKeyConstraint("id", name="pk_archive_set"),
    )
    op.create_table(
        "camera",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("archive_days", sa.Integer()),
        sa.Column("source_url", sa.String()),
        sa.Column("device_id", sa.String()),
        sa.Column("camera_model", sa.String()),
        sa.Column("platform", sa.String()),
        sa.Column("serial_number", sa.String()),
        sa.Column("firmware_version", sa.String()),
        sa.Column("application_version", sa.String()),
        sa.Column("location_id", sa.String()),
        sa.Column("location_title", sa.String()),
        sa.Column("room_id", sa.String()),
        sa.Column("room_title", sa.String()),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name="pk_camera"),
    )
    op.create_index("ix_camera_title_id", "camera", ["title", "id"])
    op.create_table(
        "archive",
        sa.Column("number", _ID, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("camera_id", sa.Uuid(), nullable=False),
        sa.Column("token_epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_archive"),
        sa.UniqueConstraint("id", name="uq_archive_id"),
        sa.UniqueConstraint("camera_id", name="uq_archive_camera_id"),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name="fk_archive_camera_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "codecs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("video", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("audio", sa.String()),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("channels", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_codecs"),
        sa.UniqueConstraint("fingerprint", name="uq_codecs_fingerprint"),
    )
    op.create_table(
        "run",
        sa.Column("id", _ID, nullable=False),
        sa.Column("archive_number", _ID, nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("bytes_from", sa.BigInteger(), nullable=False),
        sa.Column("bytes_to", sa.BigInteger(), nullable=False),
        sa.Column("codecs_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.ForeignKeyConstraint(["codecs_id"], ["codecs.id"], name="fk_run_codecs_id"),
        sa.ForeignKeyConstraint(["archive_number"], ["archive.number"], name="fk_run_archive_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_archive_number_start_ms", "run", ["archive_number", "start_ms"], unique=True)
    op.create_table(
        "block",
        sa.Column("id", _ID, nullable=False),
        sa.Column("archive_number", _ID, nullable=False),
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("bytes_from", sa.BigInteger(), nullable=False),
        sa.Column("bytes_to", sa.BigInteger(), nullable=False),
        sa.Column("leaving", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("segments", sa.LargeBinary(), nullable=False),
        sa.Column("keyframes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_block"),
        sa.ForeignKeyConstraint(["archive_number"], ["archive.number"], name="fk_block_archive_number"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_block_archive_number_start_ms", "block", ["archive_number", "start_ms"], unique=True
    )
    op.create_index("ix_block_run_id", "block", ["run_id"])
    op.create_index(
        "ix_block_leaving",
        "block",
        ["id"],
        sqlite_where=sa.text("leaving"),
        postgresql_where=sa.text("leaving"),
    )
    op.create_table(
        "integration_key",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_integration_key"),
        sa.UniqueConstraint("key_hash", name="uq_integration_key_key_hash"),
    )
