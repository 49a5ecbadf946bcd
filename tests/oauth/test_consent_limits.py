"""How many requests may wait for a person, and how many keys be tried, from one network address."""

import httpx2 as httpx
import pytest

from fullstory_mcp.storage import Tx
from oauth.consenting import shown_key, text_of
from oauth.harness import Door, hosting
from oauth.organisation import organisation

pytestmark = pytest.mark.anyio


def caller(door: Door, address: str, forwarded: str = "") -> httpx.AsyncClient:
    """A browser at a network address, without cookies."""
    transport = httpx.ASGITransport(app=door.app, client=(address, 40_000))
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return httpx.AsyncClient(transport=transport, base_url=door.public_url, headers=headers)


async def asked(door: Door, client_id: str, address: str, forwarded: str = "") -> httpx.Response:
    """What comes of an authorization request of a new browser there."""
    async with caller(door, address, forwarded) as browser:
        return await browser.get("/authorize", params=door.question(client_id))


@pytest.mark.parametrize("path", ["/authorize", "/signin"])
async def test_requests_are_limited_by_address(database_url: str, path: str) -> None:
    """Sixty a minute, however many cookies are thrown away; then nothing more is stored."""
    async with organisation(database_url) as (door, _):
        door.clock.time += 60 - door.clock.time % 60
        question = door.question((await door.registered())["client_id"])
        given = question if path == "/authorize" else {}
        answers = []
        for _ in range(63):
            async with door.browser() as browser:
                answers.append(await browser.get(path, params=given))
        stored = await door.shared.database.read(_count, "authorizations")
        elsewhere = await asked(door, question["client_id"], "198.51.100.7")
        door.clock.time += 60
        later = await door.client.get(path, params=given)

    assert [answer.status_code for answer in answers] == [303] * 60 + [429] * 3
    assert stored == 60
    assert answers[-1].headers["retry-after"] == "60"
    assert "Too many requests" in text_of(answers[-1])
    assert "set-cookie" not in answers[-1].headers
    assert [elsewhere.status_code, later.status_code] == [303, 303]


async def test_fresh_cookies_add_no_counters(database_url: str) -> None:
    """Past the limit of its address, a browser that throws its cookie away leaves nothing behind."""
    counted = []
    async with hosting(database_url) as door:
        door.clock.time += 3600 - door.clock.time % 3600
        for _ in range(53):
            async with door.browser() as browser:
                form = await browser.get("/connections")
                await shown_key(door, form, "na1.guessed-key", browser)
            counted.append(await door.shared.database.read(_count, "counters"))

    assert counted == [*range(2, 52), 51, 51, 51]


ONE_CALLER = {
    "on a socket for both kinds": (0, "::ffff:203.0.113.9", ""),
    "with the port": (1, "10.0.0.1", "203.0.113.9:51000"),
    "on a socket for both kinds of a proxy": (1, "10.0.0.1", "::ffff:203.0.113.9"),
    "in brackets": (1, "10.0.0.1", "[::ffff:203.0.113.9]:51000"),
}
NEIGHBOUR = "203.0.113.10"


@pytest.mark.parametrize(("proxies", "direct", "forwarded"), ONE_CALLER.values(), ids=ONE_CALLER)
async def test_a_caller_is_told_from_its_neighbours(
    proxies: int, direct: str, forwarded: str
) -> None:
    """However its IPv4 address is written; nobody waits because of somebody else."""
    async with hosting(FULLSTORY_MCP_PROXIES=str(proxies)) as door:
        client = (await door.registered())["client_id"]
        for _ in range(60):
            await asked(door, client, direct, forwarded)
        statuses = [
            (await asked(door, client, here, there)).status_code
            for here, there in (
                (direct, forwarded),
                ("10.0.0.1" if proxies else "203.0.113.9", "203.0.113.9" if proxies else ""),
                (direct.replace("203.0.113.9", NEIGHBOUR), forwarded.replace("113.9", "113.10")),
            )
        ]

    assert statuses == [429, 429, 303]


async def test_a_household_counts_as_one() -> None:
    """An IPv6 network of the usual size, with or without a port."""
    async with hosting(FULLSTORY_MCP_PROXIES="1") as door:
        client = (await door.registered())["client_id"]
        for number in range(60):
            await asked(door, client, "10.0.0.1", f"2001:db8:1:2::{number:x}")
        statuses = [
            (await asked(door, client, "10.0.0.1", each)).status_code
            for each in ("2001:db8:1:2:3:4:5:6", "[2001:db8:1:2::7]:443", "2001:db8:1:3::1")
        ]

    assert statuses == [429, 429, 303]


async def test_a_site_with_many_networks_is_limited_as_a_whole() -> None:
    """A /48 is what one customer gets: five times what one network may, and no more."""
    async with hosting(FULLSTORY_MCP_PROXIES="1") as door:
        client = (await door.registered())["client_id"]
        for number in range(300):
            await asked(door, client, "10.0.0.1", f"2001:db8:1:{number:x}::1")
        statuses = [
            (await asked(door, client, "10.0.0.1", each)).status_code
            for each in ("2001:db8:1:ffff::1", "2001:db8:2::1")
        ]

    assert statuses == [429, 303]


def _count(tx: Tx, table: str) -> int:
    return int(tx.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608 - a name of ours
