"""The database goes away and comes back: 503 meanwhile, and afterwards nothing is lost."""

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2 as httpx
import pytest

from databases import away, started_postgres
from fullstory_mcp.storage import Database, migrate
from oauth.harness import result_of
from replicas.pair import Pair, Way, paired
from server.doors import STARTS_IN, Api, until

pytestmark = pytest.mark.anyio

UID = "of-the-lost-database"

CUTS = 3

SECRETS = ("fsmcp_at_", "fsmcp_rt_", "fsmcp_ac_", "na1.sandbox")
"""What no log may hold: how tokens, codes and keys begin."""


@contextmanager
def locked(url: str) -> Iterator[None]:
    """A SQLite file that another program keeps for itself, as a careless backup does."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.rollback()


def away_until(url: str, noticed: threading.Event) -> None:
    """Takes the database away and brings it back when somebody has noticed."""
    with away(url):
        assert noticed.wait(STARTS_IN)


@dataclass
class Chain:
    """A client that rotates its refresh token over and over, and asks again when told to wait."""

    way: Way
    given: dict[str, Any]
    rotations: int = 0
    noticed: threading.Event = field(default_factory=threading.Event)
    ends: bool = False

    async def goes_on(self) -> None:
        """Rotates until it is to end, and keeps what the last answer gave it."""
        while not self.ends:
            answer = await self.way.refreshed(self.given["client_id"], self.given["refresh_token"])
            if answer.status_code == 503:
                self.noticed.set()
                continue
            assert answer.status_code == 200, answer.text
            self.given |= answer.json()
            self.rotations += 1

    async def called(self) -> httpx.Response:
        """The answer to a call with the newest token."""
        return await self.way.call(self.given["access_token"], "get_quotas")


async def told_to_wait(way: Way, client: str, code: str, token: str) -> list[httpx.Response]:
    """The answers to everything that needs the database."""
    registration = {"redirect_uris": ["http://127.0.0.1/callback"]}
    return [
        await way.call(token, "get_quotas"),
        await way.redeemed(client, code),
        await way.client.post("/register", json=registration),
        await way.client.get("/authorize", params=way.question(client)),
        await way.client.get("/readyz"),
    ]


async def waited_for(pair: Pair, absence: AbstractContextManager[None]) -> None:
    """Proves it of one absence."""
    async with pair.way(pair.left) as left, pair.way(pair.right) as right:
        tokens = await left.connect()
        code = (await left.consented(tokens["client_id"]))["code"]
        given = tokens["client_id"], code, tokens["access_token"]
        with absence:
            lost = [answer for way in (left, right) for answer in await told_to_wait(way, *given)]
            alive = await left.client.get("/healthz")
        found = await right.call(tokens["access_token"], "get_quotas")
        redeemed = await left.redeemed(tokens["client_id"], code)
        ready = await right.client.get("/readyz")

    assert {answer.status_code for answer in lost} == {503}
    waits = [answer.headers.get("retry-after") for answer in lost]
    assert waits == ["5", "5", "5", "5", None] * 2  # whoever asks /readyz asks again anyway
    assert alive.status_code == 200
    assert not result_of(found)["isError"]
    assert (redeemed.status_code, ready.status_code) == (200, 200)


async def test_database_that_went_away_is_waited_for(pair: Pair) -> None:
    """Calls and endpoints answer 503 and when to try again; the very same requests then succeed."""
    await waited_for(pair, away(pair.database_url))


@contextmanager
def stopped(server: Any) -> Iterator[None]:
    """A PostgreSQL server that is shut down, and started again."""
    server.stop()
    try:
        yield
    finally:
        server.start()


async def test_database_server_that_is_restarted_is_waited_for(
    tmp_path: Path, shared_api: Api
) -> None:
    """The same while there is no server at all, as in an upgrade."""
    with started_postgres() as server:
        with closing(Database(server.get_uri())) as database:
            migrate.upgrade(database)
        with paired(tmp_path, server.get_uri(), shared_api) as pair:
            await waited_for(pair, stopped(server))


async def test_rotations_outlive_a_database_that_dies_in_their_midst(pair: Pair) -> None:
    """Clients that ask again after every 503 keep their connections, wherever the cut came."""
    async with pair.way() as turns:
        chains = [Chain(turns, await turns.connect()) for _ in range(4)]
        async with anyio.create_task_group() as tasks:
            for chain in chains:
                tasks.start_soon(chain.goes_on)
            for _ in range(CUTS):
                noticed = threading.Event()
                for chain in chains:
                    chain.noticed = noticed
                await anyio.to_thread.run_sync(away_until, pair.database_url, noticed)
                before = [chain.rotations for chain in chains]
                await until(lambda: all(map(int.__gt__, (c.rotations for c in chains), before)))  # noqa: B023 - it is called here
            for chain in chains:
                chain.ends = True
        answers = [await chain.called() for chain in chains]

    assert [answer.status_code for answer in answers] == [200] * len(chains)


@pytest.mark.parametrize("shared_pair", ["sqlite"], indirect=True)
async def test_locked_file_is_waited_for_and_read_meanwhile(pair: Pair) -> None:
    """SQLite: while another program holds the file, calls go on and whoever must write hears 503."""
    async with pair.way(pair.left) as left, pair.way(pair.right) as right:
        tokens = await left.connect()
        with locked(pair.database_url):
            called = await right.call(tokens["access_token"], "get_quotas")
            refused = await left.refreshed(tokens["client_id"], tokens["refresh_token"])
        refreshed = await left.refreshed(tokens["client_id"], tokens["refresh_token"])

    assert not result_of(called)["isError"]
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refreshed.status_code == 200


async def test_deletion_is_not_made_while_nobody_can_count_its_confirmation(pair: Pair) -> None:
    """Without the database nothing is deleted; the same confirmation is good afterwards."""
    async with pair.way(pair.left) as left:
        token = (await left.connect())["access_token"]
        await left.call(token, "create_user", uid=UID)
        asked = result_of(await left.call(token, "delete_user", uid=UID))["content"][0]["text"]
        given = {"uid": UID, "confirmation": re.search(r'confirmation: "([^"]+)"', asked)[1]}
        with away(pair.database_url):
            lost = await left.call(token, "delete_user", **given)
            kept = pair.api.asked()
        answer = result_of(await left.call(token, "delete_user", **given))

    assert lost.status_code == 503 or result_of(lost)["isError"]
    assert "DELETE /v2/users" not in kept
    assert not answer["isError"]


async def test_logs_tell_of_the_loss_and_of_nothing_secret(pair: Pair) -> None:
    """One line a refused call, without a traceback; no token, code or key in any line."""
    line = "ERROR fullstory_mcp.oauth.guard: The database is not available"
    async with pair.way() as turns:
        tokens = await turns.connect()
        before = pair.logs().count(line)
        with away(pair.database_url):
            assert (await turns.call(tokens["access_token"], "get_quotas")).status_code == 503
    log = pair.logs()

    assert log.count(line) == before + 1
    assert "Traceback" not in log
    assert not [secret for secret in SECRETS if secret in log]
