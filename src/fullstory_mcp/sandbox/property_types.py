"""Custom properties as the API sees them: dotted names and inferred types."""

import re
from collections.abc import Mapping
from typing import Any

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")


def flattened(value: Mapping[str, Any], parent: str = "") -> list[tuple[str, Any]]:
    """List the properties with dotted names, nested ones opened."""
    rows: list[tuple[str, Any]] = []
    for name, entry in value.items():
        if isinstance(entry, dict):
            rows.extend(flattened(entry, f"{parent}{name}."))
        else:
            rows.append((f"{parent}{name}", entry))
    return rows


def infer(value: Any) -> str:
    """Name the type of a value: str, int, real, bool, date, or with s for lists."""
    if isinstance(value, list):
        return f"{infer(value[0]) if value else 'str'}s"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "real"
    return "date" if isinstance(value, str) and _DATE.fullmatch(value) else "str"


def types_of(properties: Mapping[str, Any], declared: Mapping[str, str]) -> dict[str, str]:
    """Name the type of each property by its dotted name: declared, else inferred."""
    return {path: declared.get(path) or infer(value) for path, value in flattened(properties)}
