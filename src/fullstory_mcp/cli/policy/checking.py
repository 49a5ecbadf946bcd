"""`fullstory-mcp policy check`: every fault of a policy file, or else who may do what."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fullstory_mcp.catalogue import Catalogue, Tool, load_catalogue
from fullstory_mcp.cli.policy.files import meant
from fullstory_mcp.cli.policy.keys import FINGERPRINT, named_keys
from fullstory_mcp.cli.screen import screen
from fullstory_mcp.errors import Fault
from fullstory_mcp.policy import Rules
from fullstory_mcp.policy.findings import unknown
from fullstory_mcp.policy.model import ACCESSES
from fullstory_mcp.policy.reading import examined
from fullstory_mcp.policy.rows import Policy
from fullstory_mcp.policy.telling import told
from fullstory_mcp.settings import Settings


def check_file(file: Path | None) -> int:
    """Prints what is wrong, or the tables; 0 where nothing is wrong, else 1.

    Raises:
        SettingsError: the file cannot be read, or is not TOML.
    """
    settings, catalogue, console = Settings.read(), load_catalogue(), screen()
    path = meant(file, settings)
    policy, faults = examined(path, catalogue, name=str(path))
    if not faults:
        faults = list(_strangers(policy, settings.access_file))
    if faults:
        _print_faults(console, path, faults)
        return 1
    _print_policy(console, path, policy, catalogue)
    return 0


def _strangers(policy: Policy, access_file: Path | None) -> Iterator[Fault]:
    """Rows for keys that the access file, where there is one, does not name."""
    if (keys := named_keys(access_file)) is None:
        return
    for number, row in enumerate(policy.rows, 1):
        if row.key and row.key not in keys and not FINGERPRINT.fullmatch(row.key):
            where = f"[[principals]] row {number} key"
            yield Fault(where, f"{unknown(row.key, keys, 'key')} (FULLSTORY_MCP_ACCESS_FILE)")


def _print_faults(console: Console, path: Path, faults: list[Fault]) -> None:
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    console.print(f"[bold red]{escape(str(path))} is not usable: {count}.[/]")
    for fault in faults:
        where = f"[bold]{escape(fault.field)}[/]: " if fault.field else ""
        console.print(f"- {where}{escape(fault.why)}")


def _print_policy(console: Console, path: Path, policy: Policy, catalogue: Catalogue) -> None:
    console.print(f"[bold]{escape(str(path))} is sound.[/] The first row that fits decides:\n")
    rows = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for number, row in enumerate(policy.rows, 1):
        rows.add_row(f"row {number}", escape(row.label), f"[cyan]{row.preset}[/]")
    if policy.rows:
        console.print(rows)
    console.print("anybody else: nothing\n" if policy.rows else "Nobody: it has no row.\n")
    used = {row.preset: policy.presets[row.preset] for row in policy.rows}
    if used:
        console.print(_by_area(catalogue, list(used.values())))
        console.print("[dim]* but for the tools named below[/]\n")
        console.print(_beyond(list(used.values())))
    if unused := [name for name in policy.presets if name not in used]:
        console.print(f"[dim]No row names these presets: {', '.join(unused)}.[/]")
    if policy.later:
        console.print(f"[dim]Off, being later than as_of: {', '.join(policy.later)}.[/]")


def _by_area(catalogue: Catalogue, presets: list[Rules]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold cyan")
    table.add_column("")
    for rules in presets:
        table.add_column(rules.name)
    for area in catalogue.areas:
        table.add_row(area.name, *(_cell(rules, area.name, catalogue.tools) for rules in presets))
    return table


def _cell(rules: Rules, area: str, tools: Mapping[str, Tool]) -> str:
    given = rules.areas.get(area, "off")
    mark = "*" if any(tools[name].area == area for name in rules.tools) else ""
    return f"[dim]{given}[/]{mark}" if given == "off" else f"{given}{mark}"


def _beyond(presets: list[Rules]) -> Table:
    """What the table of areas does not say: single tools, limits, confirmations, budgets."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="cyan", no_wrap=True)
    for rules in presets:
        single = [
            f"{access} for {', '.join(tools)}"
            for access in reversed(ACCESSES)
            if (tools := [tool for tool, given in rules.tools.items() if given == access])
        ]
        lines = [*single, *(line for _, line in told(rules))]
        table.add_row(rules.name, escape("; ".join(lines) or "nothing more"))
    return table
