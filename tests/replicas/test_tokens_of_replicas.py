"""Codes and tokens are everybody's: each replica redeems, rotates, revokes what another gave out."""

import time
from contextlib import closing

import anyio
import httpx2 as httpx
import pytest
from sqlalchemy import func, select

from fullstory_mcp.storage import Database, tables
from oauth.harness import followed, result_of, submitted
from replicas.pair import Pair, Way

pytestmark = pytest.mark.anyio

ROUNDS = 5
"""How often a race is run, since one alone may be won by chance."""

OWN_KEY = "na1.sandbox-architect"
"""A key with no connection but that of its test."""

NOTICED_WITHIN = 5.0
"""Seconds until every replica knows that a token was revoked."""


async def raced(*asked: "tuple[Way, str, dict[str, str]]") -> list[httpx.Response]:
    """The answers to requests for tokens that are sent at once."""
    answers: list[httpx.Response] = []

    async def ask(way: Way, kind: str, form: dict[str, str]) -> None:
        given = {"grant_type": kind, **form}
        answers.append(await way.token(**given))

    async with anyio.create_task_group() as tasks:
        for each in asked:
            tasks.start_soon(ask, *each)
    return answers


def refresh_tokens(pair: Pair) -> int:
    """How many refresh tokens the database knows, used ones too."""
    counted = select(func.count()).where(tables.tokens.c.kind == "refresh")
    with closing(Database(pair.database_url)) as database, database.begin(reading=True) as tx:
        return int(tx.scalar(counted) or 0)


async def test_code_of_one_is_redeemed_at_the_other(pair: Pair) -> None:
    """A registration, a consent and a code of one replica are good at the other, its tokens at both."""
    async with pair.way(pair.left) as left, pair.way(pair.right) as right:
        client = (await left.registered())["client_id"]
        code = (await left.consented(client))["code"]
        tokens = (await right.redeemed(client, code)).json()
        answers = [await way.call(tokens["access_token"], "get_quotas") for way in (left, right)]

    assert not any(result_of(answer)["isError"] for answer in answers)


async def test_code_redeemed_at_one_is_a_replay_at_the_other(pair: Pair) -> None:
    """The second replica refuses it and ends what the first gave out for it."""
    async with pair.way(pair.left) as left, pair.way(pair.right) as right:
        client = (await left.registered())["client_id"]
        code = (await left.consented(client))["code"]
        tokens = (await left.redeemed(client, code)).json()
        replay = await right.redeemed(client, code)
        ended = await right.call(tokens["access_token"], "get_quotas")

    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")
    assert ended.status_code == 401


async def test_one_of_many_at_once_redeems_a_code(pair: Pair) -> None:
    """However close the requests come at both replicas, one alone gets tokens."""
    async with pair.way(pair.left) as left, pair.way(pair.right) as right:
        client = (await left.registered())["client_id"]
        for _ in range(ROUNDS):
            code = (await left.consented(client))["code"]
            form = {"client_id": client, "code": code} | left.proof()
            answers = await raced(*[(way, "authorization_code", form) for way in (left, right)] * 3)
            assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5


async def test_refresh_raced_on_both_rotates_once(pair: Pair) -> None:
    """All get the same next token, which goes on working: one row for each rotation, none ended."""
    async with pair.way(pair.left) as left, pair.way(pair.right) as right:
        given = await left.connect()
        client, token = given["client_id"], given["refresh_token"]
        before = refresh_tokens(pair)
        for _ in range(ROUNDS):
            form = {"client_id": client, "refresh_token": token}
            answers = await raced(*[(way, "refresh_token", form) for way in (left, right)] * 3)
            assert {answer.status_code for answer in answers} == {200}
            following = {answer.json()["refresh_token"] for answer in answers}
            assert len(following) == 1
            assert len({answer.json()["access_token"] for answer in answers}) == 1
            assert following != {token}
            token = following.pop()
        access = answers[0].json()["access_token"]
        called = [await way.call(access, "get_quotas") for way in (left, right)]

    assert [answer.status_code for answer in called] == [200, 200]
    assert refresh_tokens(pair) - before == ROUNDS


async def test_revocation_at_one_is_seen_by_the_other_within_seconds(pair: Pair) -> None:
    """An access token that the other was just using is refused there, and so is a connection's."""
    async with pair.way(pair.left) as left, pair.way(pair.right) as right:
        revoked = {kind: await left.connect() for kind in ("access_token", "refresh_token")}
        for kind, given in revoked.items():
            assert (await right.call(given["access_token"], "get_quotas")).status_code == 200
            form = {"client_id": given["client_id"], "token": given[kind]}
            assert (await left.client.post("/revoke", data=form)).status_code == 200

        revoked_at = time.monotonic()
        for given in revoked.values():
            while (await right.call(given["access_token"], "get_quotas")).status_code != 401:
                await anyio.sleep(0.05)
                assert time.monotonic() - revoked_at < NOTICED_WITHIN


async def test_connection_ended_on_its_page_is_shut_out_of_both(pair: Pair) -> None:
    """A person who ends it at one replica ends it at all."""
    async with pair.way(pair.left) as left, pair.way(pair.right) as right:
        given = await left.connect(key=OWN_KEY)
        page = await followed(left.client, await left.client.get("/connections"))
        await submitted(left.client, page, {}, button="end")
        answers = [
            await way.refreshed(given["client_id"], given["refresh_token"]) for way in (left, right)
        ]

    assert [answer.json()["error"] for answer in answers] == ["invalid_grant"] * 2
