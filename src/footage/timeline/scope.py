"""What an integration key may do."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """Each may do what those before it may."""

    READ = "read"
    """Look: cameras, footage, links to it."""
    WRITE = "write"
    """Add and change, and take nothing away."""
    ADMIN = "admin"
    """Remove, and look into the audit log."""

    def includes(self, wanted: Scope) -> bool:
        """Whether whoever has this may do what needs ``wanted``."""
        order = list(Scope)
        return order.index(self) >= order.index(wanted)
