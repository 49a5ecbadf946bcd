"""What the access file says of the keys that it names, as far as a policy is looked over by it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fullstory_mcp.principal import LEVELS, SCOPES, Level

FINGERPRINT = re.compile(r"[0-9a-f]{16}")
"""How logs show a key; a policy may name it by that too."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """The most that is left of a named key: its level, None for its own, and its scopes."""

    ceiling: Level | None = None
    scopes: frozenset[str] = frozenset(SCOPES)


def named_keys(access_file: Path | None) -> Mapping[str, KeyRow] | None:
    """The keys by name; None without a file, or where it cannot be used, of which `doctor` tells.

    The keys themselves are not looked for: they need not be on the machine where a policy is read.
    """
    if access_file is None:
        return None
    try:
        rows = tomllib.loads(access_file.read_text(encoding="utf-8")).get("keys", {})
        return {name: _row(row) for name, row in rows.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return None


def _row(row: Mapping[str, Any]) -> KeyRow:
    ceiling = next((level for level in LEVELS if level == row.get("level")), None)
    return KeyRow(ceiling, frozenset(SCOPES) & frozenset(row.get("scopes") or SCOPES))
