"""What JSON Schema cannot say, as rows of a tool file run by one engine.

A row names its rule and its fields (dotted paths). `each` runs it for every row of an array,
`with` adds the parts that all rows share; `when` runs it only where that field is given and true. A rule yields faults; it never sees a tool's name.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.errors import Fault

MOST_NAMES = 500
MOST_NAME_CHARACTERS = 512
MOST_VALUE_BYTES = 8192
"""Limits of custom properties, from the vendor's documentation of users."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MISSING = object()

Found = tuple[str, str]
"""A field relative to the row, and why it is faulty."""


def faults(rules: Sequence[JSON], arguments: JSON) -> Iterator[Fault]:
    """Every fault of every rule, in the order of the rows."""
    for rule in rules:
        for where, row in _rows(rule, arguments):
            if "when" in rule and not _get(row, rule["when"]):
                continue
            for field, why in RULES[rule["rule"]](row, rule):
                yield Fault(f"{where}{field}", why)


def _rows(rule: JSON, arguments: JSON) -> Iterator[tuple[str, JSON]]:
    if "each" not in rule:
        yield "", arguments
        return
    shared = arguments.get(rule.get("with", "")) or {}
    for index, row in enumerate(arguments.get(rule["each"], ())):
        yield f"{rule['each']}[{index}].", {**shared, **row} if shared else row


def _get(row: Any, path: str, default: Any = None) -> Any:
    for step in path.split("."):
        if not isinstance(row, dict) or step not in row:
            return default
        row = row[step]
    return row


def _given(row: JSON, fields: Iterable[str]) -> list[str]:
    return [field for field in fields if _get(row, field, _MISSING) is not _MISSING]


def _exactly_one(row: JSON, rule: JSON) -> Iterator[Found]:
    if len(given := _given(row, rule["fields"])) != 1:
        said = f"{', '.join(given)} are given" if given else "none is given"
        yield _either(rule["fields"]), f"exactly one is needed, {said}"


def _at_least_one(row: JSON, rule: JSON) -> Iterator[Found]:
    if not _given(row, rule["fields"]):
        yield _either(rule["fields"]), "at least one is needed, none is given"


def _excludes(row: JSON, rule: JSON) -> Iterator[Found]:
    if _given(row, [rule["field"]]) and (others := _given(row, rule["others"])):
        yield rule["field"], f"cannot be combined with {', '.join(others)}"


def _requires(row: JSON, rule: JSON) -> Iterator[Found]:
    missing = [other for other in rule["others"] if not _given(row, [other])]
    if _given(row, [rule["field"]]) and missing:
        yield rule["field"], f"also needs {', '.join(missing)}"


def _before(row: JSON, rule: JSON) -> Iterator[Found]:
    start, end = (_time(_get(row, rule[side])) for side in ("start", "end"))
    if start is not None and end is not None and start >= end:
        yield rule["start"], f"must be before {rule['end']}"


def _time(value: Any) -> datetime | None:
    """An RFC 3339 time; None where nothing is given ("" leaves a side open)."""
    if not value:
        return None
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value).upper())
    except ValueError:
        return None


def _int_range(row: JSON, rule: JSON) -> Iterator[Found]:
    value = _get(row, rule["field"])
    if value is None:
        return
    low, high = rule.get("min"), rule.get("max")
    if (low is not None and int(value) < low) or (high is not None and int(value) > high):
        bounds = f"from {low} to {high}" if high is not None else f"at least {low}"
        yield rule["field"], f"must be {bounds}"


def _time_zone(row: JSON, rule: JSON) -> Iterator[Found]:
    value = _get(row, rule["field"])
    if value is None:
        return
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        yield rule["field"], "must be an IANA time zone, such as America/New_York"


def _https_url(row: JSON, rule: JSON) -> Iterator[Found]:
    value = _get(row, rule["field"])
    if value is None:
        return
    try:
        parts = urlsplit(value)
        usable = (
            parts.scheme == "https"
            and bool(parts.hostname)
            and not (parts.username or parts.password)
        )
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in value):
        yield rule["field"], "must be an https:// address without a user name or password"


def _custom_properties(row: JSON, rule: JSON) -> Iterator[Found]:
    properties = _get(row, rule["field"])
    if not isinstance(properties, dict):
        return
    names = 0
    for path, name, value in _walk(properties, ""):
        names += 1
        shown = (
            f"{rule['field']}.{path}"
            if len(path) <= 64
            else f"{rule['field']} (a name of {len(path)} characters)"
        )
        if not _NAME.fullmatch(name):
            yield (
                rule["field"],
                "names must begin with a letter and hold only letters, digits and _",
            )
            continue
        if len(path) > MOST_NAME_CHARACTERS:
            yield shown, f"must have at most {MOST_NAME_CHARACTERS} characters, with its parents"
        if _too_large(value):
            yield shown, f"must be at most {MOST_VALUE_BYTES} bytes"
    if names > MOST_NAMES:
        yield (
            rule["field"],
            f"must have at most {MOST_NAMES} names, nested ones included; it has {names}",
        )


def _walk(properties: JSON, parent: str) -> Iterator[tuple[str, str, Any]]:
    """Every property with its dotted path and its own name."""
    for name, value in properties.items():
        path = f"{parent}{name}"
        yield path, name, value
        if isinstance(value, dict):
            yield from _walk(value, f"{path}.")


def _too_large(value: Any) -> bool:
    """Whether a text, alone or in a list, passes the limit; most are short, so that is asked first."""
    if isinstance(value, list):
        return any(_too_large(part) for part in value)
    if not isinstance(value, str) or len(value) * 4 <= MOST_VALUE_BYTES:
        return False
    return len(value.encode(errors="surrogatepass")) > MOST_VALUE_BYTES


def _not_shared(row: JSON, _: JSON) -> Iterator[Found]:
    shared = row.get("shared")
    if not isinstance(shared, dict):
        return
    for index, item in enumerate(row.get("requests", ())):
        for name in shared.keys() & item.keys():
            yield f"requests[{index}].{name}", "is already set by shared, for every row"


def _either(fields: Sequence[str]) -> str:
    return " or ".join(fields)


RULES: dict[str, Callable[[JSON, JSON], Iterator[Found]]] = {
    "exactly_one": _exactly_one,
    "at_least_one": _at_least_one,
    "excludes": _excludes,
    "requires": _requires,
    "before": _before,
    "int_range": _int_range,
    "time_zone": _time_zone,
    "https_url": _https_url,
    "custom_properties": _custom_properties,
    "not_shared": _not_shared,
}
