"""Two server processes on one database, behind one public URL, and the ways to reach them.

A `Door` of tests/oauth/harness.py is what a client or a browser holds; here it leads through a proxy
that ends TLS and hands each request to one replica, or to the replicas in turn.
"""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx2 as httpx

from interop.authorizing import hosting
from oauth.harness import PUBLIC_URL, REDIRECT_URI, VERIFIER, Door
from server.doors import STARTS_IN, Api, Served
from support import Clock

_ADDRESSES = itertools.count(1)
"""Each way comes from an address of its own, since some things are counted by address."""


class Proxy(httpx.AsyncBaseTransport):
    """Hands requests to replicas, in turn, and says for which address; `handed` keeps where to."""

    def __init__(self, address: str, *replicas: Served) -> None:
        self.handed: list[tuple[str, str]] = []
        self._address = address
        self._turns = itertools.cycle(replicas)
        self._http = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the replica whose turn it is."""
        base = next(self._turns).url
        self.handed.append((f"{request.method} {request.url.path}", base))
        url = httpx.URL(base).copy_with(raw_path=request.url.raw_path)
        headers = {**request.headers, "x-forwarded-for": self._address}
        return await self._http.handle_async_request(
            httpx.Request(
                request.method,
                url,
                headers=headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        )

    async def aclose(self) -> None:
        """Hangs up."""
        await self._http.aclose()


class Way(Door):
    """A client of its own, with cookies of its own; `async with` closes it."""

    def __init__(self, *replicas: Served, address: str = "") -> None:
        address = address or f"2001:db8:{next(_ADDRESSES):x}::1"
        self.proxy = Proxy(address, *replicas)
        client = httpx.AsyncClient(transport=self.proxy, base_url=PUBLIC_URL, timeout=STARTS_IN)
        absent: Any = None  # what only a server in the same process has
        super().__init__(client, absent, absent, Clock(), absent)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    def proof(self) -> dict[str, str]:
        """What a code's form says beside the code itself."""
        return {
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
            "resource": f"{self.public_url}/mcp",
        }

    async def refreshed(self, client_id: str, refresh_token: str) -> httpx.Response:
        """The token endpoint's answer to a refresh token."""
        return await self.token(
            grant_type="refresh_token", client_id=client_id, refresh_token=refresh_token
        )


@dataclass(frozen=True)
class Pair:
    """Two replicas, their database, and the API behind them."""

    left: Served
    right: Served
    database_url: str
    api: Api
    folder: Path

    def way(self, *replicas: Served, **given: str) -> Way:
        """A way to these replicas in turn; to both if none is named."""
        return Way(*(replicas or (self.left, self.right)), **given)

    def logs(self) -> str:
        """What both have written to stderr."""
        return self.left.log() + self.right.log()

    @contextmanager
    def third(self) -> Iterator[Served]:
        """One more replica, for as long as a test needs it."""
        with replica(self.folder, self.database_url, self.api) as served:
            yield served


@contextmanager
def replica(folder: Path, database_url: str, api: Api) -> Iterator[Served]:
    """One server process behind the one public URL."""
    given = {"FULLSTORY_MCP_PUBLIC_URL": PUBLIC_URL, "FULLSTORY_MCP_PROXIES": "1"}
    with hosting(folder, database_url, api, **given) as served:
        yield served


@contextmanager
def paired(folder: Path, database_url: str, api: Api) -> Iterator[Pair]:
    """Two replicas."""
    with ExitStack() as stack:
        left, right = (stack.enter_context(replica(folder, database_url, api)) for _ in range(2))
        yield Pair(left, right, database_url, api, folder)
