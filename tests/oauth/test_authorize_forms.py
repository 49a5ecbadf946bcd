"""POST /authorize: a form that comes from anywhere costs nobody what is open in their browser."""

from urllib.parse import parse_qs, urlsplit

import pytest

from oauth.consenting import begun, shown_key
from oauth.harness import followed, hosting, redirected

pytestmark = pytest.mark.anyio


async def test_a_form_of_a_browser_that_is_known_goes_straight_on() -> None:
    """It brought its cookie, which stays what it is."""
    async with hosting() as door:
        question = door.question((await door.registered())["client_id"])
        await door.client.get("/authorize", params=question)
        answer = await door.client.post("/authorize", data=question)

    assert urlsplit(answer.headers["location"]).path == "/consent"
    assert "set-cookie" not in answer.headers


async def test_a_form_of_another_site_ends_nothing_in_the_browser() -> None:
    """It comes without cookies, so it is sent round: as a link it brings them along (SameSite=Lax)."""
    async with hosting() as door:
        page = await begun(door)
        resources = [door.shared.front.resource, f"{door.shared.front.resource}/"]
        question = door.question((await door.registered())["client_id"], prompt="consent")
        given = {**question, "resource": resources, "client_secret": "x-secret", "more": "x-more"}
        async with door.browser() as without_cookies:
            sent_round = await without_cookies.post("/authorize", data=given)
        place = urlsplit(sent_round.headers["location"])
        other = await followed(door.client, await door.client.get(sent_round.headers["location"]))
        seconds = [await shown_key(door, each) for each in (page, other)]

    assert sent_round.status_code == 303
    assert "set-cookie" not in sent_round.headers
    assert sent_round.headers["cache-control"] == "no-store"
    assert (place.netloc, place.path) == ("mcp.example.com", "/authorize")
    assert parse_qs(place.query) == {
        **{name: [value] for name, value in question.items()},
        "resource": resources,
    }
    assert ["Step 2 of 2" in each.text for each in seconds] == [True, True]


@pytest.mark.parametrize("parameters", [{"state": "s" * 2049}, {"code_challenge": None}])
async def test_a_wrong_form_is_not_sent_round(parameters: dict[str, str | None]) -> None:
    """What is wrong with it is told to the client at once."""
    async with hosting() as door:
        question = door.question((await door.registered())["client_id"], **parameters)
        answer = await door.client.post("/authorize", data=question)

    assert redirected(answer)["error"] == "invalid_request"
    assert "set-cookie" not in answer.headers
