"""What was fetched from elsewhere (client ID metadata documents, key sets), for every replica."""

from dataclasses import dataclass

from sqlalchemy import delete, select

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.statements import inserting
from fullstory_mcp.storage.tables import documents

MOST_ROWS = 2_000
"""So many are kept, the newest: strangers decide what is fetched, and must not fill the disk."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as it came, and when."""

    body: str
    fetched_at: int


def load(tx: Tx, url: str, now: int) -> Kept | None:
    """The document that was fetched from `url`, None where there is none or it is stale."""
    fresh = select(documents.c.body, documents.c.fetched_at).where(
        documents.c.url == url, documents.c.expires_at > now
    )
    row = tx.execute(fresh).first()
    return None if row is None else Kept(row.body, row.fetched_at)


def save(tx: Tx, url: str, body: str, now: int, expires_at: int) -> None:
    """Keeps a document in the place of an earlier one; the oldest go where there are too many."""
    row = {"body": body, "fetched_at": now, "expires_at": expires_at}
    new = inserting(tx, documents).values(url=url, **row)
    tx.execute(new.on_conflict_do_update(index_elements=[documents.c.url], set_=row))
    too_many = (
        select(documents.c.url)
        .order_by(documents.c.fetched_at.desc(), documents.c.url)
        .offset(MOST_ROWS)
    )
    tx.execute(delete(documents).where(documents.c.url.in_(too_many)))
