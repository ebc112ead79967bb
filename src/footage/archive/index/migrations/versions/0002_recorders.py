"""Recorders: which camera is recorded how and by whom, and numbers for live playlists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Columns at the end of what is there, so that no row is written anew; and three tables."""
    op.add_column("camera", sa.Column("transport", sa.String(), nullable=False, server_default="tcp"))
    for switch in ("is_recorded", "is_audio_recorded"):
        op.add_column("camera", sa.Column(switch, sa.Boolean(), nullable=False, server_default=sa.true()))
    for number in ("sequence_from", "sequence_to", "discontinuity"):
        op.add_column("block", sa.Column(number, sa.BigInteger()))
    op.create_index(
        "ix_block_archive_number_sequence_from", "block", ["archive_number", "sequence_from"], unique=True
    )
    op.create_table(
        "recorder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recorder"),
    )
    op.create_table(
        "lease",
        sa.Column("archive_number", _ID, nullable=False),
        sa.Column("recorder_id", sa.Uuid()),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("archive_number", name="pk_lease"),
        sa.ForeignKeyConstraint(["archive_number"], ["archive.number"], name="fk_lease_archive_number"),
    )
    op.create_table(
        "recording",
        sa.Column("archive_number", _ID, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("detail", sa.String()),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_packet_ms", sa.BigInteger()),
        sa.Column("last_segment_ms", sa.BigInteger()),
        sa.Column("recorded_ms", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("segments", sa.BigInteger(), nullable=False),
        sa.Column("segments_dropped", sa.BigInteger(), nullable=False),
        sa.Column("packets_dropped", sa.BigInteger(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("drift_ms", sa.BigInteger(), nullable=False),
        sa.Column("reconnects", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("archive_number", name="pk_recording"),
        sa.ForeignKeyConstraint(["archive_number"], ["archive.number"], name="fk_recording_archive_number"),
    )
