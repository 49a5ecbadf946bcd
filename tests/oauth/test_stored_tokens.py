"""What a token leads to: the person's own key, as long as it can be opened and the file says so."""

import sqlite3
from pathlib import Path

import pytest

from databases import away
from fullstory_mcp.sealing import Sealer, Unsealable
from oauth.harness import KEY, OTHER_SECRET_KEY, SECRET_KEY, hosting, result_of

pytestmark = pytest.mark.anyio


async def test_a_key_sealed_by_a_dropped_ring_key_sends_the_client_to_connect_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without its ring key a stored API key is of no use: 401, and the operator learns which is missing."""
    async with hosting(folder=tmp_path) as door:
        token = (await door.connect())["access_token"]
        url = door.shared.database.url.render_as_string(hide_password=False)
    async with hosting(url, FULLSTORY_MCP_SECRET_KEYS=OTHER_SECRET_KEY) as door:
        answer = await door.call(token, "get_me")
        again = await door.connect()
        after = await door.call(again["access_token"], "get_me")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "FULLSTORY_MCP_SECRET_KEYS" in caplog.text
    assert KEY not in caplog.text
    assert not result_of(after)["isError"]


async def test_a_ring_with_a_new_first_key_still_opens_the_old_records(tmp_path: Path) -> None:
    """Rotation: a key put first seals what is new, and what the old one sealed goes on working."""
    async with hosting(folder=tmp_path) as door:
        token = (await door.connect())["access_token"]
        url = door.shared.database.url.render_as_string(hide_password=False)
    async with hosting(url, FULLSTORY_MCP_SECRET_KEYS=f"{OTHER_SECRET_KEY},{SECRET_KEY}") as door:
        assert not result_of(await door.call(token, "get_me"))["isError"]


async def test_an_altered_record_is_not_opened_and_not_told(tmp_path: Path) -> None:
    """A sealed key moved to another row does not open there: the id is part of the seal."""
    async with hosting(folder=tmp_path) as door:
        mine = (await door.connect(key="na1.sandbox-standard"))["access_token"]
        other = (await door.connect(key="na1.sandbox-admin"))["access_token"]
        path = door.shared.database.url.database
        assert path is not None
        with sqlite3.connect(path) as raw:
            sealed = raw.execute("SELECT sealed FROM api_keys ORDER BY created_at, id").fetchall()
            raw.execute("UPDATE api_keys SET sealed = ?", sealed[0])
        answers = [result_of(await door.call(token, "get_quotas")) for token in (mine, other)]
    failed = [answer for answer in answers if answer["isError"]]
    assert len(failed) == 1
    assert "sandbox-" not in str(failed)


async def test_nothing_in_the_database_can_be_used_by_its_reader(tmp_path: Path) -> None:
    """Keys are sealed and tokens are hashes: a copy of the file holds neither."""
    async with hosting(folder=tmp_path) as door:
        tokens = await door.connect(key="na1.sandbox-architect")
        await door.call(tokens["access_token"], "get_me")
    whole = _bytes_of(tmp_path)
    for secret in ("na1.sandbox-architect", tokens["access_token"], tokens["refresh_token"]):
        assert secret.encode() not in whole
    assert len(whole) > 0


def _bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("*.db*"))


async def test_a_sealed_key_opens_for_its_own_row_alone() -> None:
    """The seal's purpose is the row's id; another purpose does not open it."""
    sealer = Sealer([b"k" * 32])
    token = sealer.seal("api_key:one", "na1.secret-key")
    assert sealer.open("api_key:one", token) == "na1.secret-key"
    with pytest.raises(Unsealable):
        sealer.open("api_key:two", token)


async def test_a_database_that_goes_away_costs_nothing_but_the_meanwhile(database_url: str) -> None:
    """503 with Retry-After while it is away, on calls and endpoints; then everything works as before."""
    async with hosting(database_url) as door:
        tokens = await door.connect()
        renewal = {
            "grant_type": "refresh_token",
            "refresh_token": tokens["refresh_token"],
            "client_id": tokens["client_id"],
        }
        with away(database_url):
            lost = [
                await door.call(tokens["access_token"], "get_me"),
                await door.token(**renewal),
                await door.client.get("/authorize", params=door.question(tokens["client_id"])),
                await door.client.get("/readyz"),
            ]
            alive = await door.client.get("/healthz")
        again = await door.call(tokens["access_token"], "get_me")
        renewed = await door.token(**renewal)
        ready = await door.client.get("/readyz")
    assert [answer.status_code for answer in lost] == [503] * 4
    assert {answer.headers.get("retry-after") for answer in lost[:3]} == {"5"}
    assert [answer.status_code for answer in (alive, again, renewed, ready)] == [200] * 4


async def test_when_a_connection_was_last_used_is_written_down() -> None:
    """/connections can say when each was used; writing it is not on the way of the call."""
    async with hosting() as door:
        tokens = await door.connect()
        door.clock.time += 86_400 / 48
        await door.call(tokens["access_token"], "get_me")
        await door.parts.door.note_use()
        used = await door.shared.database.read(_used_at)
    assert used == [int(door.clock.time)]


def _used_at(tx: object) -> list[int]:
    from sqlalchemy import select

    from fullstory_mcp.storage.tables import connections

    return list(tx.scalars(select(connections.c.used_at)))  # type: ignore[attr-defined]
