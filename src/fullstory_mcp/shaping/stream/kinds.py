"""What a raw event is called, in the one vocabulary that readings use.

The raw stream has no rage click, failed request or console error: they are clicks, requests and
console messages with certain properties. An event has every name that is true of it, the most
telling first; the last is what the raw stream itself calls it.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.story.kinds import KINDS, Kind, custom

REQUEST = Kind("request", "request", "other")
CONSOLE = Kind("console-message", "console message", "other")
CUSTOM = Kind("custom", "custom event", "act")

RAW_NAMES = frozenset({REQUEST.name, CONSOLE.name, CUSTOM.name})
"""What the one vocabulary has for the raw stream alone."""

_CLICK = KINDS["click"]
_TROUBLED_CLICKS = (
    (KINDS["rage-click"], "fs_rage_count"),
    (KINDS["error-click"], "fs_error_kind"),
    (KINDS["dead-click"], "fs_dead_count"),
)
_FAILED_FROM = 400


def kinds_of(event: JSON) -> tuple[Kind, ...]:
    """Every kind of an event as the API gave it: one at least."""
    name = as_text(event.get("event_type")) or "unknown"
    properties = event.get("event_properties")
    read = _BY_PROPERTIES.get(name)
    if read is None:
        return _plain(name)
    return read(properties if isinstance(properties, dict) else {})


def is_trouble(kinds: Iterable[Kind]) -> bool:
    """Whether one of an event's kinds is a frustration or an error."""
    return any(kind.group == "trouble" for kind in kinds)


@lru_cache(maxsize=1024)
def spellings(name: str) -> frozenset[str]:
    """`name` as asked for: folded, and where the API spells it differently, also in our spelling."""
    known = _OTHERWISE.get(name.casefold())
    return frozenset({folded(name), *([known] if known else ())})


@lru_cache(maxsize=1024)
def folded(name: str) -> str:
    """A name so that `Rage_Click` and `rage-click` are one."""
    return name.casefold().replace("_", "-")


def number(value: Any) -> float:
    """A count or status that may have come as text; 0 for what is no number."""
    try:
        return float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return 0.0


def as_text(value: Any) -> str:
    """`value` as text; empty for nothing."""
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)


@lru_cache(maxsize=1024)
def _plain(name: str) -> tuple[Kind, ...]:
    return (KINDS.get(name) or Kind(name, "other event", "other"),)


def _clicks(properties: JSON) -> tuple[Kind, ...]:
    troubles = (kind for kind, key in _TROUBLED_CLICKS if _says_yes(properties.get(key)))
    return (*troubles, _CLICK)


def _says_yes(value: Any) -> bool:
    """Whether a count is above 0, or a word is given."""
    if isinstance(value, str):
        return value.strip() not in {"", "0"}
    return number(value) > 0


def _requests(properties: JSON) -> tuple[Kind, ...]:
    failed = number(properties.get("request_status")) >= _FAILED_FROM
    return (KINDS["network-error"], REQUEST) if failed else (REQUEST,)


def _messages(properties: JSON) -> tuple[Kind, ...]:
    error = as_text(properties.get("console_message_level")).casefold() == "error"
    return (KINDS["console-error"], CONSOLE) if error else (CONSOLE,)


def _customs(properties: JSON) -> tuple[Kind, ...]:
    name = as_text(properties.get("event_name"))
    return (custom(name), CUSTOM) if name else (CUSTOM,)


_BY_PROPERTIES: dict[str, Callable[[JSON], tuple[Kind, ...]]] = {
    "click": _clicks,
    "request": _requests,
    "console_message": _messages,
    "custom": _customs,
}
"""Types of the raw stream whose kind is told by their properties."""

_OTHERWISE = {
    spelling: kind.name for spelling, kind in KINDS.items() if spelling not in _BY_PROPERTIES
}
"""The API's spellings that are not ours: `change` is input-change."""
