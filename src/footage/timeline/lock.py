"""A lock: a span of one archive that nothing may remove while it stands (invariant 6)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from footage.timeline.span import Span


@dataclass(frozen=True, slots=True)
class Lock:
    """``reason`` is the owner's own words. It ends by itself at ``until_ms``, where that is given."""

    id: UUID
    span: Span
    reason: str
    until_ms: int | None
    created_ms: int
