"""How often something rare happened in a window of time, counted over all replicas."""

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.statements import digest, inserting
from fullstory_mcp.storage.tables import counters


def count(tx: Tx, name: str, window_seconds: int, now: int) -> int:
    """How many times `name` was counted in the window that holds `now`, this time included.

    Windows begin at multiples of `window_seconds`. Only the name's hash is stored, since names hold
    addresses. Other counts of the same name wait until the transaction ends: keep it short.
    """
    window = now - now % window_seconds
    first = {
        "name": digest(f"{window_seconds} {name}"),
        "window": window,
        "count": 1,
        "expires_at": window + window_seconds,
    }
    counted = (
        inserting(tx, counters)
        .values(first)
        .on_conflict_do_update(
            index_elements=[counters.c.name, counters.c.window],
            set_={"count": counters.c.count + 1},
        )
        .returning(counters.c.count)
    )
    return int(tx.execute(counted).scalar_one())
