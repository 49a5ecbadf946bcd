"""A replica that is told to leave answers what it was asked and goes; the others serve on."""

import signal

import anyio
import httpx2 as httpx
import pytest

from fullstory_mcp.sandbox import Fault
from oauth.harness import result_of
from replicas.pair import Pair
from server.doors import LEGACY, MODERN, STARTS_IN, Served, until
from server.wire import asked

pytestmark = pytest.mark.anyio

TAKES = 2.0
"""Seconds that the API takes for the calls in flight."""


def listens(replica: Served) -> bool:
    """Whether somebody new would be let in."""
    try:
        httpx.get(f"{replica.url}/healthz", timeout=STARTS_IN)
    except httpx.TransportError:
        return False
    return True


async def test_replica_leaves_after_its_calls_in_flight(pair: Pair) -> None:
    """SIGTERM: both eras' calls are answered, nobody new is let in, it exits with 0."""
    fault = Fault(method="GET", path="/v2/organization/quotas", delay=TAKES, times=2)
    async with pair.way(pair.left) as left:
        token = (await left.connect())["access_token"]
        answers: list[httpx.Response] = []

        async def call(url: str, era: str) -> None:
            request = asked("tools/call", {"name": "get_quotas", "arguments": {}}, era)
            request["headers"]["Authorization"] = f"Bearer {token}"
            async with httpx.AsyncClient(timeout=STARTS_IN) as http:
                answers.append(await http.post(url, **request))

        with pair.third() as leaving:
            pair.api.sandbox.faults.add(fault)
            async with anyio.create_task_group() as tasks:
                for era in (MODERN, LEGACY):
                    tasks.start_soon(call, leaving.mcp, era)
                await until(lambda: len(pair.api.asked()) == 2)
                leaving.process.send_signal(signal.SIGTERM)
                await until(lambda: not listens(leaving))
                with pytest.raises(httpx.ConnectError):
                    await call(leaving.mcp, MODERN)
                elsewhere = await left.call(token, "get_me")
                assert answers == []
            code = await anyio.to_thread.run_sync(leaving.process.wait)

    assert [result_of(answer)["isError"] for answer in answers] == [False, False]
    assert not result_of(elsewhere)["isError"]
    assert code == 0
    assert "Traceback" not in leaving.log()
