"""At most so many requests of one key are under way at once, and nobody waits for ever."""

import anyio
import httpx2 as httpx
import pytest

from support import Clock, connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio


class Slow(Api):
    """Answers when told to, and counts how many requests are under way, up to so many."""

    def __init__(self, full_at: int = 1) -> None:
        super().__init__(Reply("{}"))
        self.under_way = 0
        self.most = 0
        self.full = anyio.Event()
        self.go = anyio.Event()
        self._full_at = full_at

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Notes that a request is under way, and holds it."""
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if self.under_way == self._full_at:
            self.full.set()
        try:
            await self.go.wait()
            return await super().answer(request)
        finally:
            self.under_way -= 1


async def until_idle() -> None:
    """Lets every task run until all of them wait."""
    for _ in range(50):
        await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize(("most", "calls"), [(2, 7), (32, 40)])
async def test_no_more_requests_than_allowed_are_under_way(most: int, calls: int) -> None:
    """The others wait for their turn, and each is answered."""
    api = Slow(full_at=most)
    limit = {"FULLSTORY_MCP_MAX_IN_FLIGHT": str(most)}
    async with (
        connected(transport=api, FULLSTORY_API_KEY=KEY, **limit) as server,
        anyio.create_task_group() as group,
    ):
        for _ in range(calls):
            group.start_soon(server.data, "get_quotas")
        with anyio.fail_after(5):
            await api.full.wait()
        await until_idle()
        assert api.under_way == most
        api.go.set()

    assert api.most == most
    assert len(api.requests) == calls


class Gate(Clock):
    """A clock whose waits end only when the gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = anyio.Event()
        self.open = anyio.Event()

    async def sleep(self, seconds: float) -> None:
        """Waits for the gate, then lets time pass."""
        self.waiting.set()
        await self.open.wait()
        await super().sleep(seconds)


async def test_waiting_retry_gives_its_place_up() -> None:
    """With one place only, another call is answered while the first waits to be repeated."""
    api = Api(Reply('{"message": "slow down"}', 429, {"Retry-After": "20"}), Reply("{}"))
    gate = Gate()
    limit = {"FULLSTORY_MCP_MAX_IN_FLIGHT": "1"}
    async with (
        connected(transport=api, clock=gate, FULLSTORY_API_KEY=KEY, **limit) as server,
        anyio.create_task_group() as group,
    ):
        group.start_soon(server.data, "get_quotas")
        with anyio.fail_after(5):
            await gate.waiting.wait()
            await server.data("list_operations")
        gate.open.set()

    assert [request.url.path for request in api.requests] == [
        "/v2/organization/quotas",
        "/operations/v1",
        "/v2/organization/quotas",
    ]


async def test_call_that_finds_no_place_is_answered_within_its_time() -> None:
    """Calls that hang elsewhere do not hold up a small read without end."""
    api = Slow()
    hurried = {
        "timeouts": {
            "call": {"try": 10, "total": 0.05},
            "session": {"try": 60, "total": 120},
            "summary": {"try": 120, "total": 240},
        }
    }
    limit = {"FULLSTORY_MCP_MAX_IN_FLIGHT": "1"}
    async with (
        connected(transport=api, provider=hurried, FULLSTORY_API_KEY=KEY, **limit) as server,
        anyio.create_task_group() as group,
    ):

        async def summarise() -> None:
            await server.call("generate_summary", session_id="1:2")

        group.start_soon(summarise)
        with anyio.fail_after(5):
            await api.full.wait()
            text = await server.error("create_annotation", text="Release")
        api.go.set()

    assert text == (
        "As many calls with this key as there may be at once are waiting for Fullstory already (1). "
        "Nothing was sent."
    )
    assert len(api.requests) == 1
