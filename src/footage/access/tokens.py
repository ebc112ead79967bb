"""Signed links: a token says which archive may be read until when, and how much of it.

The signature is HMAC-SHA256 over a text that cannot be read in two ways: a version line, then one
field a line, each present (design/tokens.md). Pure; the keys come from ``signing_keys``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

_VERSION = "footage token 1"


@dataclass(frozen=True, slots=True)
class Token:
    """What a signature covers beside the archive: expiry (Unix seconds), and limits in ms."""

    exp: int
    from_ms: int | None = None
    to_ms: int | None = None

    def query(self, signature: str) -> str:
        """The query string that carries it."""
        limits = "".join(
            f"&{name}={value}"
            for name, value in (("from", self.from_ms), ("to", self.to_ms))
            if value is not None
        )
        return f"signature={signature}&exp={self.exp}{limits}"


def sign(key: bytes, archive_id: UUID, epoch: int, token: Token) -> str:
    """The signature, URL-safe base64 without padding."""
    fields = (
        _VERSION,
        str(archive_id),
        str(epoch),
        str(token.exp),
        "" if token.from_ms is None else str(token.from_ms),
        "" if token.to_ms is None else str(token.to_ms),
    )
    digest = hmac.digest(key, "\n".join(fields).encode("ascii"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def verify(
    keys: Sequence[bytes],
    archive_id: UUID,
    epoch: int,
    token: Token,
    *,
    signature: str,
    now_s: float,
) -> bool:
    """True where one of the keys made ``signature`` and it has not expired.

    Every key is tried and every comparison runs to its end, so the time taken tells nothing.
    Texts are compared, not what they decode to: there is one way to write a signature.
    """
    given = signature.encode("utf-8", "surrogatepass")
    matches = [
        hmac.compare_digest(sign(key, archive_id, epoch, token).encode("ascii"), given) for key in keys
    ]
    return any(matches) and now_s < token.exp


def fingerprint(signature: str) -> str:
    """A name for a link that tells nothing of its signature: 12 hexadecimal digits."""
    return hashlib.sha256(signature.encode("utf-8", "surrogatepass")).hexdigest()[:12]
