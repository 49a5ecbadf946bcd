"""Whose key a call uses and which level it has; the verdict on a tool is `gate`'s."""

from fullstory_mcp.access.keys import KeySource
from fullstory_mcp.access.levels import Levels
from fullstory_mcp.access.paying import Paying

__all__ = ["KeySource", "Levels", "Paying"]
