"""/connections with a key that Fullstory refuses by now: its person can still end what it connected."""

import httpx2 as httpx
import pytest

from oauth.consenting import begun, proven, shown_key, text_of
from oauth.harness import Door, followed, form_on, hosting, submitted
from transports import KEY as ANOTHER_KEY
from transports import Api

pytestmark = pytest.mark.anyio

OLD = "na1.key-of-long-ago"


class Revoking(Api):
    """Fullstory, which refuses every key once `revoked` is set."""

    revoked = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answers as long as the key is good."""
        if self.revoked:
            return httpx.Response(401, text="{}")
        return await super().handle_async_request(request)


async def connected(door: Door, key: str) -> None:
    """A connection with a key, in a browser that is closed afterwards."""
    client = (await door.registered(client_name=f"Client of {key}"))["client_id"]
    async with door.browser() as browser:
        await door.consented(client, key=key, browser=browser)


async def shown(door: Door, key: str) -> httpx.Response:
    """What a key shows on the page."""
    page = await door.client.get("/connections")
    answer = await submitted(door.client, page, {"api_key": key})
    return await followed(door.client, answer) if answer.is_redirect else answer


async def test_a_key_that_is_refused_now_still_ends_its_connections(database_url: str) -> None:
    """What is connected in somebody's name must not outlive their say in it."""
    api = Revoking()
    async with hosting(database_url, transport=api) as door:
        await connected(door, OLD)
        await connected(door, ANOTHER_KEY)
        api.revoked = True
        page = await shown(door, OLD)
        after = await followed(door.client, await submitted(door.client, page, {}, button="end"))

    assert "which Fullstory no longer accepts" in text_of(page)
    assert f"Connected now Client of {OLD}" in text_of(page)
    assert ANOTHER_KEY not in page.text
    assert page.text.count('value="end"') == 1
    assert "Nothing is connected" in text_of(after)
    assert "You ended it on this page." in text_of(after)


async def test_a_refused_key_without_connections_shows_nothing() -> None:
    """It is answered as a key that was never good."""
    api = Revoking()
    async with hosting(transport=api) as door:
        await connected(door, ANOTHER_KEY)
        api.revoked = True
        page = await shown(door, OLD)
        still = await door.client.get("/connections")

    assert page.status_code == 422
    assert "Fullstory does not accept this key" in text_of(page)
    assert "First show who you are" in text_of(still)


async def test_a_refused_key_connects_nothing() -> None:
    """A visit with it is no proof: the consent page asks for another key, and its button gives nothing."""
    api = Revoking()
    async with hosting(transport=api) as door:
        await connected(door, OLD)
        api.revoked = True
        await shown(door, OLD)
        page = await begun(door)
        answer = await shown_key(door, page, OLD)
        form = form_on(answer, "api_key").hidden | {"action": "allow", "scope": "fullstory:read"}
        pressed = await door.client.post("/consent", data=form)

    assert answer.status_code == 422
    assert "Step 1 of 2" in text_of(answer)
    assert pressed.status_code == 400


async def test_tries_of_old_keys_are_counted_with_all_others() -> None:
    """The page tells whether a key ever connected anything, so it must not be asked without end."""
    api = Revoking()
    async with hosting(transport=api) as door:
        await proven(door, OLD)
        api.revoked = True
        door.clock.time += 600 - door.clock.time % 600
        statuses = [(await shown(door, f"{OLD}-{number}")).status_code for number in range(11)]

    assert statuses == [422] * 10 + [429]
