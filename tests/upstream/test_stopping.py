"""Who may no longer do what is about to be sent is stopped, however long the request waited."""

from typing import Any

import anyio
import pytest

from fullstory_mcp.errors import CallerError, NotPermitted, Unavailable
from fullstory_mcp.principal import Principal
from fullstory_mcp.upstream import Answer
from support import Connected, connected
from transports import KEY, Api, Reply

pytestmark = pytest.mark.anyio

FROZEN = "the operator has ended this access."
LIMITED = Reply('{"message": "slow down"}', 429, {"Retry-After": "20"})
FAILED = Reply('{"message": "internal error"}', 503)
REFUSED = Reply('{"message": "no"}', 400)
DONE = Reply("{}")

WRITE = ("create_annotation", {"text": "Release"})
CREATE = ("create_event", {"name": "Paid"})
READ = ("get_quotas", {})


class Gate:
    """Lets a caller through so many times."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.asked = 0

    async def still(self) -> None:
        """Passes, or stops the caller."""
        self.asked += 1
        self.left -= 1
        if self.left < 0:
            raise NotPermitted("create_annotation", FROZEN, "")


async def sent(server: Connected, call: tuple[str, dict[str, Any]], gate: Gate) -> Answer:
    """What comes of a request whose sender the gate is asked about."""
    name, arguments = call
    tool = server.parts.catalogue.tools[name]
    principal = Principal(server.parts.keys.current())
    return await server.parts.upstream.send(tool, arguments, principal, still=gate.still)


@pytest.mark.parametrize(("times", "replies"), [(0, [DONE]), (1, [LIMITED, DONE])])
async def test_stopped_before_any_try(times: int, replies: list[Reply]) -> None:
    """Before the first, and after the wait that the API asked for: nothing was done, nothing more is."""
    api, gate = Api(*replies), Gate(times)
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        with pytest.raises(CallerError, match=FROZEN):
            await sent(server, WRITE, gate)

    assert len(api.requests) == times
    assert gate.asked == times + 1


async def test_stopped_while_waiting_for_a_place() -> None:
    """A place that comes free late does not help who was stopped meanwhile; the place stays free."""
    api, gate, other = Held(), Gate(0), Gate(10)
    async with connected(
        transport=api, FULLSTORY_API_KEY=KEY, FULLSTORY_MCP_MAX_IN_FLIGHT="1"
    ) as server:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sent, server, READ, other)
            await api.begun.wait()
            with anyio.move_on_after(0.05):
                await sent(server, WRITE, gate)
            before = gate.asked
            api.free.set()
        with pytest.raises(CallerError, match=FROZEN):
            await sent(server, WRITE, gate)
        await sent(server, WRITE, other)

    assert (before, gate.asked, other.asked) == (0, 1, 1)
    assert len(api.requests) == 2


class Held(Api):
    """Answers once it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = anyio.Event()
        self.free = anyio.Event()

    async def answer(self, request: Any) -> Any:
        """Waits, then answers."""
        self.begun.set()
        await self.free.wait()
        return await super().answer(request)


@pytest.mark.parametrize("last", [DONE, REFUSED])
async def test_try_that_may_have_taken_effect_is_told_before_the_stop(last: Reply) -> None:
    """Whoever is stopped after it must not believe that nothing was done."""
    api = Api(FAILED, last)
    async with connected(transport=api, FULLSTORY_API_KEY=KEY) as server:
        with pytest.raises(Unavailable, match="may have taken effect") as told:
            await sent(server, CREATE, Gate(1))

    assert len(api.requests) == 1
    assert not told.value.unspent


async def test_reading_is_not_asked_about() -> None:
    """What changes nothing was judged once, when it was called."""
    gate = Gate(0)
    async with connected(transport=Api(FAILED, DONE), FULLSTORY_API_KEY=KEY) as server:
        answer = await sent(server, READ, gate)

    assert (answer.status, gate.asked) == (200, 0)
