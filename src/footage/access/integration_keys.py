"""Integration keys: made here, shown once, kept hashed."""

from __future__ import annotations

import hashlib
import secrets

_PREFIX = "footage_"


def make_key() -> str:
    """A new key of 256 random bits; the prefix lets scanners for leaked secrets know it."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_key(key: str) -> bytes:
    """What is kept of a key. One pass of SHA-256 is enough: nobody can guess 256 random bits."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
