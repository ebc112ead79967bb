"""Integration keys as the archive set keeps them: names and hashes."""

from __future__ import annotations

from footage.archive.index import KeyIndex, StoredKey


class Keys:
    """Every integration key of one index. Raises Unavailable."""

    def __init__(self, index: KeyIndex) -> None:
        self._index = index

    def add(self, name: str, key_hash: bytes, created_ms: int) -> None:
        """Keep a key's hash. Raises AlreadyExists."""
        self._index.add_key(StoredKey(name, key_hash, created_ms))

    def all(self) -> list[StoredKey]:
        """All of them by name."""
        return self._index.keys()

    def name_of(self, key_hash: bytes) -> str | None:
        """The name of the key with that hash."""
        return self._index.key_name(key_hash)

    def revoke(self, name: str) -> bool:
        """Forget a key; False where there is none of that name."""
        return self._index.drop_key(name)
