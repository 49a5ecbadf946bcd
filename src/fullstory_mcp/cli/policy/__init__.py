"""`fullstory-mcp policy`: makes a policy file, looks it over, asks it, compares two."""

import sys
from pathlib import Path

import click

from fullstory_mcp.principal import LEVELS, Level

FILE = click.Path(path_type=Path)
PRESETS = ("support", "analyst", "ingest", "architect", "admin")
EFFECTS = ("read", "write", "delete")


@click.group()
def policy() -> None:
    """Make, look over, ask and compare files of who may do what."""


@policy.command()
@click.argument("file", type=FILE, required=False)
@click.option(
    "--preset",
    "presets",
    multiple=True,
    type=click.Choice(PRESETS),
    help="Only this preset; may be repeated. All when left out.",
)
def init(file: Path | None, presets: tuple[str, ...]) -> None:
    """Write a new policy FILE, with presets to choose from.

    It is never written over another.
    FILE is FULLSTORY_MCP_POLICY_FILE where it is left out, or else
    policy.toml.
    """
    from fullstory_mcp.cli.policy.making import make  # noqa: PLC0415

    make(file, presets)


@policy.command()
@click.argument("file", type=FILE, required=False)
def check(file: Path | None) -> None:
    """Say every fault of FILE, or else who may do what.

    FILE is FULLSTORY_MCP_POLICY_FILE where it is left out.
    """
    from fullstory_mcp.cli.policy.checking import check_file  # noqa: PLC0415

    sys.exit(check_file(file))


@policy.command()
@click.argument("file", type=FILE, required=False)
@click.option("--person", default="", help="The caller's e-mail address.")
@click.option("--group", "groups", multiple=True, help="A group of the caller; may be repeated.")
@click.option("--key", default="", help="The name of the key in the access file, or a fingerprint.")
@click.option("--client", default="", help="The client's host, or its exact id.")
@click.option(
    "--door", type=click.Choice(("stdio", "http", "oauth")), help="Where the call comes in."
)
@click.option("--tool", default="", help="This tool alone.")
@click.option("--level", type=click.Choice(LEVELS), help="The key's level; admin when left out.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(EFFECTS),
    help="What the connection was granted; may be repeated. All when left out.",
)
def explain(
    file: Path | None, tool: str, level: Level | None, scopes: tuple[str, ...], **caller: object
) -> None:
    """Say what one caller may do, and why.

    Under FILE, or else FULLSTORY_MCP_POLICY_FILE, and the settings in force.
    """
    from fullstory_mcp.cli.policy.explaining import explain_caller  # noqa: PLC0415

    explain_caller(file, caller, tool=tool, level=level, effects=scopes)


@policy.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
def diff(old: Path, new: Path) -> None:
    """Say who may do more under NEW than under OLD, and who less.

    Exits with 0 where nobody may do anything else, 1 where somebody may, 2 where a file is not usable.
    """
    from fullstory_mcp.cli.policy.comparing import compare_files  # noqa: PLC0415

    sys.exit(compare_files(old, new))
