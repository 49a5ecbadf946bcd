"""Times as a session's readings write them and callers give them back: `+03:12`, or RFC 3339."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_RELATIVE = re.compile(r"\+(?:(\d{1,4}):)?(\d{1,4}):(\d{2})")
_LONG_FRACTION = re.compile(r"(\.\d{6})\d+")
_INSTANT = 1e-6


@dataclass(frozen=True, slots=True)
class Bound:
    """One side of a span, inclusive: Unix time, or seconds after a session's start.

    A bound in whole seconds takes in the whole second, because that is how times are shown.
    """

    seconds: float
    relative: bool

    def low(self, start: float) -> float:
        """The first Unix time within, for a session that began at `start`."""
        return self.seconds + (start if self.relative else 0.0)

    def beyond(self, start: float) -> float:
        """The first Unix time no longer within."""
        return self.low(start) + (1.0 if self.seconds.is_integer() else _INSTANT)


def moment(value: Any) -> float | None:
    """Unix time of an RFC 3339 text, in UTC where it names no zone; None where it is none."""
    if not isinstance(value, str) or not value:
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        # Some versions of the library refuse more than six digits of a second.
        shorter = _LONG_FRACTION.sub(r"\1", value)
        return moment(shorter) if shorter != value else None
    try:
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except OverflowError:
        return None


def bound(text: str) -> Bound | None:
    """The bound that `text` gives; None where it is no time."""
    if found := _RELATIVE.fullmatch(text):
        hours, minutes, seconds = (int(group or 0) for group in found.groups())
        return Bound(hours * 3600.0 + minutes * 60 + seconds, relative=True)
    time = moment(text.upper())
    return None if time is None else Bound(time, relative=False)


def since(at: float | None, start: float | None) -> str:
    """A relative time, `+03:12`; `+?` where a time is not known."""
    if at is None or start is None:
        return "+?"
    seconds = int(at - start)
    sign, seconds = ("+", seconds) if seconds >= 0 else ("-", -seconds)
    hours, rest = divmod(seconds, 3600)
    return f"{sign}{f'{hours}:' if hours else ''}{rest // 60:02}:{rest % 60:02}"


def utc(at: float | None) -> str:
    """A moment for people, in UTC and whole seconds."""
    if at is None:
        return "an unknown time"
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "an unknown time"
