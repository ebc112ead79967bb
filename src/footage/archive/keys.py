"""Integration keys as the archive set keeps them: names, hashes and scopes."""

from __future__ import annotations

from footage.archive.index import KeyIndex, StoredKey
from footage.timeline import Scope


class Keys:
    """Every integration key of one index. Raises Unavailable."""

    def __init__(self, index: KeyIndex) -> None:
        self._index = index

    def add(self, name: str, key_hash: bytes, created_ms: int, scope: Scope = Scope.ADMIN) -> None:
        """Keep a key's hash. Raises AlreadyExists."""
        self._index.add_key(StoredKey(name, key_hash, created_ms, scope))

    def all(self) -> list[StoredKey]:
        """All of them by name."""
        return self._index.keys()

    def find(self, key_hash: bytes) -> StoredKey | None:
        """The key with that hash, as it is now."""
        return self._index.key(key_hash)

    def revoke(self, name: str) -> bool:
        """Forget a key; False where there is none of that name. Raises LastAdmin."""
        return self._index.drop_key(name)
