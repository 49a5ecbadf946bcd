"""Keys that are pasted at the consent page: which prove something, and how many may be tried."""

import httpx2 as httpx
import pytest

from oauth.consenting import begun, shown_key, text_of
from oauth.harness import KEY, hosting
from transports import KEY as ANOTHER_KEY
from transports import Api, Reply

pytestmark = pytest.mark.anyio


ODD_KEYS = {
    "empty": "",
    "short": "na1.x",
    "two words": "na1.abcdefgh ijklmnop",
    "not ASCII": "na1.schlüssel-schlüssel",
    "control characters": "na1.abc\x00defgh",
    "long": "na1." + "x" * 600,
    "markup": '"><script>alert(1)</script>',
    "refused by Fullstory": "na1.revoked-key-of-somebody",
}


@pytest.mark.parametrize("key", ODD_KEYS.values(), ids=ODD_KEYS)
async def test_a_key_that_proves_nothing_is_asked_for_again(key: str) -> None:
    """The page says what is wrong, ties it to the field, and repeats nothing that was typed."""
    async with hosting() as door:
        page = await shown_key(door, await begun(door), key)
        mended = await shown_key(door, page)

    assert page.status_code == 422
    assert 'id="key-fault" role="alert"' in page.text
    assert 'aria-describedby="key-fault key-hint" aria-invalid="true"' in page.text
    assert not key or key not in page.text
    assert "<script" not in page.text
    assert "Step 2 of 2" in mended.text


async def test_a_key_with_white_space_around_it_is_taken() -> None:
    """Copying often brings a line's end along."""
    async with hosting() as door:
        page = await shown_key(door, await begun(door), f" {KEY}\r\n")

    assert "Step 2 of 2" in page.text


SILENT = {
    "down": (Reply("down", 500), "30"),
    "gone": (Reply(error=httpx.ConnectError), "30"),
    "busy": (Reply("{}", 429, {"Retry-After": "7"}), "7"),
    "not permitted to say": (Reply("{}", 403), "30"),
}


@pytest.mark.parametrize(("reply", "seconds"), SILENT.values(), ids=SILENT)
async def test_fullstory_does_not_answer(reply: Reply, seconds: str) -> None:
    """Nobody gets in unchecked; the person may try the same key again."""
    async with hosting(transport=Api(reply, role=None)) as door:
        page = await shown_key(door, await begun(door), ANOTHER_KEY)

    assert page.status_code == 503
    assert page.headers["retry-after"] == seconds
    assert "Fullstory did not answer" in text_of(page)
    assert ANOTHER_KEY not in page.text


async def test_tries_are_limited_by_browser(database_url: str) -> None:
    """Ten in ten minutes; then the page says when to come again, and Fullstory is not asked."""
    async with hosting(database_url) as door:
        door.clock.time += 600 - door.clock.time % 600
        page = await begun(door)
        for _ in range(10):
            assert (await shown_key(door, page, "na1.guessed-key")).status_code == 422
        asked = len(door.sandbox.requests)
        refused = await shown_key(door, page)
        door.clock.time += 600
        later = await shown_key(door, await begun(door))

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "600"
    assert "Try again in 10 minutes" in text_of(refused)
    assert len(door.sandbox.requests) == asked + 1
    assert "Step 2 of 2" in later.text


@pytest.mark.parametrize("proxies", [0, 1])
async def test_tries_are_limited_by_address(proxies: int) -> None:
    """Fifty in an hour, however many cookies are thrown away, and whatever a caller forwards."""
    statuses = []
    async with hosting(FULLSTORY_MCP_PROXIES=str(proxies)) as door:
        door.clock.time += 3600 - door.clock.time % 3600
        client = (await door.registered())["client_id"]
        for number in range(52):
            async with door.browser() as browser:
                # The entry that the nearest proxy adds is last; the rest is what a caller says.
                told = f"203.0.113.{number}" + ", 198.51.100.7" * proxies
                browser.headers["X-Forwarded-For"] = told
                page = await browser.get("/authorize", params=door.question(client))
                page = await browser.get(page.headers["location"])
                statuses.append((await shown_key(door, page, "na1.guessed", browser)).status_code)

    assert statuses == [422] * 50 + [429] * 2
