"""Retention: limits by bytes, a bin for cameras, locks, holds, halts, and the keeper of the archive set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Columns at the end of what is there, and four tables."""
    op.add_column("camera", sa.Column("archive_bytes", sa.BigInteger()))
    op.add_column("camera", sa.Column("restorable_until_ms", sa.BigInteger()))
    op.create_table(
        "lock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("archive_number", _ID, nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("until_ms", sa.BigInteger()),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lock"),
        sa.ForeignKeyConstraint(["archive_number"], ["archive.number"], name="fk_lock_archive_number"),
    )
    op.create_index("ix_lock_archive_number_start_ms", "lock", ["archive_number", "start_ms"])
    op.create_table(
        "hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("archive_number", _ID, nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hold"),
        sa.ForeignKeyConstraint(["archive_number"], ["archive.number"], name="fk_hold_archive_number"),
    )
    op.create_index("ix_hold_archive_number_start_ms", "hold", ["archive_number", "start_ms"])
    op.create_table(
        "halt",
        sa.Column("archive_number", _ID, nullable=False),
        sa.Column("limit", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("archive_number", name="pk_halt"),
        sa.ForeignKeyConstraint(["archive_number"], ["archive.number"], name="fk_halt_archive_number"),
    )
    op.create_table(
        "keeper",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Uuid()),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.JSON()),
        sa.Column("report", sa.JSON()),
        sa.PrimaryKeyConstraint("number", name="pk_keeper"),
    )
