"""Rows as a hosted server would have stored them."""

from typing import Any

from sqlalchemy import insert, select

from fullstory_mcp.principal import ApiKey
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.storage import Tx, keys
from fullstory_mcp.storage.keys import StoredKey
from fullstory_mcp.storage.tables import api_keys, codes, connections, metadata, tokens

NOW = 1_795_000_000

RING = (b"a" * 32, b"b" * 32, b"c" * 32)
"""Keys that seal."""

API_KEY = ApiKey("na1.c2VjcmV0LXNlY3JldC1zZWNyZXQ")


def add_connection(tx: Tx, id: str, **columns: Any) -> str:  # noqa: A002 - the column's name
    """A connection, made now unless `columns` say else."""
    texts = ("person", "client_id", "client_name", "client_host", "redirect_host", "scopes")
    row = dict.fromkeys((*texts, "owner", "withheld", "resource"), "some")
    tx.execute(insert(connections).values({**row, "id": id, "created_at": NOW, **columns}))
    return id


def add_token(tx: Tx, hash: str, connection_id: str, **columns: Any) -> None:  # noqa: A002 - the column's name
    """An access token that holds for an hour."""
    row = {"kind": "access", "scopes": "", "created_at": NOW, "expires_at": NOW + 3600}
    tx.execute(
        insert(tokens).values({**row, "hash": hash, "connection_id": connection_id, **columns})
    )


def add_code(tx: Tx, hash: str, connection_id: str, **columns: Any) -> None:  # noqa: A002 - the column's name
    """A code that holds for a minute."""
    texts = ("client_id", "redirect_uri", "challenge", "scopes", "resource")
    row = dict.fromkeys(texts, "some") | {"redirect_uri_given": 1, "expires_at": NOW + 60}
    tx.execute(
        insert(codes).values({**row, "hash": hash, "connection_id": connection_id, **columns})
    )


def add_keys(tx: Tx, sealer: Sealer, count: int) -> list[str]:
    """The ids of so many stored keys, all the same key."""
    return [keys.add(tx, sealer, API_KEY, NOW) for _ in range(count)]


def stored_keys(tx: Tx) -> list[StoredKey]:
    """Every stored key, by id."""
    names = ("id", "sealed", "fingerprint", "region", "refused_at")
    rows = tx.execute(select(*(api_keys.c[name] for name in names)).order_by(api_keys.c.id))
    return [StoredKey(**row) for row in rows.mappings()]


def kept(tx: Tx) -> dict[str, list[str]]:
    """What is left in each table that has rows: the first column of each."""
    left = {
        name: sorted(str(row[0]) for row in tx.execute(select(table)))
        for name, table in metadata.tables.items()
    }
    return {name: rows for name, rows in left.items() if rows}
