"""Under which keys of the ring the stored API keys are sealed."""

from sqlalchemy import func, select

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.tables import api_keys


def sealed_under(tx: Tx) -> dict[str, int]:
    """How many stored keys each key of the ring has sealed, by its id."""
    counted = select(api_keys.c.ring_id, func.count()).group_by(api_keys.c.ring_id)
    return {str(ring_id): int(count) for ring_id, count in tx.execute(counted)}
