"""What nobody can use any more is removed; what somebody still can stays."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from sqlalchemy import insert

from databases import away
from fullstory_mcp.sealing import Sealer
from fullstory_mcp.storage import Database, Tx, sweep
from fullstory_mcp.storage.tables import (
    authorizations,
    clients,
    counters,
    documents,
    metadata,
    once,
    usage,
    visits,
)
from storage.rows import NOW, RING, add_code, add_connection, add_keys, add_token, kept
from support import Clock

SEALER = Sealer(RING[:1])
LONG_AGO = NOW - 40 * 86_400
OVER = NOW - sweep.MARGIN_SECONDS - 1
JUST_OVER = NOW - sweep.MARGIN_SECONDS + 1

EXPIRING = {
    clients: ("id", {"registration": "{}", "created_at": 0}),
    documents: ("url", {"body": "{}", "fetched_at": 0}),
    authorizations: ("id", {"browser": "", "request": "{}", "created_at": 0}),
    visits: ("hash", {"owner": "", "person": ""}),
    once: ("id", {}),
    counters: ("name", {"window": 0, "count": 1}),
    usage: ("owner", {"meter": "calls", "period": "2026-11", "spent": 1}),
}
"""Tables that others need nothing of: the column that names a row, and what else a row needs."""


def swept(database: Database, now: int = NOW) -> dict[str, int]:
    """What one run removed."""
    with database.begin() as tx:
        return sweep.sweep(tx, now)


def left(database: Database) -> dict[str, list[str]]:
    """What is still there."""
    with database.begin(reading=True) as tx:
        return kept(tx)


def add_claims(tx: Tx, count: int) -> None:
    """So many claims that expired long ago."""
    rows = [{"id": f"nonce {number}", "expires_at": LONG_AGO} for number in range(count)]
    tx.execute(insert(once), rows)


def test_every_table_that_expires_is_swept() -> None:
    """A table that is added later is not forgotten: here or by `sweep`."""
    expiring = {name for name, table in metadata.tables.items() if "expires_at" in table.c}

    assert expiring == {table.name for table in EXPIRING} | {"codes", "tokens"}
    assert set(metadata.tables) - expiring == {
        "connections",
        "api_keys",
        "audit_records",
        "freezes",
    }


@pytest.mark.parametrize("table", EXPIRING, ids=lambda table: table.name)
def test_expired_rows_go_a_while_after_their_end(database: Database, table: object) -> None:
    """A clock that is minutes ahead removes nothing that another replica still goes by."""
    name, rest = EXPIRING[table]
    with database.begin() as tx:
        for row, expires_at in (("over", OVER), ("just", JUST_OVER), ("not yet", NOW + 60)):
            tx.execute(insert(table).values({name: row, **rest, "expires_at": expires_at}))

    assert swept(database) == {table.name: 1}
    assert left(database) == {table.name: ["just", "not yet"]}


def test_expired_codes_and_tokens_go_and_their_connection_stays(database: Database) -> None:
    """A connection lives as long as one of its tokens or codes does."""
    with database.begin() as tx:
        for name in ("refreshing", "consented"):
            add_connection(tx, name, created_at=LONG_AGO)
        add_token(tx, "old", "refreshing", expires_at=OVER)
        add_token(tx, "live", "refreshing", kind="refresh")
        add_code(tx, "spent", "refreshing", expires_at=OVER)
        add_code(tx, "fresh", "consented")

    assert swept(database) == {"codes": 1, "tokens": 1}
    assert left(database) == {
        "connections": ["consented", "refreshing"],
        "codes": ["fresh"],
        "tokens": ["live"],
    }


DEAD = {
    "nobody ever came for the token": {"created_at": NOW - 3601},
    "every token has expired": {"created_at": LONG_AGO, "used_at": NOW - 3601},
    "ended long ago": {"created_at": LONG_AGO, "ended_at": NOW - sweep.ENDED_SECONDS - 1},
}
STANDING = {
    "just made": {"created_at": NOW - 3599},
    "used a moment ago": {"created_at": LONG_AGO, "used_at": NOW - 3599},
    "ended lately": {"created_at": LONG_AGO, "ended_at": NOW - sweep.ENDED_SECONDS + 1},
}


@pytest.mark.parametrize("why", [*DEAD, *STANDING])
def test_connection_stays_while_it_is_of_use(database: Database, why: str) -> None:
    """Gone are those that nobody can use; shown for a month are those that were ended."""
    with database.begin() as tx:
        add_connection(tx, why, **(DEAD | STANDING)[why])
        add_token(tx, "token", why, expires_at=NOW)

    assert swept(database).get("connections", 0) == (why in DEAD)
    assert left(database).get("connections", []) == ([] if why in DEAD else [why])


def test_key_goes_with_its_last_connection(database: Database) -> None:
    """No key is kept that nobody's connection needs, and no ended connection goes with a key."""
    with database.begin() as tx:
        used, ended, unused, dead = add_keys(tx, SEALER, 4)
        add_connection(tx, "live", api_key_id=used)
        add_token(tx, "token", "live", expires_at=NOW + 86_400)
        add_connection(tx, "ended", api_key_id=ended, ended_at=NOW)
        add_connection(tx, "dead", api_key_id=dead)

    assert swept(database) == {}
    assert swept(database, NOW + 3700) == {"connections": 1, "api_keys": 3}
    assert unused
    assert left(database) == {
        "api_keys": [used],
        "connections": ["ended", "live"],
        "tokens": ["token"],
    }


def test_one_run_is_bounded(database: Database) -> None:
    """However much has gathered, other writers wait for a part of it only."""
    with database.begin() as tx:
        add_claims(tx, sweep.BATCH + 1)

    assert [swept(database), swept(database), swept(database)] == [
        {"once": sweep.BATCH},
        {"once": 1},
        {},
    ]


def test_replicas_sweep_at_once(database: Database, database_url: str) -> None:
    """Each row is removed by one of them, and neither fails for the other's sake."""
    other = Database(database_url)
    with database.begin() as tx:
        add_claims(tx, 300)
    with ThreadPoolExecutor(8) as threads:
        removed = list(threads.map(swept, [database, other] * 4))
    other.close()

    assert sum(run.get("once", 0) for run in removed) == 300
    assert left(database) == {}


def test_row_that_another_replica_holds_is_passed_over(postgres_url: str) -> None:
    """A sweep waits for nobody: what is in use goes the next time."""
    one, other = Database(postgres_url), Database(postgres_url)
    with one.begin() as tx:
        add_claims(tx, 2)
    with one.begin() as tx:
        tx.execute(once.update().where(once.c.id == "nonce 0").values(expires_at=LONG_AGO))

        assert swept(other) == {"once": 1}
    assert swept(other) == {"once": 1}
    one.close()
    other.close()


class Rounds:
    """A `sleep` that lets so many rounds pass, each in no time, and then never returns."""

    def __init__(self, rounds: int) -> None:
        self.left = rounds
        self.waits: list[float] = []
        self.over = anyio.Event()

    async def __call__(self, seconds: float) -> None:
        """Waits, as far as the loop can tell."""
        self.waits.append(seconds)
        if self.left == 0:
            self.over.set()
            await anyio.sleep_forever()
        self.left -= 1


async def go_through(
    rounds: Rounds, database: Database, clock: Callable[[], float] | None = None
) -> None:
    """Runs a server's sweeper for so many rounds."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sweep.keep_swept, database, clock or Clock(NOW), rounds)
        await rounds.over.wait()
        tasks.cancel_scope.cancel()


@pytest.mark.anyio
async def test_a_round_removes_all_that_has_gathered(database: Database) -> None:
    """More than one transaction's worth is gone after one round, and a round is soon after a start."""
    with database.begin() as tx:
        add_claims(tx, sweep.BATCH * 60 + 1)
    rounds = Rounds(1)
    await go_through(rounds, database)

    assert left(database) == {}
    assert 0 <= rounds.waits[0] <= 60
    assert 480 <= rounds.waits[1] <= 720


@pytest.mark.anyio
async def test_a_round_ends_after_five_minutes(database: Database) -> None:
    """A database that is slow to remove is left alone for a while, and swept on the next time."""
    ticks = iter(range(NOW, NOW + 86_400, 100))
    with database.begin() as tx:
        add_claims(tx, sweep.BATCH * 4)
    await go_through(Rounds(1), database, lambda: next(ticks))

    assert len(left(database)["once"]) == sweep.BATCH * 2


@pytest.mark.anyio
async def test_sweeper_survives_a_lost_database(
    database: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """While the database is away the server goes on, says it once a round, and sweeps later."""
    with database.begin() as tx:
        add_claims(tx, 1)
    with away(database_url), caplog.at_level(logging.WARNING):
        await go_through(Rounds(2), database)
    said = [record.getMessage() for record in caplog.records]

    assert len(said) == 2
    assert said[0].startswith("Nothing was swept: The database is not available")
    assert swept(database) == {"once": 1}
