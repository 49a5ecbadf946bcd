"""How commands write for people: colour on a terminal, plain text in a pipe or with NO_COLOR."""

import io
import sys

from rich.console import Console

from fullstory_mcp.principal import Level


def screen() -> Console:
    """A console on stdout that never fails for a sign the terminal cannot show."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False, soft_wrap=False, emoji=False)


def key_of(level: Level) -> str:
    """`a Standard key`, `an Admin key`."""
    return f"{'a' if level == 'standard' else 'an'} {level.capitalize()} key"
