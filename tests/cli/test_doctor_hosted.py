"""`fullstory-mcp doctor` with a front door: what the server stands on, then the way of its clients."""

import base64
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.test_doctor import faults
from command import environment, fullstory_mcp, sandbox
from fullstory_mcp.principal import ApiKey
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.storage import Database, keys, migrate
from server.doors import serving

OLD, NEW = b"o" * 32, b"n" * 32
KEY = "na1.sandbox-architect"


def ring(*secrets: bytes) -> str:
    """FULLSTORY_MCP_SECRET_KEYS."""
    return ",".join(base64.b64encode(secret).decode() for secret in secrets)


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """The fake API on a port of its own."""
    with sandbox() as address:
        yield address


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A migrated database."""
    opened = Database(f"sqlite:///{tmp_path}/doctor.db")
    migrate.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def settings(api: str, database: Database) -> dict[str, str]:
    """Settings of a server for many, which nobody has started."""
    return {
        "FULLSTORY_API_URL": api,
        "FULLSTORY_EXPORT_URL": api,
        "FULLSTORY_MCP_PUBLIC_URL": "http://127.0.0.1:1",
        "FULLSTORY_MCP_SECRET_KEYS": ring(NEW),
        "FULLSTORY_MCP_DATABASE_URL": f"sqlite:///{database.url.database}",
    }


def stored(database: Database, secret: bytes) -> None:
    """A key that somebody pasted, sealed under `secret`."""
    with database.begin() as tx:
        keys.add(tx, Sealer([secret]), ApiKey(KEY), 1_795_000_000)


def test_running_server_is_healthy(settings: dict[str, str], tmp_path: Path) -> None:
    """Against a real process, every step of the way is taken and no key is needed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    given = settings | {"FULLSTORY_MCP_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    command = f"-m fullstory_mcp serve --port {port}".split()
    with serving(tmp_path, environment(FULLSTORY_MCP_LOG_LEVEL="info", **given), *command):
        run = fullstory_mcp("doctor", **given)

    assert (run.returncode, faults(run.stdout), run.stderr) == (0, [], "")
    assert f"✓ Front door  embedded, at http://127.0.0.1:{port}\n" in run.stdout
    assert "✓ Fullstory   answers; each person brings a key of their own" in run.stdout
    assert "✓ Signed      a client that signs with its own key" in run.stdout


def test_server_that_is_not_running_is_the_only_fault(settings: dict[str, str]) -> None:
    """What can be looked at without it is well, and the rest is not guessed."""
    run = fullstory_mcp("doctor", **settings)

    assert (run.returncode, faults(run.stdout), run.stderr) == (1, ["Resource"], "")
    assert "nothing listens there" in run.stdout


def test_database_without_tables_is_a_fault_with_the_command_that_makes_them(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """The first thing that is forgotten."""
    given = settings | {"FULLSTORY_MCP_DATABASE_URL": f"sqlite:///{tmp_path}/other.db"}
    run = fullstory_mcp("doctor", **given)

    assert "Database" in faults(run.stdout)
    assert "run `fullstory-mcp migrate`" in run.stdout


def test_database_that_is_away_is_a_fault_without_its_password(settings: dict[str, str]) -> None:
    """Where it was looked for is shown, but not how one gets in."""
    url = "postgresql://fullstory:pass-word@127.0.0.1:1/fullstory"
    run = fullstory_mcp("doctor", **settings | {"FULLSTORY_MCP_DATABASE_URL": url})

    assert "Database" in faults(run.stdout)
    assert "PostgreSQL at 127.0.0.1, fullstory: " in run.stdout
    assert "pass-word" not in run.stdout + run.stderr


def test_stored_keys_that_nothing_opens_are_a_fault(
    settings: dict[str, str], database: Database
) -> None:
    """A key of the ring was removed too early; which one is said by its id."""
    stored(database, OLD)
    stored(database, NEW)
    run = fullstory_mcp("doctor", **settings)

    assert "Stored" in faults(run.stdout)
    assert (
        f"1 of 2 were sealed under a key that FULLSTORY_MCP_SECRET_KEYS no longer has ({Sealer([OLD]).first_id})"
        in run.stdout
    )
    assert ring(OLD) not in run.stdout


def test_stored_keys_under_an_older_key_are_told(
    settings: dict[str, str], database: Database
) -> None:
    """Nothing is wrong; one command more and the older key can go."""
    stored(database, OLD)
    run = fullstory_mcp("doctor", **settings | {"FULLSTORY_MCP_SECRET_KEYS": ring(NEW, OLD)})

    assert faults(run.stdout) == ["Resource"]
    assert "✓ Stored keys 1, all of them can be opened; 1 under an older key" in run.stdout


ACCESS = """
[keys.support]
file = "key"
level = "{level}"

[[people]]
email = "*@example.com"
key = "support"
"""
NAMED = [
    (KEY, "architect", "✓ Named key   support: an Architect key, counts as architect here"),
    (KEY, "admin", "✗ Named key   support: an Architect key, though its row says level = admin"),
    ("eu1.nobody-knows-me", "standard", "✗ Named key   support: Fullstory does not accept"),
]


@pytest.mark.parametrize(("key", "level", "told"), NAMED)
def test_each_key_of_the_access_file_is_tried(
    settings: dict[str, str], tmp_path: Path, key: str, level: str, told: str
) -> None:
    """Does Fullstory accept it, and is it as much as its row promises."""
    (tmp_path / "key").write_text(key)
    (tmp_path / "access.toml").write_text(ACCESS.format(level=level))
    given = settings | {"FULLSTORY_MCP_ACCESS_FILE": str(tmp_path / "access.toml")}
    run = fullstory_mcp("doctor", **given)

    assert told in run.stdout
    assert "nobody-knows-me" not in run.stdout + run.stderr


def test_access_file_that_cannot_be_read_ends_the_examination(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """The server would not start with it; the row is named."""
    (tmp_path / "access.toml").write_text(ACCESS.format(level="owner"))
    given = settings | {"FULLSTORY_MCP_ACCESS_FILE": str(tmp_path / "access.toml")}
    run = fullstory_mcp("doctor", **given)

    assert (run.returncode, faults(run.stdout), run.stderr) == (1, ["Parts"], "")
    assert "[keys.support] level" in run.stdout


def test_https_without_a_proxy_being_told_of_is_a_fault(settings: dict[str, str]) -> None:
    """Else the proxy would be counted as one very busy person."""
    given = settings | {"FULLSTORY_MCP_PUBLIC_URL": "https://127.0.0.1:1"}
    run = fullstory_mcp("doctor", **given)
    told = fullstory_mcp("doctor", **given, FULLSTORY_MCP_PROXIES="1")

    assert faults(run.stdout) == ["Addresses", "Resource"]
    assert faults(told.stdout) == ["Resource"]


def test_key_that_nobody_uses_is_told(settings: dict[str, str]) -> None:
    """Behind the front door each person has a key of their own."""
    run = fullstory_mcp("doctor", FULLSTORY_API_KEY=KEY, **settings)

    assert "- Key         FULLSTORY_API_KEY is not used behind the front door" in run.stdout
