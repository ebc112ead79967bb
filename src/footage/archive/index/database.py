"""Connections and transactions: the one place that knows which database it is."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from footage.archive.errors import Full, Unavailable

_BUSY_TIMEOUT_MS = 10_000
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    # A row that was committed survives a power cut, as its bytes do.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16000",
    "PRAGMA temp_store = MEMORY",
)
_LOOK_AGAIN_S = 0.001
_PRIMARY_CODE = 0xFF
"""An extended result code of SQLite carries the primary one in its lowest byte."""
_WRITES = "footage_writes"
_SINGLE = "footage_single"


def connect(url: str) -> Engine:
    """An engine over ``url``; SQLite gets write-ahead logging and honest transactions."""
    engine = create_engine(url, pool_size=8, max_overflow=32, pool_timeout=10, hide_parameters=True)
    if make_url(url).get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    # The driver would begin transactions by its own rules, and none before a SELECT.
    dbapi_connection.isolation_level = None
    for pragma in _PRAGMAS:
        # Where two processes make a new database at once, the change to WAL does not wait by itself.
        _when_free(partial(dbapi_connection.execute, pragma))


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and then writes fails at once where another wrote between;
    # one that says at its begin that it will write waits its turn instead.
    options = connection.get_execution_options()
    if options.get(_WRITES):
        _begin_to_write(connection)
    elif not options.get(_SINGLE):
        connection.exec_driver_sql("BEGIN")


def _begin_to_write(connection: Connection) -> None:
    """Wait for the other writers by looking often.

    SQLite's own wait looks ever more rarely, up to ten times a second, which is what the slowest
    of many commits would then take; a transaction here takes a few milliseconds.
    """
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        _when_free(partial(connection.exec_driver_sql, "BEGIN IMMEDIATE"))
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")


def _when_free(attempt: Callable[[], object]) -> None:
    """Make the attempt until nobody else holds the lock that it needs."""
    deadline = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            attempt()
        except (sqlite3.OperationalError, OperationalError) as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def _is_busy(error: sqlite3.OperationalError | OperationalError) -> bool:
    cause = error.orig if isinstance(error, OperationalError) else error
    return getattr(cause, "sqlite_errorcode", 0) & _PRIMARY_CODE == sqlite3.SQLITE_BUSY


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction whose reads see one moment. Raises Unavailable."""
    with _translated(), engine.connect() as connection:
        yield connection


def for_single_reads(engine: Engine) -> Engine:
    """The same connections for reads of one statement, which need no transaction around them."""
    return engine.execution_options(**{_SINGLE: True})


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is committed when the block ends. Raises Unavailable, Full."""
    with _translated(), engine.execution_options(**{_WRITES: True}).begin() as connection:
        yield connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeout) as error:
        # The driver's own words, without the statement that SQLAlchemy adds.
        cause = getattr(error, "orig", None)
        is_full = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        kind = Full if is_full else Unavailable
        raise kind(f"index: {cause or type(error).__name__}") from error
    except SQLAlchemyError as error:
        raise Unavailable(f"index: {type(error).__name__}") from error
