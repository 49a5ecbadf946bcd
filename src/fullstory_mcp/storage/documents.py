"""What was fetched from elsewhere (client ID metadata documents, key sets), for every replica."""

from dataclasses import dataclass

from sqlalchemy import delete, select

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.statements import inserting
from fullstory_mcp.storage.tables import connections, documents

MOST_ROWS = 2_000
"""So many are kept, the newest: strangers decide what is fetched, and must not fill the disk.

Those of clients that somebody has connected come on top.
"""

STALE_SECONDS = 24 * 60 * 60
"""How long a document is kept after it has gone stale, in case it cannot be fetched again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as it came, when, and until when it is fresh."""

    body: str
    fetched_at: int
    fresh_until: int


def load(tx: Tx, url: str, now: int) -> Kept | None:
    """The document that was fetched from `url`, fresh or stale; None where there is none any more."""
    row = tx.execute(
        select(documents).where(documents.c.url == url, documents.c.expires_at > now)
    ).first()
    return None if row is None else Kept(row.body, row.fetched_at, row.expires_at - STALE_SECONDS)


def save(tx: Tx, url: str, body: str, now: int, fresh_until: int) -> None:
    """Keeps a document in the place of an earlier one; the oldest go where there are too many."""
    row = {"body": body, "fetched_at": now, "expires_at": fresh_until + STALE_SECONDS}
    new = inserting(tx, documents).values(url=url, **row)
    tx.execute(new.on_conflict_do_update(index_elements=[documents.c.url], set_=row))
    too_many = (
        select(documents.c.url)
        .order_by(documents.c.fetched_at.desc(), documents.c.url)
        .offset(MOST_ROWS)
    )
    in_use = select(connections.c.id).where(
        connections.c.client_id == documents.c.url, connections.c.ended_at.is_(None)
    )
    tx.execute(delete(documents).where(documents.c.url.in_(too_many), ~in_use.exists()))


def connected(tx: Tx, url: str) -> bool:
    """Whether somebody has a connection with the client that the document at `url` describes."""
    standing = select(connections.c.id).where(
        connections.c.client_id == url, connections.c.ended_at.is_(None)
    )
    return tx.execute(standing.limit(1)).first() is not None
