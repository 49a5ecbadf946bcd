"""What a budget covers is counted, what it does not is refused with what is left and until when."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from databases import KINDS
from fullstory_mcp.errors import BudgetSpent
from fullstory_mcp.policy import Metered, Period
from fullstory_mcp.storage import Database
from fullstory_mcp.usage import InProcess, Meter, Store
from fullstory_mcp.usage.database import InDatabase
from support import Clock
from usage.spending import ANA, BEN, DAY, NOON, at_once, ruled

pytestmark = pytest.mark.anyio


@pytest.fixture(params=("in process", *KINDS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Every place where spendings are kept."""
    if request.param == "in process":
        yield InProcess()
        return
    if request.param == "sqlite":
        path = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
        database = Database(f"sqlite:///{path}")
    else:
        database = Database(request.getfixturevalue("postgres_url"))
    yield InDatabase(database)
    database.close()


@pytest.fixture
def clock() -> Clock:
    """Noon of an ordinary day."""
    return Clock(NOON)


@pytest.fixture
def meter(store: Store, clock: Clock) -> Meter:
    """A meter that nothing was taken from."""
    return Meter(store, clock)


async def test_budget_is_spent_to_the_last_and_no_further(meter: Meter) -> None:
    """Exactly as much as the policy allows is given out, and the refusal takes nothing."""
    ruling = ruled({("activations", "day"): 3})
    await meter.take(ANA, ruling, "activations", 2)
    with pytest.raises(BudgetSpent):
        await meter.take(ANA, ruling, "activations", 2)
    await meter.take(ANA, ruling, "activations")

    assert await meter.left(ANA, ruling, "activations") == 0


REFUSALS: dict[str, tuple[dict[tuple[Metered, Period], int], Metered, int, str]] = {
    "some are left": (
        {("activations", "day"): 5},
        "activations",
        4,
        (
            "Nothing was sent: this call needs 4 Activations, and of the 5 Activations a day that the "
            "policy allows (preset analyst, row 1 (person ana@example.com)) 3 are left. More from "
            "2026-11-19 00:00 UTC. get_usage shows every budget."
        ),
    ),
    "one is left, of the month": (
        {("server_events", "day"): 50, ("server_events", "month"): 3},
        "server_events",
        2,
        (
            "Nothing was sent: this call needs 2 server events, and of the 3 server events a month that "
            "the policy allows (preset analyst, row 1 (person ana@example.com)) 1 is left. More from "
            "2026-12-01 00:00 UTC. get_usage shows every budget."
        ),
    ),
    "none is left": (
        {("calls", "day"): 2},
        "calls",
        1,
        (
            "Nothing was sent: the 2 calls a day that the policy allows (preset analyst, row 1 (person "
            "ana@example.com)) are spent. More from 2026-11-19 00:00 UTC. get_usage shows every budget."
        ),
    ),
    "more than there ever is": (
        {("server_events", "month"): 1_000},
        "server_events",
        50_000,
        (
            "Nothing was sent: this call needs 50,000 server events, and the policy allows 1,000 a month "
            "in all (preset analyst, row 1 (person ana@example.com)). Ask for less in one call."
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_refusal_says_what_is_left_and_when_there_is_more(meter: Meter, case: str) -> None:
    """After two were spent: the need, the rule, the rest and the time."""
    budgets, what, amount, text = REFUSALS[case]
    ruling = ruled(budgets)
    await meter.take(ANA, ruling, what, 2)
    with pytest.raises(BudgetSpent) as refused:
        await meter.take(ANA, ruling, what, amount)

    assert str(refused.value) == text


async def test_budget_of_nothing_is_not_said_to_renew(meter: Meter) -> None:
    """Waiting does not help where the policy allows none, so nobody is told to wait."""
    with pytest.raises(BudgetSpent) as refused:
        await meter.take(ANA, ruled({("server_events", "month"): 0}), "server_events")

    assert str(refused.value) == (
        "Nothing was sent: this call needs 1 server event, and the policy allows none (preset "
        "analyst, row 1 (person ana@example.com)). Only the operator can change that."
    )


async def test_month_that_refuses_leaves_the_day_as_it_was(meter: Meter) -> None:
    """Both are taken, or neither."""
    await meter.take(ANA, None, "activations", 2)
    tight = ruled({("activations", "day"): 10, ("activations", "month"): 3})
    with pytest.raises(BudgetSpent):
        await meter.take(ANA, tight, "activations", 2)

    assert [line.spent for line in await meter.usage(ANA, tight)][:2] == [2, 2]


async def test_day_that_refuses_leaves_the_month_as_it_was(meter: Meter) -> None:
    """The same the other way round."""
    tight = ruled({("activations", "day"): 1, ("activations", "month"): 30})
    await meter.take(ANA, tight, "activations")
    with pytest.raises(BudgetSpent):
        await meter.take(ANA, tight, "activations")

    assert [line.left for line in await meter.usage(ANA, tight)][:2] == [0, 29]


async def test_what_is_given_back_can_be_spent_again(meter: Meter, clock: Clock) -> None:
    """It goes back to the day it was taken from, even after midnight."""
    ruling = ruled({("activations", "day"): 5})
    taken = await meter.take(ANA, ruling, "activations", 5)
    clock.time += DAY
    await meter.take(ANA, ruling, "activations", 1)
    await meter.give_back(taken)

    assert await meter.left(ANA, ruling, "activations") == 4
    clock.time -= DAY
    assert await meter.left(ANA, ruling, "activations") == 5


async def test_new_day_and_new_month_begin_anew(meter: Meter, clock: Clock) -> None:
    """A day ends at midnight UTC, and a month with its last day."""
    ruling = ruled({("calls", "day"): 1, ("calls", "month"): 2})
    for _ in range(2):
        await meter.take(ANA, ruling, "calls")
        clock.time += DAY
    with pytest.raises(BudgetSpent, match=r"the 2 calls a month .* are spent"):
        await meter.take(ANA, ruling, "calls")
    clock.time = 1_796_083_200.0 - 1  # the last second of November
    with pytest.raises(BudgetSpent):
        await meter.take(ANA, ruling, "calls")
    clock.time += 1

    await meter.take(ANA, ruling, "calls")


async def test_clock_that_jumps_grants_nothing_twice(meter: Meter, clock: Clock) -> None:
    """Ahead there is another day's budget; back again, what was spent is still spent."""
    ruling = ruled({("activations", "day"): 1})
    await meter.take(ANA, ruling, "activations")
    clock.time += 20 * DAY
    await meter.take(ANA, ruling, "activations")
    clock.time -= 20 * DAY

    with pytest.raises(BudgetSpent):
        await meter.take(ANA, ruling, "activations")


async def test_budget_is_the_persons_and_not_the_connections(meter: Meter) -> None:
    """Another client or another key does not start anew; another person does."""
    ruling = ruled({("activations", "day"): 1})
    await meter.take(ANA, ruling, "activations")

    with pytest.raises(BudgetSpent):
        await meter.take(replace(ANA, client="Other", connection="c2"), ruling, "activations")
    await meter.take(BEN, ruling, "activations")


async def test_budget_that_comes_later_counts_what_was_spent_before(meter: Meter) -> None:
    """Calls without a budget are counted all the same, from the first to the last."""
    for _ in range(3):
        await meter.take(ANA, None, "calls")
    ruling = ruled({("calls", "day"): 4})
    assert await meter.left(ANA, ruling, "calls") == 1
    await meter.take(ANA, ruling, "calls")

    with pytest.raises(BudgetSpent):
        await meter.take(ANA, ruling, "calls")
    assert await meter.left(ANA, ruling, "calls") == 0


async def test_call_without_a_budget_is_given_back_too(meter: Meter) -> None:
    """What was only counted in memory is taken off there."""
    taken = await meter.take(ANA, None, "calls", 2)
    await meter.flush()
    await meter.give_back(taken)
    await meter.take(ANA, None, "calls")

    assert [line.spent for line in await meter.usage(ANA, None)][-2:] == [1, 1]


async def test_nothing_is_taken_for_nothing(meter: Meter) -> None:
    """An empty batch passes a spent budget; less than nothing is a mistake of ours."""
    ruling = ruled({("server_events", "day"): 0})
    await meter.give_back(await meter.take(ANA, ruling, "server_events", 0))

    with pytest.raises(ValueError, match="-1"):
        await meter.take(ANA, ruling, "server_events", -1)


async def test_cancelled_call_can_still_be_given_back(meter: Meter) -> None:
    """A call that is cancelled while it pays knows what it paid."""
    ruling = ruled({("activations", "day"): 3})
    with anyio.CancelScope() as scope:
        scope.cancel()
        taken = await meter.take(ANA, ruling, "activations", 3)
        await meter.give_back(taken)

    assert not scope.cancelled_caught
    assert await meter.left(ANA, ruling, "activations") == 3


async def test_fifty_at_once_never_pass_the_budget(meter: Meter) -> None:
    """Whoever asks at the same time, exactly the budget is given out."""
    ruling = ruled({("activations", "day"): 40, ("activations", "month"): 31})

    assert await at_once([meter], ruling, 50) == 31
    assert [line.spent for line in await meter.usage(ANA, ruling)][:2] == [31, 31]
