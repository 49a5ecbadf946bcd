"""The freezes of servers without a database: a small JSON file that `fullstory-mcp freeze` writes.

    {"frozen": {"ana@example.com": {"why": "lost laptop", "at": "2026-11-21T09:00:00Z"}}}

It is written whole and moved into its place, so that a server never reads half of it; where the path
is a symbolic link, into the place that it leads to. What cannot be read freezes everybody. A file that
is not there freezes nobody as long as its folder is and no file was ever seen: afterwards it was lost,
and nobody knows whom it named. That is why the last who is unfrozen leaves a file behind.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio.to_thread

from fullstory_mcp.errors import SettingsError

if sys.platform != "win32":
    import fcntl

SETTING = "FULLSTORY_MCP_FREEZE_FILE"


@dataclass(slots=True)
class FreezeFile:
    """The file at `path`."""

    path: Path
    _seen: bool = field(default=False, init=False)

    def check(self) -> None:
        """Looks before the start whether there is a place for the file.

        Raises:
            SettingsError: its folder is not there.
        """
        if not self._place.parent.is_dir():
            raise self._fault("its folder is not there. Make it, or name another file")

    async def load(self) -> Mapping[str, str]:
        """Why, by who; for `Freezes`.

        Raises:
            SettingsError: the file cannot be read, or was lost.
        """
        return await anyio.to_thread.run_sync(self.reasons)

    def reasons(self) -> dict[str, str]:
        """Why, by who.

        Raises:
            SettingsError: as `load`.
        """
        return {who: row["why"] for who, row in self.rows().items()}

    def rows(self) -> dict[str, dict[str, str]]:
        """The file's rows by who: `why`, and `at` as RFC 3339.

        Raises:
            SettingsError: as `load`.
        """
        try:
            content = self.path.read_bytes()
            self._seen = True
            told = json.loads(content)
            return {str(who): _row(row) for who, row in told["frozen"].items()}
        except FileNotFoundError:
            return self._missing()
        except OSError as error:
            raise self._fault(f"cannot be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._fault(
                "is not a file that `fullstory-mcp freeze` wrote, so everybody is frozen. Take it "
                "away, then freeze anew whom it named"
            ) from None

    def freeze(self, who: str, why: str, now: int) -> None:
        """Adds a row, or gives it a new reason.

        Raises:
            SettingsError: the file cannot be read or written.
        """
        with self._alone():
            at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            self._write({**self.rows(), who: {"why": why, "at": at}})

    def unfreeze(self, who: str) -> bool:
        """Takes a row away; whether it was there.

        Raises:
            SettingsError: the file cannot be read or written.
        """
        with self._alone():
            rows = self.rows()
            if rows.pop(who, None) is None:
                return False
            self._write(rows)
        return True

    def _missing(self) -> dict[str, dict[str, str]]:
        """Nobody, where there never was a file.

        Raises:
            SettingsError: there was one, or its folder is gone, too.
        """
        self.check()
        if self._seen:
            raise self._fault(
                "is gone, so everybody is frozen. Put it back, or write "
                f"{json.dumps({'frozen': {}})} into it and freeze anew whom it named"
            )
        return {}

    @property
    def _place(self) -> Path:
        """Where the file is, whatever links lead to it."""
        return Path(os.path.realpath(self.path))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Lets one command at a time change the file, by a lock on its folder; not on Windows."""
        if sys.platform == "win32":
            yield
            return
        try:
            folder = os.open(self._place.parent, os.O_RDONLY)
        except OSError as error:
            raise self._fault(f"its folder cannot be used: {error.strerror}") from None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _write(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        text = json.dumps({"frozen": rows}, indent=1, ensure_ascii=False) + "\n"
        try:
            _replace(self._place, text.encode())
        except OSError as error:
            raise self._fault(f"cannot be written: {error.strerror}") from None

    def _fault(self, why: str) -> SettingsError:
        return SettingsError(f"{SETTING} ({self.path}): {why}.")


def _row(row: Any) -> dict[str, str]:
    return {"why": str(row["why"]), "at": str(row["at"])}


def _replace(path: Path, content: bytes) -> None:
    """Puts the content in the file's place, on disk before it is seen there."""
    handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
