"""Sessions of the page: what its cookie says, so that no server need remember it.

The text carries the hash of the integration key that was signed in with, an expiry, and an
HMAC-SHA256 over both behind a version line of its own, so that neither a link's signature passes for
a session's nor the other way round. Pure; the keys come from ``signing_keys``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

_VERSION = "footage session 1"
_TEXT = re.compile(r"([A-Za-z0-9_-]{43})\.(0|[1-9][0-9]{0,14})\.[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, by the hash of the integration key, and until when (Unix seconds)."""

    key_hash: bytes
    exp: int


def seal(key: bytes, session: Session) -> str:
    """The session as a cookie's value: hash, expiry and signature, with points between."""
    return f"{_base64(session.key_hash)}.{session.exp}.{_signature(key, session)}"


def unseal(keys: Sequence[bytes], text: str, *, now_s: float) -> Session | None:
    """The session that one of the keys sealed; None where none did or it has expired.

    Every key is tried and every comparison runs to its end, so the time taken tells nothing.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    key_hash, exp = match.groups()
    session = Session(base64.urlsafe_b64decode(f"{key_hash}="), int(exp))
    # There is one way to write a hash: spare bits would be another text for the same.
    matches = [hmac.compare_digest(seal(key, session), text) for key in keys]
    return session if any(matches) and now_s < session.exp else None


def _signature(key: bytes, session: Session) -> str:
    text = "\n".join((_VERSION, session.key_hash.hex(), str(session.exp)))
    return _base64(hmac.digest(key, text.encode("ascii"), hashlib.sha256))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
