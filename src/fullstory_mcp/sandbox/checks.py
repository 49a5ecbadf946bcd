"""Small checks of request values, put together into shapes by `shapes`.

A check takes a value and the name to blame, and raises a 400 when the value does not fit.
JSON null counts as absent everywhere, as protobuf JSON does.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from fullstory_mcp.sandbox import times
from fullstory_mcp.sandbox.errors import invalid

TRUTH = {"true": True, "false": False}
Check = Callable[[Any, str], None]
Shape = Mapping[str, Check]
INT64 = 2**63


def text(most: int | None = None) -> Check:
    """Accept a string of at most `most` characters."""

    def check(value: object, name: str) -> None:
        if not isinstance(value, str):
            raise invalid(f"{name} must be a string")
        if most is not None and len(value) > most:
            raise invalid(f"{name} is longer than allowed")

    return check


def whole(least: int = -INT64, most: int = INT64 - 1) -> Check:
    """Accept an integer of the range, as a JSON number or, as int64 travels, as a string."""

    def check(value: object, name: str) -> None:
        number = as_whole(value)
        if number is None:
            raise invalid(f"{name} must be an integer")
        if not least <= number <= most:
            raise invalid(f"{name} must be between {least} and {most}")

    return check


def as_whole(value: object) -> int | None:
    """Read an integer that may be written as a string; None when it is no integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value, re.ASCII):
        return int(value)
    return None


def number(value: object, name: str) -> None:
    """Accept any JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"{name} must be a number")


def flag(value: object, name: str) -> None:
    """Accept a boolean."""
    if not isinstance(value, bool):
        raise invalid(f"{name} must be a boolean")


def flag_text(value: object, name: str) -> None:
    """Accept a boolean as a query carries it: `true` or `false`."""
    if value not in TRUTH:
        raise invalid(f"{name} must be true or false")


def moment(value: object, name: str) -> None:
    """Accept an RFC 3339 moment."""
    if not isinstance(value, str):
        raise invalid(f"{name} must be an RFC 3339 timestamp")
    try:
        times.parse(value)
    except ValueError:
        raise invalid(f"{name} must be an RFC 3339 timestamp") from None


def moment_or_open(value: object, name: str) -> None:
    """Accept an RFC 3339 moment, or the empty string for an open end."""
    if value != "":
        moment(value, name)


def one_of(*allowed: str) -> Check:
    """Accept one of the listed words."""

    def check(value: object, name: str) -> None:
        if value not in allowed:
            raise invalid(f"{name} must be one of {', '.join(allowed)}")

    return check


def pattern(expression: str, meaning: str) -> Check:
    """Accept a string that the expression matches as a whole."""
    compiled = re.compile(expression)

    def check(value: object, name: str) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise invalid(f"{name} must be {meaning}")

    return check


def list_of(item: Check) -> Check:
    """Accept a list whose every item passes `item`."""

    def check(value: object, name: str) -> None:
        if not isinstance(value, list):
            raise invalid(f"{name} must be a list")
        for position, entry in enumerate(value):
            item(entry, f"{name}[{position}]")

    return check


def anything(value: object, name: str) -> None:
    """Accept whatever JSON can say; the handler looks closer."""


def mapping(value: object, name: str) -> None:
    """Accept a JSON object with any keys."""
    if not isinstance(value, dict):
        raise invalid(f"{name} must be an object")


def shape(fields: Shape) -> Check:
    """Accept an object that has no other fields than these, each passing its check."""

    def check(value: object, name: str) -> None:
        if not isinstance(value, dict):
            raise invalid(f"{name} must be an object")
        for field, entry in value.items():
            if field not in fields:
                raise invalid(f"unknown field: {field}")
            if entry is not None:
                fields[field](entry, field)

    return check
