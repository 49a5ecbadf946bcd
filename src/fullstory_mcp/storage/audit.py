"""The audit's records: each writer's chain, appended to and never changed; nothing sweeps it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Dialect, Select, bindparam, func, select, tuple_
from sqlalchemy.sql.compiler import SQLCompiler

from fullstory_mcp.storage import Database, Tx
from fullstory_mcp.storage.statements import INSERT
from fullstory_mcp.storage.tables import audit_records

PAGE = 2_000
"""Most rows that one statement reads."""

MOST_ROWS = 256
"""Most rows that one statement adds: SQLite takes 32,766 values."""

COLUMNS = ("writer", "seq", "at", "call", "line", "hash")


class Row(Protocol):
    """A record as this table has it; `at` is in Unix seconds."""

    @property
    def writer(self) -> str:
        """Whose chain it is."""

    @property
    def seq(self) -> int:
        """Its place there."""

    @property
    def at(self) -> int:
        """When."""

    @property
    def call(self) -> str:
        """What links the two records of a call."""

    @property
    def line(self) -> str:
        """The record itself, as it was hashed."""

    @property
    def hash(self) -> str:
        """Its hash."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it was stored."""

    writer: str
    seq: int
    at: int
    call: str
    line: str
    hash: str


def append(tx: Tx, rows: Sequence[Row]) -> None:
    """Adds rows; one that is there already stays as it is, so that a batch may be written again."""
    start = 0
    while start < len(rows):
        size = min(1 << (len(rows) - start).bit_length() - 1, MOST_ROWS)
        _add(tx, rows[start : start + size])
        start += size


def _add(tx: Tx, rows: Sequence[Row]) -> None:
    """Adds rows by one statement: one a row would let go of Python's lock, and wait for it, each time."""
    compiled = _insert(tx.dialect, len(rows))
    given = {
        f"{name}_{place}": getattr(row, name) for place, row in enumerate(rows) for name in COLUMNS
    }
    in_order = compiled.positiontup
    tx.exec_driver_sql(
        compiled.string, tuple(given[name] for name in in_order) if in_order else given
    )


@lru_cache(maxsize=32)
def _insert(dialect: Dialect, size: int) -> SQLCompiler:
    """The statement that adds so many rows; SQLAlchemy would compile it anew each time."""
    values: list[dict[str, Any]] = [
        {name: bindparam(f"{name}_{place}") for name in COLUMNS} for place in range(size)
    ]
    statement = INSERT[dialect.name](audit_records).values(values).on_conflict_do_nothing()
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - for the type checker
    return compiled


def last(tx: Tx) -> Stored | None:
    """The newest record of all."""
    table = audit_records.c
    newest = (
        select(audit_records).order_by(table.at.desc(), table.writer, table.seq.desc()).limit(1)
    )
    row = tx.execute(newest).first()
    return Stored(*row) if row else None


def newest(tx: Tx, count: int) -> list[Stored]:
    """The newest records, oldest of them first."""
    table = audit_records.c
    some = select(audit_records).order_by(table.at.desc(), table.writer, table.seq.desc())
    return [Stored(*row) for row in tx.execute(some.limit(count))][::-1]


def writers(tx: Tx) -> list[str]:
    """Every chain, the one that began first first."""
    table = audit_records.c
    began = select(table.writer).group_by(table.writer)
    return list(tx.execute(began.order_by(func.min(table.at), table.writer)).scalars())


def chain(database: Database, writer: str) -> Iterator[Stored]:
    """One writer's records in their order, a page at a time."""
    table = audit_records.c
    of_writer = select(audit_records).where(table.writer == writer).order_by(table.seq)
    known = 0
    while page := _page(database, of_writer.where(table.seq > known)):
        yield from page
        known = page[-1].seq


def between(database: Database, since: int | None, until: int | None) -> Iterator[Stored]:
    """Records of a time (Unix seconds, both included), oldest first, a page at a time."""
    table = audit_records.c
    key = (table.at, table.writer, table.seq)
    wanted = select(audit_records).order_by(*key)
    if since is not None:
        wanted = wanted.where(table.at >= since)
    if until is not None:
        wanted = wanted.where(table.at <= until)
    page = _page(database, wanted)
    while page:
        yield from page
        end = page[-1]
        page = _page(database, wanted.where(tuple_(*key) > (end.at, end.writer, end.seq)))


def of_calls(tx: Tx, calls: Sequence[str]) -> list[Stored]:
    """The records of some calls, in their order."""
    table = audit_records.c
    wanted = select(audit_records).where(table.call.in_(calls))
    return [Stored(*row) for row in tx.execute(wanted.order_by(table.writer, table.seq))]


class AuditTable:
    """The table as the audit's journal writes to it, in a thread of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_new(self) -> bool:
        """Whether the log is another one than last time; a database stays the same."""
        return False

    def last(self) -> tuple[str, int, str] | None:
        """The newest record: its writer, seq and hash.

        Raises:
            StorageUnavailable: the database is away.
        """
        with self._database.begin() as tx:
            row = last(tx)
        return (row.writer, row.seq, row.hash) if row else None

    def write(self, entries: Sequence[Row], *, durable: bool) -> None:
        """Adds the records in one transaction, which is on disk when this returns.

        Raises:
            StorageUnavailable: the database is away; whether they were added is not known.
        """
        del durable
        with self._database.begin() as tx:
            append(tx, entries)

    def close(self) -> None:
        """Nothing: the database belongs to whoever opened it."""


def _page(database: Database, wanted: Select[Any]) -> list[Stored]:
    with database.begin(reading=True) as tx:
        return [Stored(*row) for row in tx.execute(wanted.limit(PAGE))]
