"""What each integration key may do, and a log of who did what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Keys made before open everything, as they did."""
    op.add_column(
        "integration_key", sa.Column("scope", sa.String(), nullable=False, server_default="admin")
    )
    op.create_table(
        "audit",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("address", sa.String()),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("camera_id", sa.Uuid()),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_at_ms", "audit", ["at_ms"])
    op.create_index("ix_audit_camera_id_id", "audit", ["camera_id", "id"])
