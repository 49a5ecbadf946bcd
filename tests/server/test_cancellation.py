"""A caller that gives up: a read stops, a write that was sent is finished and recorded."""

import json
import time
from collections.abc import Callable

import anyio
import httpx2 as httpx
import pytest
from mcp import Client

from fullstory_mcp.sandbox import Fault
from server.doors import STARTS_IN, Api, Door, until
from server.wire import asked

pytestmark = pytest.mark.anyio

READ_TAKES, WRITE_TAKES = 5.0, 0.6
"""Seconds of the API; a write's are waited for."""


async def give_up(
    client: Client, door: Door, name: str, arguments: dict, sent: Callable[[], bool]
) -> None:
    """Calls a tool and leaves when it was sent: by notification on stdio, by hanging up on HTTP."""

    async def call() -> None:
        if door.kind == "stdio":
            await client.call_tool(name, arguments)
            return
        request = asked("tools/call", {"name": name, "arguments": arguments}, door.era)
        async with httpx.AsyncClient(timeout=STARTS_IN) as http:
            await http.post(door.served.mcp, **request)

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await until(sent)
        group.cancel_scope.cancel()


async def test_a_read_is_given_up(client: Client, door: Door, api: Api) -> None:
    """Nobody waits for it any more: the server stops at once and serves on."""
    api.sandbox.faults.add(
        Fault(method="GET", path="/v2/organization/quotas", delay=READ_TAKES, times=1)
    )
    before = door.log().count("get_quotas cancelled")
    begun = time.monotonic()

    await give_up(client, door, "get_quotas", {}, lambda: bool(api.asked()))
    await until(lambda: door.log().count("get_quotas cancelled") > before)

    assert time.monotonic() - begun < READ_TAKES
    assert not (await client.call_tool("get_quotas", {})).is_error


async def test_a_write_that_was_sent_is_finished(client: Client, door: Door, api: Api) -> None:
    """The API got it, so its answer is waited for and the record says what came of it."""
    api.sandbox.faults.add(Fault(method="POST", path="/v2/users$", delay=WRITE_TAKES, times=1))
    before = door.log().count("create_user answered")

    await give_up(client, door, "create_user", {"uid": "left-alone"}, lambda: bool(api.asked()))
    await until(lambda: door.log().count("create_user answered") > before)

    assert api.asked() == ["POST /v2/users"]
    assert json.loads(api.sandbox.requests[-1].body)["uid"] == "left-alone"
    assert not (await client.call_tool("get_quotas", {})).is_error
