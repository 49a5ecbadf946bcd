"""explain_access: what this caller may use, what is hidden, why, and what would unlock it."""

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.way import Way
from fullstory_mcp.errors import Fault, InvalidArguments
from fullstory_mcp.gate import decide
from fullstory_mcp.shaping import Rendered, said


async def explain_access(way: Way, _: Tool, arguments: JSON) -> Rendered:
    """For the tool named, or for all.

    Raises:
        InvalidArguments: no tool has that name.
    """
    key = {
        "level": way.standing.level,
        "known_by": way.standing.known_by,
        "role": way.role,
        "region": way.principal.key.region or "none in the key (US)",
    }
    known = {"key": key, **_granted(way), **_ruled(way)}
    if "tool" in arguments:
        return said({**known, **_of_one(way, arguments["tool"])})
    rows = {name: _of_one(way, name) for name in way.catalogue.tools}
    hidden = [row for row in rows.values() if not row["allowed"]]
    served = [name for name, row in rows.items() if row["allowed"]]
    return said({**known, "served": served, "hidden": hidden})


def _granted(way: Way) -> JSON:
    """What the person behind the connection granted; nothing where no scopes are needed."""
    standing = way.standing
    if standing.scopes is None:
        return {}
    return {
        "connection": {
            "person": way.principal.name,
            "granted": sorted(standing.scopes),
            "withheld": sorted(standing.withheld),
        }
    }


def _ruled(way: Way) -> JSON:
    """What the operator's policy has for the caller, and what it leaves of arguments."""
    ruling = way.standing.ruling
    if ruling is None:
        return {}
    if ruling.rules is None:
        return {"policy": {"by": ruling.by}}
    rules = ruling.rules
    limits = {
        "sessions": rules.sessions,
        "rows": rules.rows,
        "segments": None if rules.segments is None else sorted(rules.segments),
        "profiles": None if rules.profiles is None else sorted(rules.profiles),
    }
    confirmed = {
        name: f"over {rows} rows" if rows else "always" for name, rows in rules.confirm.items()
    }
    told = {
        "limits_a_call": {name: value for name, value in limits.items() if value is not None},
        "confirmed": confirmed,
    }
    return {"policy": {"by": ruling.by, **{name: value for name, value in told.items() if value}}}


def _of_one(way: Way, name: str) -> JSON:
    tool = way.catalogue.tools.get(name)
    if tool is None:
        raise InvalidArguments(
            [Fault("tool", "is not a tool of this server; leave it out to see all")]
        )
    verdict = decide(way.standing, tool)
    if verdict.allowed:
        return {"tool": name, "allowed": True}
    return {"tool": name, "allowed": False, "why": verdict.reason, "would_help": verdict.would_help}
