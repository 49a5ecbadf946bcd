"""A server with one key: the key, its level, the way to Fullstory, what would be served.

Sends at most two small reads to Fullstory: `GET /me`, and the list of event bundles where the key
may have it.
"""

import time
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio

from fullstory_mcp.access import KeySource
from fullstory_mcp.catalogue import Tool
from fullstory_mcp.cli.doctor.report import Report
from fullstory_mcp.cli.doctor.rights import rights
from fullstory_mcp.cli.screen import key_of
from fullstory_mcp.errors import UpstreamError
from fullstory_mcp.gate import Standing, decide
from fullstory_mcp.pipeline import Call
from fullstory_mcp.principal import LEVELS, ApiKey, Principal
from fullstory_mcp.settings import Settings
from fullstory_mcp.wiring import Parts, Seams, assembled

EXPORT_TOOL = "list_event_exports"
EXPORT_SECONDS = 10.0
HOUR = 3600
UNREACHED = (
    " Behind a proxy, set HTTPS_PROXY; a certificate of your own belongs in the system's trust "
    "store or in SSL_CERT_FILE."
)


async def examine_one_key(report: Report, settings: Settings, seams: Seams) -> None:
    """Looks at everything that `fullstory-mcp stdio` would start with.

    Raises:
        Stopped: something keeps it from starting; it was reported.
    """
    with report.stopping_at("Key"):
        report.good("Key", _key(KeySource(settings).current()))
    rights(report, settings)
    with report.stopping_at("Catalogue"):
        async with assembled(settings, seams) as parts:
            report.good("Catalogue", f"{len(parts.catalogue.tools)} tools")
            await _examine_parts(report, parts)


async def _examine_parts(report: Report, parts: Parts) -> None:
    principal = Principal(parts.keys.current())
    role = await _reach(report, parts, principal)
    standing = await parts.pipeline.levels.standing(principal)
    _level(report, parts, standing, role)
    _tools(report, parts, standing)
    await _exports(report, parts, principal, standing)
    sealing(report, parts.settings)
    proxy(report, parts.settings)


def _key(key: ApiKey) -> str:
    region = f"region {key.region}" if key.region else "no region in it (US, before August 2022)"
    return f"well formed, {region}, fingerprint {key.fingerprint}"


async def _reach(report: Report, parts: Parts, principal: Principal) -> str | None:
    """The role that `GET /me` names; None when it did not answer."""
    begun = time.perf_counter()
    try:
        role = await parts.upstream.role(principal.key)
    except UpstreamError as error:
        report.bad("Fullstory", f"{error}{'' if error.status else UNREACHED}")
        return None
    milliseconds = (time.perf_counter() - begun) * 1000
    report.good("Fullstory", f"answered GET /me in {milliseconds:.0f} ms")
    return role


def _level(report: Report, parts: Parts, standing: Standing, role: str | None) -> None:
    """The level in force, and whether FULLSTORY_KEY_LEVEL promises more than the key has."""
    text = f"counts as {key_of(standing.level)}: {standing.known_by}"
    if overrides := parts.settings.level_overrides:
        text += f"; relaxed or tightened for {', '.join(overrides)}"
    granted = parts.catalogue.provider.identity["levels"].get(role, LEVELS[0])
    if role is None and not standing.certain:
        report.note("Level", f"{text}, so it is given the least until the role is known")
    elif role and LEVELS.index(standing.level) > LEVELS.index(granted):
        report.bad(
            "Level",
            f"{text}, but its role {role} grants {granted}: Fullstory will refuse what is above. "
            "Unset FULLSTORY_KEY_LEVEL.",
        )
    else:
        report.good("Level", text)


def _tools(report: Report, parts: Parts, standing: Standing) -> None:
    """How many tools are served, and what hides the others."""
    tools = list(parts.catalogue.tools.values())
    highest = Standing(LEVELS[-1], "", standing.limits)
    served = _allowed(standing, tools)
    by_settings = len(tools) - len(_allowed(highest, tools))
    by_level = len(tools) - len(served) - by_settings
    text = f"{len(served)} of {len(tools)} served"
    hidden = [
        f"{count} hidden by {what}"
        for count, what in ((by_level, "the key's level"), (by_settings, _in_force(parts.settings)))
        if count
    ]
    text = "; ".join([text, *hidden])
    if served:
        report.good("Tools", text)
    else:
        report.bad("Tools", f"{text}. Nothing is left to serve: widen those settings.")


def _allowed(standing: Standing, tools: list[Tool]) -> list[Tool]:
    return [tool for tool in tools if decide(standing, tool).allowed]


def _in_force(settings: Settings) -> str:
    """The names of the settings that hide tools."""
    hiding = ("read_only", "exclude_tools", "toolsets", "tools")
    return ", ".join(
        str(Settings.model_fields[name].validation_alias)
        for name in hiding
        if getattr(settings, name)
    )


async def _exports(report: Report, parts: Parts, principal: Principal, standing: Standing) -> None:
    """Whether the host of the two legacy exports answers, asked only where the key may ask."""
    name = "Export host"
    if not decide(standing, parts.catalogue.tools[EXPORT_TOOL]).allowed:
        report.note(name, f"not checked: {EXPORT_TOOL} is not served to this key")
        return
    call = Call(principal, EXPORT_TOOL, {"start": int(time.time()) - HOUR})
    try:
        with anyio.fail_after(EXPORT_SECONDS):
            await parts.pipeline.call(call)
    except UpstreamError as error:
        if error.status:
            report.note(name, f"answers, but not with a list: {error}")
        else:
            report.bad(name, f"{error} Its address is FULLSTORY_EXPORT_URL.")
    except TimeoutError:
        report.bad(name, f"no answer in {EXPORT_SECONDS:.0f} seconds: check FULLSTORY_EXPORT_URL.")
    else:
        report.good(name, "answers")


def sealing(report: Report, settings: Settings) -> None:
    """How many keys seal, and what it means that there are none."""
    if settings.secret_keys:
        report.good("Sealing", f"{len(settings.secret_keys)} key(s) from FULLSTORY_MCP_SECRET_KEYS")
        return
    report.note(
        "Sealing",
        "random keys: cursors and confirmations hold until this process ends. Several processes "
        "behind one address need FULLSTORY_MCP_SECRET_KEYS.",
    )


def proxy(report: Report, settings: Settings) -> None:
    """Through which HTTP proxy Fullstory is reached."""
    host = urlsplit(settings.api_url).hostname or ""
    proxy = getproxies().get("https")
    if proxy is None or not settings.api_url.startswith("https:") or proxy_bypass(host):
        report.good("Proxy", "none in use")
        return
    parts = urlsplit(proxy)
    report.good("Proxy", f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}")
