"""Everything that goes out to Fullstory: requests, retries, limits, errors. The only network room."""

from fullstory_mcp.upstream.client import Answer, Sink, Upstream
from fullstory_mcp.upstream.files import Files
from fullstory_mcp.upstream.request import Hosts

__all__ = ["Answer", "Files", "Hosts", "Sink", "Upstream"]
