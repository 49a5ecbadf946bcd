"""Two linked records of every call, refusals included: in a chained journal, as a log line, as a span."""

from fullstory_mcp.audit.calls import Audit
from fullstory_mcp.audit.records import Record
from fullstory_mcp.audit.spans import exporting

__all__ = ["Audit", "Record", "exporting"]
