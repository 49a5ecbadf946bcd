"""Frozen callers are shown nothing and may do nothing, at every door and on every replica."""

from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from fullstory_mcp.access.freeze_file import FreezeFile
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.storage import Database, freezes
from oauth.harness import Door, hosting, result_of
from support import STRUGGLING_UID, Clock, connected
from transports import Api, Reply

pytestmark = pytest.mark.anyio


async def test_freeze_file_ends_access_on_stdio_and_gives_it_back(tmp_path: Path) -> None:
    """Two seconds after the command, in the middle of a session."""
    file = FreezeFile(tmp_path / "freezes.json")
    async with connected("admin", FULLSTORY_MCP_FREEZE_FILE=str(file.path)) as server:
        assert await server.names()
        file.freeze("stdio", "an incident", 0)
        server.clock.time += 2
        refused = await server.error("list_sessions", uid=STRUGGLING_UID)
        listed = await server.names()
        sent = server.sent()
        file.unfreeze("stdio")
        server.clock.time += 2
        again = await server.names()

    assert refused == (
        "list_sessions is not permitted: the operator has ended this access (an incident). "
        "Only the operator can give it back."
    )
    assert (listed, sent) == ([], [])
    assert again


class Slow(Api):
    """Asks for 20 seconds of patience, in which the operator freezes the caller."""

    def __init__(self, file: FreezeFile) -> None:
        super().__init__(Reply(status=429, headers={"Retry-After": "20"}), Reply())
        self._file = file

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Answers, and freezes."""
        self._file.freeze("stdio", "an incident", 0)
        return await super().answer(request)


async def test_write_that_waits_is_not_sent_once_its_caller_is_frozen(tmp_path: Path) -> None:
    """However long ago it was allowed: what was to be repeated is not, and the caller learns why."""
    file = FreezeFile(tmp_path / "freezes.json")
    api = Slow(file)
    async with connected(transport=api, FULLSTORY_MCP_FREEZE_FILE=str(file.path)) as server:
        refused = await server.error("create_annotation", text="Release")

    assert len(api.requests) == 1
    assert refused.startswith("create_annotation is not permitted: the operator has ended")


async def test_doubt_is_not_told_as_a_freeze(tmp_path: Path) -> None:
    """Nobody has frozen the caller: the list is lost, and waiting helps."""
    file = FreezeFile(tmp_path / "freezes.json")
    file.freeze("http", "", 0)
    async with connected(FULLSTORY_MCP_FREEZE_FILE=str(file.path)) as server:
        assert await server.names()
        file.path.unlink()
        server.clock.time += 6
        refused = await server.error("get_me")

    assert refused == (
        "get_me is not permitted: this server cannot look up whose access is frozen, so it lets "
        "nobody in. Try again in a minute; its log says why."
    )


async def test_server_does_not_start_without_the_folder_of_its_freezes(tmp_path: Path) -> None:
    """A share that is not mounted is noticed before anybody is let in."""
    path = tmp_path / "not mounted" / "freezes.json"
    with pytest.raises(SettingsError, match="its folder is not there"):
        async with connected(FULLSTORY_MCP_FREEZE_FILE=str(path)):
            pass


async def told(door: Door, token: str) -> dict[str, Any]:
    """What a call through this replica comes to."""
    return result_of(await door.call(token, "list_sessions", uid=STRUGGLING_UID))


@pytest.mark.parametrize("who", ["*", "oauth", "of the token"])
async def test_freeze_ends_access_on_every_replica(database_url: str, who: str) -> None:
    """One command, two servers: five seconds later neither lets the caller in."""
    clock = Clock()
    database = Database(database_url)
    async with (
        hosting(database_url, clock=clock) as one,
        hosting(database_url, clock=clock) as two,
    ):
        tokens = await one.connect()
        before = [await told(door, tokens["access_token"]) for door in (one, two)]
        known = await database.read(freezes.known)
        name = known[0].owner if who == "of the token" else who
        await database.run(freezes.freeze, name, "an incident", 0)
        clock.time += 5
        after = [await told(door, tokens["access_token"]) for door in (one, two)]
        await database.run(freezes.unfreeze, name)
        clock.time += 5
        again = [await told(door, tokens["access_token"]) for door in (one, two)]
    database.close()

    assert [answer.get("isError", False) for answer in before] == [False, False]
    assert [answer["isError"] for answer in after] == [True, True]
    assert all("ended this access (an incident)" in str(answer["content"]) for answer in after)
    assert [answer.get("isError", False) for answer in again] == [False, False]


async def test_freeze_of_one_person_leaves_the_others_alone(database_url: str) -> None:
    """Each connection is judged by its own names."""
    database = Database(database_url)
    async with hosting(database_url) as door:
        ana = await door.connect(key="na1.sandbox-standard")
        ben = await door.connect(key="na1.sandbox-architect")
        known = await database.read(freezes.known)
        first = next(row for row in known if row.client_id == ana["client_id"])
        await database.run(freezes.freeze, first.fingerprint, "", 0)
        door.clock.time += 5
        answers = [await told(door, tokens["access_token"]) for tokens in (ana, ben)]
    database.close()

    assert [answer.get("isError", False) for answer in answers] == [True, False]
