"""A database that goes away is told as such, comes back by itself, and tells no stored value."""

import sqlite3
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import anyio
import psycopg
import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from databases import away, started_postgres
from fullstory_mcp.errors import SettingsError, StorageUnavailable
from fullstory_mcp.storage import Database, Tx, migrate, once
from fullstory_mcp.storage.engines import READERS
from fullstory_mcp.storage.tables import counters as counted
from fullstory_mcp.storage.tables import once as claims
from storage.rows import NOW

SECRET = "s3cret-value-that-was-stored"


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite file."""
    path = tmp_path / "locked.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def impatient(sqlite_url: str) -> Iterator[Database]:
    """A SQLite database that waits for no lock."""
    database = Database(sqlite_url, wait_seconds=0)
    yield database
    database.close()


def claim(database: Database, name: str) -> bool:
    """Writes."""
    with database.begin() as tx:
        return once.claim(tx, name, NOW)


def claimed(tx: Tx) -> int:
    """Reads: how many claims there are."""
    return tx.execute(select(func.count()).select_from(claims)).scalar_one()


@pytest.mark.anyio
async def test_database_that_was_away_is_well_again(database: Database, database_url: str) -> None:
    """While it is away every use says so; once it is back the first use of each kind succeeds."""
    await database.run(once.claim, "before", NOW)
    assert await database.read(claimed) == 1

    with away(database_url):
        for use in (
            lambda: database.read(claimed),
            lambda: database.run(once.claim, "meanwhile", NOW),
        ):
            with pytest.raises(StorageUnavailable, match="The database is not available"):
                await use()

    assert await database.read(claimed) == 1
    assert await database.run(once.claim, "after", NOW)


@pytest.mark.anyio
async def test_connections_that_died_unused_are_replaced(
    database: Database, database_url: str
) -> None:
    """After a restart between two requests nobody notices."""
    await database.run(once.claim, "before", NOW)
    assert await database.read(claimed) == 1
    with away(database_url):
        pass

    assert await database.read(claimed) == 1
    assert await database.run(once.claim, "after", NOW)


@pytest.mark.anyio
async def test_postgres_that_is_restarted_loses_nothing() -> None:
    """A real server stopped and started again: 503 meanwhile, well again afterwards."""
    with started_postgres() as server:
        database = Database(server.get_uri())
        migrate.upgrade(database)
        await database.run(once.claim, "before", NOW)
        server.stop()
        with pytest.raises(StorageUnavailable, match="there is no connection to it"):
            await database.read(claimed)
        with pytest.raises(StorageUnavailable, match="there is no connection to it"):
            await database.run(once.claim, "meanwhile", NOW)
        server.start()

        assert not await database.run(once.claim, "before", NOW)
        assert await database.read(claimed) == 1
        database.close()


def test_transaction_that_loses_its_server_is_not_half_done(postgres_url: str) -> None:
    """A connection that ends in the middle is told as a loss, and nothing of it is stored."""
    database = Database(postgres_url)

    def half() -> None:
        with database.begin() as tx:
            once.claim(tx, "half", NOW)
            with away(postgres_url):
                once.claim(tx, "done", NOW)

    with pytest.raises(StorageUnavailable):
        half()
    assert claim(database, "half")
    database.close()


@pytest.mark.anyio
async def test_whoever_comes_while_every_place_is_taken_is_told(sqlite_url: str) -> None:
    """A server that froze with every connection in use holds up those who wait for it, and nobody else."""
    database = Database(sqlite_url, wait_seconds=1)
    held = threading.Event()

    def frozen(_: Tx) -> None:
        held.wait(30)

    async with anyio.create_task_group() as tasks:
        for _ in range(READERS):
            tasks.start_soon(database.read, frozen)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(StorageUnavailable, match="every connection to it is in use"):
            await database.read(claimed)
        assert await database.run(once.claim, "name", NOW)
        held.set()

    assert await database.read(claimed) == 1
    database.close()


def test_locked_sqlite_file_is_told_and_heals(impatient: Database, sqlite_url: str) -> None:
    """While another program holds the file writers are told; readers go on; then all is well."""
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        with pytest.raises(StorageUnavailable, match="its file was locked for too long"):
            claim(impatient, "name")
    with impatient.begin(reading=True) as tx:
        assert claimed(tx) == 0
    holder.execute("COMMIT")
    holder.close()

    assert claim(impatient, "name")


def test_locked_postgres_row_is_told_and_heals(postgres_url: str) -> None:
    """A row that another program holds for too long is told, and no request hangs on it."""
    database = Database(postgres_url, wait_seconds=1)
    claim(database, "name")
    with psycopg.connect(postgres_url) as holder:
        holder.execute("LOCK TABLE once")
        began = time.monotonic()
        with pytest.raises(StorageUnavailable):
            claim(database, "name")
        assert time.monotonic() - began < 30

    assert not claim(database, "name")
    database.close()


def test_reading_goes_on_beside_a_writer(database: Database) -> None:
    """A long write keeps no call waiting, and is not seen before it is committed."""
    with database.begin() as writer:
        once.claim(writer, "name", NOW)
        with database.begin(reading=True) as reader:
            assert claimed(reader) == 0
    with database.begin(reading=True) as reader:
        assert claimed(reader) == 1


def test_reading_cannot_write(database: Database) -> None:
    """A write by mistake where only reading was promised is a bug that shows, not a lost database."""
    with pytest.raises(SQLAlchemyError), database.begin(reading=True) as tx:
        once.claim(tx, "name", NOW)

    assert claim(database, "name")


FAULTS = {
    "a row twice": (insert(claims), [{"id": SECRET, "expires_at": NOW}] * 2),
    "no value": (insert(claims), [{"id": SECRET, "expires_at": None}]),
    "a nested value": (insert(counted), [{"name": SECRET, "window": {}, "count": 1}]),
    "no such column": (text("SELECT :id FROM once WHERE nothing = :id"), [{"id": SECRET}]),
    "not SQL": (text("SELEKT :id"), [{"id": SECRET}]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_of_ours_shows_without_values(database: Database, fault: str) -> None:
    """A bug is told as one, not as a lost database, and its traceback repeats nothing stored."""
    statement, rows = FAULTS[fault]

    def blunder() -> None:
        with database.begin() as tx:
            for row in rows:
                tx.execute(statement, row)

    with pytest.raises(SQLAlchemyError) as raised:
        blunder()
    told = "".join(traceback.format_exception(raised.value))

    assert SECRET not in told.replace(f'SECRET = "{SECRET}"', "")
    assert claim(database, "name")


def test_faults_keep_their_kind(database: Database) -> None:
    """Whoever wrote the statement can still tell what was wrong with it."""
    twice = [{"id": "one", "expires_at": NOW}] * 2
    kinds = r"UniqueViolation 23505 pk_once|SQLITE_CONSTRAINT_PRIMARYKEY"
    with pytest.raises(IntegrityError, match=kinds), database.begin() as tx:
        tx.execute(insert(claims), twice)


UNUSABLE = {
    "memory": ("sqlite://", "must name a file"),
    "memory by name": ("sqlite:///:memory:", "must name a file"),
    "memory by URI": ("sqlite:///file:x?mode=memory&uri=true", "must name a file"),
    "a host": ("sqlite://data/test.db", "must name a file"),
    "another database": (
        f"mysql://user:{SECRET}@host/name",
        "must be sqlite:///path or postgresql",
    ),
    "no URL": (SECRET, "must be sqlite:///path or postgresql"),
    "nothing": ("", "must be sqlite:///path or postgresql"),
    "a wrong port": (f"postgresql://user:{SECRET}@host:port/name", "must be sqlite:///path or"),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_unusable_url_is_told_without_repeating_it(what: str) -> None:
    """What replicas and threads could not share, or nobody can open, is refused at the start."""
    url, why = UNUSABLE[what]
    with pytest.raises(SettingsError, match=why) as refused:
        Database(url)

    assert str(refused.value).startswith("FULLSTORY_MCP_DATABASE_URL: ")
    assert SECRET not in str(refused.value)


def test_name_shows_no_password() -> None:
    """A log or a page may name the database."""
    url = f"postgresql://user:{SECRET}@db.example.com:5433/mcp?password={SECRET}"

    assert Database(url).name == "PostgreSQL at db.example.com, mcp"


def test_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Others on the machine read neither the file nor what SQLite writes beside it."""
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    migrate.upgrade(database)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    database.close()

    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_sqlite_path_is_where_the_process_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that changes its folder goes on with the same file."""
    monkeypatch.chdir(tmp_path)
    database = Database("sqlite:///here.db")
    monkeypatch.chdir("/")
    migrate.upgrade(database)
    database.close()

    assert (tmp_path / "here.db").exists()
