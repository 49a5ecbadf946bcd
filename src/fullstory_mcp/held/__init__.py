"""What is held for a while, per key, so that reading on does not fetch again: files and answers."""

from fullstory_mcp.held.answers import HeldAnswer, HeldAnswers
from fullstory_mcp.held.files import HeldFile, HeldFiles, Sink

__all__ = ["HeldAnswer", "HeldAnswers", "HeldFile", "HeldFiles", "Sink"]
