"""Principals and rulings whose spendings are counted."""

from collections.abc import Sequence

import anyio

from fullstory_mcp.errors import BudgetSpent
from fullstory_mcp.policy import Rules, Ruling
from fullstory_mcp.policy.model import Metered, Period
from fullstory_mcp.principal import ApiKey, Principal
from fullstory_mcp.usage import Meter

KEY = ApiKey("na1.c2VjcmV0LXNlY3JldC1zZWNyZXQ")
ANA = Principal(KEY, "ana@example.com", "oauth", "oidc:https://id.example.com#ana")
BEN = Principal(KEY, "ben@example.com", "oauth", "oidc:https://id.example.com#ben")

NOON = 1_795_003_200.0
"""2026-11-18, 12:00 UTC."""

DAY = 86_400


def ruled(budgets: dict[tuple[Metered, Period], int]) -> Ruling:
    """What the policy says of somebody with these budgets."""
    return Ruling(Rules("analyst", budgets=budgets), "row 1 (person ana@example.com)")


async def at_once(meters: Sequence[Meter], ruling: Ruling, calls: int) -> int:
    """How many of so many Activations, taken at the same time from each meter in turn, were given."""
    given = 0

    async def one(meter: Meter) -> None:
        nonlocal given
        try:
            await meter.take(ANA, ruling, "activations")
        except BudgetSpent:
            return
        given += 1

    async with anyio.create_task_group() as tasks:
        for number in range(calls):
            tasks.start_soon(one, meters[number % len(meters)])
    return given
