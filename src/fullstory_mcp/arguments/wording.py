"""What is told of a schema fault: its path and a sentence of ours for its kind, never its value."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fullstory_mcp import wire
from fullstory_mcp.arguments.coerce import schema_at
from fullstory_mcp.catalogue import JSON
from fullstory_mcp.errors import Fault

_NAME_SHOWN = 64

_FORMATS = {
    "date-time": "must be a time in RFC 3339, such as 2026-09-14T16:00:00Z",
    "date": "must be a date such as 2026-09-14",
}
_PATTERNS = {
    "int64": 'must be a whole number as text, such as "20"',
    "moment": "must be a time in RFC 3339, or one into the session such as +03:12",
    "open-time": 'must be a time in RFC 3339, or "" for open',
}


def faults(error: Any, schema: JSON) -> Iterator[Fault]:
    """Our words for one error of the validator; several where it found several unknown fields."""
    path: Sequence[str | int] = list(error.instance_path)
    kind = error.kind
    wanted = (schema_at(schema, path) if path else schema) or {}
    if kind.name == "required":
        yield Fault(dotted([*path, kind.property]), "is required")
    elif kind.name == "additionalProperties":
        known = ", ".join(wanted.get("properties", {})) or "none"
        for name in kind.unexpected:
            yield Fault(dotted([*path, name]), f"is not known here; known: {known}")
    else:
        said = _KINDS.get(kind.name)
        yield Fault(dotted(path) or "arguments", said(kind, wanted) if said else "is not usable")


def dotted(path: Sequence[str | int]) -> str:
    """`["requests", 3, "uid"]` as `requests[3].uid`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{_shown(step)}"
    return text.removeprefix(".")


def _shown(name: str) -> str:
    """A name that a caller chose: printable and short, or only said to be one."""
    return (
        name if name.isprintable() and len(name) <= _NAME_SHOWN else "(a long or unprintable name)"
    )


def _type(_: Any, wanted: JSON) -> str:
    word = str(wanted.get("type", "another type"))
    return f"must be {'an' if word[0] in 'aio' else 'a'} {word}"


def _options(_: Any, wanted: JSON) -> str:
    options = [part if isinstance(part, str) else wire.write(part) for part in wanted["enum"]]
    return f"must be one of {', '.join(options)}" if len(options) > 1 else f"must be {options[0]}"


def _pattern(_: Any, wanted: JSON) -> str:
    return _PATTERNS.get(
        str(wanted.get("format")), f"must match {wanted.get('pattern', 'its pattern')}"
    )


_KINDS: dict[str, Callable[[Any, JSON], str]] = {
    "type": _type,
    "enum": _options,
    "const": lambda _, wanted: f"must be {wanted.get('const')}",
    "pattern": _pattern,
    "format": lambda _, wanted: _FORMATS.get(str(wanted.get("format")), "has the wrong form"),
    "minLength": lambda kind, _: "must not be empty" if kind.limit == 1 else f"must have at least {kind.limit} characters",
    "maxLength": lambda kind, _: f"must have at most {kind.limit} characters",
    "minimum": lambda kind, _: f"must be at least {kind.limit}",
    "maximum": lambda kind, _: f"must be at most {kind.limit}",
    "exclusiveMinimum": lambda kind, _: f"must be more than {kind.limit}",
    "exclusiveMaximum": lambda kind, _: f"must be less than {kind.limit}",
    "minItems": lambda kind, _: "must not be empty" if kind.limit == 1 else f"must have at least {kind.limit} items",
    "maxItems": lambda kind, _: f"must have at most {kind.limit} items",
    "uniqueItems": lambda *_: "must not repeat an item",
    "minProperties": lambda kind, _: f"must have at least {kind.limit} fields",
    "maxProperties": lambda kind, _: f"must have at most {kind.limit} fields",
    "propertyNames": lambda *_: "has a name that is not allowed",
}  # fmt: skip
