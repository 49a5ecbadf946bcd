"""The audit as a file of JSON Lines, which several processes may append to and which may be rotated.

Whole lines or nothing: what a full disk left of a line is taken back, under a lock (flock, where the
system has it). Where the file is another one than before, or is shorter, a new chain begins, whose
first line names the record that stood last in the old one.
"""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fullstory_mcp.audit.entries import Entry, Mark
from fullstory_mcp.audit.verifying import mark_of
from fullstory_mcp.errors import SettingsError

if sys.platform != "win32":
    import fcntl

TAIL_BYTES = 256 * 1024
"""How far back the last whole record is looked for; a line has a few thousand bytes at most."""

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)


class JsonLines:
    """One process's hand on the file, which is made (for its owner alone) where it is not there.

    Raises:
        SettingsError: the file cannot be opened for writing, or is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._end = 0
        self._held = self._other = self._shorter = self._torn = False
        try:
            self._open()
        except OSError as error:
            why = (error.strerror or type(error).__name__).lower()
            raise SettingsError(
                f"FULLSTORY_MCP_AUDIT_FILE: {path} cannot be written: {why}."
            ) from None
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            self.close()
            raise SettingsError(
                f"FULLSTORY_MCP_AUDIT_FILE: {path} must be an ordinary file, which can be read again."
            )

    def is_new(self) -> bool:
        """Whether the file is another one, or shorter, than when it was last written.

        Another one stays locked until the next `write`, so that processes which find it at the same
        time name each other's records.
        """
        if self._file == -1 or self._torn or not self._is_same():
            self.close()
            self._open()
            self._other = True
        if self._other:
            self._hold()
        self._shorter = self._shorter or os.fstat(self._file).st_size < self._end
        return self._other or self._shorter

    def last(self) -> Mark | None:
        """The last record of the file that can be read; None in a file that was cut meanwhile.

        The chain that goes on after a cut must name what it wrote itself, or nobody would miss it.
        """
        if self._shorter:
            return None
        size = os.fstat(self._file).st_size
        os.lseek(self._file, max(0, size - TAIL_BYTES), os.SEEK_SET)
        found = (mark_of(line) for line in reversed(os.read(self._file, TAIL_BYTES).split(b"\n")))
        return next((mark for mark in found if mark), None)

    def write(self, entries: Sequence[Entry], *, durable: bool) -> None:
        """Appends the lines, all of them or none.

        Raises:
            OSError: none was written.
        """
        data = b"".join(entry.line.encode() + b"\n" for entry in entries)
        with self._locked():
            end = os.fstat(self._file).st_size
            try:
                if end and not self._ends_a_line(end):
                    data = b"\n" + data
                _write_whole(self._file, data)
                if durable:
                    os.fsync(self._file)
            except OSError:
                self._take_back(end)
                raise
            self._end, self._other, self._shorter = end + len(data), False, False

    def close(self) -> None:
        """Closes the file."""
        if self._file != -1:
            os.close(self._file)
            self._file, self._held = -1, False

    def _open(self) -> None:
        self._file = os.open(self._path, _FLAGS, 0o600)
        self._end = 0
        self._torn = self._shorter = False

    def _is_same(self) -> bool:
        """Whether the path still leads to the file that is open."""
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        here = os.fstat(self._file)
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def _ends_a_line(self, end: int) -> bool:
        os.lseek(self._file, end - 1, os.SEEK_SET)
        return os.read(self._file, 1) == b"\n"

    def _take_back(self, end: int) -> None:
        try:
            os.ftruncate(self._file, end)
        except OSError:
            # How much of this chain is in the file is not known: the next lines begin another.
            self._torn = True

    def _hold(self) -> None:
        """Takes the file for this process alone."""
        if sys.platform != "win32" and not self._held:  # without that lock: one process a file
            fcntl.flock(self._file, fcntl.LOCK_EX)
        self._held = True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._hold()
        try:
            yield
        finally:
            self._held = False
            if sys.platform != "win32":
                fcntl.flock(self._file, fcntl.LOCK_UN)


def _write_whole(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
