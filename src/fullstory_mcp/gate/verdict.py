"""May this caller use this tool? Every list and every call asks `decide`, and nothing else does.

The checks run in this order, and the first that objects is the verdict:

    1. read-only mode serves only tools that read
    2. tools named as excluded are never served
    3. where areas or tools are chosen, only those are served
    4. the key's level must contain the level the tool needs

Doubt means deny: an unknown level counts as Standard.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fullstory_mcp.catalogue import Tool
from fullstory_mcp.errors import NotPermitted
from fullstory_mcp.principal import LEVELS, Level


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator's settings leave of the catalogue."""

    toolsets: frozenset[str] = frozenset()
    tools: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    read_only: bool = False
    overrides: Mapping[str, Level] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a caller: the level, and how it is known, as a half sentence.

    `certain` is False where the API did not say and the level is the least by default.
    """

    level: Level
    known_by: str
    limits: Limits
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a tool may be used; if not, why, and what would help."""

    allowed: bool
    reason: str = ""
    would_help: str = ""


ALLOWED = Verdict(allowed=True)

Check = Callable[[Standing, Tool], Verdict | None]


def decide(standing: Standing, tool: Tool) -> Verdict:
    """The verdict on one tool for one caller."""
    for check in CHECKS:
        if (verdict := check(standing, tool)) is not None:
            return verdict
    return ALLOWED


def require(standing: Standing, tool: Tool) -> None:
    """Passes where `decide` allows.

    Raises:
        NotPermitted: with the verdict's reason and what would help.
    """
    verdict = decide(standing, tool)
    if not verdict.allowed:
        raise NotPermitted(tool.name, verdict.reason, verdict.would_help)


def needed_level(limits: Limits, tool: Tool) -> Level:
    """The level a tool needs here, relaxed where the operator said so."""
    return limits.overrides.get(tool.name, tool.gate.level)


def _read_only(standing: Standing, tool: Tool) -> Verdict | None:
    if not standing.limits.read_only or tool.gate.effect == "read":
        return None
    return _denied(
        f"this server is read-only and the tool can {tool.gate.effect}.",
        "The operator would have to unset FULLSTORY_MCP_READ_ONLY.",
    )


def _excluded(standing: Standing, tool: Tool) -> Verdict | None:
    if tool.name not in standing.limits.excluded:
        return None
    return _denied(
        "the operator excluded it.",
        "The operator would have to take it out of FULLSTORY_MCP_EXCLUDE_TOOLS.",
    )


def _not_chosen(standing: Standing, tool: Tool) -> Verdict | None:
    limits = standing.limits
    if not (limits.toolsets or limits.tools):
        return None
    if tool.area in limits.toolsets or tool.name in limits.tools:
        return None
    return _denied(
        "the operator serves other tools only.",
        f"The operator would have to add {tool.area} to FULLSTORY_MCP_TOOLSETS "
        f"or {tool.name} to FULLSTORY_MCP_TOOLS.",
    )


def _level_too_low(standing: Standing, tool: Tool) -> Verdict | None:
    needed = needed_level(standing.limits, tool)
    if LEVELS.index(standing.level) >= LEVELS.index(needed):
        return None
    return _denied(
        f"it needs {_article(needed)} key and this key counts as {standing.level.capitalize()} "
        f"({standing.known_by}).",
        f"Connect with {_article(needed)} key from Fullstory's settings.",
    )


CHECKS: tuple[Check, ...] = (_read_only, _excluded, _not_chosen, _level_too_low)


def _denied(reason: str, would_help: str) -> Verdict:
    return Verdict(allowed=False, reason=reason, would_help=would_help)


def _article(level: Level) -> str:
    return f"{'a' if level == 'standard' else 'an'} {level.capitalize()}"
