"""Moments and lengths of time as people type them."""

from __future__ import annotations

import re

from footage.cli.output import CommandError, Exit
from footage.timeline import parse_time

_LENGTH = re.compile(r"(\d{1,9})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def moment_of(text: str) -> int:
    """Unix ms. Raises CommandError."""
    try:
        return parse_time(text)
    except ValueError as error:
        raise CommandError(str(error), Exit.USAGE) from None


def seconds_of(text: str) -> int:
    """Seconds, from a number and its unit. Raises CommandError."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None or not int(match[1]):
        raise CommandError(f"{text!r} is not a length of time such as 24h", Exit.USAGE)
    return int(match[1]) * _SECONDS[match[2]]
