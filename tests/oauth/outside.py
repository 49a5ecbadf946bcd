"""An internet of a test's own: names that resolve as told, and hosts that answer as told.

It stands where the network is. A page is found by the name that was asked for, and only through an
address that its host has: a request that went elsewhere reaches nobody.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx2 as httpx
import pytest

from fullstory_mcp.oauth.fetching import Fetcher, FetchRefused
from support import Clock

ADDRESS = "93.184.216.34"
"""A public address; names that a test says nothing of have it."""


class Dripping(httpx.AsyncByteStream):
    """A body that comes piece by piece, with a wait before each, and tells how much was read."""

    def __init__(self, piece: bytes, pieces: int, wait: float = 0.0) -> None:
        self._piece = piece
        self._pieces = pieces
        self._wait = wait
        self.read = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self._pieces):
            await anyio.sleep(self._wait)
            self.read += len(self._piece)
            yield self._piece

    async def aclose(self) -> None:
        """Notes that nothing more is wanted."""
        self.closed = True


@dataclass
class Page:
    """One answer of one URL: JSON of `body` unless that is bytes or a stream."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    error: type[Exception] | None = None

    def stream(self) -> httpx.AsyncByteStream:
        """The body as it is sent."""
        if isinstance(self.body, httpx.AsyncByteStream):
            return self.body
        raw = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return httpx.ByteStream(raw)


@dataclass
class Outside(httpx.AsyncBaseTransport):
    """The whole internet; `names` maps a host to its addresses, or to one list after the other."""

    pages: dict[str, Page] = field(default_factory=dict)
    names: dict[str, list[Any]] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    resolving_takes: float = 0.0
    requests: list[httpx.Request] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)
    most_at_once: int = 0
    at_once: int = 0

    def transport(self) -> httpx.AsyncBaseTransport:
        """Itself, where a factory of transports is wanted."""
        return self

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of a name, as its owner answers this time."""
        del port
        self.resolved.append(host)
        await anyio.sleep(self.resolving_takes)
        answers = self.names.get(host, [ADDRESS])
        if answers and isinstance(answers[0], list):
            return answers.pop(0) if len(answers) > 1 else answers[0]
        if not answers:
            raise OSError
        return answers

    def asked(self) -> list[str]:
        """The URLs that were asked for, by name."""
        return [_url(request) for request in self.requests]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answers for the host that the request names, if the address is one that answers."""
        self.requests.append(request)
        if request.url.host in self.dead:
            raise httpx.ConnectError("nobody answers there", request=request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            page = self.pages.get(_url(request), Page(b"{}", 404))
            await anyio.sleep(page.wait)
        finally:
            self.at_once -= 1
        if page.error is not None:
            raise page.error("the test broke this connection")
        headers = {"content-type": "application/json", **page.headers}
        return httpx.Response(page.status, headers=headers, stream=page.stream())


def _url(request: httpx.Request) -> str:
    return f"{request.url.scheme}://{request.headers['host']}{request.url.raw_path.decode()}"


def fetcher(outside: Outside, **given: Any) -> Fetcher:
    """A fetcher whose network is `outside`."""
    given = {"monotonic": Clock(), **given}
    return Fetcher(outside.transport, outside.resolve, **given)


async def refused(outside: Outside, url: str, **given: Any) -> str:
    """Why nothing was fetched."""
    with pytest.raises(FetchRefused) as error:
        await fetcher(outside, **given).get(url)
    return str(error.value)
