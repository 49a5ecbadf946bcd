"""The five creates carry an Idempotency-Key, so that repeating one never does it twice."""

import uuid
from typing import Any

import httpx2 as httpx
import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.sandbox import Fault
from support import Connected, connected

pytestmark = pytest.mark.anyio

CREATES: dict[str, dict[str, Any]] = {
    "create_user": {"uid": "cust-9001"},
    "create_user_import": {"requests": [{"uid": "cust-9002"}]},
    "create_user_stream": {"uid": "cust-9003"},
    "create_event": {"name": "Paid", "user": {"uid": "cust-1042"}},
    "create_event_import": {"requests": [{"name": "Paid", "user": {"uid": "cust-1042"}}]},
}

each_create = pytest.mark.parametrize(("tool", "arguments"), CREATES.items(), ids=CREATES)


def keys_sent(server: Connected) -> list[str | None]:
    """The Idempotency-Key of every call that reached the sandbox, in order."""
    sent = [request for request in server.sandbox.requests if request.path != "/me"]
    return [request.headers.get("idempotency-key") for request in sent]


def test_the_five_documented_creates_and_no_others_are_repeated_under_a_key() -> None:
    """The vendor documents the header on exactly these."""
    tools = load_catalogue().tools.values()

    assert {tool.name for tool in tools if tool.http and tool.http.retry == "create"} == set(
        CREATES
    )


@each_create
async def test_one_key_is_made_and_sent_again_on_every_try(
    tool: str, arguments: dict[str, Any]
) -> None:
    """The key is made before the first try: a UUID, the same each time."""
    async with connected() as server:
        server.sandbox.faults.add(Fault(path="/v2", status=503, times=3))
        await server.data(tool, **arguments)
        keys = keys_sent(server)

    assert len(keys) == 4
    assert len(set(keys)) == 1
    assert str(uuid.UUID(keys[0])) == keys[0]


@each_create
async def test_two_calls_have_two_keys(tool: str, arguments: dict[str, Any]) -> None:
    """Two intended calls are two calls, even with the same arguments."""
    async with connected() as server:
        await server.data(tool, **arguments)
        await server.data(tool, **arguments)

        assert len(set(keys_sent(server))) == 2


@each_create
async def test_key_of_the_caller_is_used_and_not_put_into_the_body(
    tool: str, arguments: dict[str, Any]
) -> None:
    """Who knows an earlier call's key can repeat that call."""
    async with connected() as server:
        await server.data(tool, **arguments, idempotency_key="order-77")
        sent = server.sandbox.requests[-1]

    assert sent.headers["idempotency-key"] == "order-77"
    assert b"order-77" not in sent.body


@each_create
async def test_uncertain_failure_returns_the_key_that_was_used(
    tool: str, arguments: dict[str, Any]
) -> None:
    """With the key in the text, a model can repeat the very same call safely."""
    async with connected() as server:
        server.sandbox.faults.add(Fault(path="/v2", status=500))
        text = await server.error(tool, **arguments)
        keys = keys_sent(server)

    assert text.endswith(f'send the same call with idempotency_key: "{keys[0]}".')


@pytest.mark.parametrize(
    "lost",
    [
        {"status": 502},
        {"drop": True, "drop_error": httpx.ReadError},
        {"truncate": True},
        {"body": b"<html>gateway</html>"},
    ],
    ids=["bad gateway", "broken connection", "cut answer", "HTML"],
)
async def test_create_whose_answer_is_lost_happens_once_when_repeated(
    lost: dict[str, Any],
) -> None:
    """It took effect, its answer was lost, it is repeated under its key: one event is counted."""
    async with connected() as server:
        server.sandbox.faults.add(Fault(path="/v2/events", after=True, times=1, **lost))
        first = await server.call("create_event", name="Paid", idempotency_key="order-77")
        if first.is_error:
            assert 'idempotency_key: "order-77"' in first.content[0].text
            await server.data("create_event", name="Paid", idempotency_key="order-77")

        assert len(server.sent()) == 2
        assert server.sandbox.events_used == 1


async def test_first_answer_is_given_again_to_the_same_call() -> None:
    """A replayed import is the first import, not a second."""
    call = {"requests": [{"uid": "cust-9002"}], "idempotency_key": "import-1"}
    async with connected() as server:
        first = await server.data("create_user_import", **call)
        second = await server.data("create_user_import", **call)

        assert first == second
        assert len(server.sandbox.jobs) == 1


async def test_key_used_for_another_body_is_a_conflict_that_is_explained() -> None:
    """The API's 409 names what can be wrong with the key, and is not repeated."""
    async with connected() as server:
        await server.data("create_event", name="Paid", idempotency_key="order-77")
        text = await server.error("create_event", name="Refunded", idempotency_key="order-77")

        assert len(server.sent()) == 2
        assert server.sandbox.events_used == 1
    assert text == (
        "Fullstory refused the request (409): “Idempotency-Key was used with another request body”. "
        "Where an idempotency_key was given: it was used for another body, or its first call is still "
        "running."
    )


async def test_write_without_a_key_is_not_repeated_when_its_answer_is_lost() -> None:
    """An annotation cannot be undone, so it is made once, and the caller is told to look."""
    async with connected() as server:
        server.sandbox.faults.add(Fault(path="/v2/annotations", after=True, status=502))
        text = await server.error("create_annotation", text="Release")

        assert len(server.sandbox.annotations) == 1
        assert keys_sent(server) == [None]
    assert text.endswith("It may have taken effect all the same: look before you repeat it.")
