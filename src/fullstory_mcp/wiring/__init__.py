"""The one place where parts meet: settings in, running parts out.

Production, sandbox and tests differ only in the transport given here.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fullstory_mcp.access import KeySource, Levels
from fullstory_mcp.arguments import Binder
from fullstory_mcp.catalogue import Catalogue, load_catalogue
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.gate import Confirmations, Limits
from fullstory_mcp.held import HeldAnswers, HeldFiles
from fullstory_mcp.pipeline import Pipeline
from fullstory_mcp.principal import Door, Principal
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.server.mcp import FullstoryServer
from fullstory_mcp.settings import Settings
from fullstory_mcp.shaping import Cleaner, Cursors
from fullstory_mcp.upstream import Files, Hosts, Upstream
from fullstory_mcp.wiring.rights import Rights, hosted_rights, local_rights, policy_of
from fullstory_mcp.wiring.seams import (
    NETWORK,
    SANDBOX_KEY,
    SANDBOX_URL,
    Seams,
    sandbox_seams,
    to_the_network,
    to_the_sandbox,
)

if TYPE_CHECKING:
    from fullstory_mcp.oauth.door import FrontDoor

__all__ = [
    "NETWORK",
    "SANDBOX_KEY",
    "SANDBOX_URL",
    "Hosted",
    "Parts",
    "Seams",
    "assembled",
    "hosted",
    "limits_of",
    "sandbox_seams",
    "to_the_network",
    "to_the_sandbox",
]


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


@asynccontextmanager
async def assembled(
    settings: Settings,
    seams: Seams = NETWORK,
    catalogue: Catalogue | None = None,
    *,
    caller: Door = "stdio",
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
    policy = policy_of(settings, seams, catalogue)
    async with local_rights(settings, seams, policy, sealer) as rights:
        pipeline = _pipeline(settings, seams, catalogue, upstream, sealer, confirmations, rights)
        server = FullstoryServer(
            pipeline,
            lambda: Principal(keys.current(), caller, caller, caller),
            invented=seams.invented,
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
        from fullstory_mcp.oauth.guard import Oversight, caller, still_let_in  # noqa: PLC0415
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
    policy = policy_of(settings, seams, catalogue)
    try:
        async with hosted_rights(settings, seams, policy, sealer, shared.database) as rights:
            oversight = Oversight(policy.ruling, rights.freezes.why, rights.audit.refused)
            door = FrontDoor(shared, catalogue.tools, seams.monotonic, oversight)
            confirmations = Confirmations(sealer, seams.clock, door.claim)
            pipeline = _pipeline(
                settings, seams, catalogue, upstream, sealer, confirmations, rights
            )
            pipeline = replace(pipeline, key_refused=door.key_refused)
            server = FullstoryServer(pipeline, caller, still=still_let_in, invented=seams.invented)
            async with _closing(pipeline):
                yield Hosted(server, door, pipeline)
    finally:
        shared.database.close()


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
    rights: Rights,
) -> Pipeline:
    return Pipeline(
        catalogue=catalogue,
        levels=Levels(
            upstream,
            settings,
            limits_of(settings, catalogue),
            seams.monotonic,
            ruling=rights.policy.ruling,
            frozen=rights.freezes.why,
        ),
        binder=Binder(catalogue.provider),
        confirmations=confirmations,
        cursors=Cursors(sealer),
        upstream=upstream,
        meter=rights.meter,
        files=Files(seams.transport, upstream.hosts),
        held=HeldFiles(settings.held_megabytes * 2**20, seams.clock),
        answers=HeldAnswers(seams.clock, on=settings.hold_answers),
        cleaner=Cleaner(hide_contacts=settings.privacy == "mask"),
        clock=seams.clock,
        audit=rights.audit,
    )


@asynccontextmanager
async def _closing(pipeline: Pipeline) -> AsyncIterator[None]:
    try:
        yield
    finally:
        pipeline.held.close()
        await pipeline.upstream.aclose()


def limits_of(settings: Settings, catalogue: Catalogue) -> Limits:
    """The operator's choice of tools, every name in it checked.

    Raises:
        SettingsError: a setting names an area or a tool that there is none of.
    """
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
