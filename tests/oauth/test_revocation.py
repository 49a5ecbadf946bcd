"""A client gives tokens back (RFC 7009): its own, and only its own."""

from typing import Any

import pytest

from oauth.harness import hosting
from oauth.issuing import basic, error_of, granted, issued, redeeming, refreshed, works

pytestmark = pytest.mark.anyio


async def test_a_refresh_token_given_back_ends_the_connection(database_url: str) -> None:
    """Its access tokens end with it."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        tokens = await granted(door, client_id)
        answer = await door.client.post(
            "/revoke", data={"client_id": client_id, "token": tokens["refresh_token"]}
        )

        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert not await works(door, tokens["access_token"])
        after = await refreshed(door, client_id, tokens["refresh_token"])
        assert error_of(after) == (400, "invalid_grant")


async def test_an_access_token_given_back_ends_alone(database_url: str) -> None:
    """The connection goes on with the next one."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        tokens = await granted(door, client_id)
        await door.client.post(
            "/revoke", data={"client_id": client_id, "token": tokens["access_token"]}
        )

        assert not await works(door, tokens["access_token"])
        after = await refreshed(door, client_id, tokens["refresh_token"])
        assert after.status_code == 200


HINTS = ["access_token", "refresh_token", "something_else"]


@pytest.mark.parametrize("hint", HINTS)
async def test_a_hint_changes_nothing(hint: str) -> None:
    """It may be wrong or unknown (RFC 7009, section 2.1)."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        tokens = await granted(door, client_id)
        form = {"client_id": client_id, "token": tokens["refresh_token"], "token_type_hint": hint}
        answer = await door.client.post("/revoke", data=form)

        assert answer.status_code == 200
        assert not await works(door, tokens["access_token"])


async def test_a_token_of_another_client_stays(database_url: str) -> None:
    """And the answer does not tell that it exists."""
    async with hosting(database_url) as door:
        mine = (await door.registered())["client_id"]
        other = (await door.registered())["client_id"]
        tokens = await granted(door, mine)
        answers = [
            await door.client.post("/revoke", data={"client_id": other, "token": token})
            for token in (tokens["access_token"], tokens["refresh_token"], "fsmcp_at_unknown")
        ]

        assert len({(answer.status_code, answer.text) for answer in answers}) == 1
        assert answers[0].status_code == 200
        assert await works(door, tokens["access_token"])


async def test_giving_back_twice_is_well(database_url: str) -> None:
    """What is gone is gone (RFC 7009, section 2.2)."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        form = {"client_id": client_id, "token": (await granted(door, client_id))["refresh_token"]}
        answers = [await door.client.post("/revoke", data=form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]


async def test_a_rotated_refresh_token_given_back_ends_its_successors() -> None:
    """The client means the connection, whichever of its tokens it still has."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        old = await granted(door, client_id)
        new = (await refreshed(door, client_id, old["refresh_token"])).json()
        await door.client.post(
            "/revoke", data={"client_id": client_id, "token": old["refresh_token"]}
        )

        assert not await works(door, new["access_token"])


async def test_a_confidential_client_must_show_its_secret(database_url: str) -> None:
    """Whoever found a token cannot end it in another's name."""
    async with hosting(database_url) as door:
        client = await door.registered(token_endpoint_auth_method="client_secret_basic")
        client_id, headers = (
            client["client_id"],
            basic(client["client_id"], client["client_secret"]),
        )
        form = redeeming(door, client_id, await issued(door, client_id))
        tokens = (await door.client.post("/token", data=form, headers=headers)).json()
        give = {"token": tokens["refresh_token"]}
        bare = await door.client.post("/revoke", data={**give, "client_id": client_id})
        wrong = await door.client.post("/revoke", data=give, headers=basic(client_id, "x"))
        before = await works(door, tokens["access_token"])
        right = await door.client.post("/revoke", data=give, headers=headers)

        assert error_of(bare) == error_of(wrong) == (401, "invalid_client")
        assert before
        assert right.status_code == 200
        assert not await works(door, tokens["access_token"])


WRONG: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    "no token": ({"token": ""}, (400, "invalid_request")),
    "two tokens": ({"token": ["a", "b"]}, (400, "invalid_request")),
    "overlong token": ({"token": "t" * 8001}, (400, "invalid_request")),
    "no client": ({"client_id": ""}, (401, "invalid_client")),
    "unknown client": ({"client_id": "nobody"}, (401, "invalid_client")),
}


@pytest.mark.parametrize(("changes", "error"), WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_refused(changes: dict[str, Any], error: tuple[int, str]) -> None:
    """As at the token endpoint."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        form = {"client_id": client_id, "token": "fsmcp_at_x", **changes}
        answer = await door.client.post("/revoke", data=form)

    assert error_of(answer) == error
