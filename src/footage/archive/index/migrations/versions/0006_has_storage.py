"""Whether the storage was ever made: where it was, an empty folder is not taken for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Whoever kept something has a storage; of the others it is noted when they are opened next."""
    op.add_column(
        "archive_set",
        sa.Column("has_storage", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute("UPDATE archive_set SET has_storage = true WHERE EXISTS (SELECT 1 FROM block)")
