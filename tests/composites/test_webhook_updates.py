"""update_webhook_endpoint: an update that does not mention `disabled` leaves it as it was."""

import json
from typing import Any

import pytest

from fullstory_mcp.sandbox import Fault
from support import Connected, connected

pytestmark = pytest.mark.anyio

ENABLED = "aHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS9mdWxsc3Rvcnk="
DISABLED = "aHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS9hbGVydHM/Pj4+PT8/Pw=="
CHANGE = {"eventTypes": [{"eventName": "metric.alert"}]}


def last_body(server: Connected) -> dict[str, Any]:
    """The body of the last request."""
    body = json.loads(server.sandbox.requests[-1].body)
    assert isinstance(body, dict)
    return body


async def test_disabled_endpoint_stays_disabled() -> None:
    """The API would re-enable it; the endpoint is read first and told to stay as it was."""
    async with connected() as server:
        answer = await server.data("update_webhook_endpoint", id=DISABLED, **CHANGE)
        methods = [request.method for request in server.sandbox.requests[1:]]
        body = last_body(server)

    assert answer["enabled"] is False
    assert answer["eventTypes"] == CHANGE["eventTypes"]
    assert methods == ["GET", "POST"]
    assert body == {**CHANGE, "disabled": True}


async def test_endpoint_whose_answer_leaves_enabled_out_stays_disabled() -> None:
    """Protobuf's JSON may leave false values out; doubt must not re-enable."""
    async with connected() as server:
        server.sandbox.faults.add(
            Fault(method="GET", path="/webhooks", times=1, status=200, body=b'{"id":"x"}')
        )
        await server.call("update_webhook_endpoint", id=DISABLED, **CHANGE)
        body = last_body(server)

    assert body == {**CHANGE, "disabled": True}


async def test_enabled_endpoint_is_updated_with_nothing_added() -> None:
    """What the caller gave is what is sent."""
    async with connected() as server:
        answer = await server.data("update_webhook_endpoint", id=ENABLED, **CHANGE)
        body = last_body(server)

    assert answer["enabled"] is True
    assert body == CHANGE


@pytest.mark.parametrize("endpoint", [ENABLED, DISABLED])
@pytest.mark.parametrize("disabled", [True, False])
async def test_given_disabled_is_obeyed_without_a_question(
    endpoint: str, *, disabled: bool
) -> None:
    """Who says what is wanted gets it, in one request."""
    async with connected() as server:
        answer = await server.data("update_webhook_endpoint", id=endpoint, disabled=disabled)
        body = last_body(server)
        sent = len(server.sent())

    assert answer["enabled"] is not disabled
    assert body == {"disabled": disabled}
    assert sent == 1


async def test_endpoint_that_does_not_exist_is_not_updated() -> None:
    """The question before the update fails, and that is the answer."""
    async with connected() as server:
        text = await server.error("update_webhook_endpoint", id="bm9uZQ==", **CHANGE)
        methods = [request.method for request in server.sandbox.requests[1:]]

    assert text.startswith("Fullstory knows no such thing (404)")
    assert methods == ["GET"]


@pytest.mark.parametrize("fault", [{"status": 500}, {"body": b"<html></html>"}, {"truncate": True}])
async def test_update_is_not_sent_when_the_state_cannot_be_read(fault: dict[str, Any]) -> None:
    """In doubt nothing is changed: a guess might re-enable."""
    async with connected() as server:
        server.sandbox.faults.add(Fault(method="GET", path="/webhooks", **fault))
        await server.error("update_webhook_endpoint", id=DISABLED, **CHANGE)

        assert {request.method for request in server.sandbox.requests} == {"GET"}
        assert server.sandbox.webhooks[DISABLED]["enabled"] is False


async def test_leg_that_the_gate_hides_is_refused_and_nothing_is_sent() -> None:
    """A leg is gated like a call: where reading is hidden, `disabled` must be given."""
    hidden = {"FULLSTORY_MCP_EXCLUDE_TOOLS": "get_webhook_endpoint"}
    async with connected(**hidden) as server:
        text = await server.error("update_webhook_endpoint", id=DISABLED, **CHANGE)
        sent = server.sent()
        await server.data("update_webhook_endpoint", id=DISABLED, **CHANGE, disabled=True)

    assert text.startswith("get_webhook_endpoint is not permitted: the operator excluded it.")
    assert sent == []


async def test_changed_address_gives_a_new_id_and_keeps_the_rest() -> None:
    """The new id is told, and the endpoint behind it is still disabled."""
    async with connected() as server:
        answer = await server.data(
            "update_webhook_endpoint", id=DISABLED, url="https://hooks.example.com/new"
        )
        again = await server.data("get_webhook_endpoint", id=answer["id"])

    assert answer["id"] != DISABLED
    assert again["enabled"] is False
