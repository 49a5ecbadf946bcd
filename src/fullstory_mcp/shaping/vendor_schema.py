"""The schema that comes with a structured summary: from the vendor's dialect to JSON Schema, and its check.

    Fullstory's dialect                          JSON Schema
    type: STRING                                 type: "string"
    nullable: true                               type: [..., "null"], and null among the enum
    format: enum                                 left out: enum says it
    title, description, enum, properties, items, required as they are

What comes is read tolerantly: what is no schema is one that allows everything. The other direction,
which refuses what it cannot say, is in `arguments`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fullstory_mcp.catalogue import JSON

_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object"})
_MOST_BREACHES = 100


def json_schema(vendor: Any) -> JSON:
    """The JSON Schema that says the same."""
    if not isinstance(vendor, dict):
        return {}
    schema = {
        keyword: read(vendor[keyword])
        for keyword, (kind, read) in _KEYWORDS.items()
        if isinstance(vendor.get(keyword), kind)
    }
    if vendor.get("nullable") is True:
        schema |= {"type": [schema["type"], "null"]} if schema.get("type") else {}
        schema |= {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {keyword: value for keyword, value in schema.items() if value not in (None, [])}


def _type(name: str) -> str | None:
    return name.lower() if name.lower() in _TYPES else None


def _texts(names: Sequence[Any]) -> list[str]:
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def _each(properties: JSON) -> JSON:
    return {name: json_schema(part) for name, part in properties.items()}


_KEYWORDS: dict[str, tuple[type, Callable[[Any], Any]]] = {
    "type": (str, _type),
    "title": (str, str),
    "description": (str, str),
    "enum": (list, _texts),
    "properties": (dict, _each),
    "required": (list, _texts),
    "items": (dict, json_schema),
}
"""What is read of a keyword, and of which type it must be."""


@dataclass(frozen=True, slots=True)
class Breach:
    """Where a value breaks its schema, and how."""

    path: tuple[str | int, ...]
    why: str


def breaches(value: Any, schema: JSON) -> list[Breach]:
    """Every place where `value` breaks a schema that `json_schema` made, up to a hundred."""
    import jsonschema_rs  # noqa: PLC0415 - its import would cost the start a tenth

    found: Iterable[Any] = jsonschema_rs.validator_for(schema).iter_errors(value)
    return [_breach(error) for error in islice(found, _MOST_BREACHES)]


def _breach(error: Any) -> Breach:
    path, kind = tuple(error.instance_path), error.kind
    if kind.name == "required":
        return Breach((*path, kind.property), "is missing")
    if kind.name == "enum":
        return Breach(path, "is not one of its allowed values")
    wanted = sorted(kind.types, key=lambda name: (name == "null", name))
    return Breach(path, f"should be {' or '.join(wanted)}")
