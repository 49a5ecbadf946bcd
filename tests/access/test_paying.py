"""Every try that the API may have done is paid for, and only those."""

from pathlib import Path
from typing import Any

import pytest

from audit.logs import raw_of, records
from fullstory_mcp.access import Paying
from fullstory_mcp.errors import NotFound, NotPermitted
from fullstory_mcp.principal import Principal
from fullstory_mcp.sandbox import Fault
from support import STRUGGLING_UID, Connected, connected
from transports import KEY, Api, Reply
from usage.spending import ruled

pytestmark = pytest.mark.anyio

POLICY = """
version = 1
[presets.thrifty]
areas = {{ sessions = "read", events = "full", organization = "read" }}
budgets = {{ day = {{ {budget} }} }}
[[principals]]
door = "stdio"
preset = "thrifty"
"""
CONTEXT = "/v2/sessions/.*/context"


def under(folder: Path, budget: str) -> dict[str, str]:
    """Settings with a policy of this budget a day, and an audit file."""
    (folder / "policy.toml").write_text(POLICY.format(budget=budget), encoding="utf-8")
    return {
        "FULLSTORY_MCP_POLICY_FILE": str(folder / "policy.toml"),
        "FULLSTORY_MCP_AUDIT_FILE": str(folder / "audit.jsonl"),
    }


async def read(server: Connected) -> Any:
    """What comes of reading the struggling customer's newest session."""
    listed = await server.data("list_sessions", uid=STRUGGLING_UID, limit="1")
    return await server.call("generate_context", session_id=listed["results"][0]["id"])


async def spent(server: Connected, meter: str) -> int:
    """What the meter shows for today."""
    usage = await server.data("get_usage")
    return int(usage["usage"][meter]["day"]["spent"])


def tries(server: Connected, part: str) -> int:
    """How often the API was asked for it."""
    return sum(part in row for row in server.sent())


@pytest.mark.parametrize(
    ("fault", "paid"),
    [
        (Fault(path=CONTEXT, status=503, after=True, times=1), 2),
        (Fault(path=CONTEXT, status=429, headers={"Retry-After": "1"}, times=1), 1),
    ],
    ids=["may have been done", "certainly not done"],
)
async def test_repeated_read_is_paid_for_by_the_try(
    tmp_path: Path, fault: Fault, paid: int
) -> None:
    """In the meter, and in the audit."""
    async with connected(**under(tmp_path, "activations = 9")) as server:
        server.sandbox.faults.add(fault)
        result = await read(server)
        counted = await spent(server, "activations")
        assert tries(server, "/context") == 2

    ended = [row for row in records(raw_of(tmp_path / "audit.jsonl")) if row["kind"] == "ended"]
    assert not result.is_error
    assert counted == paid
    assert [row.get("activations") for row in ended if row["tool"] == "generate_context"] == [paid]


async def test_read_is_not_repeated_where_the_budget_does_not_cover_it(tmp_path: Path) -> None:
    """The budget is never passed; what is told is what the API answered, not that a budget is spent."""
    async with connected(**under(tmp_path, "activations = 1")) as server:
        server.sandbox.faults.add(Fault(path=CONTEXT, status=503, after=True, times=1))
        result = await read(server)
        counted = await spent(server, "activations")
        assert tries(server, "/context") == 1

    assert result.is_error
    assert "answered with an error (503)" in result.content[0].text
    assert counted == 1


async def test_last_try_that_was_not_done_is_given_back(tmp_path: Path) -> None:
    """The first may have been done and stays paid; of the second the API said that it was not."""
    async with connected(**under(tmp_path, "activations = 9")) as server:
        server.sandbox.faults.add(Fault(path=CONTEXT, status=503, after=True, times=1))
        server.sandbox.faults.add(Fault(path=CONTEXT, status=403, times=1))
        assert (await read(server)).is_error
        assert tries(server, "/context") == 2

        assert await spent(server, "activations") == 1


@pytest.mark.parametrize("then", [200, 403])
async def test_write_repeated_by_its_key_is_paid_for_once(tmp_path: Path, then: int) -> None:
    """Whatever the second try comes to: by the same idempotency key it is one with the first."""
    async with connected(**under(tmp_path, "server_events = 1")) as server:
        server.sandbox.faults.add(Fault(path="/v2/events", status=503, after=True, times=1))
        if then != 200:
            server.sandbox.faults.add(Fault(path="/v2/events", status=then, times=1))
        result = await server.call("create_event", name="paid", user={"uid": STRUGGLING_UID})
        assert tries(server, "/v2/events") == 2
        assert await spent(server, "server_events") == 1

    assert result.is_error is (then != 200)
    assert then == 200 or "may have taken effect" in result.content[0].text


def paying(server: Connected, **given: Any) -> Paying:
    """One call's way to the API, with budgets of 5 a day."""
    return Paying(
        server.parts.upstream,
        server.parts.pipeline.meter,
        Principal(server.parts.keys.current(), "stdio", "stdio", "stdio"),
        ruled({("server_events", "day"): 5}),
        {},
        **given,
    )


async def test_every_answer_tells_its_status() -> None:
    """Also that of an error, so that the audit has one whoever sends."""
    statuses: list[int] = []
    async with connected(
        transport=Api(Reply(), Reply(status=404)), FULLSTORY_API_KEY=KEY
    ) as server:
        way = paying(server, answered=statuses.append)
        tool = server.parts.catalogue.tools["get_quotas"]
        await way.send(tool, {}, way.principal)
        with pytest.raises(NotFound):
            await way.send(tool, {}, way.principal)

    assert statuses == [200, 404]


async def test_who_is_stopped_has_paid_nothing() -> None:
    """What was taken before the stop is given back, and nothing is written down as spent."""

    async def still() -> None:
        raise NotPermitted("create_event", "the operator has ended this access.", "")

    async with connected() as server:
        way = paying(server, still=still)
        tool = server.parts.catalogue.tools["create_event"]
        with pytest.raises(NotPermitted):
            await way.send(tool, {"name": "paid", "user": {"uid": "1"}}, way.principal)
        left = await way.meter.left(way.principal, way.ruling, "server_events")

        assert server.changes() == []
    assert (left, way.spent) == (5, {})


async def test_every_call_that_reached_the_api_has_a_status_in_the_audit(tmp_path: Path) -> None:
    """Also where a tool of ours sends the request itself; not where nothing was sent."""
    async with connected(**under(tmp_path, "activations = 9")) as server:
        listed = await server.data("list_sessions", uid=STRUGGLING_UID, limit="1")
        session = listed["results"][0]["id"]
        await server.text("get_session_events", session_id=session)
        await server.text("generate_context", session_id=session)
        await server.text("read_session", session_id=session, at="p1")

    ended = [row for row in records(raw_of(tmp_path / "audit.jsonl")) if row["kind"] == "ended"]
    statuses = {row["tool"]: row.get("status") for row in ended}
    assert statuses == {
        "list_sessions": 200,
        "get_session_events": 200,
        "generate_context": 200,
        "read_session": None,
    }
