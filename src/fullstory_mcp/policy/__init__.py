"""Who may do what: the operator's policy file, read, checked and asked. Pure but for reading the file."""

from fullstory_mcp.policy.model import Access, Metered, Period, Rules, Ruling

__all__ = ["Access", "Metered", "Period", "Rules", "Ruling"]
