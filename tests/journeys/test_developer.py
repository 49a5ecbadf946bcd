"""A developer sends events from a server, one first, then many, of which some are wrong."""

import pytest

from fullstory_mcp.sandbox import Fault
from support import ERAS, connected

pytestmark = pytest.mark.anyio

ROWS = [
    {"name": "Order Shipped", "user": {"uid": "cust-1042"}, "properties": {"order_id": "A-1"}},
    {"name": "Order Shipped", "user": {"id": "no-such-person"}, "properties": {"order_id": "A-2"}},
    {"name": "Order Shipped", "user": {"uid": "cust-1055"}, "properties": {"order_id": "A-3"}},
    {"name": "Order Shipped", "session": {"id": "1:2"}, "properties": {"order_id": "A-4"}},
]


@pytest.mark.parametrize("mode", ERAS)
async def test_import_with_partial_failures_is_followed_to_the_failed_rows(mode: str) -> None:
    """FAILED may be partial: the numbers say so, and each failed row comes back with its reason."""
    async with connected("architect", mode) as server:
        started = await server.data("create_event_import", requests=ROWS)
        job = started["job"]["id"]
        running = await server.data("get_event_import", job_id=job)
        server.clock.time += 5
        done = await server.data("get_event_import", job_id=job)
        failed = await server.data("list_event_import_errors", job_id=job)
        stored = await server.data("list_event_import_items", job_id=job)

    assert running["job"]["status"] == "PROCESSING"
    assert (done["job"]["status"], done["imports"], done["errors"]) == ("FAILED", 2, 2)
    assert [row["event"]["properties"]["order_id"] for row in failed["results"]] == ["A-2", "A-4"]
    assert all(row["message"] and row["code"] for row in failed["results"])
    assert [row["properties"]["order_id"] for row in stored["results"]] == ["A-1", "A-3"]


async def test_event_lands_in_the_session_that_support_then_reads() -> None:
    """What is sent with a session's id is part of that session's story."""
    async with connected("standard") as server:
        session = (await server.data("list_sessions", uid="cust-1042"))["results"][0]["id"]
        sent = await server.data(
            "create_event",
            name="Refund Promised",
            session={"id": session},
            properties={"amount": 149.0},
        )
        story = await server.text(
            "generate_context", session_id=session, events={"include_types": ["Refund Promised"]}
        )

    assert sent == {"done": "The event was accepted. The API returns no id for it."}
    assert "Refund Promised" in story.partition("# Story")[2]


async def test_event_whose_answer_was_lost_is_repeated_without_counting_twice() -> None:
    """The text of the failure holds all that a safe repetition needs, and the quota shows it."""
    async with connected("standard") as server:
        before = await server.data("get_quotas")
        server.sandbox.faults.add(Fault(path="/v2/events", after=True, truncate=True, times=1))
        text = await server.error("create_event", name="Paid", user={"uid": "cust-1042"})
        key = text.partition('idempotency_key: "')[2].partition('"')[0]
        await server.data(
            "create_event", name="Paid", user={"uid": "cust-1042"}, idempotency_key=key
        )
        after = await server.data("get_quotas")

    used = [int(quotas["server_event_quota"]["usage"]) for quotas in (before, after)]
    assert used[1] == used[0] + 1


async def test_mistake_in_a_batch_is_found_before_anything_is_sent() -> None:
    """The row and its field are named, so that the batch can be mended and sent once."""
    rows = [*ROWS, {"user": {"uid": "cust-1042"}}]
    async with connected("standard") as server:
        text = await server.error("create_event_import", requests=rows)
        sent = server.sent()

    assert text == "Nothing was sent: 1 argument is not usable.\n- requests[4].name: is required"
    assert sent == []
