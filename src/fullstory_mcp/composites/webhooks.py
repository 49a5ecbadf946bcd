"""update_webhook_endpoint: an update that does not mention `disabled` must not re-enable.

The API takes an absent `disabled` as false, so the endpoint is read first and stays as it was.
"""

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.way import Way
from fullstory_mcp.shaping import Rendered


async def keep_webhook_disabled(way: Way, tool: Tool, arguments: JSON) -> Rendered:
    """Reads the endpoint where `disabled` is not given, then updates it."""
    if "disabled" in arguments:
        return await way.own(tool, arguments)
    before = await way.call("get_webhook_endpoint", {"id": arguments["id"]})
    # An answer that leaves false values out, as protobuf's JSON may, means disabled as well.
    if (before.data or {}).get("enabled") is not True:
        arguments = {**arguments, "disabled": True}
    return await way.own(tool, arguments)
