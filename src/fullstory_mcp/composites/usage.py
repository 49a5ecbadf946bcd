"""get_usage: what the caller has spent and has left, beside the account's own quotas.

It costs the caller nothing, so it must not cost the account much: quotas that were told are held for
a minute for each key (where answers are held at all), and are asked for no more once the caller's
calls are spent.
"""

from typing import Any

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.legs import permitted
from fullstory_mcp.composites.way import Way
from fullstory_mcp.errors import CallerError, UpstreamError
from fullstory_mcp.shaping import Rendered, said
from fullstory_mcp.usage import Usage
from fullstory_mcp.usage.periods import told

QUOTAS = "get_quotas"
QUOTAS_SECONDS = 60

OF_BEFORE = "The account's quotas are those of {seconds} s ago: they are asked for once a minute."
UNASKED = "not asked for: your calls are spent"


async def get_usage(way: Way, _: Tool, __: JSON) -> Rendered:
    """By meter and period; the account's quotas where the caller may see them, else why not."""
    ruling = way.standing.ruling
    lines = await way.meter.usage(way.principal, ruling)
    spent = any(line.meter == "calls" and line.left == 0 for line in lines)
    quotas, note = await _quotas(way, spent=spent)
    return said(
        {
            "caller": way.principal.name,
            "budgets_by": ruling.by if ruling else "no policy, so nothing is limited",
            "usage": _by_meter(lines),
            "begins_anew": {line.period: told(line.renews_at) for line in lines},
            "account_quotas": quotas,
        },
        note,
    )


def _by_meter(lines: list[Usage]) -> dict[str, dict[str, JSON]]:
    report: dict[str, dict[str, JSON]] = {}
    for line in lines:
        row: JSON = {"spent": line.spent}
        if line.budget is not None:
            row |= {"budget": line.budget, "left": line.left}
        report.setdefault(line.meter, {})[line.period] = row
    return report


async def _quotas(way: Way, *, spent: bool) -> tuple[Any, str]:
    """The account's quotas, or one line on why they are not told; and a word where they are older.

    The usage is told all the same.
    """
    owner = way.principal.key.fingerprint
    try:
        permitted(way, QUOTAS)
        held = way.answers.get(owner, QUOTAS)
        if held and 0 <= (age := way.clock() - held.since) < QUOTAS_SECONDS:
            return held.data, OF_BEFORE.format(seconds=int(age))
        if spent:
            return UNASKED, ""
        quotas = await _asked(way)
    except CallerError as error:
        return f"not known: {error}", ""
    way.answers.put(owner, QUOTAS, quotas)
    return quotas, ""


async def _asked(way: Way) -> Any:
    try:
        rendered = await way.call(QUOTAS, {})
    except UpstreamError as error:
        return f"not known: {error}"
    # Every answer carries a note on texts; quotas have none.
    return {name: part for name, part in (rendered.data or {}).items() if name != "note"}
