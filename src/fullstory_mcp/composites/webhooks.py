"""update_webhook_endpoint: an update that does not mention `disabled` must not re-enable.

The API takes an absent `disabled` as false, so the endpoint is read first and stays as it was.
"""

from typing import Any

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.way import Data, Way
from fullstory_mcp.shaping import Rendered


async def disabled_kept(data: Data, arguments: JSON) -> JSON:
    """The arguments with `disabled` as it stands, where the caller did not give it.

    Raises:
        CallerError: the endpoint may not be read.
        UpstreamError: it could not be.
    """
    if "disabled" in arguments:
        return arguments
    before: Any = await data("get_webhook_endpoint", {"id": arguments["id"]})
    # An answer that leaves false values out, as protobuf's JSON may, means disabled as well.
    if isinstance(before, dict) and before.get("enabled") is True:
        return arguments
    return {**arguments, "disabled": True}


async def keep_webhook_disabled(way: Way, tool: Tool, arguments: JSON) -> Rendered:
    """Sends what `disabled_kept` has prepared."""
    return await way.own(tool, arguments)
