"""Converts what models get wrong about types, only where one reading is possible.

"42" → 42, "1.5" → 1.5, "true" → true where a number or boolean is wanted; 42 → "42" where an
int64 is carried as text. Nothing is rounded, cut or guessed.
"""

import copy
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fullstory_mcp.catalogue import JSON

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,18})")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,17})?")
_BOOLEANS = {"true": True, "false": False}


def convert(schema: JSON, arguments: JSON, paths: Iterable[Sequence[str | int]]) -> JSON:
    """A copy of `arguments` with the values at `paths` converted where that is unambiguous."""
    paths = [path for path in paths if path]
    if not paths:
        return arguments
    converted = copy.deepcopy(arguments)
    for path in paths:
        holder = _holder(converted, path)
        wanted = schema_at(schema, path)
        if holder is None or wanted is None:
            continue
        read = _READERS.get(str(wanted.get("type")))
        if read is not None:
            holder[path[-1]] = read(holder[path[-1]], wanted)
    return converted


def schema_at(schema: JSON, path: Sequence[str | int]) -> JSON | None:
    """The part of `schema` that describes the value at `path`; None where it says nothing."""
    node: Any = schema
    for step in path:
        node = node.get("items") if isinstance(step, int) else _field(node, step)
        if not isinstance(node, dict):
            return None
    return dict(node)


def _field(node: JSON, name: str) -> Any:
    """What a schema says of a field: by its name, or of every field that it does not name."""
    return node.get("properties", {}).get(name) or node.get("additionalProperties")


def _holder(arguments: JSON, path: Sequence[str | int]) -> Any:
    node: Any = arguments
    for step in path[:-1]:
        node = node[step]
    return node if isinstance(node, dict | list) else None


def _integer(value: Any, _: JSON) -> Any:
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value


def _number(value: Any, _: JSON) -> Any:
    if not (isinstance(value, str) and _NUMBER.fullmatch(value)):
        return value
    return float(value) if "." in value else int(value)


def _boolean(value: Any, _: JSON) -> Any:
    return _BOOLEANS.get(value, value) if isinstance(value, str) else value


def _int64_text(value: Any, wanted: JSON) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole and wanted.get("format") == "int64" else value


_READERS: dict[str, Callable[[Any, JSON], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": _int64_text,
}
