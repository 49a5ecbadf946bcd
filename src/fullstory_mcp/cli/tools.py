"""`fullstory-mcp tools`: what would be served, and what it costs a model to read it."""

import anyio
import click
from pydantic_core import to_json
from rich.table import Table

from fullstory_mcp.catalogue import JSON, Catalogue, Tool, served_tool
from fullstory_mcp.cli.screen import key_of, screen
from fullstory_mcp.cli.serving import configured
from fullstory_mcp.gate import Limits, Standing
from fullstory_mcp.gate.verdict import needed_level
from fullstory_mcp.principal import Level, Principal
from fullstory_mcp.shaping.tokens import estimate
from fullstory_mcp.wire import write
from fullstory_mcp.wiring import assembled


def show_tools(level: Level | None, *, as_json: bool) -> None:
    """Prints what a key of `level` is served under the settings in force.

    Without a level the one that FULLSTORY_KEY_LEVEL names, or else Admin, the whole. Nothing is
    asked of Fullstory and no key is needed.

    Raises:
        OperatorError: a setting or the catalogue is not usable.
    """
    anyio.run(_show, level, as_json)


async def _show(level: Level | None, as_json: bool) -> None:
    settings, seams = configured(sandbox=True)
    chosen = level or ("admin" if settings.key_level == "auto" else settings.key_level)
    settings = settings.model_copy(update={"key_level": chosen})
    async with assembled(settings, seams) as parts:
        principal = Principal(parts.keys.current())
        listed = await parts.pipeline.listed(principal)
        standing = await parts.pipeline.levels.standing(principal)
    if as_json:
        served = [served_tool(one.tool, confirmed=one.confirmed) for one in listed]
        click.echo(to_json(served, indent=2).decode())
    else:
        _print(parts.catalogue, standing, [one.tool for one in listed])


def size(tools: list[Tool]) -> int:
    """About how many tokens the answer to `tools/list` has with these tools."""
    answer: JSON = {"tools": [served_tool(tool) for tool in tools]}
    return estimate(write(answer))


def _print(catalogue: Catalogue, standing: Standing, tools: list[Tool]) -> None:
    console = screen()
    console.print("[dim]tool, the level it needs, what it does, tokens, title[/]\n")
    for area in catalogue.areas:
        if inside := [tool for tool in tools if tool.area == area.name]:
            console.print(
                f"[bold]{area.title}[/]  [dim]toolset {area.name}, {size(inside):,} tokens[/]"
            )
            console.print(_table(inside, standing.limits), "")
    console.print(
        f"[bold]{len(tools)} of {len(catalogue.tools)} tools[/] for {key_of(standing.level)}, "
        f"about [bold]{size(tools):,} tokens[/] in all, with the settings in force."
    )


def _table(tools: list[Tool], limits: Limits) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    table.add_column("tool", style="cyan", no_wrap=True, width=33)
    table.add_column("level", width=9)
    table.add_column("effect", width=6)
    table.add_column("tokens", justify="right", width=5)
    table.add_column("title", style="dim")
    for tool in tools:
        needed = needed_level(limits, tool)
        table.add_row(tool.name, needed, tool.gate.effect, f"{size([tool]):,}", tool.title)
    return table
