"""A key whose level turns out lower: the list is told to have changed, and has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import mcp.types as t
import pytest
from mcp import Client
from mcp.client.stdio import stdio_client

from fullstory_mcp.sandbox import Fault
from server.doors import LEGACY, MODERN, MODES, STARTS_IN, Api, environment, serving, spawned

pytestmark = pytest.mark.anyio

ABOVE = "list_webhook_endpoints"
"""A tool that a Standard key may not use."""


@pytest.fixture
def env(api: Api) -> dict[str, str]:
    """A Standard key that is taken for an Admin's, once."""
    api.sandbox.faults.add(Fault(path="/me", body=b'{"role": "ADMIN"}', status=200, times=1))
    return environment(api, "standard")


@asynccontextmanager
async def connected(
    kind: str, env: dict[str, str], folder: Path, **client: object
) -> AsyncIterator[Client]:
    """A client of a door that nobody has used yet."""
    if kind == "http":
        with serving(folder, env) as served:
            async with Client(served.mcp, **client) as connection:
                yield connection
        return
    with (folder / "stdio.log").open("wb") as file:
        async with Client(stdio_client(spawned(env), errlog=file), **client) as connection:
            yield connection


async def names(connection: Client) -> set[str]:
    """The tools listed now."""
    return {tool.name for tool in (await connection.list_tools()).tools}


@pytest.mark.parametrize("kind", ["stdio", "http"])
async def test_a_subscriber_is_told(kind: str, env: dict[str, str], tmp_path: Path) -> None:
    """2026-07-28, both doors: the event comes over `subscriptions/listen`."""
    async with connected(kind, env, tmp_path, mode=MODES[MODERN]) as connection:
        async with connection.listen(tools_list_changed=True) as events:
            before = await names(connection)
            refused = await connection.call_tool(ABOVE, {})
            with anyio.fail_after(STARTS_IN):
                event = await anext(aiter(events))
        after = await names(connection)

    assert refused.is_error
    assert type(event).__name__ == "ToolsListChanged"
    assert ABOVE in before
    assert after < before
    assert ABOVE not in after


async def test_a_lasting_client_of_the_handshake_era_is_told(
    env: dict[str, str], tmp_path: Path
) -> None:
    """stdio: the server says so by itself, and had announced that it would."""
    told = anyio.Event()

    async def hear(message: object) -> None:
        if isinstance(message, t.ToolListChangedNotification):
            told.set()

    given = {"mode": MODES[LEGACY], "message_handler": hear}
    async with connected("stdio", env, tmp_path, **given) as connection:
        announced = connection.server_capabilities.tools
        before = await names(connection)
        await connection.call_tool(ABOVE, {})
        with anyio.fail_after(STARTS_IN):
            await told.wait()
        after = await names(connection)

    assert announced.list_changed
    assert ABOVE in before
    assert ABOVE not in after


async def test_a_passing_client_of_the_handshake_era_sees_it_at_its_next_list(
    env: dict[str, str], tmp_path: Path
) -> None:
    """HTTP has no way to tell it, says so, and lists the truth."""
    async with connected("http", env, tmp_path, mode=MODES[LEGACY]) as connection:
        announced = connection.server_capabilities.tools
        before = await names(connection)
        await connection.call_tool(ABOVE, {})
        after = await names(connection)

    assert not announced.list_changed
    assert ABOVE in before
    assert ABOVE not in after


async def test_the_level_is_read_again_once_a_minute_at_most(api: Api, tmp_path: Path) -> None:
    """An API that refuses again and again is not asked again and again."""
    api.sandbox.faults.add(Fault(path="/me", body=b'{"role": "ADMIN"}', status=200))
    env = environment(api, "standard")
    async with connected("http", env, tmp_path, mode=MODES[MODERN]) as connection:
        for _ in range(4):
            result = await connection.call_tool(ABOVE, {})
            assert result.is_error

    assert api.asked(me=True).count("GET /me") == 2
    assert len(api.asked()) == 4
