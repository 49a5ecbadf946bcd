"""How many clients may register themselves, and how long they stay known."""

from typing import Any

import anyio
import pytest

from oauth.harness import REDIRECT_URI, Door, hosting
from oauth.issuing import granted, refreshed

pytestmark = pytest.mark.anyio

DAY = 24 * 3600


async def known(door: Door, client_id: str) -> bool:
    """Whether /authorize still knows a client."""
    answer = await door.client.get("/authorize", params={"client_id": client_id})
    return answer.status_code == 303


async def test_one_address_registers_twenty_times_an_hour(database_url: str) -> None:
    """429 says honestly when the next one may come; others are not held up."""
    async with hosting(database_url, FULLSTORY_MCP_PROXIES="1") as door:
        door.clock.time = 1_795_000_200.0  # ten minutes and some before a full hour
        asked = {"redirect_uris": [REDIRECT_URI]}

        async def register(address: str) -> Any:
            forwarded = {"X-Forwarded-For": f"10.9.9.9, {address}"}
            return await door.client.post("/register", json=asked, headers=forwarded)

        firsts = [(await register("203.0.113.7")).status_code for _ in range(20)]
        refused = await register("203.0.113.7")
        other = await register("203.0.113.8")
        wait = int(refused.headers["retry-after"])
        door.clock.time += wait - 1
        early = await register("203.0.113.7")
        door.clock.time += 1
        later = await register("203.0.113.7")

    assert firsts == [201] * 20
    assert refused.status_code == 429
    assert 0 < wait <= 3600
    assert (other.status_code, early.status_code, later.status_code) == (201, 429, 201)


async def test_what_a_caller_writes_into_the_forwarded_header_is_not_believed() -> None:
    """Without a proxy of the operator's, everybody is who the connection comes from."""
    async with hosting() as door:
        answers = [
            await door.client.post(
                "/register",
                json={"redirect_uris": [REDIRECT_URI]},
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
            )
            for number in range(21)
        ]

    assert answers[-1].status_code == 429


async def test_an_unused_client_is_forgotten_after_a_day(database_url: str) -> None:
    """Anyone can register, so what nobody uses must not stay."""
    async with hosting(database_url) as door:
        client = await door.registered()
        door.clock.time += DAY - 1
        before = await known(door, client["client_id"])
        door.clock.time += 1
        after = await known(door, client["client_id"])

    assert (before, after) == (True, False)


async def test_a_used_client_is_known_for_ninety_days_after_each_use(database_url: str) -> None:
    """Redeeming a code and refreshing are uses."""
    async with hosting(database_url, FULLSTORY_MCP_REFRESH_DAYS="80") as door:
        client_id = (await door.registered())["client_id"]
        tokens = await granted(door, client_id)
        door.clock.time += 79 * DAY
        again = await refreshed(door, client_id, tokens["refresh_token"])
        door.clock.time += 89 * DAY
        before = await known(door, client_id)
        door.clock.time += 2 * DAY
        after = await known(door, client_id)

    assert again.status_code == 200
    assert (before, after) == (True, False)


async def test_a_client_stays_as_long_as_its_connections() -> None:
    """Where the operator lets connections hold longer, so do the clients."""
    async with hosting(FULLSTORY_MCP_REFRESH_DAYS="365") as door:
        client_id = (await door.registered())["client_id"]
        tokens = await granted(door, client_id)
        door.clock.time += 364 * DAY
        answer = await refreshed(door, client_id, tokens["refresh_token"])

    assert answer.status_code == 200


async def test_registrations_at_once_are_each_their_own(database_url: str) -> None:
    """Ten at the same moment get ten ids."""
    ids: list[str] = []
    async with hosting(database_url) as door:

        async def register() -> None:
            ids.append((await door.registered())["client_id"])

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(register)

    assert len(set(ids)) == 10
