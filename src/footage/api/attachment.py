"""The name under which a browser saves an export. Pure.

``Content-Disposition`` after RFC 6266, 4.3: a name of plain ASCII for everybody, and the full one in
UTF-8 (RFC 8187, 3.2) for whoever reads that.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from urllib.parse import quote

from footage.timeline import Span

_TITLE_MAX_CHARS = 80
# What no file system of a client takes, or takes for something else.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069/\\:*?"<>|%;]+')
_SPACES = re.compile(r"[\s_]+")
_ATTRIBUTE_SAFE = "!#$&+-.^_`|~"


def file_name(title: str, span: Span) -> str:
    """``<title>_<start>_<end>.mp4``, times in UTC to the second."""
    safe = _SPACES.sub("_", _UNSAFE.sub("_", unicodedata.normalize("NFC", title)))
    safe = safe[:_TITLE_MAX_CHARS].strip("_. ") or "camera"
    return f"{safe}_{_stamp(span.start_ms)}_{_stamp(span.end_ms)}.mp4"


def disposition(name: str) -> str:
    """The header's value, in ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    plain = plain if plain[:1].isalnum() else f"camera{plain}"
    value = f'attachment; filename="{plain}"'
    return value if plain == name else f"{value}; filename*=UTF-8''{quote(name, safe=_ATTRIBUTE_SAFE)}"


def _stamp(moment_ms: int) -> str:
    return f"{datetime.fromtimestamp(moment_ms // 1000, UTC):%Y%m%dT%H%M%SZ}"
