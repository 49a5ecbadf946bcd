"""`fullstory-mcp freeze` and `unfreeze`: what they write, whom they find, what they say."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from command import fullstory_mcp
from fullstory_mcp.access.freeze_file import FreezeFile
from fullstory_mcp.principal import ApiKey
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.storage import Database, freezes, keys
from oauth.harness import SECRET_KEY
from storage.rows import NOW, RING, add_connection

KEY = ApiKey("na1.c2VjcmV0LXNlY3JldC1zZWNyZXQ")

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a server without a database looks."""
    return tmp_path / "freezes.json"


@pytest.fixture
def local(path: Path) -> Run:
    """The command with that file's setting."""
    return lambda *arguments, **more: fullstory_mcp(
        *arguments, FULLSTORY_MCP_FREEZE_FILE=str(path), **more
    )


@pytest.fixture
def hosted(database: Database) -> Run:
    """The command with a database: Ana connected twice, with Claude and with an agent, Ben once."""
    with database.begin() as tx:
        key = keys.add(tx, Sealer(RING), KEY, NOW)
        ana = {"person": "ana@example.com", "owner": "oidc:https://id.example.com#ana"}
        claude = {"client_id": "https://claude.example.com/oauth", "client_name": "Claude"}
        add_connection(tx, "c-1", **ana, **claude, named_key="support")
        add_connection(tx, "c-2", **ana, client_id="our-agent")
        add_connection(
            tx, "c-3", person="ben@example.com", owner="key:1f", api_key_id=key, **claude
        )
        add_connection(tx, "c-4", **ana, **claude, ended_at=NOW)
    given = {
        "FULLSTORY_MCP_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "FULLSTORY_MCP_PUBLIC_URL": "https://mcp.example.com",
        "FULLSTORY_MCP_SECRET_KEYS": SECRET_KEY,
    }
    return lambda *arguments, **more: fullstory_mcp(*arguments, **given, **more)


def frozen(database: Database) -> dict[str, str]:
    """What the servers read."""
    with database.begin(reading=True) as tx:
        return freezes.reasons(tx)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # where is not the point
@pytest.mark.parametrize(
    ("who", "concerned"),
    [
        ("ana@example.com", "2 open connections: ana@example.com"),
        ("ANA@example.com", "2 open connections: ana@example.com"),
        ("oidc:https://id.example.com#ana", "2 open connections: ana@example.com"),
        ("support", "1 open connection: ana@example.com"),
        ("c-3", "1 open connection: ben@example.com"),
        (KEY.fingerprint, "1 open connection: ben@example.com"),
        ("our-agent", "1 open connection: ana@example.com"),
        (
            "https://claude.example.com/oauth",
            "2 open connections: ana@example.com, ben@example.com",
        ),
        ("claude.example.com", "2 open connections: ana@example.com, ben@example.com"),
        ("oauth", "3 open connections: ana@example.com, ben@example.com"),
    ],
)
def test_freeze_says_whom_it_concerns(
    hosted: Run, database: Database, who: str, concerned: str
) -> None:
    """By every name; connections that were ended are not counted. All is written to the database."""
    run = hosted("freeze", who, "--why", "lost laptop")

    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == (
        f"{who} is frozen, on every server that looks at the database ({database.name}), "
        "within 5 seconds.\n"
        f"It concerns {concerned}.\n"
    )
    assert frozen(database) == {who: "lost laptop"}


def test_everyone_is_frozen_and_let_in_again(hosted: Run, database: Database) -> None:
    """Without WHO; a single freeze beside it stays, and that is said."""
    told = [
        hosted("freeze", "ana@example.com").stdout,
        hosted("freeze", "--why", "an incident").stdout,
    ]
    assert frozen(database) == {"ana@example.com": "", "*": "an incident"}
    ended = hosted("unfreeze")

    assert told[1].endswith("It concerns 3 open connections: ana@example.com, ben@example.com.\n")
    assert ended.stdout == (
        f"The freeze of everyone is ended, on every server that looks at the database "
        f"({database.name}), within 5 seconds.\n"
        "Frozen: ana@example.com.\n"
    )
    assert frozen(database) == {"ana@example.com": ""}


@pytest.mark.parametrize(
    ("who", "hint"),
    [
        ("ana@exmaple.com", " Did you mean ana@example.com"),
        ("zzz", "\n"),
    ],
)
def test_unknown_name_is_told_and_frozen_all_the_same(
    hosted: Run, database: Database, who: str, hint: str
) -> None:
    """A typing error is seen at once; who has not connected yet is kept out beforehand."""
    run = hosted("freeze", who)

    assert run.returncode == 0
    assert run.stderr.startswith(
        f"Nobody goes by {who} here (open connections: ana@example.com, ben@example.com). "
        f"It is frozen all the same.{hint}"
    )
    assert frozen(database) == {who: ""}


def test_list_shows_who_since_and_why(local: Run, path: Path) -> None:
    """In the order in which they were frozen."""
    assert local("freeze", "--list").stdout == f"Nobody is frozen in {path}.\n"
    FreezeFile(path).freeze("ana@example.com", "lost laptop", NOW)
    FreezeFile(path).freeze("*", "", NOW + 60)

    assert local("freeze", "--list").stdout == (
        "ana@example.com  since 2026-11-18T11:06:40Z  lost laptop\n"
        "everyone  since 2026-11-18T11:07:40Z\n"
    )


def test_file_is_found_by_door_and_key(local: Run, path: Path) -> None:
    """Where one key serves all, there are two doors."""
    told = [
        local("freeze", who, FULLSTORY_API_KEY=KEY.reveal()).stdout
        for who in ("http", KEY.fingerprint)
    ]

    assert told[0].endswith("It concerns 1 door: http.\n")
    assert told[1].endswith("It concerns 2 doors: stdio, http.\n")
    assert list(json.loads(path.read_text())["frozen"]) == ["http", KEY.fingerprint]


def test_unknown_name_is_told_where_callers_differ_by_door(local: Run, path: Path) -> None:
    """One key serves all there: no person can be told from another."""
    run = local("freeze", "ana@example.com")

    assert run.stdout == (
        f"ana@example.com is frozen, on every server that looks at {path}, within 5 seconds.\n"
    )
    assert run.stderr == (
        "Nobody goes by ana@example.com here (callers differ by door: stdio, http). "
        "It is frozen all the same.\n"
    )


FILE = (
    "Servers on stdio, and over HTTP without sign-in, do not look there, but at the file that "
    "FULLSTORY_MCP_FREEZE_FILE names.\n"
)
DATABASE = (
    "Servers that callers sign in to do not look there, but at their database: for those repeat the "
    "command without FULLSTORY_MCP_FREEZE_FILE.\n"
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # where is not the point
@pytest.mark.parametrize("command", ["freeze", "unfreeze"])
def test_servers_that_look_elsewhere_are_told(
    hosted: Run, local: Run, database: Database, path: Path, command: str
) -> None:
    """Where the settings do not say that there are none: nobody believes them to be told."""
    url = {"FULLSTORY_MCP_DATABASE_URL": f"sqlite:///{database.url.database}"}
    with database.begin() as tx:
        freezes.freeze(tx, "*", "", NOW)
    FreezeFile(path).freeze("*", "", NOW)
    told = [
        run.stdout.split("within 5 seconds.\n")[1]
        for run in (
            fullstory_mcp(command, **url),
            hosted("freeze", FULLSTORY_MCP_FREEZE_FILE=str(path)),
            hosted(command),
            local("freeze", **url),
            local(command),
        )
    ]
    assert [line.split("It concerns")[0] for line in told] == [FILE, FILE, "", DATABASE, ""]


def test_unfreeze_takes_no_heed_of_capitals(local: Run, path: Path) -> None:
    """Whichever way the name was written, and however often."""
    for who in ("Ana@example.com", "ana@EXAMPLE.com", "stdio"):
        local("freeze", who)
    run = local("unfreeze", "ana@example.com")

    assert run.stdout.endswith("Frozen: stdio.\n")
    assert list(FreezeFile(path).rows()) == ["stdio"]


def test_unfreezing_who_is_not_frozen_is_a_fault(local: Run) -> None:
    """Nobody believes to have let somebody in who is still out by another name."""
    local("freeze", "stdio")
    run = local("unfreeze", "ana@example.com")

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == ("fullstory-mcp: There is no freeze of ana@example.com. Frozen: stdio.\n")


@pytest.mark.parametrize("who", ["", "  ", "a\nb", "\x1b[31mred", "x" * 513])
def test_name_that_cannot_be_one_is_refused(local: Run, path: Path, who: str) -> None:
    """Above all, an empty variable in a script does not mean everyone."""
    run = local("freeze", who)

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("fullstory-mcp: WHO ")
    assert not path.exists()


def test_many_commands_at_once_lose_none(path: Path) -> None:
    """Each freeze is in the file, whoever writes at the same moment."""
    names = [f"person-{number}@example.com" for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda who: FreezeFile(path).freeze(who, "", NOW), names))

    assert sorted(FreezeFile(path).rows()) == sorted(names)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_without_a_place_the_fix_is_said() -> None:
    """Neither a file nor a database is named."""
    run = fullstory_mcp("freeze")

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith(
        "fullstory-mcp: FULLSTORY_MCP_FREEZE_FILE is not set: name the file"
    )


def test_place_that_cannot_be_used_is_said(local: Run, path: Path, tmp_path: Path) -> None:
    """A broken file is not overwritten: servers keep everybody out until it is mended."""
    path.write_text("{")
    broken = local("freeze", "stdio")
    nowhere = fullstory_mcp("freeze", FULLSTORY_MCP_FREEZE_FILE=str(tmp_path / "no" / "file"))

    assert "everybody is frozen" in broken.stderr
    assert path.read_text() == "{"
    assert "its folder cannot be used: No such file or directory" in nowhere.stderr
    assert (broken.returncode, nowhere.returncode) == (1, 1)


def test_list_takes_nothing_else(local: Run, path: Path) -> None:
    """`freeze --list ana` freezes nobody by mistake."""
    assert local("freeze", "--list", "ana@example.com").returncode == 2
    assert not path.exists()
