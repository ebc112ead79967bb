"""Both APIs as an OpenAPI 3.1 document."""

from __future__ import annotations


def document() -> bytes:
    """The document as JSON."""
    return b"{}"
