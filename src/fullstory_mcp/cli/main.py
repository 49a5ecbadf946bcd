"""The commands; each imports what it needs when it runs, so that stdio starts light."""

import gc

# Importing the MCP library makes half a million objects that all stay: collecting meanwhile
# costs a tenth of the start and finds nothing.
gc.disable()

import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import click  # noqa: E402

from fullstory_mcp import __version__  # noqa: E402
from fullstory_mcp.cli.audit import audit  # noqa: E402
from fullstory_mcp.cli.policy import policy  # noqa: E402
from fullstory_mcp.errors import OperatorError  # noqa: E402
from fullstory_mcp.principal import LEVELS, Level  # noqa: E402


class _Commands(click.Group):
    """A group whose operator errors are one sentence and exit code 1; stdio is the default."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "-h", "--version")):
            args = ["stdio", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except OperatorError as error:
            click.echo(f"fullstory-mcp: {error}", err=True)
            sys.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fullstory-mcp")
def main() -> None:
    """Fullstory's Server API as tools for AI agents, over the Model Context Protocol."""


main.add_command(audit)
main.add_command(policy)

SANDBOX = click.option(
    "--sandbox", is_flag=True, help="Answer from the embedded sandbox: invented data, no account."
)


@main.command()
@SANDBOX
def stdio(sandbox: bool) -> None:
    """Serve one client over stdin and stdout (the default)."""
    from fullstory_mcp.cli.serving import run_stdio  # noqa: PLC0415

    run_stdio(sandbox=sandbox)


@main.command()
@SANDBOX
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Loopback only, without OAuth."
)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
def serve(sandbox: bool, host: str, port: int) -> None:
    """Serve many clients over streamable HTTP at /mcp."""
    from fullstory_mcp.cli.serving import run_http  # noqa: PLC0415

    run_http(sandbox=sandbox, host=host, port=port)


@main.command()
def demo() -> None:
    """Show the whole way on the sandbox, in the terminal."""
    from fullstory_mcp.cli.demo import run_demo  # noqa: PLC0415

    run_demo()


@main.command(name="sandbox")
@click.option("--port", default=8766, show_default=True, type=click.IntRange(0, 65535))
def run_sandbox(port: int) -> None:
    """Serve the fake API alone, on 127.0.0.1."""
    from fullstory_mcp.cli.serving import run_sandbox as run  # noqa: PLC0415

    run(port=port)


@main.command()
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    help="The key's level; else FULLSTORY_KEY_LEVEL, else admin.",
)
@click.option("--json", "as_json", is_flag=True, help="The list exactly as it would be served.")
def tools(level: Level | None, as_json: bool) -> None:
    """Show what would be served, with its size in tokens."""
    from fullstory_mcp.cli.tools import show_tools  # noqa: PLC0415

    show_tools(level, as_json=as_json)


@main.command()
@SANDBOX
def doctor(sandbox: bool) -> None:
    """Check key, level, region, reach and settings; says the fix for each fault."""
    from fullstory_mcp.cli.doctor import run_doctor  # noqa: PLC0415

    sys.exit(run_doctor(sandbox=sandbox))


@main.command()
def migrate() -> None:
    """Make the database's tables, or bring them up to date: before each new version serves."""
    from fullstory_mcp.cli.storage import run_migrate  # noqa: PLC0415

    run_migrate()


@main.command()
def reseal() -> None:
    """Seal every stored API key under the first of FULLSTORY_MCP_SECRET_KEYS."""
    from fullstory_mcp.cli.storage import run_reseal  # noqa: PLC0415

    run_reseal()


WHO = click.argument("who", required=False)


@main.command()
@WHO
@click.option("--why", default="", help="The reason; whoever is refused is told it.")
@click.option("--list", "listing", is_flag=True, help="Only show who is frozen.")
def freeze(who: str | None, why: str, listing: bool) -> None:
    """End the access of WHO within 5 seconds, everywhere; of everyone without WHO.

    WHO is an e-mail address, the name or fingerprint of a key, the id of a connection, the id or host
    of a client, an owner as the audit has it, or a door: stdio, http, oauth.
    """
    from fullstory_mcp.cli.freeze import run_freeze, run_list  # noqa: PLC0415

    if listing and (who is not None or why):
        raise click.UsageError("--list shows everyone who is frozen and takes nothing else.")
    if listing:
        run_list()
    else:
        run_freeze(who, why)


@main.command()
@WHO
def unfreeze(who: str | None) -> None:
    """Give WHO access again; without WHO, end the freeze of everyone."""
    from fullstory_mcp.cli.freeze import run_unfreeze  # noqa: PLC0415

    run_unfreeze(who)


@main.command(hidden=True)
@click.option("--process", default=1, type=click.IntRange(1), help="The process to look at.")
def health(process: int) -> None:
    """Say whether the server that a container runs is well; what its health check asks."""
    from fullstory_mcp.cli.health import is_well  # noqa: PLC0415

    sys.exit(0 if is_well(process) else 1)


@main.command(hidden=True)
@click.option("--check", is_flag=True, help="Only say whether the tables are stale.")
@click.argument("readme", type=click.Path(path_type=Path), default="README.md")
def docs(check: bool, readme: Path) -> None:
    """Write the README's tables anew."""
    from fullstory_mcp.cli.docs import write_docs  # noqa: PLC0415

    write_docs(readme, check=check)
