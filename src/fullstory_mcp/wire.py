"""JSON as it crosses the wire: read tolerantly, written compactly."""

import hashlib
import json
import math
import re
from typing import Any, Never

from pydantic_core import from_json, to_json

_LARGEST_SAFE = 2**53
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")
_MAYBE_LARGE = re.compile(rb"\d{16}|[eE]\+?\d{3}")


def read(body: bytes) -> Any:
    """The JSON in `body`, with numbers that clients cannot hold (beyond ±2^53, infinite) as text.

    Raises:
        ValueError: not JSON.
    """
    try:
        data = from_json(body, allow_inf_nan=False)
    except ValueError:
        if not _HALF_CHARACTER.search(body):
            raise
        data = _with_half_characters(body)
    # Most bodies hold no such number; they are not walked.
    return _safe(data) if _MAYBE_LARGE.search(body) else data


def _with_half_characters(body: bytes) -> Any:
    """Reads what the strict reader refuses: texts cut in the middle of a character, which become “?”."""
    data = json.loads(body, parse_constant=_refuse)
    return json.loads(json.dumps(data, ensure_ascii=False).encode(errors="replace"))


def _refuse(word: str) -> Never:
    raise ValueError(word)


def write(data: Any) -> str:
    """`data` as compact JSON text."""
    return to_json(data).decode()


def digest(data: Any) -> str:
    """A short fingerprint of `data`: the same for the same JSON, whatever the order of its names."""
    return hashlib.sha256(to_json(_sorted(data))).hexdigest()[:32]


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(part) for part in value] if isinstance(value, list) else value


def _safe(value: Any) -> Any:
    """`value` itself, mended in place: a copy of a long session would double its memory."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        for place, part in value.items() if isinstance(value, dict) else enumerate(value):
            if (safe := _safe(part)) is not part:
                value[place] = safe
    elif isinstance(value, int):
        return value if -_LARGEST_SAFE <= value <= _LARGEST_SAFE else str(value)
    elif isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
