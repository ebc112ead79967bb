"""A recorder's log, read back. It is written by the machine's own clock, whatever the recorder's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Logged:
    """One event; ``camera`` is empty where it is of none."""

    wall_ms: int
    name: str
    camera: str
    fields: dict[str, Any]


def read_log(path: Path) -> list[Logged]:
    """Every event, as they were written; a line that a kill cut short is left out."""
    events = []
    for line in path.read_text(errors="replace").splitlines():
        try:
            fields = json.loads(line)
        except ValueError:
            continue
        wall_ms = int(datetime.fromisoformat(fields["time"]).timestamp() * 1000)
        events.append(Logged(wall_ms, fields["event"], fields.get("camera", ""), fields))
    return events
