"""Brings the tables up to date, and tells whether they are; nobody else makes or changes a table."""

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table, text

from fullstory_mcp.errors import SettingsError
from fullstory_mcp.storage.database import Database

NEWEST = "r0002"
"""The step that this version's tables stand at; steps are numbered in their order."""

_FOLDER = Path(__file__).parent / "migrations"
_VERSION = table("alembic_version", column("version_num"))

LOCK = 450936336
"""Any number that is ours alone: PostgreSQL's advisory lock, held while tables change."""

_ALONE = (
    # A large table may take longer than any statement of a request.
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = '60s'",
    f"SELECT pg_advisory_xact_lock({LOCK})",
)
"""What PostgreSQL is told first; SQLite's transactions are alone anyway."""


def upgrade(database: Database) -> bool:
    """Brings the tables up to date, in one transaction; of several at once, one does it.

    Returns:
        Whether anything was to be done.

    Raises:
        SettingsError: the tables are those of a newer version.
        StorageUnavailable: the database cannot be reached.
    """
    with database.begin() as tx:
        if not database.is_sqlite:
            for statement in _ALONE:
                tx.execute(text(statement))
        stands_at = _version(tx)
        if stands_at == NEWEST:
            return False
        _refuse_newer(database, stands_at)
        _run(tx)
        return True


def check(database: Database) -> None:
    """Asks whether the tables are those of this version.

    Raises:
        SettingsError: they are missing, older or newer; the text says what to do.
        StorageUnavailable: the database cannot be reached.
    """
    with database.begin(reading=True) as tx:
        stands_at = _version(tx)
    if stands_at == NEWEST:
        return
    _refuse_newer(database, stands_at)
    what = "has no tables yet" if stands_at is None else "has the tables of an older version"
    raise SettingsError(f"{database.name} {what}: run `fullstory-mcp migrate`.")


def _refuse_newer(database: Database, stands_at: str | None) -> None:
    if stands_at is not None and stands_at > NEWEST:
        raise SettingsError(
            f"{database.name} has the tables of a newer fullstory-mcp ({stands_at}; this one "
            f"knows {NEWEST}): install that version, or restore a backup made before it."
        )


def _version(tx: Connection) -> str | None:
    """The step that the tables stand at, None where there are none."""
    if not inspect(tx).has_table(_VERSION.name):
        return None
    return tx.scalar(select(_VERSION.c.version_num))


def _run(tx: Connection) -> None:
    """Runs the steps that are missing, in the transaction."""
    # Only here: whoever checks need not load a migration tool.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": tx})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    command.upgrade(config, "head")
