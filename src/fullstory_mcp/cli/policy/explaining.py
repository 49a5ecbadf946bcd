"""`fullstory-mcp policy explain`: what one caller may do, and what decides it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fullstory_mcp.catalogue import Catalogue, Tool, load_catalogue
from fullstory_mcp.cli.policy.files import meant, policy_in
from fullstory_mcp.cli.policy.keys import KeyRow, named_keys
from fullstory_mcp.cli.screen import key_of, screen
from fullstory_mcp.gate import Standing, decide
from fullstory_mcp.policy import Rules, Ruling
from fullstory_mcp.policy.callers import Caller
from fullstory_mcp.policy.findings import unknown
from fullstory_mcp.policy.telling import told, tools_told
from fullstory_mcp.principal import LEVELS, SCOPES, Level
from fullstory_mcp.settings import Settings
from fullstory_mcp.wiring import limits_of


def explain_caller(
    file: Path | None,
    caller: Mapping[str, Any],
    *,
    tool: str,
    level: Level | None,
    effects: tuple[str, ...],
) -> None:
    """Prints it, for one tool where `tool` names one; `effects` are those of the granted scopes.

    Raises:
        SettingsError: a setting or the file is not usable.
    """
    settings, catalogue = Settings.read(), load_catalogue()
    if tool and tool not in catalogue.tools:
        raise click.BadParameter(unknown(tool, catalogue.tools, "tool"), param_hint="--tool")
    policy = policy_in(meant(file, settings), catalogue)
    who = Caller(**caller)
    ruling = policy.ruling(who.principal())
    standing = _standing(settings, catalogue, level, effects, ruling)
    if row := (named_keys(settings.access_file) or {}).get(who.key):
        standing = _left_of(standing, row)
    console = screen()
    console.print(f"[bold]{escape(who.label or 'Anybody')}[/]: {escape(ruling.by)}.")
    console.print(f"[dim]{_granted(standing)}[/]\n")
    if tool:
        _print_tool(console, standing, catalogue.tools[tool])
    else:
        _print_all(console, standing, catalogue)


def _standing(
    settings: Settings,
    catalogue: Catalogue,
    level: Level | None,
    effects: tuple[str, ...],
    ruling: Ruling,
) -> Standing:
    fixed = "admin" if settings.key_level == "auto" else settings.key_level
    limits = limits_of(settings, catalogue)
    scopes = frozenset(f"fullstory:{effect}" for effect in effects) if effects else None
    known_by = "as asked here" if level else "set by FULLSTORY_KEY_LEVEL"
    return Standing(level or fixed, known_by, limits, scopes=scopes, ruling=ruling)


def _left_of(standing: Standing, row: KeyRow) -> Standing:
    """What the access file leaves of a named key, as for whoever comes with it."""
    if row.ceiling and LEVELS.index(row.ceiling) < LEVELS.index(standing.level):
        known_by = "the access file leaves this key no more"
        standing = replace(standing, level=row.ceiling, known_by=known_by)
    if row.scopes == frozenset(SCOPES):
        return standing
    scopes = row.scopes if standing.scopes is None else standing.scopes & row.scopes
    return replace(standing, scopes=scopes, denied=frozenset(SCOPES) - row.scopes)


def _granted(standing: Standing) -> str:
    scopes = "all scopes"
    if standing.scopes is not None:
        granted = [scope.partition(":")[2] for scope in SCOPES if scope in standing.scopes]
        scopes = f"only the scopes of {', '.join(granted)}" if granted else "no scope"
    return f"With {key_of(standing.level)}, {scopes}, and the settings in force:"


def _print_tool(console: Console, standing: Standing, tool: Tool) -> None:
    verdict = decide(standing, tool)
    if not verdict.allowed:
        console.print(
            f"[bold]{tool.name}[/] is [red]not permitted[/]: "
            f"{escape(verdict.reason)} {escape(verdict.would_help)}"
        )
        return
    console.print(f"[bold]{tool.name}[/] is [green]allowed[/] by {escape(verdict.rule)}.")
    if standing.ruling and standing.ruling.rules:
        for line in _of_tool(standing.ruling.rules, tool):
            console.print(f"- {escape(line)}")


def _of_tool(rules: Rules, tool: Tool) -> Iterator[str]:
    """What the preset asks of calls of one tool."""
    if tool.gate.effect == "delete":
        yield "confirmed always, as all that deletes"
    topics = {*tool.gate.limits, tool.name, tool.gate.meter, "calls"}
    yield from (line for topic, line in told(rules) if topic in topics)


def _print_all(console: Console, standing: Standing, catalogue: Catalogue) -> None:
    tools = list(catalogue.tools.values())
    verdicts = {tool.name: decide(standing, tool) for tool in tools}
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold", no_wrap=True)
    for area in catalogue.areas:
        inside = {tool.name: tool for tool in tools if tool.area == area.name}
        allowed = [name for name in inside if verdicts[name].allowed]
        table.add_row(area.name, tools_told(allowed, inside) if allowed else "[dim]nothing[/]")
    console.print(table)
    if standing.ruling and standing.ruling.rules:
        for _, line in told(standing.ruling.rules):
            console.print(f"- {escape(line)}")
    refused: dict[str, list[str]] = {}
    for name, verdict in verdicts.items():
        if not verdict.allowed:
            refused.setdefault(verdict.reason, []).append(name)
    for reason, names in refused.items():
        what = tools_told(names, catalogue.tools)
        console.print(f"\n[red]Not permitted[/]: {escape(reason)}\n  {what}")
