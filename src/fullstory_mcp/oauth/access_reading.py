"""Reads the files that the access file is made of, so that a change of any of them is noticed."""

from collections.abc import Mapping
from pathlib import Path

from fullstory_mcp.errors import SettingsError

SETTING = "FULLSTORY_MCP_ACCESS_FILE"

Stamp = tuple[int, int, int, int]
"""What changes when a file does."""


class Reader:
    """Reads the access file and those it names, and notes the stamp that each had before."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.path = path
        self.environ = environ
        self.stamps: dict[Path, Stamp | None] = {}

    def text(self, name: str, where: str) -> str:
        """The text of a file, found from the access file's folder.

        Raises:
            SettingsError: it cannot be read.
        """
        path = self.path.parent / name
        self.stamps[path] = stamp_of(path)
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise fault(where, f"cannot be read: {why}") from None


def stamp_of(path: Path) -> Stamp | None:
    """What changes when the file does, None where it is not there."""
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino


def fault(where: str, why: str) -> SettingsError:
    """The error that names the row."""
    return SettingsError(f"{SETTING}: {f'{where}: ' if where else ''}{why}.")
