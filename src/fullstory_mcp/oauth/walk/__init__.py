"""Walks the front door at its public address as the known clients do, and names what is in their way.

Nothing is granted on the way: three clients are registered, which expire unused within a day, and
one request reaches the consent page, which expires within minutes.
"""

from fullstory_mcp.oauth.walk.route import Finding, walked

__all__ = ["Finding", "walked"]
