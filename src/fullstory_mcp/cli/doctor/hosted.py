"""A server for many: what its front door would start with, and then the way that clients take to it."""

from typing import TYPE_CHECKING

from fullstory_mcp.cli.doctor.local import UNREACHED, proxy, sealing
from fullstory_mcp.cli.doctor.report import Report
from fullstory_mcp.cli.doctor.rights import rights
from fullstory_mcp.cli.screen import key_of
from fullstory_mcp.errors import (
    KeyRefused,
    OperatorError,
    StorageUnavailable,
    UpstreamError,
)
from fullstory_mcp.principal import LEVELS, ApiKey
from fullstory_mcp.settings import Settings
from fullstory_mcp.wiring import Seams, hosted

if TYPE_CHECKING:
    from fullstory_mcp.oauth.access import NamedKey
    from fullstory_mcp.oauth.model import Shared

NOBODYS = "doctor-asks-without-a-key"
"""A key of nobody's: that Fullstory refuses it shows that it can be reached."""


async def examine_hosted(report: Report, settings: Settings, seams: Seams) -> None:
    """Looks at everything that `fullstory-mcp serve` would start with, then asks its public address.

    Raises:
        Stopped: something keeps it from starting; it was reported.
    """
    report.good("Front door", f"{settings.mode}, at {settings.public_url}")
    if (settings.api_key or settings.api_key_file) and not seams.invented:
        report.note("Key", "FULLSTORY_API_KEY is not used behind the front door; unset it")
    sealing(report, settings)
    rights(report, settings)
    with report.stopping_at("Parts"):
        async with hosted(settings, seams) as parts:
            shared = parts.door.shared
            try:
                await _examine_parts(report, shared)
            finally:
                await shared.fetcher.aclose()
                shared.database.close()


async def _examine_parts(report: Report, shared: "Shared") -> None:
    from fullstory_mcp.oauth.walk import walked  # noqa: PLC0415 - needs the extra `hosted`

    await _database(report, shared)
    await _keys(report, shared)
    proxy(report, shared.settings)
    _proxies(report, shared)
    async for finding in walked(shared):
        report.found(finding.mark, finding.name, finding.text)


async def _database(report: Report, shared: "Shared") -> None:
    """Is it there, as this version needs it, and can what it holds be opened."""
    from fullstory_mcp.storage import migrate, rings  # noqa: PLC0415 - needs the extra `hosted`

    try:
        await shared.database.in_thread(migrate.check, shared.database)
        sealed = await shared.database.read(rings.sealed_under)
    except StorageUnavailable as error:
        report.bad("Database", f"{shared.database.name}: {error}")
        return
    except OperatorError as error:
        report.bad("Database", str(error))
        return
    report.good("Database", f"{shared.database.name}, migrated")
    lost = {ring: count for ring, count in sealed.items() if not shared.sealer.knows(ring)}
    if lost:
        report.bad(
            "Stored keys",
            f"{sum(lost.values())} of {sum(sealed.values())} were sealed under a key that "
            f"FULLSTORY_MCP_SECRET_KEYS no longer has ({', '.join(sorted(lost))}). Put it back as the "
            "last of the list, or these people must connect again.",
        )
        return
    older = sum(count for ring, count in sealed.items() if ring != shared.sealer.first_id)
    text = f"{sum(sealed.values())}, all of them can be opened"
    if older:
        text += f"; {older} under an older key, which `fullstory-mcp reseal` makes superfluous"
    report.good("Stored keys", text)


async def _keys(report: Report, shared: "Shared") -> None:
    """Each key of the access file, asked of Fullstory; without any, whether Fullstory answers."""
    named = shared.access.keys
    for name, key in named.items():
        await _named(report, shared, name, key)
    if named:
        return
    try:
        await shared.role_of(ApiKey(NOBODYS))
    except KeyRefused:
        report.good("Fullstory", "answers; each person brings a key of their own")
    except UpstreamError as error:
        report.bad("Fullstory", f"{error}{'' if error.status else UNREACHED}")


async def _named(report: Report, shared: "Shared", name: str, named: "NamedKey") -> None:
    """A key that the access file names: does Fullstory accept it, and as what."""
    try:
        role = await shared.role_of(named.current())
    except UpstreamError as error:
        report.bad("Named key", f"{name}: {error}{'' if error.status else UNREACHED}")
        return
    granted = shared.levels.get(role, LEVELS[0])
    text = f"{name}: {key_of(granted)}"
    ceiling = named.ceiling
    if ceiling is not None and LEVELS.index(ceiling) > LEVELS.index(granted):
        report.bad(
            "Named key",
            f"{text}, though its row says level = {ceiling}: Fullstory will refuse what is above.",
        )
        return
    report.good("Named key", f"{text}, counts as {ceiling} here" if ceiling else text)


def _proxies(report: Report, shared: "Shared") -> None:
    """Whether callers' addresses can be told apart behind the proxy that https needs."""
    if shared.settings.proxies or not shared.front.origin.startswith("https:"):
        return
    report.bad(
        "Addresses",
        "FULLSTORY_MCP_PROXIES is 0, but this server speaks no TLS, so a proxy stands before the "
        "https address: everyone would be counted as one address, and registrations soon refused. Set "
        "it to how many proxies there are; 1 for nginx or Caddy alone.",
    )
