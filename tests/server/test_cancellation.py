"""A caller that gives up: a read stops, a write that was sent is finished and recorded."""

import json
import time

import anyio
import httpx2 as httpx
import pytest
from mcp import Client

from fullstory_mcp.sandbox import Fault
from server.doors import STARTS_IN, Api, Door, logged
from server.wire import asked

pytestmark = pytest.mark.anyio

SLOW = 0.9
"""Seconds the API takes: more than a caller waits, little enough for a test."""

WAITS = 0.3
"""Seconds until the caller gives up; the request has long been sent."""


async def give_up(client: Client, door: Door, name: str, arguments: dict) -> None:
    """Calls a tool and leaves before it answers: by notification on stdio, by hanging up on HTTP."""
    if door.kind == "stdio":
        with anyio.move_on_after(WAITS):
            await client.call_tool(name, arguments)
        return
    params = {"name": name, "arguments": arguments}
    async with httpx.AsyncClient(timeout=httpx.Timeout(STARTS_IN, read=WAITS)) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.post(door.served.mcp, **asked("tools/call", params, door.era))


async def test_a_read_is_given_up(client: Client, door: Door, api: Api) -> None:
    """Nobody waits for it any more: the server stops at once and serves on."""
    api.sandbox.faults.add(Fault(method="GET", path="/v2/organization/quotas", delay=SLOW, times=1))
    before = door.log().count("get_quotas cancelled")
    begun = time.monotonic()

    await give_up(client, door, "get_quotas", {})
    await logged(door, "get_quotas cancelled", before + 1)

    assert time.monotonic() - begun < SLOW
    assert not (await client.call_tool("get_quotas", {})).is_error


async def test_a_write_that_was_sent_is_finished(client: Client, door: Door, api: Api) -> None:
    """The API got it, so its answer is waited for and the record says what came of it."""
    api.sandbox.faults.add(Fault(method="POST", path="/v2/users$", delay=SLOW, times=1))
    before = door.log().count("create_user answered")

    await give_up(client, door, "create_user", {"uid": "left-alone"})
    await logged(door, "create_user answered", before + 1)

    assert api.asked() == ["POST /v2/users"]
    assert json.loads(api.sandbox.requests[-1].body)["uid"] == "left-alone"
    assert not (await client.call_tool("get_quotas", {})).is_error
