"""`fullstory-mcp policy diff`: who may do more under another policy file, and who less."""

from pathlib import Path

import click
from rich.markup import escape

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.cli.policy.files import policy_in
from fullstory_mcp.cli.screen import screen
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.policy.comparing import differences

SAME, DIFFERENT, UNUSABLE = 0, 1, 2


def compare_files(old: Path, new: Path) -> int:
    """Prints every difference; answers the exit code."""
    catalogue, console = load_catalogue(), screen()
    try:
        before, after = policy_in(old, catalogue), policy_in(new, catalogue)
    except SettingsError as error:
        click.echo(f"fullstory-mcp: {error}", err=True)
        return UNUSABLE
    found = list(differences(before, after, catalogue.tools))
    for difference in found:
        console.print(f"[bold]{escape(difference.whom)}[/]")
        for line in difference.wider:
            console.print(f"  [bold yellow]wider[/]     {escape(line)}")
        for line in difference.narrower:
            console.print(f"  [green]narrower[/]  {escape(line)}")
    if not found:
        console.print("Nobody may do more or less than before.")
        return SAME
    wider = sum(bool(difference.wider) for difference in found)
    count = "1 difference" if len(found) == 1 else f"{len(found)} differences"
    console.print(f"\n{count}; wider: [bold]{wider or 'none'}[/].")
    return DIFFERENT
