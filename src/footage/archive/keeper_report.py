"""What the keeper did and refused, as it is written down for everybody to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from footage.archive.index import Marked
from footage.archive.retention import Limit, Plan


class Refusal(StrEnum):
    """Why footage is not removed although limits say so."""

    CLOCK_AHEAD = "clock_ahead"
    """The host's clock jumped: nothing goes for its age."""
    CLOCK_BEHIND = "clock_behind"
    INDEX_EMPTIER = "index_emptier"
    """The index knows much less than the storage holds: nothing goes at all."""


@dataclass(slots=True)
class Report:
    """Counters only rise. ``reach_ms`` and ``pressing`` are of the last turn in which the store pressed."""

    passed_ms: int | None = None
    cameras: int = 0
    max_bytes: int | None = None
    free_bytes: int | None = None
    """What the disk is to have free, beyond the reserve."""
    locked_bytes: int = 0
    five_minutes: int = 0
    """Bytes that are recorded in five minutes."""
    reach_ms: int | None = None
    pressing: Limit | None = None
    stuck_bytes: int = 0
    """So many bytes too much, and all of them pinned."""
    refusal: Refusal | None = None
    refusal_detail: dict[str, int] = field(default_factory=dict)
    removed_blocks: dict[str, int] = field(default_factory=dict)
    removed_bytes: dict[str, int] = field(default_factory=dict)
    deleted_blocks: int = 0
    deleted_bytes: int = 0

    def count(self, limit: Limit, marked: Marked) -> None:
        """Blocks were taken out of sight."""
        for counter, more in (
            (self.removed_blocks, marked.blocks),
            (self.removed_bytes, marked.size_bytes),
        ):
            counter[limit.value] = counter.get(limit.value, 0) + more

    def describe(self, plan: Plan) -> None:
        """Take over what the plan says of the store."""
        self.stuck_bytes = 0 if plan.stuck_store is None else plan.stuck_store[1]
        if plan.pressing is not None:
            self.reach_ms, self.pressing = plan.reach_ms, plan.pressing

    def refuse(self, refusal: Refusal, **detail: int) -> None:
        """Say why not."""
        self.refusal, self.refusal_detail = refusal, detail

    def as_row(self) -> dict[str, Any]:
        """To be written down."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: Mapping[str, Any] | None) -> Report:
        """As it was written down; what another version wrote more is left out."""
        known = {one.name for one in fields(cls)}
        values = {name: value for name, value in (row or {}).items() if name in known}
        if values.get("pressing") is not None:
            values["pressing"] = Limit(values["pressing"])
        if values.get("refusal") is not None:
            values["refusal"] = Refusal(values["refusal"])
        return cls(**values)
