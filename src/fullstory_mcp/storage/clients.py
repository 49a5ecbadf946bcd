"""Clients that registered themselves (RFC 7591), forgotten when nobody uses them."""

from dataclasses import asdict, dataclass

from sqlalchemy import insert, or_, select, update

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.tables import clients


@dataclass(frozen=True, slots=True)
class StoredClient:
    """A row of `clients`. `registration` is JSON with RFC 7591's member names."""

    id: str
    registration: str
    secret_hash: str | None
    created_at: int
    expires_at: int
    used_at: int | None = None


def add(tx: Tx, client: StoredClient) -> None:
    """Stores a new registration."""
    tx.execute(insert(clients).values(asdict(client)))


def find(tx: Tx, id: str, now: int) -> StoredClient | None:  # noqa: A002 - the column's name
    """The registration of this id; None where it is unknown or has expired."""
    known = select(clients).where(clients.c.id == id, clients.c.expires_at > now)
    row = tx.execute(known).mappings().first()
    return None if row is None else StoredClient(**row)


def used(
    tx: Tx,
    id: str,  # noqa: A002 - the column's name
    now: int,
    *,
    hold: int,
    at_most_every: int,
) -> None:
    """Notes a use: the registration then holds for `hold` seconds more.

    Written at the first use, and after that once in `at_most_every` seconds.
    """
    due = or_(clients.c.used_at.is_(None), clients.c.expires_at < now + hold - at_most_every)
    tx.execute(
        update(clients).where(clients.c.id == id, due).values(used_at=now, expires_at=now + hold)
    )
