"""summarize_sessions: Fullstory's own summaries of many sessions as one table."""

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.legs import (
    Outcomes,
    Steps,
    afforded,
    budget,
    each_session,
    permitted,
)
from fullstory_mcp.composites.way import Way
from fullstory_mcp.shaping import Rendered
from fullstory_mcp.shaping.fitting import counted_as
from fullstory_mcp.shaping.table import Entry, Table, entry_of

_ASKED = ("config_profile", "llm")


async def summarize_sessions(way: Way, _: Tool, arguments: JSON) -> Rendered:
    """The table of as many of the sessions as may be paid for.

    Raises:
        NotPermitted: the summarizing tool may not be used.
        InvalidArguments: the response schema cannot be sent.
    """
    name = "generate_summary_with_overrides" if "llm" in arguments else "generate_summary"
    permitted(way, name)
    asked = {key: arguments[key] for key in _ASKED if key in arguments}
    ids = list(dict.fromkeys(arguments["session_ids"]))
    most = min(afforded(arguments), len(ids))
    steps = Steps(way, 1 + most)
    await steps.tell(
        f"Summarizing {counted_as(most, 'session')} for {counted_as(most, 'Activation')}"
    )

    async def leg(session_id: str) -> Entry:
        data = await way.data(name, {"session_id": session_id, **asked})
        return entry_of(session_id, data, way.cleaner)

    outcomes = await each_session(steps, ids, most, leg)
    return _rendered(way, arguments, ids, outcomes)


def _rendered(way: Way, arguments: JSON, ids: list[str], outcomes: Outcomes[Entry]) -> Rendered:
    entries = [
        outcomes.read.get(one) or Entry(one, {}, outcomes.why_not(one, way.cleaner)) for one in ids
    ]
    table = Table(entries, outcomes.cost, way.cleaner)
    failed = not outcomes.read
    if arguments.get("format") == "json":
        data = table.data(budget(arguments))
        return Rendered(wire.write(data), data, is_error=failed)
    return Rendered(table.markdown(budget(arguments)), is_error=failed)
