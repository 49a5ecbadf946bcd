"""A call that its caller's budget does not cover is refused before anything is sent."""

from pathlib import Path
from typing import Any

import pytest

from fullstory_mcp.sandbox import Fault
from support import STRUGGLING_UID, Connected, connected

pytestmark = pytest.mark.anyio

POLICY = """
version = 1
[presets.thrifty]
areas = {{ sessions = "read", users = "full", events = "full", organization = "read" }}
budgets = {{ day = {{ {budgets} }} }}
[[principals]]
door = "stdio"
preset = "thrifty"
"""
DAY = 86_400


def under(folder: Path, budgets: str) -> dict[str, str]:
    """Settings with a policy of these budgets a day."""
    path = folder / "policy.toml"
    path.write_text(POLICY.format(budgets=budgets), encoding="utf-8")
    return {"FULLSTORY_MCP_POLICY_FILE": str(path)}


async def sessions(server: Connected) -> list[str]:
    """The struggling customer's sessions."""
    listed = await server.data("list_sessions", uid=STRUGGLING_UID)
    return [session["id"] for session in listed["results"]]


def reads(server: Connected) -> int:
    """How often a session was read."""
    return sum("/context" in row for row in server.sent())


async def test_activations_are_spent_one_a_read_and_no_more(tmp_path: Path) -> None:
    """The third read of a day with two is not sent; the next day begins anew."""
    async with connected(**under(tmp_path, "activations = 2")) as server:
        ids = await sessions(server)
        for one in ids[:2]:
            assert not (await server.call("generate_context", session_id=one)).is_error
        told = await server.error("generate_context", session_id=ids[2])
        assert reads(server) == 2
        server.clock.time += DAY
        assert not (await server.call("generate_context", session_id=ids[2])).is_error

    assert "Activation" in told
    assert "get_usage" in told


async def test_tool_that_reads_many_spends_nothing_where_the_budget_does_not_cover_all(
    tmp_path: Path,
) -> None:
    """Half of the reads would be paid for and lost: none is sent, and the caller is told how many fit."""
    async with connected(**under(tmp_path, "activations = 2")) as server:
        told = await server.error("review_user", uid=STRUGGLING_UID, max_sessions=5)
        assert reads(server) == 0
        done = await server.call("review_user", uid=STRUGGLING_UID, max_sessions=2)
        assert reads(server) == 2

    assert told == (
        "Nothing was read: this call needs 5 Activations and the budget has 2 left: ask for 2 or "
        "fewer sessions; get_usage says when there is more."
    )
    assert not done.is_error


async def test_held_answer_spends_nothing(tmp_path: Path) -> None:
    """Zooming into a session that was just read is free, also when the budget is spent."""
    async with connected(**under(tmp_path, "activations = 1")) as server:
        one = (await sessions(server))[0]
        await server.call("generate_context", session_id=one)
        zoomed = await server.call("read_session", session_id=one, at="p1")

    assert not zoomed.is_error


async def test_batch_counts_by_its_rows(tmp_path: Path) -> None:
    """Server events are spent a row each, and a batch that does not fit is not sent."""
    events = [{"name": "paid", "user": {"uid": "cust-1042"}} for _ in range(3)]
    async with connected(**under(tmp_path, "server_events = 4")) as server:
        assert not (await server.call("create_event_import", requests=events)).is_error
        told = await server.error("create_event_import", requests=events)
        usage = await server.data("get_usage")

        assert len(server.changes()) == 1
    assert "event" in told
    assert usage["usage"]["server_events"]["day"] == {"spent": 3, "budget": 4, "left": 1}


@pytest.mark.parametrize(
    ("fault", "spent"),
    [
        (Fault(path="/v2/events", status=400), 0),
        (Fault(path="/v2/events", status=429, headers={"Retry-After": "1000"}), 0),
        (Fault(path="/v2/events", status=500), 1),
    ],
)
async def test_what_the_api_certainly_did_not_do_is_given_back(
    tmp_path: Path, fault: Fault, spent: int
) -> None:
    """A refusal spends nothing; a failure that may have taken effect has been spent."""
    event: dict[str, Any] = {"name": "paid", "user": {"uid": "cust-1042"}}
    async with connected(**under(tmp_path, "server_events = 5")) as server:
        server.sandbox.faults.add(fault)
        await server.error("create_event", **event)
        usage = await server.data("get_usage")

    assert usage["usage"]["server_events"]["day"]["spent"] == spent


async def test_calls_have_a_budget_too_and_asking_after_it_is_free(tmp_path: Path) -> None:
    """Every call counts, whatever it reads; get_usage and explain_access still answer."""
    async with connected(**under(tmp_path, "calls = 2")) as server:
        for _ in range(2):
            assert not (await server.call("get_me")).is_error
        told = await server.error("get_me")
        usage = await server.data("get_usage")
        assert not (await server.call("explain_access", tool="get_me")).is_error

    assert "call" in told
    assert usage["usage"]["calls"]["day"] == {"spent": 2, "budget": 2, "left": 0}


async def test_clock_that_jumps_ahead_and_back_grants_nothing_twice(tmp_path: Path) -> None:
    """What was spent of a day stays spent when the clock comes back to it."""
    async with connected(**under(tmp_path, "calls = 1")) as server:
        assert not (await server.call("get_me")).is_error
        server.clock.time += DAY
        assert not (await server.call("get_me")).is_error
        server.clock.time -= DAY
        assert "call" in await server.error("get_me")
        server.clock.time += DAY
        assert "call" in await server.error("get_me")


async def test_budget_outlives_the_process_where_there_is_an_audit(tmp_path: Path) -> None:
    """On one machine the audit file tells the next process what was spent; without it, it begins anew."""
    settings = under(tmp_path, "calls = 1")
    audited = settings | {"FULLSTORY_MCP_AUDIT_FILE": str(tmp_path / "audit.jsonl")}
    for kept, spent in ((audited, True), (settings, False)):
        async with connected(**kept) as server:
            assert not (await server.call("get_me")).is_error
        async with connected(**kept) as server:
            assert (await server.call("get_me")).is_error is spent
