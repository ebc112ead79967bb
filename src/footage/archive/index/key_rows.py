"""Integration keys as rows: names, hashes and what they may do."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Row, delete, insert, select
from sqlalchemy.exc import IntegrityError

from footage.archive.errors import AlreadyExists, LastAdmin
from footage.archive.index.database import reading, writing
from footage.archive.index.protocol import StoredKey
from footage.archive.index.tables import integration_key as key_table
from footage.timeline import Scope

_KEYS = select(key_table)


class KeyRows:
    """KeyIndex over an engine."""

    _engine: Engine

    def add_key(self, key: StoredKey) -> None:
        """Keep a key's hash. Raises AlreadyExists."""
        try:
            with writing(self._engine) as connection:
                connection.execute(
                    insert(key_table).values(
                        name=key.name,
                        key_hash=key.key_hash,
                        created_ms=key.created_ms,
                        scope=key.scope.value,
                    )
                )
        except IntegrityError as error:
            raise AlreadyExists(f"a key named {key.name!r} exists already") from error

    def keys(self) -> list[StoredKey]:
        """All keys by name."""
        with reading(self._engine) as connection:
            return [_stored(row) for row in connection.execute(_KEYS.order_by(key_table.c.name))]

    def key(self, key_hash: bytes) -> StoredKey | None:
        """The key with that hash."""
        with reading(self._engine) as connection:
            row = connection.execute(_KEYS.where(key_table.c.key_hash == key_hash)).one_or_none()
            return None if row is None else _stored(row)

    def drop_key(self, name: str) -> bool:
        """Forget a key; False where there is none of that name. Raises LastAdmin."""
        is_admin = key_table.c.scope == Scope.ADMIN.value
        with writing(self._engine) as connection:
            admins = connection.execute(select(key_table.c.name).where(is_admin)).scalars().all()
            if list(admins) == [name]:
                raise LastAdmin(f"{name!r} is the last key of scope admin: add another one first")
            return bool(connection.execute(delete(key_table).where(key_table.c.name == name)).rowcount)


def _stored(row: Row[Any]) -> StoredKey:
    return StoredKey(row.name, row.key_hash, row.created_ms, Scope(row.scope))
