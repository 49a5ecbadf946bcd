"""`fullstory-mcp doctor`: looks at what a server would start with, in order, and says each fix.

Of a key it prints the region and the fingerprint, never a part of it.
"""

import platform
from contextlib import suppress
from importlib.metadata import version

import anyio

from fullstory_mcp import __version__
from fullstory_mcp.cli.doctor.local import examine_one_key
from fullstory_mcp.cli.doctor.report import Report, Stopped
from fullstory_mcp.cli.screen import screen
from fullstory_mcp.cli.serving import configured

__all__ = ["run_doctor"]


def run_doctor(*, sandbox: bool) -> int:
    """Prints every finding; 0 when nothing is wrong, else 1."""
    report = Report(screen())
    anyio.run(_examine, report, sandbox)
    return 0 if report.healthy else 1


async def _examine(report: Report, sandbox: bool) -> None:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("mcp", "httpx2"))
    report.good(
        "Versions", f"fullstory-mcp {__version__}, Python {platform.python_version()}, {libraries}"
    )
    with suppress(Stopped), report.stopping_at("Settings"):
        settings, seams = configured(sandbox=sandbox)
        where = "the embedded sandbox" if sandbox else settings.api_url
        report.good("Settings", f"readable; calls go to {where}")
        if settings.mode == "none":
            await examine_one_key(report, settings, seams)
        else:
            from fullstory_mcp.cli.doctor.hosted import examine_hosted  # noqa: PLC0415 - hosted alone

            await examine_hosted(report, settings, seams)
