"""Reads the files that the access file is made of, so that a change of any of them is noticed."""

from collections.abc import Mapping
from pathlib import Path

from fullstory_mcp.errors import SettingsError
from fullstory_mcp.settings.watched import Stamps, stamp_of

SETTING = "FULLSTORY_MCP_ACCESS_FILE"


class Reader:
    """Reads the access file and those it names, and notes in `stamps` the one that each had before."""

    def __init__(self, path: Path, environ: Mapping[str, str], stamps: Stamps) -> None:
        self.path = path
        self.environ = environ
        self.stamps = stamps

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


def fault(where: str, why: str) -> SettingsError:
    """The error that names the row."""
    return SettingsError(f"{SETTING}: {f'{where}: ' if where else ''}{why}.")
