"""What a policy leaves of a call's arguments: which segments and profiles, how many rows and sessions."""

from collections.abc import Collection, Iterable
from math import prod
from typing import Any

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.catalogue.model import Limit
from fullstory_mcp.errors import Fault, InvalidArguments
from fullstory_mcp.policy import Rules, Ruling


def within(ruling: Ruling | None, tool: Tool, arguments: JSON) -> None:
    """Passes where the policy, if there is one, leaves the caller these arguments.

    Raises:
        InvalidArguments: which argument goes beyond which limit, and what is left.
    """
    if ruling is None or ruling.rules is None:
        return
    if found := list(_faults(ruling.rules, tool, arguments, ruling.by)):
        rule = f"limit {found[0][0]} of {ruling.by}"
        raise InvalidArguments([fault for _, fault in found], rule=rule)


def size(tool: Tool, arguments: JSON, limit: Limit) -> int:
    """How much of a counted limit a call takes: rows of its batch, sessions it may read."""
    names = tool.gate.limits.get(limit, ())
    return prod(_count(tool, arguments, name) for name in names) if names else 0


def _faults(rules: Rules, tool: Tool, arguments: JSON, by: str) -> Iterable[tuple[Limit, Fault]]:
    """Each limit that is passed, and what is said of it."""
    counted: tuple[tuple[Limit, int | None], ...] = (
        ("rows", rules.rows),
        ("sessions", rules.sessions),
    )
    named: tuple[tuple[Limit, frozenset[str] | None], ...] = (
        ("segments", rules.segments),
        ("profiles", rules.profiles),
    )
    for limit, left in counted:
        taken = size(tool, arguments, limit)
        if left is not None and taken > left:
            field = tool.gate.limits[limit][-1]
            said = "comes to" if field in arguments else "left out comes to"
            why = f"{said} {taken} {limit}; the policy leaves {left} a call ({by})"
            yield limit, Fault(field, why)
    for limit, allowed in named:
        for field in tool.gate.limits.get(limit, ()):
            if allowed is not None and arguments.get(field, _NONE) not in {_NONE, *allowed}:
                why = f"must be one of: {_named(allowed)}; the policy leaves no other ({by})"
                yield limit, Fault(field, why)


_NONE = object()
"""An argument that is not given names nothing."""


def _count(tool: Tool, arguments: JSON, name: str) -> int:
    value: Any = arguments.get(name, tool.input.schema["properties"][name].get("default", 1))
    return (
        len(value) if isinstance(value, Collection) and not isinstance(value, str) else int(value)
    )


def _named(allowed: Collection[str]) -> str:
    return ", ".join(sorted(allowed)) or "none"
