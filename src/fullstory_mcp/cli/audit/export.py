"""The audit as other programs take it: its own lines, or a table.

The table leaves the tool's phrase out: it says what a call did, also where the call was refused.
"""

import csv
from collections.abc import Iterable
from typing import Any, TextIO

from fullstory_mcp.audit.telling import Content

COLUMNS = (
    *("at", "writer", "seq", "kind", "call", "parent"),
    *("name", "email", "owner", "door", "client", "client_id", "connection", "named_key", "key"),
    *("tool", "targets", "decision", "rule", "confirmation", "digest"),
    *("outcome", "reason", "status", "ms", "made", "activations", "events", "count", "hash"),
)

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(contents: Iterable[Content], out: TextIO) -> None:
    """One row a record, the columns named in the first; no cell is a formula to a spreadsheet."""
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for content in contents:
        ids = {"targets": _targets(content), "made": ",".join(content.get("made", ()))}
        flat = {**content, **_mapping(content.get("who")), **ids}
        rows.writerow([_cell(flat.get(name, "")) for name in COLUMNS])


def _targets(content: Content) -> str:
    ids = _mapping(content.get("targets"))
    return " ".join(f"{name}={','.join(map(str, some))}" for name, some in ids.items())


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _mapping(value: object) -> Content:
    return value if isinstance(value, dict) else {}
