"""`fullstory-mcp audit tail|search|export|verify`: who did what, who allowed it, is the log whole."""

import sys
from pathlib import Path
from typing import Any

import click

FILES = click.option(
    "--file",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The log's file; several times for a rotated log, the oldest first. Else that of the settings.",
)


@click.group()
def audit() -> None:
    """Read the audit: who did what, who allowed it, and whether the log is whole.

    It is read from FULLSTORY_MCP_AUDIT_FILE, else from the database of a server for many.
    """


@audit.command()
@FILES
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1, 100_000))
@click.option("-f", "--follow", is_flag=True, help="Go on with the calls that come.")
def tail(paths: tuple[Path, ...], count: int, follow: bool) -> None:
    """Print the newest calls, a sentence each."""
    from fullstory_mcp.cli.audit.running import run_tail  # noqa: PLC0415

    run_tail(paths, count, follow=follow)


@audit.command()
@FILES
@click.option("--person", default="", help="Part of a name, e-mail address, owner or key.")
@click.option(
    "--client", default="", help="Part of a client's name or id, or of a connection's id."
)
@click.option("--tool", default="", help="A tool's whole name.")
@click.option("--target", default="", help="The whole id of what was read or changed.")
@click.option(
    "--outcome", default="", help="answered, asked, refused, failed, cancelled or unended."
)
@click.option("--since", default="", help="A day, a time (UTC), or 90m, 24h, 7d ago.")
@click.option("--until", default="", help="The same.")
def search(paths: tuple[Path, ...], since: str, until: str, **wanted: Any) -> None:
    """Print the calls that fit everything asked for, a sentence each."""
    from fullstory_mcp.cli.audit.running import run_search, searched  # noqa: PLC0415

    run_search(paths, searched(since, until, **wanted))


@audit.command()
@FILES
@click.option("--format", "form", default="jsonl", type=click.Choice(("jsonl", "csv")))
def export(paths: tuple[Path, ...], form: str) -> None:
    """Write every record to stdout: as its own line, which `verify --file` can check, or as a table."""
    from fullstory_mcp.cli.audit.running import run_export  # noqa: PLC0415

    run_export(paths, form)


@audit.command()
@FILES
@click.option(
    "--anchored",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Heads that were kept elsewhere: finds a tail that was cut off, and a chain that is gone.",
)
@click.option("--heads", is_flag=True, help="Print the heads to keep: writer, number and hash.")
def verify(paths: tuple[Path, ...], anchored: Path | None, heads: bool) -> None:
    """Find what was changed, removed, doubled or moved in the log; exit code 1 where something was."""
    from fullstory_mcp.cli.audit.running import run_verify  # noqa: PLC0415

    sys.exit(run_verify(paths, anchored, heads=heads))
