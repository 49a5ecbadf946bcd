"""The days and months that budgets are counted in, all in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from fullstory_mcp.policy import Period

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Span:
    """One day or month: its name (`2026-11-21`, `2026-11`), and the Unix time when the next begins."""

    period: Period
    name: str
    ends_at: int


def spans_of(now: float) -> tuple[Span, ...]:
    """The month and the day of a Unix time.

    The month comes first everywhere, so that two replicas never wait for each other crosswise, and
    what is refused is refused by the budget that renews last.
    """
    return _in_hour(int(now // HOUR))


@lru_cache(maxsize=64)
def _in_hour(hour: int) -> tuple[Span, ...]:
    """Those of any moment in an hour since 1970: days of UTC begin with an hour."""
    day = datetime.fromtimestamp(hour * HOUR, UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    month = day.replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    return (
        Span("month", f"{month:%Y-%m}", int(after.timestamp())),
        Span("day", f"{day:%Y-%m-%d}", int((day + timedelta(days=1)).timestamp())),
    )


def told(moment: int) -> str:
    """A Unix time as people and models read it."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
