"""Pools of connections, one that writes and one that only reads, to SQLite or PostgreSQL.

A reading connection cannot write by the database's own law. On SQLite it waits for no writer; on
PostgreSQL each of its statements stands alone, which saves beginning and ending a transaction.
"""

import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from fullstory_mcp.errors import SettingsError

READERS = 4
WRITERS = 8
"""Most connections of each kind, of one process. SQLite has one writer, whoever asks."""

_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}

_PATIENCE = {
    "connect_timeout": "{seconds}",
    "keepalives_idle": "{seconds}",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "{seconds}000",
}
"""How soon a server that fell silent is given up, unless the URL says otherwise;
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS.
"""


def usable(text: str) -> URL:
    """The URL, with the driver it gets; a SQLite file's path is made absolute.

    Raises:
        SettingsError: it names no database that can be used. The text is not repeated, since it may
            hold a password.
    """
    try:
        url = make_url(text)
        url = url.set(drivername=_DRIVERS[url.get_backend_name()])
    except (ArgumentError, KeyError, ValueError):
        raise SettingsError(
            "FULLSTORY_MCP_DATABASE_URL: must be sqlite:///path or postgresql://user@host/name."
        ) from None
    if url.get_backend_name() != "sqlite":
        return url
    if not url.database or url.database == ":memory:" or url.query or url.host:
        raise SettingsError(
            "FULLSTORY_MCP_DATABASE_URL: must name a file, as sqlite:///path (four slashes before an "
            "absolute path): what is only in memory is lost with the process."
        )
    return url.set(database=str(Path(url.database).absolute()))


def writing(url: URL, wait_seconds: int) -> Engine:
    """The pool for transactions that write."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, wait_seconds, most=1, begin="BEGIN IMMEDIATE")
    engine = _postgres(url, wait_seconds, most=WRITERS, pool_pre_ping=True)
    event.listen(engine, "connect", partial(_limited, wait_seconds, "off"))
    return engine


def reading(url: URL, wait_seconds: int) -> Engine:
    """The pool for reading; a write raises an error."""
    if url.get_backend_name() == "sqlite":
        engine = _sqlite(url, wait_seconds, most=READERS, begin="BEGIN")
        event.listen(engine, "connect", _only_reading)
        return engine
    engine = _postgres(url, wait_seconds, most=READERS, isolation_level="AUTOCOMMIT")
    event.listen(engine, "connect", partial(_limited, wait_seconds, "on"))
    return engine


def _postgres(url: URL, wait_seconds: int, *, most: int, **options: Any) -> Engine:
    patience = {
        name: value.format(seconds=wait_seconds)
        for name, value in _PATIENCE.items()
        if name not in url.query
    }
    return create_engine(
        url,
        pool_size=most,
        max_overflow=0,
        pool_timeout=wait_seconds,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args=patience,
        **options,
    )


def _limited(wait_seconds: int, only_reading: str, connection: Any, _record: Any) -> None:
    """Limits how long a statement takes; by SET, which poolers in between let through."""
    before = connection.autocommit
    connection.autocommit = True
    connection.execute(
        f"SET statement_timeout = '{wait_seconds}s'; SET lock_timeout = '{wait_seconds}s'; "
        f"SET default_transaction_read_only = {only_reading}"
    )
    connection.autocommit = before


def _sqlite(url: URL, wait_seconds: int, *, most: int, begin: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=most,
        max_overflow=0,
        pool_timeout=wait_seconds,
        hide_parameters=True,
        connect_args={"timeout": wait_seconds, "check_same_thread": False},
    )
    event.listen(engine, "do_connect", _private_file)
    event.listen(engine, "connect", _opened)
    event.listen(engine, "begin", _beginning(begin))
    return engine


def _private_file(_dialect: Any, _record: Any, arguments: list[Any], _named: Any) -> None:
    """Makes the file for its owner alone; SQLite gives its companions the same mode."""
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR
    try:
        os.close(os.open(arguments[0], flags, 0o600))
    except OSError:
        return  # it is there already, or SQLite says why not


def _opened(connection: sqlite3.Connection, _record: Any) -> None:
    """Readers beside a writer, foreign keys in force, nothing lost when the power fails.

    Transactions are begun by us, not by Python's module.
    """
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _only_reading(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA query_only = ON")


def _beginning(statement: str) -> Callable[[Connection], None]:
    """Begins as told; a writer takes the lock at once, since a reader that turns writer could fail."""

    def begun(tx: Connection) -> None:
        tx.exec_driver_sql(statement)

    return begun
