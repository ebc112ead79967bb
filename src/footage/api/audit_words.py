"""Entries of the audit log as the API and the command line show them.

Apart from the handlers, for commands start faster without a web framework.
"""

from __future__ import annotations

from typing import Any

import msgspec

from footage.access.tokens import Token, fingerprint
from footage.archive.index import AuditEntry
from footage.timeline import format_ms

PAGE_MAX = 1000
ID_MAX = 2**62


class AuditEntryOut(msgspec.Struct, frozen=True, rename="camel"):
    """Who did what, when, from where; what does not apply is null."""

    id: int
    at: str
    actor: str
    via: str
    address: str | None
    action: str
    camera_id: str | None
    detail: dict[str, Any]


def entry_out(entry: AuditEntry) -> AuditEntryOut:
    """An entry as it is shown."""
    return AuditEntryOut(
        id=entry.id,
        at=format_ms(entry.at_ms),
        actor=entry.actor,
        via=entry.via,
        address=entry.address,
        action=entry.action,
        camera_id=None if entry.camera_id is None else str(entry.camera_id),
        detail=dict(entry.detail),
    )


def about_token(token: Token, signature: str) -> dict[str, Any]:
    """What the log says of a link that was made."""
    limits = {"from": token.from_ms, "to": token.to_ms}
    given = {name: value for name, value in limits.items() if value is not None}
    return {"link": fingerprint(signature), "exp": token.exp, **given}
