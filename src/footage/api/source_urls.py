"""Which URLs a camera's video may come from. Nothing here ever says a URL: it may hold a password."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from footage.media.source_addresses import Network, is_local, literal_address

SOURCE_SCHEMES = ("rtsp", "rtsps", "http", "https", "srt")
SOURCE_URL_MAX = 2048
SOURCE_ADDRESS_WANTED = "must not lead to this server itself (local_sources)"
SOURCE_URL_WANTED = f"must be a URL of {', '.join(SOURCE_SCHEMES)}"
_NO_URL = re.compile(r"[\x00-\x20\x7f]")


def is_source_url(text: str) -> bool:
    """Whether the recorder may open it: a host behind one of few protocols, and no file."""
    if len(text) > SOURCE_URL_MAX or _NO_URL.search(text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in SOURCE_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_at_forbidden_address(url: str, allowed: Sequence[Network]) -> bool:
    """Whether a source's URL names an address of this host itself outright.

    Names are not looked up here: the recorder looks at what is behind them when it connects.
    """
    address = literal_address(urlsplit(url).hostname or "")
    return address is not None and is_local(address) and not any(address in network for network in allowed)
