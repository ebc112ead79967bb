"""Logs: one line an event, a stable name first, then its fields.

Callers pass fields by ``extra={"fields": {...}}`` through ``event``; nothing that a client sent
in a query string is ever a field, so no signature can come here.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec


class _Line(logging.Formatter):
    """``time level event key=value ...``, or the same as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, Any] = getattr(record, "fields", {})
        event = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            fields = {**fields, "exception": self.formatException(record.exc_info)}
        if self._as_json:
            head = {"time": moment, "level": record.levelname.lower(), "event": event}
            return _json({**head, **fields})
        pairs = "".join(f" {name}={_json(value)}" for name, value in fields.items())
        return f"{moment} {record.levelname.lower():7} {event}{pairs}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


def configure(*, level: str, as_json: bool) -> None:
    """Send this program's logs to standard error in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line(as_json=as_json))
    logger = logging.getLogger("footage")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(level.upper())


def event(logger: logging.Logger, level: int, name: str, **fields: Any) -> None:
    """Log the event ``name`` with its fields."""
    if logger.isEnabledFor(level):
        logger.log(level, name, extra={"fields": fields})
