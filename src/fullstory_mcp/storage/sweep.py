"""Removes what nobody can use any more. Every replica sweeps; they pass over what another holds.

A row is kept for a while past its end, so that clocks which differ a little disagree about nothing: a
nonce swept by a fast clock must not be usable again by a slow one.
"""

import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Table,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from fullstory_mcp.errors import StorageUnavailable
from fullstory_mcp.storage import Database, Tx
from fullstory_mcp.storage import tokens as tokens_of
from fullstory_mcp.storage.tables import api_keys, codes, connections, metadata, tokens

logger = logging.getLogger(__name__)

BATCH = 500
"""Most rows of one table that one transaction removes: writers wait for it."""

ROUND_SECONDS = 300
"""How long one round goes on; what is left waits for the next."""

MARGIN_SECONDS = 600
"""How long a row is kept past its end."""

UNUSED_SECONDS = 3600
"""How long a connection may stand without a code or token, or a key without a connection."""

ENDED_SECONDS = 30 * 86_400
"""How long a connection that was ended is shown to its owner."""

EVERY_SECONDS = 600
JITTER = 0.2

Sleep = Callable[[float], Awaitable[None]]


def sweep(tx: Tx, now: int) -> dict[str, int]:
    """Removes at most `BATCH` rows of each table.

    Returns:
        How many rows of each table were removed, tables without any left out.
    """
    _let_go_of_keys(tx, now)
    tokens_of.forget_answers(tx, now - MARGIN_SECONDS)
    removed = {table.name: _remove(tx, table, over) for table, over in _over(now)}
    return {name: count for name, count in removed.items() if count}


async def keep_swept(
    database: Database, clock: Callable[[], float], sleep: Sleep = anyio.sleep
) -> None:
    """Sweeps soon after the start and then every ten minutes or so, until cancelled.

    A database that is away is swept the next time.
    """
    await sleep(random.uniform(0, EVERY_SECONDS / 10))  # noqa: S311 - not a secret
    while True:
        try:
            await _round(database, clock)
        except StorageUnavailable as error:
            logger.warning("Nothing was swept: %s", error)
        except SQLAlchemyError as error:
            # A fault of ours, which must not end the server.
            logger.error("Nothing was swept: %s", type(error).__name__)  # noqa: TRY400 - no values
        await sleep(EVERY_SECONDS * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - as above


async def _round(database: Database, clock: Callable[[], float]) -> None:
    """Sweeps until nothing is left or the time is over."""
    until = clock() + ROUND_SECONDS
    while (now := clock()) < until:
        removed = await database.run(sweep, int(now))
        if max(removed.values(), default=0) < BATCH:
            return


def _over(now: int) -> list[tuple[Table, ColumnElement[bool]]]:
    """Each table, and which of its rows are over; those that others belong to come last."""
    expired = [
        (table, table.c.expires_at < now - MARGIN_SECONDS)
        for table in metadata.sorted_tables
        if "expires_at" in table.c
    ]
    return [*expired, (connections, _dead_connection(now)), (api_keys, _unused_key(now))]


def _dead_connection(now: int) -> ColumnElement[bool]:
    """Ended long ago, or nothing can be done with it any more; new ones are given time."""
    usable = [
        exists().where(table.c.connection_id == connections.c.id, table.c.expires_at > now)
        for table in (tokens, codes)
    ]
    last_used = func.coalesce(connections.c.used_at, connections.c.created_at)
    return or_(
        connections.c.ended_at < now - ENDED_SECONDS,
        connections.c.ended_at.is_(None) & (last_used < now - UNUSED_SECONDS) & ~or_(*usable),
    )


def _unused_key(now: int) -> ColumnElement[bool]:
    used = exists().where(connections.c.api_key_id == api_keys.c.id)
    return (api_keys.c.created_at < now - UNUSED_SECONDS) & ~used


def _let_go_of_keys(tx: Tx, now: int) -> None:
    """Ended connections keep no key: deleting the key would take them with it."""
    tx.execute(
        update(connections)
        .where(connections.c.ended_at < now - MARGIN_SECONDS, connections.c.api_key_id.is_not(None))
        .values(api_key_id=None)
    )


def _remove(tx: Tx, table: Table, over: ColumnElement[bool]) -> int:
    key = tuple_(*table.primary_key.columns)
    # Rows that another replica is removing or using just now are its business.
    some = select(*table.primary_key.columns).where(over).limit(BATCH)
    chosen = some.with_for_update(skip_locked=True)
    result: CursorResult[Any] = tx.execute(delete(table).where(key.in_(chosen)))
    return result.rowcount
