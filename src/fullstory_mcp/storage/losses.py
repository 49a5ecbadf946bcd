"""Tells a database that is away from a fault of ours, and both without a value that was stored.

What heals by itself or by the operator (no connection, locked, full, no tables) is
`StorageUnavailable`. Everything else (a broken constraint, a wrong statement) is a bug and goes on as
SQLAlchemy's error, but drivers quote stored values in their messages, so those are left out.
"""

import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError

from fullstory_mcp.errors import StorageUnavailable

NO_TABLES = "it has no tables: run `fullstory-mcp migrate`"
NO_CONNECTION = "there is no connection to it"
BUSY = "every connection to it is in use"
ONLY_READS = "it cannot be written: its file is protected, or its server a standby"

_SQLITE = {
    sqlite3.SQLITE_BUSY: "its file was locked for too long",
    sqlite3.SQLITE_LOCKED: "its file was locked for too long",
    sqlite3.SQLITE_PROTOCOL: "its file was locked for too long",
    sqlite3.SQLITE_INTERRUPT: "it took too long",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_PERM: "its file cannot be opened",
    sqlite3.SQLITE_AUTH: "its file cannot be opened",
    sqlite3.SQLITE_READONLY: ONLY_READS,
    sqlite3.SQLITE_IOERR: "its file cannot be read or written",
    sqlite3.SQLITE_FULL: "its disk is full",
    sqlite3.SQLITE_CORRUPT: "its file is damaged",
    sqlite3.SQLITE_NOTADB: "its file is not a SQLite database",
    sqlite3.SQLITE_SCHEMA: "its tables changed at that moment, as in a migration",
}
"""SQLite's primary result codes; https://www.sqlite.org/rescode.html."""

_POSTGRES = {
    "40": "others changed the same rows at once",
    "42P01": NO_TABLES,
    "42501": "its user lacks a right there: it must be able to make tables and use them",
    "53": "its server has no connection, memory or disk to spare",
    "55P03": "its rows were locked for too long",
    "57": "its server stopped the statement or is going down",
    "58": "its server has a failing disk",
    "25006": ONLY_READS,
    "3D000": "its server has no such database",
    "28": "its server refused the user or the password",
    "08": NO_CONNECTION,
}
"""PostgreSQL's SQLSTATE codes, or their classes (two characters);
https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""


class ConnectionLost(StorageUnavailable):
    """A connection that had been open was found dead; another may well work."""


def told(error: DBAPIError, *, reading: bool) -> StorageUnavailable | DBAPIError:
    """What to raise instead of `error`, which came while `reading` or writing."""
    why = _why(error.orig)
    if reading and why == ONLY_READS:
        return _without_values(error)
    if error.connection_invalidated:
        return ConnectionLost(why or NO_CONNECTION)
    return StorageUnavailable(why) if why else _without_values(error)


def _why(fault: Any) -> str:
    """How the database is lost, "" where it is not."""
    if isinstance(fault, sqlite3.Error):
        return _why_sqlite(fault)
    state = getattr(fault, "sqlstate", None)
    if state is None:
        # Before a server has answered there is no code; afterwards only the driver's own errors
        # of use have none.
        return NO_CONNECTION if type(fault).__name__ in _WITHOUT_CODE else ""
    return _POSTGRES.get(state) or _POSTGRES.get(state[:2], "")


_WITHOUT_CODE = ("OperationalError", "ConnectionTimeout", "InterfaceError")


def _why_sqlite(fault: sqlite3.Error) -> str:
    code = getattr(fault, "sqlite_errorcode", None)
    if code is None:
        return ""
    if code == sqlite3.SQLITE_ERROR and str(fault).startswith("no such table"):
        return NO_TABLES
    return _SQLITE.get(code & 0xFF, "")


def _without_values(error: DBAPIError) -> DBAPIError:
    fault: Any = error.orig
    diagnosis = getattr(fault, "diag", None)
    parts = (
        type(fault).__name__,
        getattr(fault, "sqlstate", None) or getattr(fault, "sqlite_errorname", None),
        getattr(diagnosis, "constraint_name", None),
    )
    text = " ".join(part for part in parts if part)
    return type(error)(error.statement, None, Exception(text), hide_parameters=True)
