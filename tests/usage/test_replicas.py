"""The database keeps one count for all replicas, and loses nothing when it goes away for a while."""

import logging
from collections.abc import Iterator

import anyio
import pytest

from databases import away
from fullstory_mcp.errors import BudgetSpent, StorageUnavailable
from fullstory_mcp.storage import Database
from fullstory_mcp.storage.sweep import sweep
from fullstory_mcp.usage import Meter
from fullstory_mcp.usage import meter as metering
from fullstory_mcp.usage.database import InDatabase
from support import Clock
from usage.spending import ANA, BEN, DAY, NOON, at_once, ruled

pytestmark = pytest.mark.anyio

Pair = tuple[Meter, Meter]


@pytest.fixture
def clock() -> Clock:
    """Noon of an ordinary day, for both replicas."""
    return Clock(NOON)


@pytest.fixture
def replicas(database_url: str, clock: Clock) -> Iterator[Pair]:
    """Two servers on one database."""
    pair = (Database(database_url, 2), Database(database_url, 2))
    yield Meter(InDatabase(pair[0]), clock), Meter(InDatabase(pair[1]), clock)
    for database in pair:
        database.close()


async def test_fifty_at_once_never_pass_the_budget_of_both(replicas: Pair) -> None:
    """Exactly the budget is given out, and both periods have counted it."""
    ruling = ruled({("activations", "day"): 23, ("activations", "month"): 30})

    assert await at_once(replicas, ruling, 50) == 23
    assert [line.spent for line in await replicas[0].usage(ANA, ruling)][:2] == [23, 23]


async def test_one_replica_refuses_what_the_other_gave_out(replicas: Pair) -> None:
    """There is one budget, not one for each replica."""
    ruling = ruled({("calls", "month"): 1})
    await replicas[0].take(ANA, ruling, "calls")

    with pytest.raises(BudgetSpent):
        await replicas[1].take(ANA, ruling, "calls")


async def test_writing_and_taking_never_wait_for_each_other_crosswise(replicas: Pair) -> None:
    """Counts kept in memory are written while budgets are taken, and each is counted once."""
    ruling = ruled({("calls", "day"): 1_000, ("calls", "month"): 1_000})

    async def let_have(meter: Meter) -> None:
        for _ in range(10):
            await meter.take(ANA, None, "calls")
            await meter.take(BEN, None, "calls")
            await meter.flush()

    async def give(meter: Meter) -> None:
        for _ in range(10):
            await meter.take(ANA, ruling, "calls")

    async with anyio.create_task_group() as tasks:
        for meter in replicas:
            tasks.start_soon(let_have, meter)
            tasks.start_soon(give, meter)

    assert [line.spent for line in await replicas[0].usage(ANA, ruling)][-2:] == [40, 40]
    assert [line.spent for line in await replicas[0].usage(BEN, ruling)][-2:] == [20, 20]


async def test_counts_in_memory_reach_the_other_replica(
    replicas: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the server runs they are written every few seconds."""
    monkeypatch.setattr(metering, "WRITE_SECONDS", 0.01)
    async with replicas[0].open():
        await replicas[0].take(ANA, None, "calls", 7)
        with anyio.fail_after(10):
            while (await replicas[1].usage(ANA, None))[-1].spent != 7:  # noqa: ASYNC110 - it tells nobody
                await anyio.sleep(0.01)


async def test_last_counts_are_written_at_the_end(replicas: Pair) -> None:
    """A server that stops owes nothing."""
    async with replicas[0].open():
        await replicas[0].take(ANA, None, "calls", 7)

    assert (await replicas[1].usage(ANA, None))[-1].spent == 7


async def test_budget_is_not_given_out_blindly(replicas: Pair, database_url: str) -> None:
    """Where nobody can say what is left, nothing is; what has no budget goes on and is counted."""
    ruling = ruled({("activations", "day"): 10})
    with away(database_url):
        with pytest.raises(StorageUnavailable):
            await replicas[0].take(ANA, ruling, "activations")
        await replicas[0].take(ANA, None, "activations", 2)
    await replicas[0].take(ANA, ruling, "activations")

    assert await replicas[1].left(ANA, ruling, "activations") == 7


async def test_what_is_given_back_while_the_database_is_away_is_not_lost(
    replicas: Pair, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is written as soon as it can be, and the log says what waits."""
    ruling = ruled({("activations", "day"): 2})
    taken = await replicas[0].take(ANA, ruling, "activations", 2)
    with away(database_url), caplog.at_level(logging.WARNING):
        await replicas[0].give_back(taken)
        async with replicas[0].open():
            pass
    await replicas[0].flush()

    assert await replicas[1].left(ANA, ruling, "activations") == 2
    assert "What was spent could not be written yet" in caplog.text


async def test_spent_days_are_swept_forty_days_later(replicas: Pair, database: Database) -> None:
    """Not before: a clock that jumped ahead and back would give the budget out again."""
    await replicas[0].take(ANA, None, "activations")
    end_of_day = int(NOON) + DAY // 2
    with database.begin() as tx:
        early = sweep(tx, end_of_day + 40 * DAY)
        day = sweep(tx, end_of_day + 41 * DAY)
        month = sweep(tx, end_of_day + 60 * DAY)

    assert (early, day, month) == ({}, {"usage": 1}, {"usage": 1})
