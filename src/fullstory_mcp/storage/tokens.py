"""Access and refresh tokens, known by their hashes alone, and what stands behind one.

standing     every MCP call: an access token's connection and key, in one query
find, claim  the token endpoint: a refresh token, rotated once
keep_answer  what a rotation answered, sealed, for a client whose answer was lost on the way
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, bindparam, delete, insert, select, update

from fullstory_mcp.storage import Tx
from fullstory_mcp.storage.keys import StoredKey
from fullstory_mcp.storage.tables import api_keys, connections, tokens

Kind = Literal["access", "refresh"]


@dataclass(frozen=True, slots=True)
class Token:
    """A row of `tokens`. `scopes` are parted by spaces; `used_at` and `answer` are of refresh tokens."""

    hash: str
    kind: Kind
    connection_id: str
    scopes: str
    created_at: int
    expires_at: int
    used_at: int | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A token as its client presents it: the row, and whose it is and what for by its connection."""

    token: Token
    client_id: str
    resource: str


@dataclass(frozen=True, slots=True)
class Granted:
    """What an access token stands for: a person's consent, and the key behind it.

    `scopes` are the token's, which may be fewer than the connection's; `withheld` those that the
    person was asked for and refused. `claims` is the identity as JSON and `named_key` a key of the
    access file, both None where the person pasted a key: then `key` is that key, sealed.
    """

    connection_id: str
    owner: str
    person: str
    claims: str | None
    client_id: str
    client_name: str
    scopes: tuple[str, ...]
    withheld: tuple[str, ...]
    named_key: str | None
    resource: str
    expires_at: int
    key: StoredKey | None


_STANDING = (
    select(
        tokens.c.scopes,
        tokens.c.expires_at,
        connections.c.id.label("connection_id"),
        connections.c.owner,
        connections.c.person,
        connections.c.claims,
        connections.c.client_id,
        connections.c.client_name,
        connections.c.withheld,
        connections.c.named_key,
        connections.c.resource,
        api_keys.c.id.label("key_id"),
        api_keys.c.sealed,
        api_keys.c.fingerprint,
        api_keys.c.region,
        api_keys.c.refused_at,
    )
    .select_from(tokens)
    .join(connections, tokens.c.connection_id == connections.c.id)
    .outerjoin(api_keys, connections.c.api_key_id == api_keys.c.id)
    .where(
        tokens.c.hash == bindparam("token_hash"),
        tokens.c.kind == "access",
        tokens.c.expires_at > bindparam("now"),
        connections.c.ended_at.is_(None),
    )
)

_FIND = (
    select(tokens, connections.c.client_id, connections.c.resource)
    .select_from(tokens)
    .join(connections, tokens.c.connection_id == connections.c.id)
    .where(tokens.c.hash == bindparam("token_hash"), connections.c.ended_at.is_(None))
)


def standing(tx: Tx, token_hash: str, now: int) -> Granted | None:
    """What the access token of this hash stands for; None where it is unknown, expired or ended."""
    row = tx.execute(_STANDING, {"token_hash": token_hash, "now": now}).first()
    if row is None:
        return None
    return Granted(
        connection_id=row.connection_id,
        owner=row.owner,
        person=row.person,
        claims=row.claims,
        client_id=row.client_id,
        client_name=row.client_name,
        scopes=tuple(row.scopes.split()),
        withheld=tuple(row.withheld.split()),
        named_key=row.named_key,
        resource=row.resource,
        expires_at=row.expires_at,
        key=_key(row),
    )


def add(tx: Tx, token: Token) -> None:
    """Stores a new token."""
    tx.execute(insert(tokens).values(asdict(token)))


def find(tx: Tx, token_hash: str) -> Held | None:
    """The token of this hash, used, expired or not; None where it is unknown or was ended.

    Its connection is locked until the transaction ends (PostgreSQL; SQLite has one writer anyway),
    so that rotating and ending never wait for each other crosswise.
    """
    row = (
        tx.execute(_FIND.with_for_update(of=connections), {"token_hash": token_hash})
        .mappings()
        .first()
    )
    if row is None:
        return None
    token = Token(**{column.name: row[column] for column in tokens.c})
    return Held(token, row["client_id"], row["resource"])


def claim(tx: Tx, token_hash: str, now: int) -> bool:
    """Marks a refresh token as used: True for one caller alone, whoever asks at the same time."""
    claimed = (
        update(tokens)
        .where(_is(token_hash), tokens.c.kind == "refresh", tokens.c.used_at.is_(None))
        .values(used_at=now)
    )
    return tx.execute(claimed.returning(tokens.c.hash)).first() is not None


def keep_answer(tx: Tx, token_hash: str, answer: str) -> None:
    """Keeps what a rotation answered, sealed, beside the token that was presented for it."""
    tx.execute(update(tokens).where(_is(token_hash)).values(answer=answer))


def forget_answers(tx: Tx, used_before: int) -> int:
    """Drops the kept answers of rotations before `used_before`; how many there were."""
    forgotten = (
        update(tokens)
        .where(tokens.c.answer.is_not(None), tokens.c.used_at < used_before)
        .values(answer=None)
    )
    return len(tx.execute(forgotten.returning(tokens.c.hash)).all())


def forget_answers_of(tx: Tx, connection_id: str, used_before: int) -> None:
    """The same within one connection, which the table's index finds at once."""
    tx.execute(
        update(tokens)
        .where(
            tokens.c.connection_id == connection_id,
            tokens.c.answer.is_not(None),
            tokens.c.used_at < used_before,
        )
        .values(answer=None)
    )


def remove(tx: Tx, token_hash: str) -> None:
    """Deletes one token."""
    tx.execute(delete(tokens).where(_is(token_hash)))


def _is(token_hash: str) -> ColumnElement[bool]:
    return tokens.c.hash == token_hash


def _key(row: Any) -> StoredKey | None:
    if row.key_id is None:
        return None
    return StoredKey(
        id=row.key_id,
        sealed=row.sealed,
        fingerprint=row.fingerprint,
        region=row.region,
        refused_at=row.refused_at,
    )
