"""What never left this process has spent nothing, however its call ended."""

from typing import Any

import anyio
import httpx2 as httpx
import pytest

from support import Connected, connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

EVENT: dict[str, Any] = {"name": "paid", "user": {"uid": "cust-1042"}}


class Holding(Api):
    """Holds its first request until told to go on."""

    def __init__(self) -> None:
        super().__init__(Reply("{}"))
        self.came = anyio.Event()
        self.go = anyio.Event()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Waits, then answers."""
        self.came.set()
        await self.go.wait()
        return await super().answer(request)


async def spent(server: Connected, meter: str) -> int:
    """What the meter shows for today."""
    usage = await server.data("get_usage")
    return int(usage["usage"][meter]["day"]["spent"])


async def test_call_cancelled_in_the_queue_spends_nothing() -> None:
    """Whoever gives up before there was a place gets everything back."""
    api = Holding()
    one_place = {"FULLSTORY_MCP_MAX_IN_FLIGHT": "1", "FULLSTORY_API_KEY": KEY}
    async with (
        connected(transport=api, **one_place) as server,
        anyio.create_task_group() as held,
    ):
        held.start_soon(server.call, "get_quotas")
        with anyio.fail_after(5):
            await api.came.wait()
        for arguments in ({"session_id": "1:2"}, {"session_id": "1:3"}):
            with anyio.move_on_after(0.1):
                await server.call("generate_context", **arguments)
        api.go.set()
        assert await spent(server, "activations") == 0
    assert not any("/context" in url for url in api.urls())


async def test_proxy_that_lets_nothing_through_is_told_as_that() -> None:
    """Nothing reached the API, so nothing is said to have happened or to have been spent."""
    api = Api(Reply(error=httpx.ProxyError))
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        told = await server.error("create_event", **EVENT)
        assert await spent(server, "server_events") == 0

    assert told.startswith("Fullstory could not be reached")
    assert "may have taken effect" not in told
