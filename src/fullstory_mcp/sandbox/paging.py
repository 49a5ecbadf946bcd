"""Lists in pages, with opaque tokens.

A token remembers where to go on and which question it belongs to: repeated with other
filters it is refused, as the reference asks callers to keep the other parameters the same.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import TypeVar

from fullstory_mcp.sandbox.errors import invalid

PAGE_SIZE = 50
"""Rows on a page of the lists that take no `limit` (the reference names no size)."""

_Row = TypeVar("_Row")


def page(rows: Sequence[_Row], size: int, token: str, question: str) -> tuple[list[_Row], str]:
    """Cut one page out of `rows`; the second value is the next token, empty at the end.

    `question` names the list and its filters. A foreign or broken token raises the 400.
    """
    start = _open(token, question) if token else 0
    end = start + size
    return list(rows[start:end]), _seal(end, question) if end < len(rows) else ""


def _digest(question: str) -> str:
    return hashlib.sha256(question.encode()).hexdigest()[:8]


def _seal(offset: int, question: str) -> str:
    return base64.urlsafe_b64encode(f"{offset}.{_digest(question)}".encode()).decode().rstrip("=")


def _open(token: str, question: str) -> int:
    try:
        padded = token + "=" * (-len(token) % 4)
        offset, digest = base64.urlsafe_b64decode(padded).decode("ascii").split(".")
        start = int(offset)
    except (binascii.Error, ValueError):
        raise invalid("page token is invalid") from None
    if digest != _digest(question):
        raise invalid("page token belongs to another request")
    return start
