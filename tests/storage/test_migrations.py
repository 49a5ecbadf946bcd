"""`fullstory-mcp migrate` makes the tables that this version works with, once, whoever runs it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import make_url, text

from command import fullstory_mcp
from fullstory_mcp.errors import SettingsError, StorageUnavailable
from fullstory_mcp.storage import Database, migrate, once
from fullstory_mcp.storage.tables import metadata
from storage.rows import NOW, add_connection, kept

AT_ONCE = 3
STEPS = Path(migrate.__file__).parent / "migrations" / "versions"


@pytest.fixture
def blank(blank_url: str) -> Database:
    """A database without tables, opened."""
    database = Database(blank_url)
    yield database
    database.close()


def set_version(database: Database, version: str) -> None:
    """Makes the tables those of another version, as far as one can tell."""
    with database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def migrated(url: str) -> subprocess.CompletedProcess[str]:
    """What comes of the command on this database."""
    return fullstory_mcp("migrate", FULLSTORY_MCP_DATABASE_URL=url)


def test_migrated_tables_are_those_that_the_code_uses(database: Database) -> None:
    """Every table, column, key and index is there as it is declared, and nothing else."""
    with database.begin() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_newest_step_is_the_one_the_code_asks_for() -> None:
    """A step that is added without telling `migrate.NEWEST` would never be run."""
    steps = sorted(path.name.partition("_")[0] for path in STEPS.glob("r*.py"))

    assert steps == [f"r{number + 1:04}" for number in range(len(steps))]
    assert steps[-1] == migrate.NEWEST


def test_command_makes_the_tables_and_says_so(blank_url: str) -> None:
    """The operator sees which database it was; a second run changes nothing, and no row is lost."""
    first = migrated(blank_url)
    database = Database(blank_url)
    migrate.check(database)
    with database.begin() as tx:
        add_connection(tx, "kept")
    second = migrated(blank_url)
    with database.begin(reading=True) as tx:
        rows = kept(tx)
    database.close()

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == f"{database.name}: the tables were brought up to date (r0002).\n"
    assert second.stdout == f"{database.name}: the tables are up to date already (r0002).\n"
    assert rows == {"connections": ["kept"]}


def test_of_several_replicas_one_makes_the_tables(blank_url: str) -> None:
    """Replicas that start at once may all migrate: none fails, one does it."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        runs = list(threads.map(migrated, [blank_url] * AT_ONCE))

    assert [run.stderr for run in runs] == [""] * AT_ONCE
    assert sum("were brought up to date" in run.stdout for run in runs) == 1


def test_postgres_replicas_wait_for_each_other(postgres_url: str) -> None:
    """Whoever comes second looks at the tables only when the first is done with them."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with ThreadPoolExecutor(1) as threads, psycopg.connect(postgres_url) as first:
        first.execute("SELECT pg_advisory_xact_lock(%s)", [migrate.LOCK])
        first.execute("DROP TABLE alembic_version")
        second = threads.submit(migrated, postgres_url)
        while not second.done() and first.execute(waiting).fetchone() == (0,):
            first.execute("SELECT pg_sleep(0.02)")
        seen_waiting = not second.done()
        # Undone, as by a first that failed: the second finds what it would have found before.
        first.rollback()

    assert seen_waiting
    assert second.result().stdout.endswith("the tables are up to date already (r0002).\n")


def test_missing_tables_are_told_with_the_fix(blank: Database) -> None:
    """A server that was never migrated says which command to run, at the start and later."""
    with pytest.raises(SettingsError, match=r"has no tables yet: run `fullstory-mcp migrate`\.$"):
        migrate.check(blank)
    with (
        pytest.raises(StorageUnavailable, match="run `fullstory-mcp migrate`"),
        blank.begin() as tx,
    ):
        once.claim(tx, "nonce", NOW)


def test_older_tables_are_told_with_the_fix(database: Database) -> None:
    """After an upgrade the operator is told to migrate."""
    set_version(database, "r0000")

    with pytest.raises(SettingsError, match="of an older version: run `fullstory-mcp migrate`"):
        migrate.check(database)


def test_newer_tables_are_left_alone(database: Database, database_url: str) -> None:
    """A version that was put back by mistake neither serves nor changes what it does not know."""
    set_version(database, "r0042")
    run = migrated(database_url)

    with pytest.raises(
        SettingsError, match=r"of a newer fullstory-mcp \(r0042; this one knows r0002"
    ):
        migrate.check(database)
    assert run.returncode == 1
    assert run.stderr.startswith(f"fullstory-mcp: {database.name} has the tables of a newer")
    assert run.stderr.count("\n") == 1


def test_migration_that_fails_leaves_nothing_behind(blank: Database) -> None:
    """A step is done as a whole or not at all, so that it can be run again."""
    with blank.begin() as tx:
        tx.execute(text("CREATE TABLE counters (id INTEGER)"))
    with pytest.raises(Exception, match=r"DuplicateTable|SQLITE_ERROR"):
        migrate.upgrade(blank)
    with blank.begin() as tx:
        tx.execute(text("DROP TABLE counters"))

    assert migrate.upgrade(blank)
    migrate.check(blank)


def test_database_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """A wrong folder, host, user or file is told without a traceback, and without the password."""
    not_a_database = tmp_path / "notes.txt"
    not_a_database.write_text("not a database, but long enough to be read as one" * 100)
    urls = {
        f"sqlite:///{tmp_path}/nowhere/test.db": "its file cannot be opened",
        f"sqlite:///{not_a_database}": "its file is not a SQLite database",
        f"postgresql://user:s3cret@/name?host={tmp_path}": "there is no connection to it",
        "postgresql://user:s3cret@127.0.0.1:9/name": "there is no connection to it",
    }
    for url, why in urls.items():
        run = migrated(url)

        assert (run.returncode, run.stdout) == (1, "")
        assert run.stderr == f"fullstory-mcp: The database is not available ({why}).\n"


@pytest.mark.parametrize("command", ["migrate", "reseal"])
def test_missing_extra_is_one_sentence(command: str) -> None:
    """Whoever installed the small package learns what to install for a hosted server."""
    without = "import sys; sys.modules['sqlalchemy'] = None; from fullstory_mcp.cli.main import main; main()"
    run = fullstory_mcp(
        command,
        command=(sys.executable, "-c", without),
        FULLSTORY_MCP_SECRET_KEYS="YWFh" * 10 + "YWE=",
    )

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("fullstory-mcp: The database needs sqlalchemy, which is not")
    assert run.stderr.count("\n") == 1


def test_database_of_another_name_is_one_sentence(postgres_url: str) -> None:
    """A name that the server does not know is told like any other loss."""
    run = migrated(
        make_url(postgres_url).set(database="nowhere").render_as_string(hide_password=False)
    )

    assert (run.returncode, run.stderr.count("\n")) == (1, 1)
    assert "The database is not available" in run.stderr
