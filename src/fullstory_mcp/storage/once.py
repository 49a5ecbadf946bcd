"""What must not come twice, on whichever replica: confirmation nonces, a client assertion's `jti`."""

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.statements import digest, inserting
from fullstory_mcp.storage.tables import once


def claim(tx: Tx, id: str, expires_at: int) -> bool:  # noqa: A002 - the column's name
    """Whether `id` comes for the first time; it is True for one caller alone.

    It is remembered until `expires_at` (Unix seconds) at least: until then whatever it guards must
    itself have expired. Only its hash is stored, so it may be of any length.
    """
    row = {"id": digest(id), "expires_at": expires_at}
    first = inserting(tx, once).values(row).on_conflict_do_nothing().returning(once.c.id)
    return tx.execute(first).first() is not None
