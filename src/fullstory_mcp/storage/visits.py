"""Visits: people who showed who they are on `/connections`, for as long as a visit lasts."""

from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.tables import visits as table


@dataclass(frozen=True, slots=True)
class Visit:
    """A row of `visits`: `hash` is of the cookie, `owner` what the person proved."""

    hash: str
    owner: str
    person: str
    expires_at: int


def begin(tx: Tx, visit: Visit) -> None:
    """Stores a visit that lasts from now on."""
    tx.execute(insert(table).values(asdict(visit)))


def find(tx: Tx, hash: str, now: int) -> Visit | None:  # noqa: A002 - the column's name
    """The visit of this cookie, None where there is none or it is over."""
    row = tx.execute(select(table).where(table.c.hash == hash, table.c.expires_at > now)).first()
    return None if row is None else Visit(row.hash, row.owner, row.person, row.expires_at)


def leave(tx: Tx, hash: str) -> None:  # noqa: A002 - the column's name
    """Ends a visit."""
    tx.execute(delete(table).where(table.c.hash == hash))
