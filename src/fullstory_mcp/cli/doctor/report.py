"""Prints what doctor finds, a line for each thing it looked at."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fullstory_mcp.errors import OperatorError

MARKS = {"good": "[green]✓[/]", "bad": "[red]✗[/]", "note": "[dim]-[/]"}
NAME_COLUMNS = 11


class Stopped(Exception):
    """A fault that leaves nothing further to look at; it was reported."""


class Report:
    """Prints each finding as it comes; `healthy` until one is bad."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.healthy = True

    def good(self, name: str, text: str) -> None:
        """Nothing to do here."""
        self.found("good", name, text)

    def note(self, name: str, text: str) -> None:
        """Not checked, or worth knowing."""
        self.found("note", name, text)

    def bad(self, name: str, text: str) -> None:
        """A fault; `text` says the fix."""
        self.found("bad", name, text)

    @contextmanager
    def stopping_at(self, name: str) -> Iterator[None]:
        """Reports what an operator must mend, and ends the examination there.

        Raises:
            Stopped: there was such a fault.
        """
        try:
            yield
        except OperatorError as error:
            self.bad(name, str(error))
            raise Stopped from None

    def found(self, mark: str, name: str, text: str) -> None:
        """One finding; `mark` is good, note or bad."""
        self.healthy = self.healthy and mark != "bad"
        row = Table.grid(padding=(0, 1))
        row.add_column(width=1)
        row.add_column(width=NAME_COLUMNS, style="bold")
        row.add_column(overflow="fold")  # an address is never cut
        row.add_row(MARKS[mark], name, escape(text))
        self._console.print(row)
