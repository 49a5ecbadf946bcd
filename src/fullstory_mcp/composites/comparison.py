"""compare_sessions: two to five sessions side by side."""

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.answers import CONTEXT, price_of_more
from fullstory_mcp.composites.legs import Outcomes, Steps, afforded, budget, contexts, permitted
from fullstory_mcp.composites.way import Way
from fullstory_mcp.errors import Fault, InvalidArguments
from fullstory_mcp.shaping import Rendered
from fullstory_mcp.shaping.fitting import fitted
from fullstory_mcp.shaping.story.comparison import LABELS, compared
from fullstory_mcp.shaping.story.visits import Visit, brief, scale, visit_of
from fullstory_mcp.shaping.text import NOTE

MORE = "A larger max_tokens shows more; the sessions are read again for that."


async def compare_sessions(way: Way, _: Tool, arguments: JSON) -> Rendered:
    """The comparison of all the sessions named.

    Raises:
        InvalidArguments: they are one and the same, or cost more than may be spent.
        NotPermitted: generate_context may not be used.
    """
    permitted(way, CONTEXT)
    ids = _affordable(arguments)
    steps = Steps(way, 1 + len(ids))
    await steps.tell(f"Reading {len(ids)} sessions for {len(ids)} Activations")
    outcomes = await contexts(way, steps, ids, len(ids), visit_of)
    return _rendered(way, arguments, outcomes)


def _affordable(arguments: JSON) -> list[str]:
    """The sessions, all of which are needed."""
    ids, most = list(dict.fromkeys(arguments["session_ids"])), afforded(arguments)
    if len(ids) < 2:
        raise InvalidArguments([Fault("session_ids", "must name two different sessions at least")])
    if len(ids) > most:
        why = f"is {most}, and comparing {len(ids)} sessions costs {len(ids)} Activations"
        raise InvalidArguments([Fault("max_activations", why)])
    return ids


def _rendered(way: Way, arguments: JSON, outcomes: Outcomes[Visit]) -> Rendered:
    clean = way.cleaner
    failed = [
        f"- {clean.line(session_id, 80)} {outcomes.why_not(session_id, clean)}"
        for session_id in outcomes.failed
    ]
    visits = list(outcomes.read.values())
    named = [
        f"- {label} {brief(visit, clean)}" for label, visit in zip(LABELS, visits, strict=False)
    ]
    head = [outcomes.cost, *named, *failed]
    if len(visits) < 2:
        head.append("There is nothing to compare: fewer than two sessions could be read.")
        return Rendered("\n".join(head), is_error=True)
    zoom = f"read_session shows what is at a handle of a session ({price_of_more(way)})."
    rows = compared(visits, clean)
    return Rendered(
        fitted([*head, f"Score: {scale()}. {zoom}", NOTE], rows, budget(arguments), MORE)
    )
