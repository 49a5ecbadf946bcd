"""Arguments that the API takes in a dialect of its own, translated as the catalogue marks them.

A node of a tool's schema may carry `"translate": name`; the name is a row of the table below.
"""

from collections.abc import Callable, Iterator
from typing import Any

from fullstory_mcp.arguments.response_schema import to_vendor
from fullstory_mcp.catalogue import JSON
from fullstory_mcp.errors import Fault

Path = tuple[str, ...]

TRANSLATIONS: dict[str, Callable[[Any, tuple[str | int, ...]], tuple[Any, list[Fault]]]] = {
    "response_schema": to_vendor,
}
"""Each gives the value to send and the faults of the one that came."""


def marks(schema: JSON, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Where `schema` asks for a translation, and for which."""
    if "translate" in schema:
        yield path, schema["translate"]
    for name, part in schema.get("properties", {}).items():
        yield from marks(part, (*path, name))


def translated(arguments: JSON, path: Path, name: str) -> tuple[JSON, list[Fault]]:
    """A copy of `arguments` with the value at `path` translated; the same where none is given."""
    value: Any = arguments
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return arguments, []
        value = value[step]
    instead, faults = TRANSLATIONS[name](value, path)
    return _put(arguments, path, instead), faults


def _put(node: JSON, path: Path, value: Any) -> JSON:
    step, *rest = path
    return {**node, step: _put(node[step], tuple(rest), value) if rest else value}
