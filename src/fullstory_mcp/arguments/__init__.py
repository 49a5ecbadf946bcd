"""Arguments are checked here, wholly, before anything is sent. Pure."""

from fullstory_mcp.arguments.bind import Binder

__all__ = ["Binder"]
