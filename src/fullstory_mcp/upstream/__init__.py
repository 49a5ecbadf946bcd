"""Everything that goes out to Fullstory: requests, retries, limits, errors. The only network room."""

from fullstory_mcp.upstream.client import Answer, Upstream
from fullstory_mcp.upstream.errand import Again, Sink, Still, always, freely
from fullstory_mcp.upstream.files import Files
from fullstory_mcp.upstream.request import Hosts

__all__ = ["Again", "Answer", "Files", "Hosts", "Sink", "Still", "Upstream", "always", "freely"]
