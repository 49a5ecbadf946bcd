"""A session's raw events: filtered, then told as lines or objects within a budget. Pure."""

from fullstory_mcp.shaping.stream.compact import lines_part
from fullstory_mcp.shaping.stream.filters import check, chosen
from fullstory_mcp.shaping.stream.listing import Listing, Onward
from fullstory_mcp.shaping.stream.model import Stream, read_stream
from fullstory_mcp.shaping.stream.objects import objects_part

__all__ = [
    "Listing",
    "Onward",
    "Stream",
    "check",
    "chosen",
    "lines_part",
    "objects_part",
    "read_stream",
]
