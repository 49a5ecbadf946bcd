"""get_usage: what the caller spent and has left, beside the account's quotas."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from fullstory_mcp.sandbox import Fault
from support import STRUGGLING_UID, Clock, Connected, connected

pytestmark = pytest.mark.anyio

POLICY = """
version = 1
[presets.reader]
about = "Reads a little."
areas = {{ sessions = "read", organization = "{organization}" }}
budgets = {budgets}
[[principals]]
door = "stdio"
preset = "reader"
"""
BUDGETS = "{ day = { activations = 3 }, month = { activations = 40, calls = 100 } }"
QUOTAS = {"session_quota", "server_event_quota"}


@asynccontextmanager
async def ruled(
    tmp_path: Path, budgets: str = BUDGETS, organization: str = "read", **given: Any
) -> AsyncIterator[Connected]:
    """A server whose policy gives its caller these budgets."""
    path = tmp_path / "policy.toml"
    path.write_text(POLICY.format(budgets=budgets, organization=organization))
    async with connected(FULLSTORY_MCP_POLICY_FILE=str(path), **given) as server:
        yield server


async def a_session(server: Connected) -> str:
    """The id of a session that can be read."""
    listed = await server.data("list_sessions", uid=STRUGGLING_UID, limit="1")
    return str(listed["results"][0]["id"])


async def test_without_a_policy_it_tells_what_was_spent() -> None:
    """Nothing is limited, and everything is counted all the same."""
    async with connected("standard", clock=Clock(1_795_003_200.0)) as server:
        session = await a_session(server)
        await server.call("get_session_events", session_id=session)
        told = await server.data("get_usage")

    spent = {meter: periods["day"]["spent"] for meter, periods in told["usage"].items()}
    assert told["budgets_by"] == "no policy, so nothing is limited"
    assert (spent["activations"], spent["server_events"]) == (1, 0)
    assert spent["calls"] >= 2
    assert told["begins_anew"] == {"day": "2026-11-19 00:00 UTC", "month": "2026-12-01 00:00 UTC"}
    assert set(told["account_quotas"]) == QUOTAS


async def test_budgets_are_told_with_what_is_left(tmp_path: Path) -> None:
    """For each period that has one; the rule is named."""
    async with ruled(tmp_path) as server:
        session = await a_session(server)
        await server.call("get_session_events", session_id=session)
        told = await server.data("get_usage")

    assert told["caller"] == "stdio"
    assert told["budgets_by"].startswith("preset reader, row 1")
    assert told["usage"]["activations"] == {
        "day": {"spent": 1, "budget": 3, "left": 2},
        "month": {"spent": 1, "budget": 40, "left": 39},
    }
    assert told["usage"]["server_events"] == {"day": {"spent": 0}, "month": {"spent": 0}}
    assert "budget" not in told["usage"]["calls"]["day"]


async def test_call_past_the_budget_is_refused_before_it_is_made(tmp_path: Path) -> None:
    """The fourth read reaches nobody, and costs nothing."""
    async with ruled(tmp_path) as server:
        session = await a_session(server)
        for _ in range(3):
            await server.call("get_session_events", session_id=session)
        before = server.sent()
        refused = await server.error("get_session_events", session_id=session)
        told = await server.data("get_usage")

        assert server.sent()[: len(before) + 1] == [*before, "GET /v2/organization/quotas"]
    assert refused.startswith("Nothing was sent: the 3 Activations a day that the policy allows (")
    assert told["usage"]["activations"]["day"] == {"spent": 3, "budget": 3, "left": 0}


async def test_it_answers_when_every_call_is_spent(tmp_path: Path) -> None:
    """Whoever is refused for a spent budget can still see which, and it costs no call."""
    async with ruled(tmp_path, "{ day = { calls = 1 } }") as server:
        await a_session(server)
        refused = await server.error("list_sessions", uid=STRUGGLING_UID)
        told = [await server.data("get_usage") for _ in range(2)]

    assert "get_usage shows every budget" in refused
    assert [one["usage"]["calls"]["day"]["spent"] for one in told] == [1, 1]


def asked(server: Connected) -> int:
    """How often the API was asked for the quotas."""
    return server.sent().count("GET /v2/organization/quotas")


async def test_quotas_are_asked_for_once_a_minute() -> None:
    """Asking is free, so it must not keep the API busy; it is said how old they are."""
    async with connected("standard") as server:
        told = []
        for seconds in (0, 5, 54, 1):
            server.clock.time += seconds
            told.append(await server.data("get_usage"))
        assert asked(server) == 2

    assert [set(one["account_quotas"]) for one in told] == [QUOTAS] * 4
    assert [one.get("note") for one in told] == [
        None,
        "The account's quotas are those of 5 s ago: they are asked for once a minute.",
        "The account's quotas are those of 59 s ago: they are asked for once a minute.",
        None,
    ]


async def test_quotas_that_could_not_be_told_are_not_asked_for_at_once_again() -> None:
    """Trouble at Fullstory is no reason to ask more often."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path="/v2/organization/quotas", times=1, status=403))
        told = [await server.data("get_usage") for _ in range(3)]
        assert asked(server) == 1

    assert all(one["account_quotas"].startswith("not known: ") for one in told)


async def test_quotas_that_are_held_are_for_those_who_may_see_them(tmp_path: Path) -> None:
    """Though the key is the same: what the policy takes away is not told from memory."""
    async with ruled(tmp_path) as server:
        before = await server.data("get_usage")
        page = POLICY.format(budgets=BUDGETS, organization="off")
        await anyio.Path(tmp_path / "policy.toml").write_text(page)
        for _ in range(2):  # a change counts once it has settled
            server.clock.time += 2
            after = await server.data("get_usage")

    assert set(before["account_quotas"]) == QUOTAS
    assert after["account_quotas"].startswith("not known: get_quotas is not permitted")


async def test_nothing_is_asked_of_the_api_when_every_call_is_spent(tmp_path: Path) -> None:
    """However often, and also where nothing is held."""
    async with ruled(
        tmp_path, "{ day = { calls = 1 } }", FULLSTORY_MCP_HOLD_ANSWERS="false"
    ) as server:
        await a_session(server)
        told = [await server.data("get_usage") for _ in range(3)]
        assert asked(server) == 0

    assert {one["account_quotas"] for one in told} == {"not asked for: your calls are spent"}


async def test_quotas_that_are_not_permitted_are_told_as_such(tmp_path: Path) -> None:
    """The caller's own usage is told all the same, and nothing is asked of the API."""
    async with ruled(tmp_path, organization="off") as server:
        told = await server.data("get_usage")

        assert "GET /v2/organization/quotas" not in server.sent()
    assert told["account_quotas"].startswith("not known: get_quotas is not permitted")
    assert told["usage"]["activations"]["day"]["left"] == 3


async def test_quotas_that_the_api_does_not_tell_are_told_as_such() -> None:
    """Trouble at Fullstory does not hide the budgets."""
    async with connected("standard") as server:
        server.sandbox.faults.add(Fault(path="/v2/organization/quotas", times=1, status=403))
        told = await server.data("get_usage")

    assert told["account_quotas"].startswith("not known: ")
    assert told["usage"]["activations"]["day"] == {"spent": 0}
