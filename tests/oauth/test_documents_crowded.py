"""Strangers who make us fetch: they take nothing from the people whose app describes itself at a host."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import httpx2 as httpx
import pytest

from fullstory_mcp.oauth import documents
from fullstory_mcp.oauth.fetching import AT_ONCE, PER_HOST_A_MINUTE
from fullstory_mcp.storage import documents as stored
from oauth.assertions import KEY, by_key, signed
from oauth.harness import REDIRECT_URI, Door, hosting
from oauth.issuing import error_of, granted, refreshed
from oauth.outside import Outside, Page
from server.doors import until

pytestmark = pytest.mark.anyio

URL = "https://app.example.com/oauth/client.json"
KEYS_URL = "https://app.example.com/oauth/keys.json"
HOUR = 3600


def described(url: str = URL, **more: Any) -> dict[str, Any]:
    """A document of that address."""
    return {"client_id": url, "client_name": "App", "redirect_uris": [REDIRECT_URI], **more}


@dataclass
class Crowd:
    """Strangers before a server, each from an address of their own."""

    door: Door
    outside: Outside
    numbers: count = field(default_factory=count)

    async def ask(self, url: str, address: str = "") -> httpx.Response:
        """Makes the server fetch a document."""
        number = next(self.numbers)
        named = address or f"198.18.{number // 250}.{number % 250}"
        asked = {**self.door.question(url)}
        return await self.door.client.get(
            "/authorize", params=asked, headers={"X-Forwarded-For": named}
        )

    async def use_up(self, host: str = "app.example.com") -> None:
        """Spends what strangers may ask of a host in a minute."""
        for number in range(PER_HOST_A_MINUTE):
            await self.ask(f"https://{host}/{self.door.clock.time}/{number}")
        answer = await self.ask(f"https://{host}/more")
        assert "asked too often" in answer.text


@pytest.fixture
async def crowd(database_url: str) -> AsyncIterator[Crowd]:
    """A server in an internet with one good document."""
    outside = Outside({URL: Page(described())})
    async with AsyncExitStack() as stack:
        door = await stack.enter_async_context(
            hosting(
                database_url,
                outside=outside.transport,
                resolve=outside.resolve,
                FULLSTORY_MCP_PROXIES="1",
            )
        )
        yield Crowd(door, outside)


async def test_a_host_that_strangers_used_up_is_still_asked_for_a_connected_app(
    crowd: Crowd,
) -> None:
    """Its people refresh, give back and connect anew, though its document has gone stale."""
    door = crowd.door
    tokens = await granted(door, URL)
    door.clock.time += 26 * HOUR
    await crowd.use_up()
    answer = await refreshed(door, URL, tokens["refresh_token"])
    page = await crowd.ask(URL)
    given_back = await door.client.post(
        "/revoke", data={"client_id": URL, "token": answer.json()["refresh_token"]}
    )

    assert (answer.status_code, page.status_code, given_back.status_code) == (200, 303, 200)
    assert crowd.outside.asked().count(URL) == 2


async def test_a_host_that_strangers_used_up_is_still_asked_for_what_was_good_before(
    crowd: Crowd,
) -> None:
    """Also where nobody has connected the app yet."""
    assert (await crowd.ask(URL)).status_code == 303
    crowd.door.clock.time += 2 * HOUR
    await crowd.use_up()

    assert (await crowd.ask(URL)).status_code == 303


async def test_slow_hosts_of_strangers_take_no_place_of_a_connected_app(crowd: Crowd) -> None:
    """Nor of one that is kept."""
    door, kept = crowd.door, "https://kept.example.com/client.json"
    crowd.outside.pages[kept] = Page(described(kept))
    tokens = await granted(door, URL)
    await crowd.ask(kept)
    door.clock.time += 2 * HOUR
    async with anyio.create_task_group() as tasks:
        for number in range(2 * AT_ONCE):
            slow = f"https://h{number}.evil.example/c.json"
            crowd.outside.pages[slow] = Page({}, wait=60)
            tasks.start_soon(crowd.ask, slow)
        await until(lambda: crowd.outside.at_once == AT_ONCE)
        with anyio.fail_after(4):
            answer = await refreshed(door, URL, tokens["refresh_token"])
            page = await crowd.ask(kept)
        tasks.cancel_scope.cancel()

    assert (answer.status_code, page.status_code) == (200, 303)


TROUBLE = {
    "500": Page(status=500),
    "a dead host": Page(error=httpx.ConnectError),
    "a redirect": Page({}, 302, {"location": "https://app.example.com/2"}),
    "a page in front": Page(b"<html>", headers={"content-type": "text/html"}),
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
async def test_what_is_connected_goes_on_by_the_stale_document_for_a_day(
    crowd: Crowd, trouble: Page
) -> None:
    """Nobody is asked for consent by it meanwhile; after the day nothing goes on."""
    door = crowd.door
    tokens = await granted(door, URL)
    crowd.outside.pages[URL] = trouble
    door.clock.time += 25 * HOUR - 1
    within = await refreshed(door, URL, tokens["refresh_token"])
    page = await crowd.ask(URL)
    door.clock.time += 10
    after = await refreshed(door, URL, within.json()["refresh_token"])

    assert (within.status_code, page.status_code) == (200, 400)
    assert error_of(after) == (503, "temporarily_unavailable")


ANSWERS = {
    "404": Page({}, 404),
    "410": Page({}, 410),
    "of another client": Page(described(f"{URL}?")),
    "no JSON": Page(b"{"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_a_host_that_takes_a_document_back_is_heard(crowd: Crowd, answer: Page) -> None:
    """What it says itself counts over what it said yesterday."""
    tokens = await granted(crowd.door, URL)
    crowd.outside.pages[URL] = answer
    crowd.door.clock.time += 2 * HOUR

    refused = await refreshed(crowd.door, URL, tokens["refresh_token"])

    assert error_of(refused) == (503, "temporarily_unavailable")


async def test_keys_of_a_connected_app_are_had_like_its_document(crowd: Crowd) -> None:
    """From a host that strangers used up, and for a day after they went stale; not if taken back."""
    door, key = crowd.door, KEY.as_dict(private=False)
    signs = {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": KEYS_URL}
    crowd.outside.pages[URL] = Page(described(**signs))
    crowd.outside.pages[KEYS_URL] = Page({"keys": [key]})

    async def status() -> int:
        now = int(door.clock())
        return (await by_key(door, URL, signed(URL, iat=now, exp=now + 60))).status_code

    await crowd.ask(URL)
    await crowd.use_up()
    codes = [await status()]
    door.clock.time += 2 * HOUR
    crowd.outside.pages[KEYS_URL] = Page(status=500)
    codes.append(await status())
    door.clock.time += 10
    crowd.outside.pages[KEYS_URL] = Page({"keys": []})
    codes.append(await status())

    assert codes == [200, 200, 503]


async def test_strangers_cannot_push_out_the_document_of_a_connected_app(crowd: Crowd) -> None:
    """Of very many documents the newest are kept, and those that a connection needs."""
    door = crowd.door
    await granted(door, URL)
    door.clock.time += 1
    now = int(door.clock())

    def fill(tx: Any) -> None:
        for number in range(stored.MOST_ROWS + 5):
            stored.save(tx, f"https://a.example/{number}", "{}", now + number, now + 9 * HOUR)

    await door.shared.database.run(fill)
    crowd.outside.pages[URL] = Page(status=500)

    assert (await crowd.ask(URL)).status_code == 303
    assert (await crowd.ask("https://a.example/4")).status_code == 400


async def test_one_network_is_fetched_for_so_often(crowd: Crowd) -> None:
    """Others go on; what is kept, or connected, needs no fetch for anybody."""
    door, here = crowd.door, "203.0.113.9"
    await granted(door, URL)
    for number in range(documents.BY_ADDRESS):
        await crowd.ask(f"https://h{number}.example/c.json", here)
    asked = len(crowd.outside.requests)
    refused = await crowd.ask("https://more.example/c.json", here)
    at_token = await door.client.post(
        "/token",
        data={
            "grant_type": "refresh_token",
            "client_id": "https://x.example/c",
            "refresh_token": "x",
        },
        headers={"X-Forwarded-For": here},
    )
    door.clock.time += 2 * HOUR - 599
    connected = await crowd.ask(URL, here)
    other = await crowd.ask("https://more.example/c.json", "203.0.113.10")

    assert "too many descriptions were asked for from your network" in refused.text
    assert error_of(at_token) == (503, "temporarily_unavailable")
    assert connected.status_code == 303
    assert "status 404" in other.text
    assert len(crowd.outside.requests) == asked + 2


async def test_an_ipv6_site_is_fetched_for_as_one(crowd: Crowd) -> None:
    """However many networks it sends from."""
    for number in range(documents.BY_SITE):
        await crowd.ask(f"https://h{number}.example/c.json", f"2001:db8:1:{number:x}::1")

    refused = await crowd.ask("https://more.example/c.json", "2001:db8:1:ffff::1")

    assert "too many descriptions" in refused.text


async def test_keys_of_a_client_that_the_operator_named_are_had_too(tmp_path: Path) -> None:
    """From a host that strangers used up."""
    outside = Outside({KEYS_URL: Page({"keys": [KEY.as_dict(private=False)]})})
    client = f"""
[[clients]]
id = "our-agent"
name = "Our agent"
redirect_uris = ["{REDIRECT_URI}"]
method = "private_key_jwt"
jwks_uri = "{KEYS_URL}"
"""
    async with hosting(
        folder=tmp_path,
        access=client,
        outside=outside.transport,
        resolve=outside.resolve,
        FULLSTORY_MCP_PROXIES="1",
    ) as door:
        await Crowd(door, outside).use_up()
        answer = await by_key(door, "our-agent", signed("our-agent"))

    assert answer.status_code == 200
