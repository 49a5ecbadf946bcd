"""Streams that never end by themselves: a few for one connection, and no longer than it is let in."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2 as httpx
import pytest

from databases import away
from fullstory_mcp.server.listening import MOST_STREAMS
from fullstory_mcp.storage import freezes
from oauth.harness import Door, hosting, result_of
from oauth.issuer import ACCESS, EXTERNAL, JWKS_URL, Issuer
from oauth.outside import Page
from server.doors import until
from support import Clock

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def listening(
    door: Door, token: str, streams: int = 1
) -> AsyncIterator[list[httpx.Response]]:
    """So many open streams; the answers of those that have ended."""
    before = door.parts.server.listening.open
    ended: list[httpx.Response] = []
    wanted = {"toolsListChanged": True}

    async def listen() -> None:
        ended.append(await door.mcp(token, "subscriptions/listen", notifications=wanted))

    async with anyio.create_task_group() as tasks:
        for _ in range(streams):
            tasks.start_soon(listen)
        await until(lambda: door.parts.server.listening.open + len(ended) == streams + before)
        yield ended
        tasks.cancel_scope.cancel()
    await until(lambda: door.parts.server.listening.open <= before)


async def looked(door: Door) -> None:
    """What the server does once a minute."""
    door.clock.time += 60
    await door.parts.server.listening.look()
    await anyio.sleep(0.05)


def last(answer: httpx.Response) -> dict[str, Any]:
    """The last message of a stream."""
    lines = [line[5:] for line in answer.text.splitlines() if line.startswith("data:")]
    return json.loads(lines[-1] if lines else answer.text)


async def revoke(door: Door, tokens: dict[str, Any]) -> None:
    """The client gives its connection back."""
    given = {"token": tokens["refresh_token"], "client_id": tokens["client_id"]}
    assert (await door.client.post("/revoke", data=given)).status_code == 200


async def test_one_connection_has_so_many_streams_and_others_have_their_own() -> None:
    """The one too many is told why; a place that is left can be taken again."""
    async with hosting() as door:
        mine = (await door.connect())["access_token"]
        other = (await door.connect())["access_token"]
        async with listening(door, mine, MOST_STREAMS + 1) as ended:
            refused = [last(answer) for answer in ended]
            async with listening(door, other) as others:
                assert others == []
        async with listening(door, mine, MOST_STREAMS) as again:
            assert again == []

    assert len(refused) == 1
    assert refused[0]["error"]["message"] == (
        "This connection has 8 subscriptions/listen streams open, which is the most: close one first."
    )


async def test_a_stream_ends_when_its_connection_does() -> None:
    """In good order, so that the client asks again and learns that it has to sign in."""
    async with hosting() as door:
        gone, stays = await door.connect(), await door.connect()
        async with (
            listening(door, gone["access_token"]) as ended,
            listening(door, stays["access_token"]) as others,
        ):
            await looked(door)
            assert ended == []
            await revoke(door, gone)
            await looked(door)
            await until(lambda: bool(ended))
            again = await door.mcp(gone["access_token"], "subscriptions/listen", notifications={})
            assert others == []

    assert "subscriptionId" in json.dumps(last(ended[0])["result"]["_meta"])
    assert again.status_code == 401


async def test_a_stream_ends_when_its_token_does() -> None:
    """Also where the connection goes on by other tokens."""
    async with hosting(FULLSTORY_MCP_ACCESS_MINUTES="2") as door:
        tokens = await door.connect()
        async with listening(door, tokens["access_token"]) as ended:
            await looked(door)
            before = len(ended)
            await looked(door)
            await until(lambda: bool(ended))

    assert before == 0


async def test_a_stream_ends_when_its_caller_is_frozen() -> None:
    """Though its token is as good as before; the streams of others go on."""
    async with hosting() as door:
        frozen, stays = await door.connect(), await door.connect(key="na1.sandbox-standard")
        known = await door.shared.database.read(freezes.known)
        named = next(row.id for row in known if row.client_id == frozen["client_id"])
        async with (
            listening(door, frozen["access_token"]) as ended,
            listening(door, stays["access_token"]) as others,
        ):
            await door.shared.database.run(freezes.freeze, named, "an incident", 0)
            await looked(door)
            await until(lambda: bool(ended))
            assert others == []


async def test_a_stream_outlasts_a_kill_switch_that_is_away(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """No call gets through meanwhile; a stream says nothing of anybody, and ends when it is known."""
    monkeypatch.setenv("SUPPORT_KEY", "na1.sandbox-admin")
    monkeypatch.setenv("READER_KEY", "na1.sandbox-standard")
    issuer = Issuer(Clock())
    at = issuer.outside
    async with hosting(
        database_url,
        access=ACCESS,
        outside=at.transport,
        resolve=at.resolve,
        clock=issuer.clock,
        **EXTERNAL,
    ) as door:
        token = issuer.token(exp=int(issuer.clock()) + 86_400)
        async with listening(door, token) as ended:
            await door.shared.database.run(freezes.freeze, "*", "an incident", 0)
            with away(database_url):
                await looked(door)
                refused = result_of(await door.call(token, "get_me"))
                assert ended == []
            await looked(door)
            await until(lambda: bool(ended))

    assert "cannot look up whose access is frozen" in str(refused["content"])


async def test_a_stream_outlasts_an_issuer_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody can say whether a token is good, it was; when somebody can, it ends."""
    monkeypatch.setenv("SUPPORT_KEY", "na1.sandbox-admin")
    monkeypatch.setenv("READER_KEY", "na1.sandbox-standard")
    issuer = Issuer(Clock())
    at = issuer.outside
    async with hosting(
        access=ACCESS, outside=at.transport, resolve=at.resolve, clock=issuer.clock, **EXTERNAL
    ) as door:
        token = issuer.token(exp=int(issuer.clock()) + 3 * 86_400)
        async with listening(door, token, MOST_STREAMS + 1) as ended:
            assert "error" in last(ended.pop())
            at.pages[JWKS_URL] = Page({}, 503)
            door.clock.time += 2 * 86_400
            await looked(door)
            assert ended == []
            issuer.publish()
            door.clock.time += 86_400
            await looked(door)
            await until(lambda: len(ended) == MOST_STREAMS)
