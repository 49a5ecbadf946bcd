"""JSON as it crosses the wire: read tolerantly of ids, written compactly."""

import hashlib
import re
from typing import Any

from pydantic_core import from_json, to_json

_LARGEST_SAFE = 2**53
_MAYBE_LARGE = re.compile(rb"\d{16}")


def read(body: bytes) -> Any:
    """The JSON in `body`, with whole numbers beyond ±2^53 as text: JavaScript clients lose digits.

    Raises:
        ValueError: not JSON.
    """
    data = from_json(body)
    # Most bodies hold no such number; they are not walked.
    return _safe(data) if _MAYBE_LARGE.search(body) else data


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
    if isinstance(value, dict):
        return {name: _safe(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_safe(part) for part in value]
    if isinstance(value, int) and not -_LARGEST_SAFE <= value <= _LARGEST_SAFE:
        return str(value)
    return value
