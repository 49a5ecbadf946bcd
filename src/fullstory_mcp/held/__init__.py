"""Export files held for a while, per key, so that a next page does not download again."""

from fullstory_mcp.held.files import HeldFile, HeldFiles, Sink

__all__ = ["HeldFile", "HeldFiles", "Sink"]
