"""A dry run: everything is checked, and the request is shown instead of sent."""

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.gate.confirmation import is_confirmed
from fullstory_mcp.policy import Ruling
from fullstory_mcp.shaping import Rendered, said
from fullstory_mcp.upstream import Upstream

LOOKED_UP = {
    "keep_webhook_disabled": "Where disabled is not given, the call reads the endpoint first, and "
    "sends disabled too if it is paused."
}
"""What a composite adds to the request that is not known before it is run."""


def rehearsed(upstream: Upstream, tool: Tool, arguments: JSON, ruling: Ruling | None) -> Rendered:
    """The request that the call would send, without the key, and what else would come first."""
    arguments = {name: value for name, value in arguments.items() if name != "confirmation"}
    first = is_confirmed(ruling, tool, arguments)
    notes = ["Dry run: every check was passed and nothing was sent."]
    if first:
        notes.append("The call will ask for a confirmation first.")
    if tool.composite in LOOKED_UP:
        notes.append(LOOKED_UP[tool.composite])
    return said({"would_send": upstream.shown(tool, arguments)}, " ".join(notes))
