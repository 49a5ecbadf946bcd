"""The one place where parts meet: settings in, running parts out.

Production, sandbox and tests differ only in the transport given here.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio
import httpx2 as httpx

from fullstory_mcp.access import KeySource, Levels
from fullstory_mcp.arguments import Binder
from fullstory_mcp.audit import Audit
from fullstory_mcp.catalogue import Catalogue, load_catalogue
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.gate import Confirmations, Limits
from fullstory_mcp.held import HeldAnswers, HeldFiles
from fullstory_mcp.pipeline import Pipeline
from fullstory_mcp.principal import Principal
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.server.mcp import FullstoryServer
from fullstory_mcp.settings import Settings
from fullstory_mcp.shaping import Cleaner, Cursors
from fullstory_mcp.upstream import Files, Hosts, Upstream

if TYPE_CHECKING:
    from fullstory_mcp.oauth.door import FrontDoor

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


@dataclass(frozen=True, slots=True)
class Parts:
    """A server ready to be put behind a door."""

    settings: Settings
    catalogue: Catalogue
    keys: KeySource
    upstream: Upstream
    pipeline: Pipeline
    server: FullstoryServer


@dataclass(frozen=True, slots=True)
class Hosted:
    """A server for many, and the front door to put before it."""

    server: FullstoryServer
    door: "FrontDoor"
    pipeline: Pipeline


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


@asynccontextmanager
async def assembled(
    settings: Settings,
    seams: Seams = NETWORK,
    catalogue: Catalogue | None = None,
    *,
    caller: str = "stdio",
) -> AsyncIterator[Parts]:
    """Builds every part for one key and closes what must be closed; `catalogue` is read when absent.

    `caller` is how records name who calls, where there is one key for all.

    Raises:
        OperatorError: a setting, the key or the catalogue is not usable.
    """
    catalogue = catalogue or load_catalogue()
    keys = KeySource(settings)
    keys.current()
    upstream = _upstream(settings, seams, catalogue)
    sealer = Sealer(settings.seal_keys())
    confirmations = Confirmations(sealer, seams.clock)
    pipeline = _pipeline(settings, seams, catalogue, upstream, sealer, confirmations)
    server = FullstoryServer(
        pipeline, lambda: Principal(keys.current(), caller), invented=seams.invented
    )
    async with _closing(pipeline):
        yield Parts(settings, catalogue, keys, upstream, pipeline, server)


@asynccontextmanager
async def hosted(
    settings: Settings, seams: Seams = NETWORK, catalogue: Catalogue | None = None
) -> AsyncIterator["Hosted"]:
    """Builds every part of a server for many, each caller with a key of their own.

    Raises:
        OperatorError: a setting or the catalogue is not usable, or the extra `hosted` is not installed.
    """
    try:
        from fullstory_mcp.oauth.door import FrontDoor, shared_by  # noqa: PLC0415 - hosted alone
        from fullstory_mcp.oauth.guard import caller, still_let_in  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"The front door needs {error.name}, which is not installed: install "
            'fullstory-mcp with its extra "hosted", as in pip install -c constraints.txt ".[hosted]".'
        ) from None
    catalogue = catalogue or load_catalogue()
    upstream = _upstream(settings, seams, catalogue)
    sealer = Sealer(settings.seal_keys())
    shared = shared_by(
        settings,
        sealer,
        upstream,
        clock=seams.clock,
        monotonic=seams.monotonic,
        outside=seams.outside,
        resolve=seams.resolve,
    )
    door = FrontDoor(shared, catalogue.tools, seams.monotonic)
    confirmations = Confirmations(sealer, seams.clock, door.claim)
    pipeline = _pipeline(settings, seams, catalogue, upstream, sealer, confirmations)
    pipeline = replace(pipeline, key_refused=door.key_refused)
    async with _closing(pipeline):
        server = FullstoryServer(pipeline, caller, still=still_let_in, invented=seams.invented)
        yield Hosted(server, door, pipeline)


def _upstream(settings: Settings, seams: Seams, catalogue: Catalogue) -> Upstream:
    return Upstream(
        seams.transport,
        Hosts(api=settings.api_url, export=settings.export_url),
        catalogue.provider,
        max_in_flight=settings.max_in_flight,
        clock=seams.clock,
        sleep=seams.sleep,
    )


def _pipeline(  # noqa: PLR0913, PLR0917 - the parts that both kinds of server make differently
    settings: Settings,
    seams: Seams,
    catalogue: Catalogue,
    upstream: Upstream,
    sealer: Sealer,
    confirmations: Confirmations,
) -> Pipeline:
    return Pipeline(
        catalogue=catalogue,
        levels=Levels(upstream, settings, _limits(settings, catalogue), seams.monotonic),
        binder=Binder(catalogue.provider),
        confirmations=confirmations,
        cursors=Cursors(sealer),
        upstream=upstream,
        files=Files(seams.transport, upstream.hosts),
        held=HeldFiles(settings.held_megabytes * 2**20, seams.clock),
        answers=HeldAnswers(seams.clock, on=settings.hold_answers),
        cleaner=Cleaner(hide_contacts=settings.privacy == "mask"),
        clock=seams.clock,
        audit=Audit(),
    )


@asynccontextmanager
async def _closing(pipeline: Pipeline) -> AsyncIterator[None]:
    try:
        yield
    finally:
        pipeline.held.close()
        await pipeline.upstream.aclose()


def _limits(settings: Settings, catalogue: Catalogue) -> Limits:
    """The operator's choice of tools, every name in it checked."""
    areas = [area.name for area in catalogue.areas]
    for setting, names, known in (
        ("FULLSTORY_MCP_TOOLSETS", settings.toolsets, areas),
        ("FULLSTORY_MCP_TOOLS", settings.tools, catalogue.tools.keys()),
        ("FULLSTORY_MCP_EXCLUDE_TOOLS", settings.exclude_tools, catalogue.tools.keys()),
        ("FULLSTORY_MCP_LEVEL_OVERRIDES", settings.level_overrides, catalogue.tools.keys()),
    ):
        if unknown := sorted(set(names) - set(known)):
            what = "an area" if known is areas else "a tool"
            raise SettingsError(
                f"{setting}: {unknown[0]} is not {what}; known: {', '.join(known)}."
            )
    return Limits(
        toolsets=frozenset(settings.toolsets),
        tools=frozenset(settings.tools),
        excluded=frozenset(settings.exclude_tools),
        read_only=settings.read_only,
        overrides=settings.level_overrides,
    )
