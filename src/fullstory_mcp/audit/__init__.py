"""One record around the whole way of a call, refusals included."""

from fullstory_mcp.audit.records import Audit, Record

__all__ = ["Audit", "Record"]
