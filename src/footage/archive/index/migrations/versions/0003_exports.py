"""Exports made in the background."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """One table more."""
    op.create_table(
        "export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("archive_number", _ID, nullable=False),
        sa.Column("shown_from_ms", sa.BigInteger(), nullable=False),
        sa.Column("shown_to_ms", sa.BigInteger(), nullable=False),
        sa.Column("reach_from_ms", sa.BigInteger(), nullable=False),
        sa.Column("reach_to_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_limited", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("read_bytes", sa.BigInteger(), nullable=False),
        sa.Column("total_bytes", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String()),
        sa.Column("manifest_bytes", sa.BigInteger()),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("done_ms", sa.BigInteger()),
        sa.Column("expires_ms", sa.BigInteger()),
        sa.Column("worker_id", sa.Uuid()),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_export"),
        sa.ForeignKeyConstraint(["archive_number"], ["archive.number"], name="fk_export_archive_number"),
    )
    op.create_index("ix_export_archive_number_created_ms", "export", ["archive_number", "created_ms"])
    op.create_index("ix_export_state_created_ms", "export", ["state", "created_ms"])
