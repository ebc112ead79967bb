"""Integration keys as rows: names and hashes."""

from __future__ import annotations

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from footage.archive.errors import AlreadyExists
from footage.archive.index.database import reading, writing
from footage.archive.index.protocol import StoredKey
from footage.archive.index.tables import integration_key as key_table


class KeyRows:
    """KeyIndex over an engine."""

    _engine: Engine

    def add_key(self, key: StoredKey) -> None:
        """Keep a key's hash. Raises AlreadyExists."""
        try:
            with writing(self._engine) as connection:
                connection.execute(
                    insert(key_table).values(
                        name=key.name, key_hash=key.key_hash, created_ms=key.created_ms
                    )
                )
        except IntegrityError as error:
            raise AlreadyExists(f"a key named {key.name!r} exists already") from error

    def keys(self) -> list[StoredKey]:
        """All keys by name."""
        columns = select(key_table.c.name, key_table.c.key_hash, key_table.c.created_ms)
        with reading(self._engine) as connection:
            rows = connection.execute(columns.order_by(key_table.c.name))
            return [StoredKey(*row) for row in rows]

    def key_name(self, key_hash: bytes) -> str | None:
        """The name of the key with that hash."""
        with reading(self._engine) as connection:
            return connection.execute(
                select(key_table.c.name).where(key_table.c.key_hash == key_hash)
            ).scalar_one_or_none()

    def drop_key(self, name: str) -> bool:
        """Forget a key; False where there is none of that name."""
        with writing(self._engine) as connection:
            return bool(connection.execute(delete(key_table).where(key_table.c.name == name)).rowcount)
