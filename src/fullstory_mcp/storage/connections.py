"""Connections: one consent of one person to one client, from the consent until it is ended."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Select, bindparam, delete, insert, select, update

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.tables import api_keys, codes, connections, tokens


@dataclass(frozen=True, slots=True)
class Connection:
    """A row of `connections`.

    `scopes` and `withheld` are parted by spaces. `claims` is the identity as JSON, None where the
    person pasted a key. `refused_at` is read along: when Fullstory last refused the pasted key.
    """

    id: str
    owner: str
    person: str
    claims: str | None
    client_id: str
    client_name: str
    client_host: str
    redirect_host: str
    api_key_id: str | None
    named_key: str | None
    scopes: str
    withheld: str
    resource: str
    created_at: int
    used_at: int | None = None
    ended_at: int | None = None
    ended_why: str | None = None
    refused_at: int | None = None


_COLUMNS = tuple(
    connections.c[field.name] for field in fields(Connection) if field.name != "refused_at"
)


def create(tx: Tx, connection: Connection) -> None:
    """Stores a new connection."""
    row = asdict(connection)
    del row["refused_at"]
    tx.execute(insert(connections).values(row))


def find(tx: Tx, id: str) -> Connection | None:  # noqa: A002 - the column's name
    """The connection of this id, None where there is none."""
    row = tx.execute(_read().where(connections.c.id == id)).mappings().first()
    return None if row is None else Connection(**row)


def owned(tx: Tx, owner: str, most: int = 200) -> list[Connection]:
    """The newest `most` connections of a person, those still open first."""
    rows = tx.execute(
        _read()
        .where(connections.c.owner == owner)
        .order_by(
            connections.c.ended_at.is_not(None),
            connections.c.created_at.desc(),
            connections.c.id,
        )
        .limit(most)
    )
    return [Connection(**row) for row in rows.mappings()]


def open_ids(tx: Tx, owner: str) -> list[str]:
    """The ids of all of a person's connections that are not ended."""
    standing = select(connections.c.id).where(
        connections.c.owner == owner, connections.c.ended_at.is_(None)
    )
    return list(tx.scalars(standing))


def end(tx: Tx, id: str, why: str, now: int) -> bool:  # noqa: A002 - the column's name
    """Ends a connection: its tokens, its codes and its key are gone; the row stays to tell why.

    Returns:
        Whether it was this call that ended it.
    """
    ended = (
        update(connections)
        .where(connections.c.id == id, connections.c.ended_at.is_(None))
        .values(ended_at=now, ended_why=why)
        .returning(connections.c.api_key_id)
    )
    row = tx.execute(ended).first()
    if row is None:
        return False
    tx.execute(delete(tokens).where(tokens.c.connection_id == id))
    tx.execute(delete(codes).where(codes.c.connection_id == id))
    if row.api_key_id is not None:
        _forget_key(tx, id, row.api_key_id)
    return True


_USED = (
    update(connections)
    .where(connections.c.id == bindparam("connection"))
    .values(used_at=bindparam("at"))
)


def used(tx: Tx, times: Mapping[str, int]) -> None:
    """Notes when connections, by id, were last used."""
    if times:
        # In one order everywhere, so that two replicas never wait for each other crosswise.
        tx.execute(_USED, [{"connection": name, "at": at} for name, at in sorted(times.items())])


def _forget_key(tx: Tx, connection_id: str, key_id: str) -> None:
    """Deletes a key that no other connection uses.

    The row lets go of it first: deleting a key takes with it every connection that still names it.
    """
    tx.execute(update(connections).where(connections.c.id == connection_id).values(api_key_id=None))
    still_named = select(connections.c.id).where(connections.c.api_key_id == key_id).exists()
    tx.execute(delete(api_keys).where(api_keys.c.id == key_id, ~still_named))


def _read() -> Select[tuple[object, ...]]:
    joined = connections.outerjoin(api_keys, connections.c.api_key_id == api_keys.c.id)
    return select(*_COLUMNS, api_keys.c.refused_at).select_from(joined)
