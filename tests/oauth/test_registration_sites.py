"""Nobody can use up the registrations of everybody, whatever networks they have."""

from typing import Any

import pytest

from fullstory_mcp.oauth.registration import BY_ADDRESS, BY_SITE, FOR_NEWCOMERS, IN_ALL
from oauth.harness import REDIRECT_URI, Door, hosting

pytestmark = pytest.mark.anyio

PROXY = {"FULLSTORY_MCP_PROXIES": "1"}


async def register(door: Door, address: str) -> int:
    """The status of a registration from an address."""
    asked: dict[str, Any] = {"redirect_uris": [REDIRECT_URI]}
    answer = await door.client.post("/register", json=asked, headers={"X-Forwarded-For": address})
    return answer.status_code


async def test_an_ipv6_site_counts_as_one_however_many_networks_it_has(database_url: str) -> None:
    """Whoever is given a /48 has 65,536 networks, and each would be an address of its own."""
    async with hosting(database_url, **PROXY) as door:
        codes = [
            await register(door, f"2001:db8:1:{number // 10:x}::{number:x}")
            for number in range(BY_SITE + 5)
        ]
        neighbour = await register(door, "2001:db8:2::1")

    assert codes == [201] * BY_SITE + [429] * 5
    assert neighbour == 201


async def test_a_few_busy_addresses_leave_room_for_those_who_come_for_the_first_time() -> None:
    """What they may use in all ends before the hour's registrations do."""
    busy = (IN_ALL - FOR_NEWCOMERS) // (BY_ADDRESS - 1)
    async with hosting(**PROXY) as door:
        for number in range(busy + 2):
            for _ in range(BY_ADDRESS):
                await register(door, f"203.0.{number // 250}.{number % 250}")
        known = await register(door, "203.0.0.1")
        refused = [await register(door, "198.51.100.1") for _ in range(2)]
        newcomer = await register(door, "198.51.100.2")

    assert known == 429
    assert refused == [201, 429]
    assert newcomer == 201
