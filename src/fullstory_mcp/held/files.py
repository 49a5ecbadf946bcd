"""The store of export files: on disk, for ten minutes, within a bound, never shared between keys."""

import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import anyio
import anyio.to_thread

from fullstory_mcp.errors import Unreadable
from fullstory_mcp.held import rows

HOLDS_SECONDS = 600.0


class Sink(Protocol):
    """Where a download goes; `begin` comes before each try."""

    def begin(self) -> None:
        """Forgets what an earlier try wrote."""

    def write(self, chunk: bytes) -> None:
        """Takes the next bytes."""


Fetch = Callable[[Sink], Awaitable[None]]
"""Downloads a file into a sink."""


@dataclass(frozen=True, slots=True)
class HeldFile:
    """An export's rows on disk, one JSON object a line, until `until` (Unix time)."""

    path: Path
    rows: int
    size: int
    until: float

    def page(self, at: int, most_characters: int) -> tuple[list[str], int]:
        """Whole rows from byte `at` and the byte after them."""
        return rows.page(self.path, at, most_characters)


class HeldFiles:
    """Files by owner (a key's fingerprint) and name; the oldest go first when the bound is reached."""

    def __init__(self, most_bytes: int, clock: Callable[[], float]) -> None:
        self._most_bytes = most_bytes
        self._clock = clock
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: dict[tuple[str, str], HeldFile] = {}
        self._locks: dict[tuple[str, str], anyio.Lock] = {}
        self._made = 0

    async def get(self, owner: str, name: str, fetch: Fetch) -> HeldFile:
        """The held file, fetched and converted when it is not there; asked at once, fetched once.

        Raises:
            UpstreamError: what `fetch` raises, or the file cannot be read or held.
        """
        self._sweep()
        entry = (owner, name)
        lock = self._locks.setdefault(entry, anyio.Lock())
        try:
            async with lock:
                if (held := self._files.get(entry)) is None:
                    held = self._files[entry] = await self._fetched(fetch)
        finally:
            if not lock.statistics().tasks_waiting:
                self._locks.pop(entry, None)
        self._make_room(held)
        return held

    def close(self) -> None:
        """Removes every file."""
        self._files.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    async def _fetched(self, fetch: Fetch) -> HeldFile:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="fullstory-mcp-")
        self._made += 1
        raw = Path(self._folder.name) / f"{self._made}.raw"
        out = raw.with_suffix(".ndjson")
        try:
            with raw.open("wb") as file:
                await fetch(_BoundedFile(file, self._most_bytes))
            count = await anyio.to_thread.run_sync(self._converted, raw, out)
        except BaseException:
            out.unlink(missing_ok=True)
            raise
        finally:
            raw.unlink(missing_ok=True)
        return HeldFile(out, count, out.stat().st_size, self._clock() + HOLDS_SECONDS)

    def _converted(self, raw: Path, out: Path) -> int:
        with out.open("wb") as file:
            return rows.convert(raw, file, self._most_bytes)

    def _sweep(self) -> None:
        now = self._clock()
        for entry in [entry for entry, held in self._files.items() if held.until <= now]:
            self._drop(entry)

    def _make_room(self, keep: HeldFile) -> None:
        for entry, held in list(self._files.items()):
            if sum(file.size for file in self._files.values()) <= self._most_bytes:
                return
            if held is not keep:
                self._drop(entry)

    def _drop(self, entry: tuple[str, str]) -> None:
        self._files.pop(entry).path.unlink(missing_ok=True)


class _BoundedFile:
    """A download's target: `begin` starts it over, so that a repeated try leaves one copy."""

    def __init__(self, file: BinaryIO, most_bytes: int) -> None:
        self._file = file
        self._most_bytes = most_bytes

    def begin(self) -> None:
        self._file.seek(0)
        self._file.truncate()

    def write(self, chunk: bytes) -> None:
        if self._file.tell() + len(chunk) > self._most_bytes:
            raise Unreadable(
                "The export's file is larger than what may be held here "
                "(FULLSTORY_MCP_HELD_MEGABYTES); export a shorter time range."
            )
        self._file.write(chunk)
