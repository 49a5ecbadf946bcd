"""Moments in time as the API writes them.

Inside the sandbox a moment is a whole number of milliseconds since 1970 (UTC).
This module only reads and writes their text form; it never asks what time it is.
"""

import re
from datetime import UTC, datetime

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def parse(text: str) -> int:
    """Read an RFC 3339 moment as milliseconds since 1970; anything else raises ValueError."""
    if not _RFC_3339.fullmatch(text):
        message = f"not an RFC 3339 moment: {text}"
        raise ValueError(message)
    return round(datetime.fromisoformat(text.upper()).timestamp() * SECOND)


def stamp(moment: int) -> str:
    """Write a moment in whole seconds, as most of the API does: `2026-11-20T12:00:00Z`."""
    return datetime.fromtimestamp(moment // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_millis(moment: int) -> str:
    """Write a moment with milliseconds, as the raw event stream does."""
    return f"{stamp(moment)[:-1]}.{moment % SECOND:03d}Z"


def month_of(moment: int) -> tuple[int, int]:
    """Return the first moment of the calendar month (UTC) and of the one after it."""
    first = datetime.fromtimestamp(moment // SECOND, UTC).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return round(first.timestamp()) * SECOND, round(following.timestamp()) * SECOND
