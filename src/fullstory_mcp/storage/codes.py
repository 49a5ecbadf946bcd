"""Authorization codes, known by their hashes alone, each redeemed once."""

from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, insert, select, update

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.tables import codes, connections


@dataclass(frozen=True, slots=True)
class Code:
    """A row of `codes`. `redirect_uri_given` is 1 where the request named it, else 0."""

    hash: str
    connection_id: str
    client_id: str
    redirect_uri: str
    redirect_uri_given: int
    challenge: str
    scopes: str
    resource: str
    expires_at: int
    used_at: int | None = None


_FIND = (
    select(codes)
    .join(connections, codes.c.connection_id == connections.c.id)
    .where(codes.c.hash == bindparam("code_hash"), connections.c.ended_at.is_(None))
    .with_for_update(of=connections)
)


def add(tx: Tx, code: Code) -> None:
    """Stores a new code."""
    tx.execute(insert(codes).values(asdict(code)))


def find(tx: Tx, code_hash: str) -> Code | None:
    """The code of this hash, used, expired or not; None where it is unknown or was ended.

    Its connection is locked until the transaction ends, as `tokens.find` does.
    """
    row = tx.execute(_FIND, {"code_hash": code_hash}).mappings().first()
    return None if row is None else Code(**row)


def claim(tx: Tx, code_hash: str, now: int) -> bool:
    """Marks a code as used: True for one caller alone, whoever asks at the same time."""
    claimed = (
        update(codes)
        .where(codes.c.hash == code_hash, codes.c.used_at.is_(None))
        .values(used_at=now)
    )
    return tx.execute(claimed.returning(codes.c.hash)).first() is not None
