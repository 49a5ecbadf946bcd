"""What a person or client began at one replica goes on at the other, and is counted once for both."""

import time

import anyio
import pytest

from oauth.harness import result_of
from replicas.pair import Pair, Way

pytestmark = pytest.mark.anyio

UID = "of-the-replicas"

AN_HOUR = 20
"""Registrations of one address within an hour, wherever they arrive."""


async def test_consent_begun_at_one_is_finished_at_the_other(pair: Pair) -> None:
    """No page is answered where it was shown, no code redeemed where it was given; calls work."""
    async with pair.way() as turns:
        tokens = await turns.connect()
        handed = turns.proxy.handed.copy()
        answers = [await turns.call(tokens["access_token"], "get_quotas") for _ in range(2)]
    at = {what: {url for each, url in handed if each == what} for what, _ in handed}

    assert len(at["GET /consent"]) == len(at["POST /consent"]) == 1
    assert at["GET /consent"] != at["POST /consent"] != at["POST /token"]

    assert not any(result_of(answer)["isError"] for answer in answers)


async def test_client_is_known_where_it_did_not_register(pair: Pair) -> None:
    """A registration at one is asked for its consent at the other, under its name."""
    async with pair.way(pair.left) as left, pair.way(pair.right) as right:
        client = (await left.registered(client_name="Registered at the left"))["client_id"]
        page = await right.client.get("/authorize", params=right.question(client))

    assert page.status_code == 303 or "Registered at the left" in page.text


async def test_registrations_are_counted_together(pair: Pair) -> None:
    """Taking turns between replicas gives nobody more of them."""
    for attempt in range(2):
        began_in = hour()
        async with pair.way(address=f"198.51.100.{attempt + 1}") as turns:
            statuses, refused = await registered_until_refused(turns)
        if hour() == began_in:
            break  # else the count began anew meanwhile

    assert statuses == [201] * AN_HOUR + [429]
    assert 0 < int(refused) <= 3600


def hour() -> int:
    """The hour that registrations are counted in."""
    return int(time.time()) // 3600


async def registered_until_refused(turns: Way) -> tuple[list[int], str]:
    """The statuses of registrations until one is refused, and how long that one says to wait."""
    statuses = []
    while len(statuses) <= 2 * AN_HOUR:
        metadata = {"redirect_uris": ["http://127.0.0.1/callback"]}
        answer = await turns.client.post("/register", json=metadata)
        statuses.append(answer.status_code)
        if answer.status_code != 201:
            return statuses, answer.headers["retry-after"]
    raise AssertionError("nobody counted")


async def test_confirmation_is_used_once_by_both(pair: Pair) -> None:
    """However close the calls that bring it come to both replicas, one alone deletes."""
    async with pair.way(pair.left) as left, pair.way(pair.right) as right:
        token = (await left.connect())["access_token"]
        assert not result_of(await left.call(token, "create_user", uid=UID))["isError"]
        asked = result_of(await left.call(token, "delete_user", uid=UID))
        text = asked["content"][0]["text"]
        confirmation = text.partition('confirmation: "')[2].partition('"')[0]
        refused: list[bool] = []

        async def confirm(way: Way) -> None:
            given = {"uid": UID, "confirmation": confirmation}
            refused.append(result_of(await way.call(token, "delete_user", **given))["isError"])

        async with anyio.create_task_group() as tasks:
            for way in (left, right) * 3:
                tasks.start_soon(confirm, way)

    assert sorted(refused) == [False] + [True] * 5
    changes = [row for row in pair.api.asked() if not row.startswith("GET ")]
    assert changes == ["POST /v2/users", "DELETE /v2/users"]
