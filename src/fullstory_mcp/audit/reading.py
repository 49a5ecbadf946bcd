"""Reads a log of JSON Lines: whole, its end alone, or as it grows."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from fullstory_mcp.audit.verifying import Line
from fullstory_mcp.errors import SettingsError

if sys.platform != "win32":
    import fcntl

LOOK_SECONDS = 0.5
_A_CALL = 4096
"""Bytes that the records of a call take, at a generous guess."""


def lines(paths: Iterable[Path]) -> Iterator[Line]:
    """Every line of the files, one file after the other; a last line without its end is told as cut.

    Raises:
        SettingsError: a file cannot be read.
    """
    given = list(paths)
    for path in given:
        named = f"{path.name} line" if len(given) > 1 else "line"
        with _open(path) as file:
            size = _size(file)
            for number, raw in enumerate(_until(file, size), 1):
                yield Line(f"{named} {number}", raw.removesuffix(b"\n"), cut=raw[-1:] != b"\n")


def newest(path: Path, calls: int) -> tuple[list[bytes], int]:
    """The lines of about so many calls at the end, and the place in the file after them.

    Raises:
        SettingsError: the file cannot be read.
    """
    with _open(path) as file:
        size = _size(file)
        start = max(0, size - max(64, calls) * _A_CALL)
        file.seek(start)
        found = file.read(size - start).split(b"\n")
    return found[1 if start else 0 : -1], size - len(found[-1])


def grown(
    path: Path, place: int, sleep: Callable[[float], None] = time.sleep
) -> Iterator[list[bytes]]:
    """The whole lines that come after `place`, as they come; a file put in its place is read from its start.

    Raises:
        SettingsError: the file cannot be read.
    """
    file, rest = _open(path), b""
    file.seek(place)
    try:
        while True:
            if piece := file.read():
                *whole, rest = (rest + piece).split(b"\n")
                yield whole
            elif _is_other(file, path):
                file.close()
                file, rest = _open(path), b""
            else:
                sleep(LOOK_SECONDS)
    finally:
        file.close()


def _until(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The lines before `size`, with their ends."""
    read = 0
    for raw in file:
        read += len(raw)
        if read > size:
            return
        yield raw


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise SettingsError(f"The audit file {path} cannot be read: {why}.") from None


def _size(file: BinaryIO) -> int:
    """How long the file is while nobody is writing a line."""
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_SH)
    try:
        return os.fstat(file.fileno()).st_size
    finally:
        if sys.platform != "win32":
            fcntl.flock(file, fcntl.LOCK_UN)


def _is_other(file: BinaryIO, path: Path) -> bool:
    """Whether the path leads to another file by now, or to one that was cut."""
    try:
        there = path.stat()
    except OSError:
        return False
    here = os.fstat(file.fileno())
    return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino) or here.st_size < file.tell()
