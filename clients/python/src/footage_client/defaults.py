"""What both clients do where nothing else is said."""

from __future__ import annotations

__version__ = "0.1.0"
USER_AGENT = f"footage-client/{__version__}"
TIMEOUT_S = 30.0
RETRIES = 4
PAGE_CAMERAS = 200
PIECE_BYTES = 1 << 16
