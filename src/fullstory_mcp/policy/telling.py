"""What a preset limits, confirms and budgets, in words for people."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from fullstory_mcp.catalogue import Tool
from fullstory_mcp.policy.model import METERED, PERIODS, Rules

COUNTED = {"sessions": "sessions a call", "rows": "rows a batch"}
"""Limits that are a number, and how it is told."""

NAMED = ("segments", "profiles")
"""Limits that are the only ids."""

METERS = {"activations": "Activations", "server_events": "server events", "calls": "calls"}


def told(rules: Rules) -> Iterator[tuple[str, str]]:
    """What a preset asks beyond what it gives, a line each, after the limit, tool or meter it is of."""
    for limit, words in COUNTED.items():
        if (most := getattr(rules, limit)) is not None:
            yield limit, f"at most {most:,} {words}"
    for limit in NAMED:
        if (allowed := getattr(rules, limit)) is not None:
            yield limit, f"only the {limit} {listed(allowed)}"
    for tool, over in rules.confirm.items():
        yield tool, f"{tool} is {confirmed(over)}"
    for period in PERIODS:
        for meter in METERED:
            if (most := rules.budgets.get((meter, period))) is not None:
                yield meter, f"at most {most:,} {METERS[meter]} a {period}"


def tools_told(names: Collection[str], tools: Mapping[str, Tool]) -> str:
    """Tools in words: everything, nothing, a whole area by its name, others by their own."""
    if not names:
        return "nothing"
    if set(names) == set(tools):
        return "everything"
    by_area = defaultdict[str, list[str]](list)
    for tool in tools.values():
        by_area[tool.area].append(tool.name)
    parts = list[str]()
    for area, inside in by_area.items():
        chosen = [name for name in inside if name in names]
        parts += [f"all of {area}"] if len(chosen) == len(inside) > 1 else chosen
    return ", ".join(parts)


def confirmed(over: int | None) -> str:
    """When a tool is confirmed; None for never."""
    if over is None:
        return "unconfirmed"
    return f"confirmed over {over:,} rows" if over else "confirmed always"


def listed(ids: frozenset[str]) -> str:
    """Ids in a fixed order."""
    return ", ".join(sorted(ids)) or "(none)"
