"""What every test stands on: a client, the whole server, the sandbox behind the one seam.

Time is a `Clock` that moves only when a wait asks it to, so that retries take no real seconds.
"""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx2 as httpx
import mcp.types as t
from mcp import Client
from starlette.applications import Starlette

from fullstory_mcp.catalogue import Catalogue, load_catalogue
from fullstory_mcp.sandbox import create_app
from fullstory_mcp.settings import Settings
from fullstory_mcp.shaping.text import JSON_NOTE
from fullstory_mcp.wiring import SANDBOX_URL, Parts, Seams, assembled

ERAS = ("2026-07-28", "legacy")
"""The two protocol eras, as the SDK's client names its modes."""

STRUGGLING_UID = "cust-1042"
"""The sandbox's well-known customer whose newest session ends in a failed payment."""


@dataclass
class Clock:
    """Unix time that stands still until something waits; `waits` lists every wait in seconds."""

    time: float = 1_795_000_000.0
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """The time now."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Lets time pass at once."""
        self.waits.append(seconds)
        self.time += seconds


@dataclass
class Connected:
    """A client of a running server, and what stands behind it."""

    client: Client
    parts: Parts
    sandbox: Any
    clock: Clock

    async def call(self, name: str, /, **arguments: Any) -> t.CallToolResult:
        """A tool call's result, errors included."""
        return await self.client.call_tool(name, arguments)

    async def text(self, name: str, /, **arguments: Any) -> str:
        """A tool call's text."""
        result = await self.call(name, **arguments)
        assert isinstance(result.content[0], t.TextContent)
        return result.content[0].text

    async def data(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """A successful tool call's data, without the warning that every answer carries."""
        result = await self.call(name, **arguments)
        assert not result.is_error, result.content
        return without_warning(result.structured_content)

    async def error(self, name: str, /, **arguments: Any) -> str:
        """The text of a tool call that is answered as an error."""
        result = await self.call(name, **arguments)
        assert result.is_error, result.content
        assert isinstance(result.content[0], t.TextContent)
        return result.content[0].text

    async def confirmed(self, name: str, /, **arguments: Any) -> t.CallToolResult:
        """What comes of a tool that may ask for a confirmation, given to it where it does."""
        result = await self.call(name, **arguments)
        token = confirmation_in(result)
        return await self.call(name, **arguments, confirmation=token) if token else result

    async def names(self) -> list[str]:
        """The tools this caller is shown now, whatever its client has kept."""
        listed = await self.client.list_tools(cache_mode="bypass")
        return [tool.name for tool in listed.tools]

    def sent(self) -> list[str]:
        """What reached the API, as `METHOD /raw/path`, without the questions after the level."""
        rows = [f"{request.method} {request.path}" for request in self.sandbox.requests]
        return [row for row in rows if row != "GET /me"]

    def changes(self) -> list[str]:
        """What reached the API and can change something: everything but plain reads."""
        return [row for row in self.sent() if not row.startswith("GET ")]


def without_warning(data: dict[str, Any]) -> dict[str, Any]:
    """Data as it would be if its texts were nobody's; what else its note says stays."""
    note = str(data.get("note", "")).replace(JSON_NOTE, "").strip()
    told = {**data, "note": note} if note else data
    return {name: part for name, part in told.items() if note or name != "note"}


def confirmation_in(result: t.CallToolResult) -> str:
    """The token that a deleting tool's first answer states; "" where it states none."""
    assert isinstance(result.content[0], t.TextContent)
    _, stated, rest = result.content[0].text.partition('confirmation: "')
    return rest.partition('"')[0] if stated else ""


@asynccontextmanager
async def connected(  # noqa: PLR0913, PLR0917 - each is one thing that a test may want otherwise
    level: str = "admin",
    mode: str = "auto",
    app: Starlette | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    client: dict[str, Any] | None = None,
    clock: Clock | None = None,
    provider: dict[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Connected]:
    """A client connected in process to a server whose API is the sandbox (or `transport`).

    `settings` are given by their environment names; `client` are the client's own arguments;
    `provider` replaces parts of the catalogue's provider.json, to have shorter timeouts.
    """
    clock = clock or Clock()
    app = app or create_app(clock=clock)
    seam = transport or httpx.ASGITransport(app=app)
    given = {
        "FULLSTORY_API_KEY": f"na1.sandbox-{level}",
        "FULLSTORY_API_URL": SANDBOX_URL,
        "FULLSTORY_EXPORT_URL": SANDBOX_URL,
        **settings,
    }
    seams = Seams(lambda: seam, clock=clock, monotonic=clock, sleep=clock.sleep)
    async with (
        assembled(Settings.read(**given), seams, _catalogue(provider or {})) as parts,
        Client(parts.server, mode=mode, **(client or {})) as connection,
    ):
        yield Connected(connection, parts, app.state.sandbox, clock)


@cache
def _whole_catalogue() -> Catalogue:
    """The catalogue as it is, read once for all tests."""
    return load_catalogue()


def _catalogue(provider: dict[str, Any]) -> Catalogue:
    """The catalogue with parts of its provider replaced."""
    whole = _whole_catalogue()
    return dataclasses.replace(whole, provider=dataclasses.replace(whole.provider, **provider))
