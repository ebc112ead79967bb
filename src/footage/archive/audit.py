"""The audit log: who did what to which camera, kept for a while and in bounded room.

Whatever changes or hands out something notes it here when it is done. Each entry goes to the program's
log too, so that a copy can be kept where whoever broke in cannot reach it; where the index cannot take
one, the log alone has it, and what was done stays done.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from footage.archive.errors import ArchiveError
from footage.archive.index import AuditEntry, AuditFilter, AuditIndex
from footage.telemetry.logs import event

_DAY_MS = 86_400_000
_log = logging.getLogger(__name__)


class Audit:
    """The audit log of one index, kept for ``keep_days`` and up to ``keep_entries``."""

    def __init__(self, index: AuditIndex, *, keep_days: int, keep_entries: int) -> None:
        self._index = index
        self._keep_ms = keep_days * _DAY_MS
        self._keep_entries = keep_entries

    def note(self, entry: AuditEntry) -> None:
        """Keep an entry. Never raises for an index that does not answer."""
        event(_log, logging.INFO, "audit", **_fields(entry))
        try:
            self._index.add_audit(
                entry, keep_from_ms=entry.at_ms - self._keep_ms, keep_entries=self._keep_entries
            )
        except ArchiveError as error:
            event(_log, logging.ERROR, "audit.not_kept", action=entry.action, reason=str(error))

    def page(self, wanted: AuditFilter, *, limit: int, before: int | None = None) -> list[AuditEntry]:
        """Entries, newest first; ``before`` is the id of the last of the page before."""
        return self._index.audit(wanted, limit=limit, before=before)


def _fields(entry: AuditEntry) -> dict[str, Any]:
    camera: UUID | None = entry.camera_id
    said = {
        "action": entry.action,
        "actor": entry.actor,
        "via": entry.via,
        "address": entry.address,
        "camera": None if camera is None else str(camera),
        **{f"detail_{name}": value for name, value in entry.detail.items()},
    }
    return {name: value for name, value in said.items() if value is not None}
