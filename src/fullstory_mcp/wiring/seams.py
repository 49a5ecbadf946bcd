"""The one seam: what leads to the outside world, and what tests and the sandbox put in its place."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio
import httpx2 as httpx

SANDBOX_URL = "http://127.0.0.1:1"
"""The sandbox in process: an address nothing listens on, so that a mistake reaches nobody."""

SANDBOX_KEY = "na1.sandbox-{level}"


@dataclass(frozen=True, slots=True)
class Seams:
    """What tests and the sandbox put in place of the outside world.

    `invented` tells clients that the data is not real. `outside` and `resolve` lead to whatever
    clients and identity providers point to; the network and its names where they are None.
    """

    transport: Callable[[], httpx.AsyncBaseTransport]
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    invented: bool = False
    outside: Callable[[], httpx.AsyncBaseTransport] | None = None
    resolve: Callable[[str, int], Awaitable[list[str]]] | None = None


def to_the_network() -> httpx.AsyncBaseTransport:
    """The pooled HTTP transport of production; a proxy is taken from the environment."""
    from fullstory_mcp.upstream.network import transport  # noqa: PLC0415 - opens TLS, only when used

    return transport()


def to_the_sandbox() -> httpx.AsyncBaseTransport:
    """The embedded fake API, in this process; every transport made from one call shares its world."""
    from fullstory_mcp.sandbox import create_app  # noqa: PLC0415 - only when used

    return httpx.ASGITransport(app=create_app())


def sandbox_seams() -> Seams:
    """Seams whose every transport leads to one and the same sandbox."""
    shared: list[httpx.AsyncBaseTransport] = []

    def transport() -> httpx.AsyncBaseTransport:
        if not shared:
            shared.append(to_the_sandbox())
        return shared[0]

    return Seams(transport, invented=True)


NETWORK = Seams(to_the_network)
