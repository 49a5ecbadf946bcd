"""The real transport, against this machine only: what an unreachable or rude host comes to."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.abc import SocketStream

from fullstory_mcp.upstream.network import transport
from support import connected
from transports import KEY

pytestmark = pytest.mark.anyio

Handler = Callable[[SocketStream], Awaitable[None]]
BODY = b'{"ok":1}'


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[str]:
    """A raw server that hands each connection to `handler`; yields its address."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    port = listener.extra(anyio.abc.SocketAttribute.local_port)

    async def served(stream: SocketStream) -> None:
        async with stream:
            try:
                await handler(stream)
            except (anyio.BrokenResourceError, anyio.EndOfStream):
                return

    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, served)
        yield f"http://127.0.0.1:{port}"
        group.cancel_scope.cancel()


async def refused_by(url: str, tool: str = "get_quotas", **arguments: str) -> str:
    """The text of a call to `url` through the real transport."""
    fixed = {"FULLSTORY_KEY_LEVEL": "admin", "FULLSTORY_API_URL": url}
    async with connected(transport=transport(), FULLSTORY_API_KEY=KEY, **fixed) as server:
        with anyio.fail_after(30):
            return await server.error(tool, **arguments)


async def test_host_that_nobody_answers_at_is_told_with_the_setting_to_check() -> None:
    """Nothing listens: the text names the cause, the setting, and that nothing was sent."""
    text = await refused_by(f"http://127.0.0.1:{free_port()}", "create_annotation", text="Release")

    assert text == (
        "Fullstory could not be reached: check FULLSTORY_API_URL and the network. Nothing was sent."
    )


async def test_name_that_leads_nowhere_is_told_the_same_way() -> None:
    """A misspelt host is a connection that cannot be made."""
    text = await refused_by("https://api.fullstory.invalid", "create_annotation", text="Release")

    assert text.startswith("Fullstory could not be reached: check FULLSTORY_API_URL")


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["closes", "closes in the body", "another protocol", "bad status", "bad chunks"],
)
async def test_rude_host_is_a_broken_connection_and_no_crash(wire: bytes) -> None:
    """Whatever comes over the wire that is no HTTP is told as a connection that broke."""

    async def rude(stream: SocketStream) -> None:
        await stream.receive()
        if wire:
            await stream.send(wire)

    async with listening(rude) as url:
        text = await refused_by(url)

    assert text == (
        "The connection to Fullstory broke before its answer was whole. Try again later."
    )


async def test_connection_is_kept_for_the_next_call() -> None:
    """Two calls use one connection: the pool is the process's, not the call's."""
    connections = 0

    async def polite(stream: SocketStream) -> None:
        nonlocal connections
        connections += 1
        while True:
            await stream.receive()
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + BODY)

    async with listening(polite) as url:
        fixed = {"FULLSTORY_KEY_LEVEL": "admin", "FULLSTORY_API_URL": url}
        async with connected(transport=transport(), FULLSTORY_API_KEY=KEY, **fixed) as server:
            for _ in range(3):
                assert await server.data("get_quotas") == {"ok": 1}

    assert connections == 1
