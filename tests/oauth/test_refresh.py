"""Refresh tokens rotate: each is good once, a lost answer is given again, and a copy ends it all."""

import anyio
import httpx2 as httpx
import pytest
from sqlalchemy import func, select

from fullstory_mcp.storage import tokens as stored
from fullstory_mcp.storage.tables import tokens as table
from oauth.harness import OTHER_SECRET_KEY, Door, hosting
from oauth.issuing import (
    READ_WRITE,
    basic,
    error_of,
    granted,
    issued,
    redeeming,
    refreshed,
    works,
)

pytestmark = pytest.mark.anyio

DAY = 24 * 3600


async def test_a_refresh_gives_new_tokens(database_url: str) -> None:
    """Both are new; the old access token holds until it expires."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        old = await granted(door, client_id)
        answer = await refreshed(door, client_id, old["refresh_token"])
        new = answer.json()

        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert new["scope"] == old["scope"]
        assert {new["access_token"], new["refresh_token"]}.isdisjoint(old.values())
        assert await works(door, new["access_token"])


async def test_a_chain_of_refreshes_goes_on(database_url: str) -> None:
    """Each with the token that the last one gave."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        tokens = await granted(door, client_id)
        for _ in range(5):
            door.clock.time += 3600
            answer = await refreshed(door, client_id, tokens["refresh_token"])
            assert answer.status_code == 200
            tokens = answer.json()
            assert await works(door, tokens["access_token"])


async def test_a_retry_gets_the_same_answer_for_half_a_minute(database_url: str) -> None:
    """The first answer may have been lost on the way; no second rotation happens."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        old = await granted(door, client_id)
        first = await refreshed(door, client_id, old["refresh_token"])
        door.clock.time += 30
        again = await refreshed(door, client_id, old["refresh_token"])

        assert again.json() == first.json()
        assert await works(door, first.json()["access_token"])


async def test_after_that_a_used_token_ends_the_whole_connection(database_url: str) -> None:
    """Somebody has a copy; which of the two is the thief cannot be told (RFC 9700, 4.14.2)."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        old = await granted(door, client_id)
        new = (await refreshed(door, client_id, old["refresh_token"])).json()
        door.clock.time += 31
        reused = await refreshed(door, client_id, old["refresh_token"])

        assert error_of(reused) == (400, "invalid_grant")
        assert not await works(door, new["access_token"])
        assert not await works(door, old["access_token"])
        after = await refreshed(door, client_id, new["refresh_token"])
        assert error_of(after) == (400, "invalid_grant")


async def test_another_connection_of_the_same_client_goes_on(database_url: str) -> None:
    """A family is one consent of one person."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        mine, other = await granted(door, client_id), await granted(door, client_id)
        await refreshed(door, client_id, mine["refresh_token"])
        door.clock.time += 31
        await refreshed(door, client_id, mine["refresh_token"])

        assert await works(door, other["access_token"])


async def test_of_many_at_once_on_two_replicas_one_rotates(database_url: str) -> None:
    """All get the one new pair, and it works."""
    answers: list[httpx.Response] = []
    async with hosting(database_url) as door, hosting(database_url, clock=door.clock) as other:
        client_id = (await door.registered())["client_id"]
        old = await granted(door, client_id)

        async def refresh(replica: Door) -> None:
            answers.append(await refreshed(replica, client_id, old["refresh_token"]))

        async with anyio.create_task_group() as tasks:
            for replica in (door, other) * 4:
                tasks.start_soon(refresh, replica)

        assert [answer.status_code for answer in answers] == [200] * 8
        assert len({answer.text for answer in answers}) == 1
        assert await works(other, answers[0].json()["access_token"])


async def test_a_token_of_another_client_is_unknown_and_unharmed(database_url: str) -> None:
    """Also within the grace: an answer is for the client that it was made for."""
    async with hosting(database_url) as door:
        mine = (await door.registered())["client_id"]
        other = (await door.registered())["client_id"]
        old = await granted(door, mine)
        before = await refreshed(door, other, old["refresh_token"])
        new = await refreshed(door, mine, old["refresh_token"])
        within = await refreshed(door, other, old["refresh_token"])
        door.clock.time += 31
        after = await refreshed(door, other, old["refresh_token"])

        assert [error_of(each) for each in (before, within, after)] == [(400, "invalid_grant")] * 3
        assert await works(door, new.json()["access_token"])


async def test_a_retry_must_authenticate_again(database_url: str) -> None:
    """A confidential client's kept answer is not for whoever has the token."""
    async with hosting(database_url) as door:
        client = await door.registered(token_endpoint_auth_method="client_secret_basic")
        client_id, secret = client["client_id"], client["client_secret"]
        form = redeeming(door, client_id, await issued(door, client_id))
        headers = basic(client_id, secret)
        old = (await door.client.post("/token", data=form, headers=headers)).json()
        again = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}
        first = await door.client.post("/token", data=again, headers=headers)
        bare = await door.client.post("/token", data={**again, "client_id": client_id})
        wrong = await door.client.post("/token", data=again, headers=basic(client_id, "x" * 43))

    assert first.status_code == 200
    assert error_of(bare) == (401, "invalid_client")
    assert error_of(wrong) == (401, "invalid_client")


SCOPES: dict[str, tuple[str, tuple[int, str]]] = {
    "fewer": ("fullstory:read", (200, "fullstory:read")),
    "the same": ("fullstory:write fullstory:read", (200, " ".join(READ_WRITE))),
    "some of no meaning": ("fullstory:read offline_access mail", (200, "fullstory:read")),
    "none of a meaning": ("offline_access", (200, " ".join(READ_WRITE))),
    "more": ("fullstory:read fullstory:delete", (400, "invalid_scope")),
}


@pytest.mark.parametrize(("scope", "expected"), SCOPES.values(), ids=SCOPES)
async def test_scopes_may_be_narrowed_and_not_widened(
    scope: str, expected: tuple[int, str]
) -> None:
    """What was not granted needs a new consent (RFC 6749, section 6)."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        old = await granted(door, client_id)
        answer = await refreshed(door, client_id, old["refresh_token"], scope=scope)

    told = answer.json()
    assert (answer.status_code, told.get("error", told.get("scope"))) == expected


async def test_narrowing_is_for_the_access_token_alone(database_url: str) -> None:
    """The next refresh may have all again (RFC 6749, section 6)."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        old = await granted(door, client_id)
        few = await refreshed(door, client_id, old["refresh_token"], scope="fullstory:read")
        all_again = await refreshed(door, client_id, few.json()["refresh_token"])

    assert few.json()["scope"] == "fullstory:read"
    assert all_again.json()["scope"] == " ".join(READ_WRITE)


async def test_a_refused_scope_costs_the_token_nothing() -> None:
    """The client may ask again for less."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        token = (await granted(door, client_id))["refresh_token"]
        refused = await refreshed(door, client_id, token, scope="fullstory:delete")
        answer = await refreshed(door, client_id, token)

    assert error_of(refused) == (400, "invalid_scope")
    assert answer.status_code == 200


async def test_an_unused_connection_holds_thirty_days_from_its_last_refresh(
    database_url: str,
) -> None:
    """Each refresh begins them anew."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        tokens = await granted(door, client_id)
        door.clock.time += 30 * DAY - 1
        first = await refreshed(door, client_id, tokens["refresh_token"])
        door.clock.time += 30 * DAY
        late = await refreshed(door, client_id, first.json()["refresh_token"])

    assert first.status_code == 200
    assert error_of(late) == (400, "invalid_grant")


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "none": ({"refresh_token": ""}, "invalid_request"),
    "unknown": ({"refresh_token": "fsmcp_rt_unknown"}, "invalid_grant"),
    "overlong": ({"refresh_token": "r" * 2001}, "invalid_request"),
    "foreign resource": ({"resource": "https://other.example/mcp"}, "invalid_target"),
}


@pytest.mark.parametrize(("changes", "error"), WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_refused(changes: dict[str, str], error: str) -> None:
    """And the real token is as good as before."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        token = (await granted(door, client_id))["refresh_token"]
        form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": token}
        refused = await door.token(**{**form, **changes})
        answer = await door.token(**form)

    assert error_of(refused) == (400, error)
    assert answer.status_code == 200


async def test_an_access_token_does_not_refresh() -> None:
    """It is another kind."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        tokens = await granted(door, client_id)
        answer = await refreshed(door, client_id, tokens["access_token"])

    assert error_of(answer) == (400, "invalid_grant")


async def test_kept_answers_are_dropped_in_time(database_url: str) -> None:
    """Sealed as they are, they do not stay longer than a retry could need them."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        first = await granted(door, client_id)
        second = (await refreshed(door, client_id, first["refresh_token"])).json()
        door.clock.time += 31
        third = (await refreshed(door, client_id, second["refresh_token"])).json()
        kept = select(func.count()).where(table.c.answer.is_not(None))
        with door.shared.database.begin() as tx:
            after_rotation = tx.execute(kept).scalar_one()
            forgotten = stored.forget_answers(tx, int(door.clock()) + 1)
            after_sweep = tx.execute(kept).scalar_one()

        assert (after_rotation, forgotten, after_sweep) == (1, 1, 0)
        assert await works(door, third["access_token"])


async def test_a_kept_answer_opens_with_the_ring_alone(database_url: str) -> None:
    """A replica without the key that sealed it refuses the retry, and ends nothing."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        old = await granted(door, client_id)
        new = (await refreshed(door, client_id, old["refresh_token"])).json()
        async with hosting(
            database_url, clock=door.clock, FULLSTORY_MCP_SECRET_KEYS=OTHER_SECRET_KEY
        ) as other:
            answer = await refreshed(other, client_id, old["refresh_token"])

        assert error_of(answer) == (400, "invalid_grant")
        assert await works(door, new["access_token"])
