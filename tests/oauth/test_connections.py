"""The page /connections: everyone sees and ends their own, and nobody else's."""

from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from fullstory_mcp.storage import Tx
from oauth.consenting import text_of
from oauth.harness import Door, followed, form_on, hosting, submitted
from oauth.organisation import at_the_provider, forget_everyone, organisation
from transports import Api, Reply

pytestmark = pytest.mark.anyio

ADMIN, STANDARD = "na1.sandbox-admin", "na1.sandbox-standard"
DAY = 86_400


async def connected(door: Door, name: str, key: str = ADMIN) -> dict[str, Any]:
    """Tokens of a client of that name, connected in a browser that is closed afterwards."""
    client = (await door.registered(client_name=name))["client_id"]
    async with door.browser() as browser:
        given = await door.consented(client, key=key, browser=browser)
    answer = await door.redeemed(client, given["code"])
    return {**answer.json(), "client_id": client}


async def visit(door: Door, key: str = ADMIN) -> httpx.Response:
    """The list that the owner of a key is shown; who was there before has left."""
    page = await door.client.get("/connections")
    if "api_key" not in page.text:
        page = await pressed(door, page, "leave")
    return await followed(door.client, await submitted(door.client, page, {"api_key": key}))


async def pressed(door: Door, page: httpx.Response, button: str, **fields: str) -> httpx.Response:
    """The page after a button was pressed."""
    return await followed(door.client, await submitted(door.client, page, fields, button=button))


async def test_a_person_sees_their_own_alone(database_url: str) -> None:
    """By the key that they connected with; what it may do, since when and whether it was used."""
    async with hosting(database_url) as door:
        tokens = await connected(door, "Mine")
        await connected(door, "Not mine", STANDARD)
        await door.call(tokens["access_token"], "get_me")
        # Uses are written down together, now and then.
        await door.parts.door.note_use()
        page = await visit(door)

    text = text_of(page)
    assert "Mine" in text
    assert "Not mine" not in text
    assert "May read, create and change, delete" in text
    assert "Since 18 November 2026, 11:06 UTC" in text
    assert "Last used 18 November 2026" in text
    assert ADMIN not in page.text
    assert tokens["access_token"] not in page.text


async def test_ending_one_shuts_it_out(database_url: str) -> None:
    """Its tokens and its key are gone; the other one works on, and the page says why."""
    async with hosting(database_url) as door:
        other = await connected(door, "Stays")
        door.clock.time += 60
        tokens = await connected(door, "Goes")
        assert (await door.call(tokens["access_token"], "get_me")).status_code == 200
        page = await pressed(door, await visit(door), "end")
        # An access token that was found is taken for two seconds.
        door.clock.time += 3
        called = [
            (await door.call(each["access_token"], "get_me")).status_code
            for each in (tokens, other)
        ]
        refreshed = await door.token(
            grant_type="refresh_token",
            client_id=tokens["client_id"],
            refresh_token=tokens["refresh_token"],
        )
        left = await door.shared.database.read(_count_keys)

    assert called == [401, 200]
    assert refreshed.status_code == 400
    assert left == 1
    assert "Ended lately Goes" in text_of(page)
    assert "You ended it on this page." in text_of(page)
    assert page.text.count('value="end"') == 1


async def test_ending_all_leaves_none() -> None:
    """One button behind a summary, for who has many."""
    async with hosting() as door:
        for name in ("One", "Two", "Three"):
            await connected(door, name)
        await connected(door, "Another's", STANDARD)
        page = await pressed(door, await visit(door), "end-all")
        others = await visit(door, STANDARD)

    assert "Nothing is connected" in text_of(page)
    assert page.text.count("You ended it on this page.") == 3
    assert "Connected now Another" in text_of(others)


async def test_an_ended_connection_is_shown_for_two_weeks() -> None:
    """Long enough to be noticed, and then no more."""
    async with hosting() as door:
        await connected(door, "Once")
        await pressed(door, await visit(door), "end")
        door.clock.time += 14 * DAY
        still = await visit(door)
        door.clock.time += 1
        gone = await visit(door)

    assert "Once" in still.text
    assert "Once" not in gone.text


async def test_a_key_that_stopped_working_is_said_with_the_mend() -> None:
    """Fullstory refused the key after the consent: the page says since when and what to do."""
    api = Api(Reply("{}", 401), role="ADMIN")
    async with hosting(transport=api) as door:
        tokens = await connected(door, "Broken")
        await door.call(tokens["access_token"], "list_sessions", uid="u-1")
        page = await visit(door)

    assert "Fullstory no longer accepts its key since 18 November 2026" in text_of(page)
    assert "End this connection and connect again with a new key" in text_of(page)


async def test_a_person_whom_the_file_forgot_is_told(tmp_path: Path) -> None:
    """A connection of a signed-in person stands and falls with the operator's file."""
    async with organisation(folder=tmp_path) as (door, at):
        back = await door.client.get(at.sign_in(await at_the_provider(door)))
        page = await followed(door.client, back)
        await submitted(door.client, page, {"scope": ["fullstory:read"]}, button="allow")
        fine = await door.client.get("/connections")
        forget_everyone(door, tmp_path)
        page = await door.client.get("/connections")

    assert "gives you no key any more" not in fine.text
    assert "The access file of mcp.example.com gives you no key any more" in text_of(page)


async def test_a_form_ends_nothing_of_another(database_url: str) -> None:
    """A connection's id is no right to it."""
    async with hosting(database_url) as door:
        await connected(door, "Theirs", STANDARD)
        await connected(door, "Mine")
        theirs = form_on(await visit(door, STANDARD), 'value="end"').hidden["connection"]
        page = await visit(door)
        after = await pressed(door, page, "end", connection=theirs)
        still = await visit(door, STANDARD)

    assert "Ended lately" not in text_of(after)
    assert "Connected now Theirs" in text_of(still)


@pytest.mark.parametrize("seconds", [899, 900])
async def test_a_visit_lasts_a_quarter_of_an_hour(seconds: int) -> None:
    """Later the page asks again, and its forms do nothing."""
    async with hosting() as door:
        await connected(door, "Mine")
        page = await visit(door)
        door.clock.time += seconds
        after = await pressed(door, page, "end")
        again = await visit(door)

    assert ("First show who you are" in text_of(after)) is (seconds == 900)
    assert ("Ended lately" in text_of(again)) is (seconds == 899)


async def test_leaving_ends_the_visit() -> None:
    """Also for who kept the cookie."""
    async with hosting() as door:
        page = await visit(door)
        kept = dict(door.client.cookies)
        after = await pressed(door, page, "leave")
        async with door.browser() as other:
            other.cookies.update(kept)
            revived = await other.get("/connections")

    assert "First show who you are" in text_of(after)
    assert "First show who you are" in text_of(revived)


FORGED: dict[str, tuple[dict[str, str], dict[str, str], int]] = {
    "no token": ({"token": ""}, {}, 403),
    "another token": ({"token": "nonsense"}, {}, 403),
    "another site": ({}, {"Origin": "https://evil.example.com"}, 403),
    "cross-site": ({}, {"Sec-Fetch-Site": "cross-site"}, 403),
    "another button": ({"action": "grant"}, {}, 400),
    "JSON": ({}, {"Content-Type": "application/json"}, 400),
}


@pytest.mark.parametrize(("fields", "headers", "status"), FORGED.values(), ids=FORGED)
async def test_a_form_that_is_not_ours_changes_nothing(
    fields: dict[str, str], headers: dict[str, str], status: int
) -> None:
    """Other sites cannot end a person's connections."""
    async with hosting() as door:
        await connected(door, "Mine")
        form = form_on(await visit(door), 'value="end"').hidden | {"action": "end"} | fields
        answer = await door.client.post("/connections", data=form, headers=headers)
        page = await door.client.get("/connections")

    assert answer.status_code == status
    assert "Connected now Mine" in text_of(page)


async def test_the_key_form_belongs_to_its_browser() -> None:
    """Nobody can be made to visit as somebody else, by a form of another browser or of long ago."""
    async with hosting() as door, door.browser() as other:
        form = form_on(await door.client.get("/connections"), "api_key").hidden
        form |= {"api_key": ADMIN}
        await other.get("/connections")
        stolen = await other.post("/connections", data=form)
        async with door.browser() as bare:
            without = await bare.post("/connections", data=form)
        door.clock.time += 3601
        late = await door.client.post("/connections", data=form)

    assert [each.status_code for each in (stolen, without, late)] == [403, 403, 403]
    assert "keep cookies" in without.text
    assert "more than an hour" in late.text


@pytest.mark.parametrize("key", ["", "two words", "na1.not-a-key"])
async def test_a_key_that_proves_nothing_shows_nothing(key: str) -> None:
    """The form again, with the error tied to its field."""
    async with hosting() as door:
        page = await submitted(door.client, await door.client.get("/connections"), {"api_key": key})

    assert page.status_code == 422
    assert 'id="key-fault" role="alert"' in page.text


async def test_tries_are_counted_together_with_those_of_the_consent_page() -> None:
    """One limit for both pages, so that neither is a way around the other."""
    async with hosting() as door:
        door.clock.time += 600 - door.clock.time % 600
        page = await door.client.get("/connections")
        statuses = [
            (await submitted(door.client, page, {"api_key": "na1.guessed-key"})).status_code
            for _ in range(11)
        ]

    assert statuses == [422] * 10 + [429]


async def test_fullstory_does_not_answer() -> None:
    """Then nobody is let in, and the page says when to come again."""
    async with hosting(transport=Api(Reply("down", 500), role=None)) as door:
        page = await door.client.get("/connections")
        answer = await submitted(door.client, page, {"api_key": ADMIN})

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"


def _count_keys(tx: Tx) -> int:
    rows = tx.exec_driver_sql("SELECT count(*) FROM api_keys")
    return int(rows.scalar_one())
