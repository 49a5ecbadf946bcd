"""What SQLAlchemy has for each database apart though both do it alike, and hashing for short columns."""

import hashlib
from collections.abc import Callable

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Insert = postgresql.Insert | sqlite.Insert

INSERT: dict[str, Callable[[Table], Insert]] = {
    "sqlite": sqlite.Insert,
    "postgresql": postgresql.Insert,
}


def inserting(tx: Connection, table: Table) -> Insert:
    """An `INSERT` that can say what to do about a row that is already there (`on_conflict_...`)."""
    return INSERT[tx.dialect.name](table)


def digest(text: str) -> str:
    """SHA-256 of `text` in hexadecimal: of one length, and telling nothing."""
    return hashlib.sha256(text.encode()).hexdigest()
