"""An export's bytes, whatever their form, as one JSON object a line.

Gzip or plain; JSON array, NDJSON or CSV: told from the bytes themselves, because names and types
vary. Everything streams: memory is bounded by one row, not by the file.
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from fullstory_mcp import wire
from fullstory_mcp.errors import Unreadable

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 16
_LONGEST_ROW = 64 << 20

TOO_LARGE = (
    "The export is too large to be held here (FULLSTORY_MCP_HELD_MEGABYTES); export a shorter time "
    "range."
)

csv.field_size_limit(_LONGEST_ROW)


def convert(raw: Path, out: BinaryIO, most_bytes: int) -> int:
    """Writes every row of `raw` to `out` and returns how many there are.

    Raises:
        Unreadable: the file is none of the known forms, is cut off, or grows past `most_bytes`.
    """
    count = written = 0
    try:
        with _text(raw) as text:
            for row in _rows(text, min(most_bytes, _LONGEST_ROW)):
                written += out.write(row.encode() + b"\n")
                if written > most_bytes:
                    raise Unreadable(TOO_LARGE)
                count += 1
    except (OSError, EOFError, ValueError, RecursionError, csv.Error, zlib.error):
        raise Unreadable("The export's file is damaged or of an unknown form.") from None
    return count


def _text(raw: Path) -> TextIO:
    with raw.open("rb") as file:
        zipped = file.read(2) == _GZIP
    opened = gzip.open if zipped else open
    return io.TextIOWrapper(opened(raw, "rb"), encoding="utf-8-sig", newline="")


def _rows(text: TextIO, longest: int) -> Iterator[str]:
    """Each row as compact JSON; one of more than `longest` characters is not read to its end."""
    head = text.readline(_CHUNK)
    while head and not head.strip():
        head = text.readline(_CHUNK)
    first = head.lstrip()[:1]
    if first == "<":
        raise ValueError("a page of HTML or XML, where a proxy or the storage says something")
    if first == "[":
        return _array(head, text, longest)
    read = _ndjson if first == "{" else _csv
    return read(_lines(head, text, longest))


def _compact(value: Any) -> str:
    if not isinstance(value, dict):
        raise ValueError("a row is not an object")  # noqa: TRY004 - told like any damage
    return wire.write(value)


def _lines(head: str, text: TextIO, longest: int) -> Iterator[str]:
    line = head if head.endswith("\n") else head + text.readline(longest)
    while line:
        if len(line) > longest:
            raise Unreadable(TOO_LARGE)
        yield line
        line = text.readline(longest + 1)


def _ndjson(lines: Iterator[str]) -> Iterator[str]:
    yield from (_compact(wire.read(line.encode())) for line in lines if line.strip())


def _csv(lines: Iterator[str]) -> Iterator[str]:
    reader = csv.DictReader(lines)
    yield from (_compact({str(name): value for name, value in row.items()}) for row in reader)


def _array(head: str, text: TextIO, longest: int) -> Iterator[str]:
    decoder = json.JSONDecoder()
    buffer = head.lstrip()[1:]
    while True:
        buffer = buffer.lstrip(" \t\r\n,")
        if buffer.startswith("]"):
            return
        try:
            _, end = decoder.raw_decode(buffer)
        except ValueError:
            if len(buffer) > longest:
                raise Unreadable(TOO_LARGE) from None
            more = text.read(max(_CHUNK, len(buffer)))
            if not more:
                raise
            buffer += more
            continue
        yield _compact(wire.read(buffer[:end].encode()))
        buffer = buffer[end:]


def page(path: Path, at: int, most_characters: int) -> tuple[list[str], int]:
    """Whole lines from byte `at`, one at least, until they would pass `most_characters`.

    Returns the lines and the byte after them.
    """
    lines: list[str] = []
    room = most_characters
    with path.open("rb") as file:
        file.seek(at)
        for raw in file:
            line = raw.decode().rstrip("\n")
            if lines and len(line) + 1 > room:
                break
            lines.append(line)
            room -= len(line) + 1
            at += len(raw)
    return lines, at
