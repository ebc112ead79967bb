"""The audit log as rows: added to at one end, pruned at the other, never changed."""

from __future__ import annotations

from sqlalchemy import Engine, delete, insert, select

from footage.archive.index.database import reading, writing
from footage.archive.index.protocol import AuditEntry, AuditFilter
from footage.archive.index.tables import audit as table


class AuditRows:
    """AuditIndex over an engine."""

    _engine: Engine

    def add_audit(self, entry: AuditEntry, *, keep_from_ms: int, keep_entries: int) -> None:
        """Add an entry; forget what is older than ``keep_from_ms`` or beyond the ``keep_entries``."""
        with writing(self._engine) as connection:
            added = connection.execute(
                insert(table)
                .values(
                    at_ms=entry.at_ms,
                    actor=entry.actor,
                    via=entry.via,
                    address=entry.address,
                    action=entry.action,
                    camera_id=entry.camera_id,
                    detail=dict(entry.detail),
                )
                .returning(table.c.id)
            ).scalar_one()
            connection.execute(delete(table).where(table.c.id <= added - keep_entries))
            # Not itself, also where a clock was set back.
            connection.execute(delete(table).where(table.c.at_ms < keep_from_ms, table.c.id < added))

    def audit(self, wanted: AuditFilter, *, limit: int, before: int | None = None) -> list[AuditEntry]:
        """Entries, newest first; ``before`` is the id of the last of the page before."""
        page = select(table).order_by(table.c.id.desc()).limit(limit)
        for column, value in (
            (table.c.camera_id, wanted.camera_id),
            (table.c.actor, wanted.actor),
            (table.c.action, wanted.action),
        ):
            if value is not None:
                page = page.where(column == value)
        if wanted.from_ms is not None:
            page = page.where(table.c.at_ms >= wanted.from_ms)
        if wanted.to_ms is not None:
            page = page.where(table.c.at_ms < wanted.to_ms)
        if before is not None:
            page = page.where(table.c.id < before)
        with reading(self._engine) as connection:
            return [AuditEntry(**row) for row in connection.execute(page).mappings()]
