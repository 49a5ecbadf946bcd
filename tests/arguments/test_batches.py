"""Large batches: the most that is allowed, one row more, and how quickly both are answered."""

import time
from typing import Any

import pytest

from fullstory_mcp.arguments import Binder
from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.errors import InvalidArguments
from support import connected

CATALOGUE = load_catalogue()
MOST = 50_000

anyio = pytest.mark.anyio


def user(number: int) -> dict[str, Any]:
    """One good row of a user import."""
    return {
        "uid": f"cust-{number}",
        "email": f"cust-{number}@example.com",
        "properties": {"plan": "gold", "team": {"name": "Falko Ltd", "seats": 4}},
    }


def event(number: int) -> dict[str, Any]:
    """One good row of an event import."""
    return {
        "name": "Order Shipped",
        "timestamp": "2026-09-13T08:00:00Z",
        "user": {"uid": f"cust-{number}"},
        "properties": {"order_id": f"A-{number}", "total": 12.5},
    }


@anyio
@pytest.mark.parametrize(
    ("tool", "row"), [("create_user_import", user(1)), ("create_event_import", event(1))]
)
async def test_50001_rows_are_refused_before_anything_is_sent(
    tool: str, row: dict[str, Any]
) -> None:
    """One row too many names the argument and the limit."""
    async with connected() as server:
        text = await server.error(tool, requests=[row] * (MOST + 1))
        sent = server.sent()

    assert text == (
        "Nothing was sent: 1 argument is not usable.\n- requests: must have at most 50000 items"
    )
    assert sent == []


@anyio
async def test_50000_rows_are_one_request() -> None:
    """The largest batch goes out whole, and once."""
    async with connected() as server:
        await server.data("create_user_import", requests=[user(n) for n in range(MOST)])

        assert server.sent() == ["POST /v2/users/batch"]
        assert server.sandbox.requests[-1].body_length > 5_000_000


@pytest.mark.parametrize(
    ("tool", "make"), [("create_user_import", user), ("create_event_import", event)]
)
def test_50000_good_rows_are_checked_in_well_under_a_second(tool: str, make: Any) -> None:
    """Checking is no part of an import's waiting time; the bound is generous for slow machines."""
    rows = [make(number) for number in range(MOST)]
    binder = Binder(CATALOGUE.provider)
    binder.bind(CATALOGUE.tools[tool], {"requests": rows[:1]})
    begun = time.process_time()
    bound = binder.bind(CATALOGUE.tools[tool], {"requests": rows})

    assert time.process_time() - begun < 2
    assert bound == {"requests": rows}


def test_every_row_of_a_large_batch_is_converted_alike() -> None:
    """A number sent as text is accepted in the last row as in the first."""
    rows = [{"name": "x", "context": {"device": {"screen_width": "1280"}}} for _ in range(3_000)]
    bound = Binder(CATALOGUE.provider).bind(
        CATALOGUE.tools["create_event_import"], {"requests": rows}
    )

    assert {row["context"]["device"]["screen_width"] for row in bound["requests"]} == {1280}


def test_one_bad_row_in_50000_is_found_and_named() -> None:
    """The fault carries the row's number."""
    rows = [user(number) for number in range(MOST)]
    rows[31_415]["email"] = 7
    with pytest.raises(InvalidArguments) as raised:
        Binder(CATALOGUE.provider).bind(CATALOGUE.tools["create_user_import"], {"requests": rows})

    assert [str(fault) for fault in raised.value.faults] == [
        "requests[31415].email: must be a string"
    ]
