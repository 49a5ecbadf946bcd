"""May this caller use this tool? Every list and every call asks `decide`, and nothing else does.

The checks run in this order, and the first that objects is the verdict:

    1. whoever is frozen may do nothing
    2. read-only mode serves only tools that read
    3. tools named as excluded are never served
    4. where areas or tools are chosen, only those are served
    5. where there is a policy, it must give the caller the tool
    6. the key's level must contain the level the tool needs
    7. the connection must have been granted the scope of the tool's effect

Doubt means deny: an unknown level counts as Standard. A tool that only a scope is missing for is
listed all the same, so that a client can ask for it, unless the person has withheld that scope.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fullstory_mcp.catalogue import Tool
from fullstory_mcp.errors import NotPermitted
from fullstory_mcp.policy import Ruling
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

    `certain` is False where the API did not say and the level is the least by default. `scopes` are
    those granted to the connection, None where none are needed; `withheld` those the person refused,
    `denied` those the operator leaves to nobody with this key. `ruling` is what the policy says of the
    caller, None where there is no policy; `frozen` why all access is ended, "" where it is not;
    `doubted` that nobody can say just now.
    """

    level: Level
    known_by: str
    limits: Limits
    certain: bool = True
    scopes: frozenset[str] | None = None
    withheld: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    ruling: Ruling | None = None
    frozen: str = ""
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a tool may be used; if not, why, and what would help.

    `rule` names what decided, for the audit. `grantable` says that the person behind the connection
    can still allow it.
    """

    allowed: bool
    rule: str
    reason: str = ""
    would_help: str = ""
    grantable: bool = False

    @property
    def listed(self) -> bool:
        """Whether the tool is shown: what is not allowed is, where asking for it makes sense."""
        return self.allowed or self.grantable


Check = Callable[[Standing, Tool], Verdict | None]


def decide(standing: Standing, tool: Tool) -> Verdict:
    """The verdict on one tool for one caller."""
    for check in CHECKS:
        if (verdict := check(standing, tool)) is not None:
            return verdict
    by = standing.ruling.by if standing.ruling else f"the key's level, {standing.level}"
    return Verdict(allowed=True, rule=by)


def require(standing: Standing, tool: Tool) -> Verdict:
    """The verdict, where `decide` allows.

    Raises:
        NotPermitted: with the verdict's rule, its reason and what would help.
    """
    verdict = decide(standing, tool)
    if not verdict.allowed:
        raise NotPermitted(tool.name, verdict.reason, verdict.would_help, verdict.rule)
    return verdict


def needed_scope(tool: Tool) -> str:
    """The scope that a connection needs for a tool."""
    return f"fullstory:{tool.gate.effect}"


def needed_level(limits: Limits, tool: Tool) -> Level:
    """The level a tool needs here, relaxed where the operator said so."""
    return limits.overrides.get(tool.name, tool.gate.level)


def _frozen(standing: Standing, _: Tool) -> Verdict | None:
    if not standing.frozen:
        return None
    if standing.doubted:
        return _denied("freeze", standing.frozen, "Try again in a minute; its log says why.")
    return _denied(
        "freeze",
        f"the operator has ended this access ({standing.frozen}).",
        "Only the operator can give it back.",
    )


def _read_only(standing: Standing, tool: Tool) -> Verdict | None:
    if not standing.limits.read_only or tool.gate.effect == "read":
        return None
    return _denied(
        "FULLSTORY_MCP_READ_ONLY",
        f"this server is read-only and the tool can {tool.gate.effect}.",
        "The operator would have to unset FULLSTORY_MCP_READ_ONLY.",
    )


def _excluded(standing: Standing, tool: Tool) -> Verdict | None:
    if tool.name not in standing.limits.excluded:
        return None
    return _denied(
        "FULLSTORY_MCP_EXCLUDE_TOOLS",
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
        "FULLSTORY_MCP_TOOLSETS",
        "the operator serves other tools only.",
        f"The operator would have to add {tool.area} to FULLSTORY_MCP_TOOLSETS "
        f"or {tool.name} to FULLSTORY_MCP_TOOLS.",
    )


def _not_in_policy(standing: Standing, tool: Tool) -> Verdict | None:
    if (ruling := standing.ruling) is None:
        return None
    ask = "The operator would have to change the policy file."
    if ruling.rules is None:
        return _denied(ruling.by, "the operator's policy does not know this caller.", ask)
    if ruling.rules.allows(tool):
        return None
    if ruling.rules.access(tool) == "read":
        return _denied(
            ruling.by, f"the policy lets this caller only read in {tool.area} ({ruling.by}).", ask
        )
    return _denied(ruling.by, f"the policy does not give it to this caller ({ruling.by}).", ask)


def _level_too_low(standing: Standing, tool: Tool) -> Verdict | None:
    needed = needed_level(standing.limits, tool)
    if LEVELS.index(standing.level) >= LEVELS.index(needed):
        return None
    return _denied(
        f"the key's level, {standing.level}",
        f"it needs {_article(needed)} key and this key counts as {standing.level.capitalize()} "
        f"({standing.known_by}).",
        f"Connect with {_article(needed)} key from Fullstory's settings.",
    )


def _scope_missing(standing: Standing, tool: Tool) -> Verdict | None:
    needed = needed_scope(tool)
    if standing.scopes is None or needed in standing.scopes:
        return None
    if needed in standing.denied:
        return _denied(
            f"the access file, {needed}",
            f"the operator's access file does not leave {needed} to this person.",
            "The operator would have to add it to the scopes of the key there.",
        )
    withheld = needed in standing.withheld
    why = "the person who connected did not allow it" if withheld else "it was not asked for"
    return Verdict(
        allowed=False,
        rule=f"scope {needed}",
        reason=f"this connection was not granted {needed}: {why}.",
        would_help=f"Connect again and allow {needed} on the consent page.",
        grantable=not withheld,
    )


CHECKS: tuple[Check, ...] = (
    _frozen,
    _read_only,
    _excluded,
    _not_chosen,
    _not_in_policy,
    _level_too_low,
    _scope_missing,
)


def _denied(rule: str, reason: str, would_help: str) -> Verdict:
    return Verdict(allowed=False, rule=rule, reason=reason, would_help=would_help)


def _article(level: Level) -> str:
    return f"{'a' if level == 'standard' else 'an'} {level.capitalize()}"
