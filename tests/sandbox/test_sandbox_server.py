"""The sandbox behind a real server: raw paths, files and broken connections over a socket."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx2 as httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from fullstory_mcp.sandbox import Fault, Sandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
async def served(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the sandbox on a free local port and connect with the Admin key."""
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"Authorization": "Basic na1.sandbox-admin"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        yield client
    server.should_exit = True
    await running


async def test_ids_survive_percent_encoding(served: httpx.AsyncClient) -> None:
    """Colon in a session id and slash in a webhook id arrive as one path part."""
    listed = (await served.get("/v2/sessions?uid=cust-1042")).json()["results"]
    session = await served.get(f"/v2/sessions/{quote(listed[0]['id'], safe='')}/events")
    hook = (await served.get("/webhooks/v1/endpoints")).json()["endpoints"][1]
    got = await served.get(f"/webhooks/v1/endpoints/{quote(hook['id'], safe='')}")

    assert len(session.json()["events"]) > 40
    assert got.json() == hook


async def test_a_dropped_connection_breaks_off(served: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """The server closes in the middle of the promised body and serves the next request."""
    sandbox.faults.add(Fault(drop=True, times=1))

    with pytest.raises(httpx.RemoteProtocolError):
        await served.get("/me")

    assert (await served.get("/me")).status_code == 200


async def test_a_hanging_request_does_not_keep_the_server(
    served: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """When the caller gives up, the server is free to stop."""
    sandbox.faults.add(Fault(hang=True, times=1))

    with pytest.raises(httpx.ReadTimeout):
        await served.get("/me", timeout=0.1)
