"""The freezes of servers without a database: a file that tells every server, and is never lost unseen."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from fullstory_mcp.access.freeze_file import FreezeFile
from fullstory_mcp.access.freezes import UNKNOWN, Freezes
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.principal import ApiKey, Principal
from support import Clock

pytestmark = pytest.mark.anyio

ANA = Principal(ApiKey("na1.c2VjcmV0LXNlY3JldC1zZWNyZXQ"), name="ana@example.com", door="stdio")


@pytest.fixture
def clock() -> Clock:
    """Seconds from anywhere."""
    return Clock(5.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the servers look."""
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder / "freezes.json"


def told_by(path: Path) -> object:
    """What the file says."""
    return json.loads(path.read_text())


def names_in(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(one.name for one in folder.iterdir())


async def after(clock: Clock, kill_switch: Freezes, step: Callable[[], object]) -> str:
    """Why Ana is frozen, well after a step."""
    step()
    clock.time += 6
    return await kill_switch.why(ANA)


async def test_file_tells_every_server(path: Path, clock: Clock) -> None:
    """A file that never was there freezes nobody; when the last is unfrozen, an empty list is left."""
    server, command = FreezeFile(path), FreezeFile(path)
    kill_switch = Freezes(server.load, clock)
    steps: list[Callable[[], object]] = [
        lambda: None,
        partial(command.freeze, "*", "an incident", 1),
        partial(command.freeze, "http", "", 1),
        partial(command.unfreeze, "*"),
        partial(command.unfreeze, "http"),
    ]

    found = [await after(clock, kill_switch, step) for step in steps]
    assert found == ["", "an incident", "an incident", "", ""]
    assert told_by(path) == {"frozen": {}}


@pytest.mark.parametrize("named", ["ana@example.com", "http"])
async def test_lost_file_lets_nobody_in(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture, named: str
) -> None:
    """Whoever it named: nobody can say any more. The log says how to go on, and that works."""
    kill_switch = Freezes(FreezeFile(path).load, clock)
    FreezeFile(path).freeze(named, "an incident", 1)
    before = await kill_switch.why(ANA)
    lost = [await after(clock, kill_switch, step) for step in (path.unlink, lambda: None)]
    mended = await after(clock, kill_switch, lambda: path.write_text('{"frozen": {}}'))

    assert before == ("an incident" if "@" in named else "")
    assert lost == [UNKNOWN, UNKNOWN]
    assert 'is gone, so everybody is frozen. Put it back, or write {"frozen": {}}' in caplog.text
    assert not mended


async def test_lost_folder_lets_nobody_in(path: Path, clock: Clock) -> None:
    """A share that is not mounted says nothing of whom its file names, seen or not."""
    kill_switch = Freezes(FreezeFile(path).load, clock)
    before = await kill_switch.why(ANA)

    assert not before
    assert await after(clock, kill_switch, path.parent.rmdir) == UNKNOWN


def test_missing_folder_is_told_at_the_start(tmp_path: Path) -> None:
    """Not when somebody is to be frozen."""
    FreezeFile(tmp_path / "freezes.json").check()
    with pytest.raises(SettingsError, match="its folder is not there") as raised:
        FreezeFile(tmp_path / "no" / "freezes.json").check()

    assert str(raised.value).startswith("FULLSTORY_MCP_FREEZE_FILE (")


async def test_link_stays_a_link(path: Path, tmp_path: Path, clock: Clock) -> None:
    """Servers that look at the one place, and those that look at the other, learn of every freeze."""
    FreezeFile(path).freeze("zed@example.com", "", 1)
    link, chain = tmp_path / "freezes.json", tmp_path / "chain.json"
    link.symlink_to(path)
    chain.symlink_to("freezes.json")
    servers = [Freezes(FreezeFile(place).load, clock) for place in (path, link, chain)]
    FreezeFile(link).freeze("ana@example.com", "lost laptop", 2)
    FreezeFile(chain).unfreeze("zed@example.com")

    assert [await server.why(ANA) for server in servers] == ["lost laptop"] * 3
    assert link.is_symlink()
    assert chain.is_symlink()
    assert list(FreezeFile(path).rows()) == ["ana@example.com"]
    assert names_in(tmp_path) == ["chain.json", "freezes.json", "shared"]


async def test_link_into_a_missing_folder_lets_nobody_in(tmp_path: Path, clock: Clock) -> None:
    """What counts is the folder that the link leads to."""
    link = tmp_path / "freezes.json"
    link.symlink_to(tmp_path / "not mounted" / "freezes.json")

    assert await Freezes(FreezeFile(link).load, clock).why(ANA) == UNKNOWN


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"frozen": []}', '{"frozen": {"*": "why"}}', '{"frozen": {"*": {}}}'],
)
async def test_broken_file_lets_nobody_in(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    """It was to freeze somebody, and nobody knows whom; taking it away does not help."""
    kill_switch = Freezes(FreezeFile(path).load, clock)

    assert await after(clock, kill_switch, lambda: path.write_text(content)) == UNKNOWN
    assert "FULLSTORY_MCP_FREEZE_FILE" in caplog.text
    assert await after(clock, kill_switch, path.unlink) == UNKNOWN


async def test_folder_in_the_files_place_lets_nobody_in(tmp_path: Path, clock: Clock) -> None:
    """What cannot be read is doubt."""
    assert await Freezes(FreezeFile(tmp_path).load, clock).why(ANA) == UNKNOWN
