"""One record around the whole way of a call, refusals included; as a log line, and as a span."""

from fullstory_mcp.audit.calls import Audit
from fullstory_mcp.audit.records import Record
from fullstory_mcp.audit.spans import exporting

__all__ = ["Audit", "Record", "exporting"]
