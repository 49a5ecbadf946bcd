"""A summary's response schema as the API takes it: its own dialect as it is, JSON Schema translated.

    JSON Schema                                   Fullstory's dialect
    type: "string"                                type: STRING
    type: ["string", "null"], anyOf with null     type: STRING, nullable: true
    enum: [...], const: "a" of texts              type: STRING, format: enum, enum: [...]
    title, description, properties, items, required, nested as they are

Nothing is dropped in silence: a keyword that the dialect has no word for is a fault by its name and
path, and so is a mix of the two. Source of the dialect: the vendor's reference of summary profiles.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fullstory_mcp.arguments.wording import dotted
from fullstory_mcp.catalogue import JSON
from fullstory_mcp.errors import Fault

Path = tuple[str | int, ...]

TYPES = ("string", "number", "integer", "boolean", "array", "object")
CAPITALS = (*(name.upper() for name in TYPES), "OPENAPI_TYPE_UNSPECIFIED")
NULL = "null"

_KNOWN = "type, title, description, properties, required, items and enum, and null beside a type"
_NOT_EXPRESSED = f"cannot be said in Fullstory's schemas; they know {_KNOWN}"
_MIXED = "belongs to {one}, but the schema is written in {other}: use one of the two throughout"
_THEIRS, _STANDARD = "Fullstory's own dialect", "JSON Schema"


def to_vendor(schema: Any, path: Path) -> tuple[Any, list[Fault]]:
    """`schema` in the vendor's dialect, and what of it cannot be said there.

    `path` is where the schema stands among the arguments; a schema whose type is in capitals is
    in the vendor's dialect already and is only checked.
    """
    theirs = isinstance(schema, dict) and schema.get("type") in CAPITALS
    reader = _Reader(_IN_THEIRS if theirs else _IN_STANDARD, theirs=theirs)
    return reader.node(schema, path), reader.faults


@dataclass(slots=True)
class _Reader:
    """Reads one schema, every part of it in the same dialect."""

    keywords: "Mapping[str, _Keyword]"
    theirs: bool
    faults: list[Fault] = field(default_factory=list)

    def node(self, raw: Any, path: Path) -> JSON:
        """One schema; what is faulty in it is noted and left out."""
        if not isinstance(raw, dict):
            return self.fault(path, "must be a schema as an object")
        before = len(self.faults)
        out: JSON = {}
        for keyword, value in raw.items():
            here = (*path, keyword)
            if keyword not in self.keywords:
                self.fault(here, self._why_not(keyword))
                continue
            said = self.keywords[keyword](self, value, here)
            if said.keys() & {"type"} and out.get("type", said["type"]) != said["type"]:
                self.fault(here, f"contradicts the type {out['type'].lower()} beside it")
            out |= said
        if "type" not in out and len(self.faults) == before:
            self.fault((*path, "type"), "is required")
        return out

    def fault(self, path: Path, why: str) -> JSON:
        """Notes a fault; nothing stands in its place."""
        self.faults.append(Fault(dotted(path), why))
        return {}

    def mixed(self) -> str:
        """Said of what belongs to the other dialect."""
        one, other = (_STANDARD, _THEIRS) if self.theirs else (_THEIRS, _STANDARD)
        return _MIXED.format(one=one, other=other)

    def _why_not(self, keyword: str) -> str:
        others = _IN_STANDARD if self.theirs else _IN_THEIRS
        return self.mixed() if keyword in others else _NOT_EXPRESSED


_Keyword = Callable[[_Reader, Any, Path], JSON]


def _text(reader: _Reader, value: Any, path: Path) -> JSON:
    return (
        {str(path[-1]): value} if isinstance(value, str) else reader.fault(path, "must be a text")
    )


def _texts(reader: _Reader, value: Any, path: Path) -> JSON:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return {str(path[-1]): value}
    return reader.fault(path, "must be a list of texts")


def _flag(reader: _Reader, value: Any, path: Path) -> JSON:
    return (
        {str(path[-1]): value}
        if isinstance(value, bool)
        else reader.fault(path, "must be a boolean")
    )


def _items(reader: _Reader, value: Any, path: Path) -> JSON:
    return {"items": reader.node(value, path)}


def _properties(reader: _Reader, value: Any, path: Path) -> JSON:
    if not isinstance(value, dict):
        return reader.fault(path, "must be an object of schemas")
    return {"properties": {name: reader.node(part, (*path, name)) for name, part in value.items()}}


def _capital(reader: _Reader, value: Any, path: Path) -> JSON:
    if value in CAPITALS:
        return {"type": value}
    lower = value in TYPES or isinstance(value, list)
    return reader.fault(path, reader.mixed() if lower else _one_of(CAPITALS))


def _type(reader: _Reader, value: Any, path: Path) -> JSON:
    """`"string"` or `["string", "null"]`."""
    names = value if isinstance(value, list) else [value]
    kept = [name for name in names if name != NULL]
    if any(name in CAPITALS for name in kept if isinstance(name, str)):
        return reader.fault(path, reader.mixed())
    if len(kept) != 1 or kept[0] not in TYPES:
        return reader.fault(path, f"{_one_of(TYPES)}, alone or beside null")
    return {"type": kept[0].upper()} | ({"nullable": True} if len(names) > 1 else {})


def _one_of(names: Sequence[str]) -> str:
    return f"must be one of {', '.join(names)}"


def _enum(reader: _Reader, value: Any, path: Path) -> JSON:
    """Texts, and null where the value may be missing."""
    options = value if isinstance(value, list) else []
    texts = [option for option in options if option is not None]
    if not texts or not all(isinstance(text, str) for text in texts):
        return reader.fault(path, "must be a list of texts: Fullstory's schemas know no other enum")
    chosen: JSON = {"type": "STRING", "format": "enum", "enum": texts}
    return chosen | ({"nullable": True} if len(texts) < len(options) else {})


def _const(reader: _Reader, value: Any, path: Path) -> JSON:
    return _enum(reader, [value], path)


def _or_null(reader: _Reader, value: Any, path: Path) -> JSON:
    """Two alternatives, one of them null."""
    parts = value if isinstance(value, list) else []
    kept = [place for place, part in enumerate(parts) if part != {"type": NULL}]
    if len(parts) != 2 or len(kept) != 1:
        return reader.fault(path, f"{_NOT_EXPRESSED}: one schema and {{type: null}} at most")
    return reader.node(parts[kept[0]], (*path, kept[0])) | {"nullable": True}


def _nothing(_: _Reader, _value: Any, _path: Path) -> JSON:
    """`$schema` says which dialect this is, and nothing of the value."""
    return {}


_COMMON: dict[str, _Keyword] = {
    "title": _text,
    "description": _text,
    "properties": _properties,
    "required": _texts,
    "items": _items,
}
_IN_STANDARD: dict[str, _Keyword] = _COMMON | {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "anyOf": _or_null,
    "oneOf": _or_null,
    "$schema": _nothing,
}
_IN_THEIRS: dict[str, _Keyword] = _COMMON | {
    "type": _capital,
    "enum": _texts,
    "format": _text,
    "nullable": _flag,
}
