"""Where the audit's commands read: files of JSON Lines, or the table of a server for many."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from fullstory_mcp.audit import reading
from fullstory_mcp.audit.telling import Content
from fullstory_mcp.audit.verifying import Line, read
from fullstory_mcp.cli.storage import opened
from fullstory_mcp.errors import SettingsError
from fullstory_mcp.settings import Settings


class Logbook(Protocol):
    """A log to read."""

    def lines(self) -> Iterator[Line]:
        """Everything, each chain in its order."""

    def between(self, since: int | None, until: int | None) -> Iterator[Content]:
        """The records of a time at least (Unix seconds), those of a call beside each other or not."""

    def newest(self, calls: int) -> list[Content]:
        """The records of so many calls at least, if there are as many, oldest first."""

    def grown(self) -> Iterator[list[Content]]:
        """What comes after `newest`, as it comes, without end."""


class Files:
    """Files, the oldest first; the last one is the one that grows."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._place = 0

    def lines(self) -> Iterator[Line]:
        """As `Logbook`."""
        return reading.lines(self._paths)

    def between(self, since: int | None, until: int | None) -> Iterator[Content]:
        """As `Logbook`; a file has no index, so it is everything."""
        del since, until
        return (content for line in self.lines() if (content := read(line.raw)))

    def newest(self, calls: int) -> list[Content]:
        """As `Logbook`."""
        found, self._place = reading.newest(self._paths[-1], calls)
        return contents(found)

    def grown(self) -> Iterator[list[Content]]:
        """As `Logbook`."""
        return (contents(raw) for raw in reading.grown(self._paths[-1], self._place))


@contextmanager
def logbook(paths: Sequence[Path]) -> Iterator[Logbook]:
    """The log: the files named, else the one of the settings, else the database of a server for many.

    Raises:
        SettingsError: there is none.
    """
    if paths:
        yield Files(paths)
        return
    settings = Settings.read()
    if settings.audit_file is not None:
        yield Files([settings.audit_file])
    elif settings.mode != "none":
        with opened(settings) as database:
            from fullstory_mcp.cli.audit.table import Table  # noqa: PLC0415 - needs the extra `hosted`

            yield Table(database)
    else:
        raise SettingsError(
            "There is no audit to read: name its file with --file or FULLSTORY_MCP_AUDIT_FILE, or set "
            "what `fullstory-mcp serve` has for its front door, whose database then holds it."
        )


def contents(raw: Iterable[bytes | str]) -> list[Content]:
    """Those lines that are records as they were written."""
    lines = (line.encode() if isinstance(line, str) else line for line in raw)
    return [content for line in lines if (content := read(line))]
