"""Events written to the sandbox: the session they join, the rules, the quota."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from fullstory_mcp.sandbox import Sandbox, create_app

pytestmark = pytest.mark.anyio

Connect = Callable[[Starlette, str], httpx.AsyncClient]
PassTime = Callable[[float], None]


async def _session(client: httpx.AsyncClient, name: str) -> str:
    listed = await client.get("/v2/sessions", params={"session_uid": name})
    session_id: str = listed.json()["results"][0]["id"]
    return session_id


async def _custom_events(client: httpx.AsyncClient, session_id: str) -> list[str]:
    answer = await client.get(f"/v2/sessions/{quote(session_id, safe='')}/events")
    return [
        event["event_properties"]["event_name"]
        for event in answer.json()["events"]
        if event["event_type"] == "custom"
    ]


async def test_an_event_joins_the_session_it_names(standard: httpx.AsyncClient) -> None:
    """An event for a session shows up in its raw stream and in its context."""
    session_id = await _session(standard, "visit-happy")
    sent = {"name": "Called Us", "session": {"id": session_id}, "properties": {"minutes": 4}}
    answer = await standard.post("/v2/events", json=sent)
    path = f"/v2/sessions/{quote(session_id, safe='')}/context"
    asked = {"events": {"include_types": ["Called Us"]}}
    context = (await standard.post(path, json=asked)).json()["context_data"]

    assert (answer.status_code, answer.json()) == (200, {})
    assert "Called Us" in await _custom_events(standard, session_id)
    assert context["pages"][0]["events"][0]["properties"] == {"minutes": "4"}


async def test_use_most_recent_looks_back_thirty_minutes(
    standard: httpx.AsyncClient, pass_time: PassTime
) -> None:
    """A session of the last half hour is joined; later the event goes without a session."""
    session_id = await _session(standard, "visit-1042-latest")
    recent = {"user": {"uid": "cust-1042"}, "session": {"use_most_recent": True}}
    await standard.post("/v2/events", json={"name": "In Time", **recent})
    pass_time(3600)
    late = await standard.post("/v2/events", json={"name": "Too Late", **recent})

    names = await _custom_events(standard, session_id)
    assert late.status_code == 200
    assert "In Time" in names
    assert "Too Late" not in names


async def test_an_own_session_name_starts_a_session(standard: httpx.AsyncClient) -> None:
    """The first event with a new session uid starts it, the next one joins it."""
    for name in ("One", "Two"):
        sent = {"name": name, "session": {"uid": "call-77"}, "user": {"uid": "cust-1160"}}
        await standard.post("/v2/events", json=sent)

    assert await _custom_events(standard, await _session(standard, "call-77")) == ["One", "Two"]
    listed = await standard.get("/v2/sessions", params={"uid": "cust-1160"})
    assert len(listed.json()["results"]) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required_field"),
        ({"name": ""}, "required_field"),
        ({"name": "a", "timestamp": "today"}, "invalid_argument"),
        ({"name": "a", "session": {"id": "1:2"}, "user": {"uid": "x"}}, "invalid_argument"),
        ({"name": "a", "session": {"use_most_recent": True}}, "invalid_argument"),
        (
            {"name": "a", "session": {"use_most_recent": True}, "user": {"uid": "x", "id": "y"}},
            "invalid_argument",
        ),
        ({"name": "a", "session": {"uid": "x" * 257}}, "invalid_argument"),
        ({"name": "a", "context": {"browser": {"colour": "red"}}}, "invalid_argument"),
        ({"name": "a", "session": {"id": "1:2"}}, "resource_not_found"),
        ({"name": "a", "user": {"id": "1"}}, "resource_not_found"),
    ],
)
async def test_an_event_that_breaks_a_rule_is_refused(
    body: dict[str, Any], code: str, standard: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Each documented rule of events has its own error code."""
    answer = await standard.post("/v2/events", json=body)

    assert answer.json()["code"] == code
    assert not any(session.added for session in sandbox.world.sessions.values())


async def test_a_full_session_takes_no_more(standard: httpx.AsyncClient) -> None:
    """The session of 5,000 events is full, by id and by name."""
    session_id = await _session(standard, "visit-marathon")
    for target in ({"id": session_id}, {"uid": "visit-marathon"}):
        answer = await standard.post("/v2/events", json={"name": "One More", "session": target})

        assert answer.status_code == 400
        assert answer.json() == {
            "message": "session page limit exceeded",
            "code": "session_page_limit_exceeded",
        }


async def test_the_event_quota_runs_out(connect: Connect) -> None:
    """Events count against the quota, also in batches; beyond it 429 says so."""
    client = connect(create_app(event_quota=3), "na1.sandbox-standard")
    before = (await client.get("/v2/organization/quotas")).json()["server_event_quota"]
    await client.post("/v2/events", json={"name": "a"})
    batch = await client.post("/v2/events/batch", json={"requests": [{"name": "a"}] * 3})
    await client.post("/v2/events/batch", json={"requests": [{"name": "a"}] * 2})
    spent = await client.post("/v2/events", json={"name": "a"})
    after = (await client.get("/v2/organization/quotas")).json()["server_event_quota"]

    assert (batch.status_code, spent.status_code) == (429, 429)
    assert "quota" in spent.json()["message"]
    assert int(after["usage"]) - int(before["usage"]) == 3
    assert after["usage"] == after["limit"]
