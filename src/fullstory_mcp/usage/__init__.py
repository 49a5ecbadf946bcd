"""What each principal has spent, and what its budget leaves.

The database's store is in `usage.database`, which only a server for many imports.
"""

from fullstory_mcp.usage.meter import Meter, Taken, Usage
from fullstory_mcp.usage.store import InProcess, Store

__all__ = ["InProcess", "Meter", "Store", "Taken", "Usage"]
